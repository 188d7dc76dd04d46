"""Which files of a project import which, read from their text alone: nothing is run.

Careful rather than exact: a name counts as every file that it could mean, wherever it lies, and of a module that imports by
computed names, or starts Python itself, it is said that what it imports is not known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

_ANYTHING = frozenset({"walk_packages", "iter_modules", "run_path", "run_module", "spec_from_file_location"})
_DYNAMIC = frozenset({"import_module", "__import__"})
_OWN_NAMES = frozenset({"__name__", "__package__"})


@dataclass(slots=True)
class Uses:
    """What one file uses.

    Attributes:
        files: Files of the project that it imports.
        folders: Folders below which it imports by computed names.
        is_open: It uses more than its text tells.
    """

    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    is_open: bool = False


class Project:
    """The Python files of a project, by the names under which they can be imported.

    Args:
        top: The folder that paths are relative to.
        files: Paths of all Python files, with slashes; those that are gone too, for others may still import them.
    """

    def __init__(self, top: Path, files: Iterable[str]) -> None:
        self._top = top
        self._files = frozenset(files)
        self._by_name: dict[str, set[str]] = {}
        for path in self._files:
            for name in _names(path):
                self._by_name.setdefault(name, set()).add(path)

    def files_of(self, name: str) -> set[str]:
        """Return the files that a dotted name can mean: of its longest part that is a module."""
        while name:
            if name in self._by_name:
                return self._by_name[name]
            name = name.rpartition(".")[0]
        return set()

    def package_of(self, path: str) -> str:
        """Return the outermost folder that a file shares a package with, or that it lies in."""
        packages = list(self._packages_around(path))
        return str(PurePosixPath(packages[-1] if packages else path).parent)

    def uses(self, path: str) -> Uses:
        """Return what a file uses; one that cannot be parsed may use anything."""
        try:
            tree = ast.parse((self._top / path).read_bytes())
        except FileNotFoundError:
            return Uses()
        except (OSError, SyntaxError, ValueError, RecursionError):
            return Uses(is_open=True)
        # Whoever imports this file runs these before it.
        found = Uses(set(self._packages_around(path)))
        for node in _run_nodes(tree):
            self._add(node, path, found)
        return found

    def _packages_around(self, path: str) -> Iterator[str]:
        for folder in PurePosixPath(path).parents:
            package = str(folder / "__init__.py")
            if package not in self._files:
                return
            yield package

    def _add(self, node: ast.AST, path: str, found: Uses) -> None:
        match node:
            case ast.Import():
                found.files.update(*(self.files_of(alias.name) for alias in node.names))
            case ast.ImportFrom():
                self._add_from(node, path, found)
            case ast.Call():
                self._add_call(node, path, found)
            case ast.Attribute(value=ast.Name(id="sys"), attr="executable"):
                found.is_open = True
            case _:
                pass

    def _add_from(self, node: ast.ImportFrom, path: str, found: Uses) -> None:
        for alias in node.names:
            if node.level:
                folder = PurePosixPath(path).parents[min(node.level, len(PurePosixPath(path).parents)) - 1]
                files = self._relative(folder, node.module or "", alias.name)
            else:
                # The name may be a module of the package and an attribute of it at once.
                files = self.files_of(f"{node.module}.{alias.name}") | self.files_of(str(node.module))
            found.files |= files
            if alias.name == "*":
                found.folders |= {str(PurePosixPath(one).parent) for one in files if one.endswith("__init__.py")}

    def _relative(self, folder: PurePosixPath, module: str, name: str) -> set[str]:
        base = folder.joinpath(*filter(None, module.split(".")))
        places = (base, base / name)
        candidates = [str(place / "__init__.py") for place in places] + [f"{place}.py" for place in places]
        return {path for path in candidates if path in self._files}

    def _add_call(self, node: ast.Call, path: str, found: Uses) -> None:
        called = _last_name(node.func)
        if called in _ANYTHING:
            found.is_open = True
        elif called in _DYNAMIC and node.args:
            self._add_dynamic(node.args[0], path, found)

    def _add_dynamic(self, argument: ast.expr, path: str, found: Uses) -> None:
        """Add what is imported by a text: a constant names a module, the start of another names a package."""
        start = _start_of(argument)
        package = start.rpartition(".")[0] if start else ""
        if start is not None and start.startswith("."):
            found.folders.add(str(PurePosixPath(path).parent))
        elif start is not None and isinstance(argument, ast.Constant):
            found.files |= self.files_of(start)
        elif package:
            found.folders |= {str(PurePosixPath(one).parent) for one in self.files_of(package)}
        else:
            found.is_open = True


def _names(path: str) -> Iterator[str]:
    """Yield every dotted name that a file has where one of the folders above it is on sys.path."""
    parts = PurePosixPath(path).with_suffix("").parts
    if parts[-1] == "__init__":
        parts = parts[:-1]
    return (".".join(parts[start:]) for start in range(len(parts)))


def _run_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes but those below `if TYPE_CHECKING:`, which never run."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and _last_name(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _last_name(node: ast.expr) -> str:
    """Return the `c` of `c` and of `a.b.c`; an empty text for any other expression."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _start_of(argument: ast.expr) -> str | None:
    """Return the constant start of a text, "." where it starts with the module's own name; None where it is unknown."""
    match argument:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) if name in _OWN_NAMES:
            return "."
        case ast.JoinedStr(values=[first, *_]):
            return _start_of(first)
        case ast.FormattedValue(value=first) | ast.BinOp(left=first):
            return _start_of(first)
        case _:
            return None
