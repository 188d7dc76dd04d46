"""Why no tests were found, in one sentence: nothing matches, or what is there is not unittest."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.execute.options import Selection

_FILES = 500
_IGNORED = frozenset({"__pycache__", "node_modules", "site-packages"})


def no_tests_hint(selection: Selection, folder: Path) -> str:
    """Return a sentence about an empty selection; looks at no more than a few hundred files."""
    files = list(_files(selection, folder))
    functions = [f"{_shown(path, folder)}::{name}" for path in files for name in _test_functions(path)]
    if functions:
        return (
            f"no unittest tests were found, but {len(functions)} pytest-style test functions (the first is {functions[0]}): "
            "runner runs the methods of unittest.TestCase classes, so move them into one"
        )
    if selection.name_patterns:
        return f"no test matches -k {' -k '.join(selection.name_patterns)}"
    packages = [name for name in selection.names if (folder / name).is_dir()]
    if packages:
        return f"the package {packages[0]} itself holds no test; write {packages[0]}/ for the tests of the files in that folder"
    if selection.names:
        return f"{', '.join(selection.names)} holds no unittest.TestCase with a method whose name starts with `test`"
    if files:
        return (
            f"no file in {selection.start_directory} that matches {selection.pattern} holds a unittest.TestCase "
            f"with a method whose name starts with `test` ({len(files)} looked at)"
        )
    return (
        f"no file that discovery reaches from {selection.start_directory} matches {selection.pattern} "
        "(subfolders need an __init__.py); choose with -s and -p"
    )


def _files(selection: Selection, folder: Path) -> Iterator[Path]:
    if selection.names:
        for name in selection.names:
            path = folder / (name if name.endswith(".py") else name.replace(".", "/") + ".py")
            if path.is_file():
                yield path
        return
    start = folder / selection.start_directory
    if not start.is_dir():
        start = folder / selection.start_directory.replace(".", "/")
    yield from _matching(start, selection.pattern)


def _matching(folder: Path, pattern: str) -> Iterator[Path]:
    """Yield the files that discovery reaches: in the folder and in the packages below it."""
    found = 0
    waiting = [folder]
    while waiting and found < _FILES:
        here = waiting.pop()
        for path in sorted(here.iterdir()) if here.is_dir() else ():
            if path.is_dir() and path.name not in _IGNORED and (path / "__init__.py").is_file():
                waiting.append(path)
            elif path.suffix == ".py" and fnmatch(path.name, pattern):
                found += 1
                yield path


def _test_functions(path: Path) -> list[str]:
    import ast

    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node.name for node in tree.body if isinstance(node, kinds) and node.name.startswith("test")]


def _shown(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
