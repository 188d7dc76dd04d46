"""TESTS that name a place, `path/to/test_x.py::Class::test` or a folder, as the dotted names that unittest loads."""

from __future__ import annotations

import ast
import difflib
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from runner.errors import UsageError

_SEPARATOR = "::"
_FOLDERS = (os.curdir, os.pardir)
_PLAIN_BASES = frozenset({"TestCase", "IsolatedAsyncioTestCase"})
_LISTED = 5


def dotted_names(tests: Sequence[str], folder: Path, pattern: str) -> tuple[str, ...]:
    """Return TESTS with every place turned into dotted names; what is no place stays as it is.

    Args:
        tests: As they were typed.
        folder: The current folder: unittest imports from there.
        pattern: Which files of a folder hold tests.

    Raises:
        UsageError: A file, a class or a test is not there, or cannot be imported from the current folder.
    """
    return tuple(name for test in tests for name in _names(test, folder, pattern))


def _names(test: str, folder: Path, pattern: str) -> Iterator[str]:
    place, *parts = test.split(_SEPARATOR)
    path = folder / place
    if path.is_dir() and ("/" in place or place in _FOLDERS) and not parts:
        yield from _names_below(path, test, folder, pattern)
    elif parts or _is_meant_as_file(place, folder):
        if not path.is_file():
            raise UsageError(f"there is no file {place}{_near_file(path)}")
        _require_parts(path, place, parts)
        yield ".".join([_module(path, place, folder), *filter(None, parts)])
    else:
        yield test


def _is_meant_as_file(place: str, folder: Path) -> bool:
    """Tell a file from a dotted name, which may end in `.py` too: a module called `py`."""
    if not place.endswith(".py"):
        return "/" in place
    return "/" in place or not (folder / f"{place.replace('.', '/')}.py").exists()


def _names_below(path: Path, test: str, folder: Path, pattern: str) -> list[str]:
    """Name the files that discovery would find from this folder: in it and in the packages below it."""
    files = [Path(where, name) for where, _, names in _packages(path) for name in sorted(names) if fnmatch(name, pattern)]
    if not files:
        raise UsageError(f"no file in {test}, nor in the packages below it, matches {pattern}; choose another pattern with -p")
    return [_module(file, str(file), folder) for file in files]


def _packages(path: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    for where, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if Path(where, name, "__init__.py").is_file())
        yield where, folders, [name for name in names if name.endswith(".py")]


def _module(path: Path, place: str, folder: Path) -> str:
    relative = Path(os.path.relpath(path.absolute(), folder.absolute()))
    parts = relative.with_suffix("").parts
    if os.pardir in parts:
        raise UsageError(f"{place} lies outside the current folder, from which tests are imported; run in a folder above it")
    if relative.suffix != ".py" or any("." in part for part in parts):
        raise UsageError(f"{place} cannot be imported under that name: a module is a .py file, without dots in its path")
    return ".".join(parts)


def _near_file(path: Path) -> str:
    there = [one.name for one in path.parent.glob("*.py")] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, there, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _require_parts(path: Path, place: str, parts: Sequence[str]) -> None:
    """Refuse a class or a test that the file cannot hold; what only the import could tell is left to the loader."""
    try:
        scope: ast.Module | ast.ClassDef | None = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return  # the loader tells it better, as a failed test
    where = place
    for part in filter(None, parts):
        if scope is None:
            return
        names = _bound_names(scope)
        if part not in names:
            if _may_hold_more(scope):
                return
            raise UsageError(f"{where} holds no {part!r}{_alternatives(part, names, scope)}")
        scope = next((node for node in scope.body if isinstance(node, ast.ClassDef) and node.name == part), None)
        where = f"{where}{_SEPARATOR}{part}"


def _bound_names(scope: ast.Module | ast.ClassDef) -> set[str]:
    """Return the names that the statements of a module or class bind, those in branches and loops too."""
    found: set[str] = set()
    for node in _own_nodes(scope):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a scope without what stands in the functions and classes in it."""
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _own_nodes(node)


def _may_hold_more(scope: ast.Module | ast.ClassDef) -> bool:
    """Tell whether names may come from elsewhere: base classes, decorators, star imports, calls that set attributes."""
    if isinstance(scope, ast.ClassDef):
        bases = {ast.unparse(base).rpartition(".")[2] for base in scope.bases}
        decorated = [node.decorator_list for node in scope.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        return not bases <= _PLAIN_BASES or bool(scope.decorator_list or scope.keywords or any(decorated))
    calls = {ast.unparse(node.func).rpartition(".")[2] for node in ast.walk(scope) if isinstance(node, ast.Call)}
    stars = any(isinstance(node, ast.alias) and node.name == "*" for node in ast.walk(scope))
    return stars or bool(calls & {"globals", "vars", "locals", "setattr", "exec", "eval"}) or "__getattr__" in _bound_names(scope)


def _alternatives(part: str, names: set[str], scope: ast.Module | ast.ClassDef) -> str:
    near = difflib.get_close_matches(part, names, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    kind = ast.ClassDef if isinstance(scope, ast.Module) else ast.FunctionDef
    held = [node.name for node in scope.body if isinstance(node, kind)][:_LISTED]
    return f"; it holds {', '.join(held)}" if held else ""
