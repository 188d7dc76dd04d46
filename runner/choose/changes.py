"""The tests that depend on files that changed, by the project's own imports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runner.choose.chain import class_of
from runner.choose.imports import Project, Uses
from runner.events import TestKey

_PROSE = frozenset({".md", ".rst", ".license"})
_PROSE_NAMES = frozenset({"LICENSE", "NOTICE", "AUTHORS", ".gitignore", ".gitattributes"})
_LOADER = "unittest.loader."


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed in a project.

    Attributes:
        top: The folder that paths are relative to.
        since: The commit, as the user calls it.
        changed: Paths with slashes of what was changed, added or removed.
        python: Paths of all Python files that are there.
    """

    top: Path
    since: str
    changed: tuple[str, ...]
    python: tuple[str, ...]


class OnlyChanged:
    """The step of --changed."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._changed = {path for path in changes.changed if path.endswith(".py")}
        self._project = Project(changes.top, {*changes.python, *self._changed})
        self._folders = set(_folders_of_data(changes))

    def __call__(self, keys: Sequence[TestKey], positions: Sequence[int]) -> tuple[list[int], str]:
        """Keep the tests whose module is a changed file, imports one, or may do so."""
        files = {owner: self._project.files_of(owner) for owner in {class_of(keys[position][0]) for position in positions}}
        test_files = {path for found in files.values() for path in found}
        uses = self._reachable(test_files)
        unsure = self._open(test_files, uses)
        affected = _with_importers({path for path, one in uses.items() if self._is_touched(path, one)} | unsure, uses)

        def is_kept(position: int) -> bool:
            # What lies outside the project, and modules that cannot be imported, are never left out.
            test_id = keys[position][0]
            found = files[class_of(test_id)]
            return not found or test_id.startswith(_LOADER) or bool(found & affected)

        kept = [position for position in positions if is_kept(position)]
        return kept, self._sentence(len(kept), len(positions), unsure)

    def _reachable(self, start: Iterable[str]) -> dict[str, Uses]:
        """Return what each file uses, from the test files onwards."""
        uses: dict[str, Uses] = {}
        waiting = list(start)
        while waiting:
            path = waiting.pop()
            if path not in uses:
                uses[path] = self._project.uses(path)
                waiting += uses[path].files
        return uses

    def _open(self, test_files: set[str], uses: dict[str, Uses]) -> set[str]:
        """Return the files whose imports are not known and may reach a change.

        One that belongs to the tests may reach anything: they start the program under test. Any other is taken to reach its own
        package, as one does that loads its modules when they are asked for.
        """
        homes = {self._project.package_of(path) for path in test_files}
        found = set()
        for path in (path for path, one in uses.items() if one.is_open):
            home = self._project.package_of(path)
            if home in homes or any(_is_below(one, home) for one in self._changed):
                found.add(path)
        return found

    def _is_touched(self, path: str, uses: Uses) -> bool:
        if path in self._changed or any(_is_below(path, folder) for folder in self._folders):
            return True
        return any(_is_below(one, folder) for folder in uses.folders for one in self._changed)

    def _sentence(self, kept: int, number: int, open_files: set[str]) -> str:
        changes = self._changes
        files = f"{len(changes.changed)} {'file' if len(changes.changed) == 1 else 'files'} changed since {changes.since}"
        if not kept:
            return f"none of the {number} selected tests depends on {files}, as far as imports tell"
        sentence = f"changed: {kept} of {number} tests may depend on {files}"
        if self._folders:
            where = ", ".join("the project" if folder == "." else folder for folder in sorted(self._folders))
            sentence += f"; what is no Python counts for all of {where}"
        if open_files:
            sentence += f"; {min(open_files)} starts Python or imports by computed names, so all that uses it runs"
        return sentence


def _is_below(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")


def _with_importers(files: set[str], uses: dict[str, Uses]) -> set[str]:
    """Return files and those that import them, directly or not."""
    importers: dict[str, list[str]] = {}
    for path, one in uses.items():
        for used in one.files:
            importers.setdefault(used, []).append(path)
    found, waiting = set(files), list(files)
    while waiting:
        for importer in importers.get(waiting.pop(), ()):
            if importer not in found:
                found.add(importer)
                waiting.append(importer)
    return found


def _folders_of_data(changes: Changes) -> Iterator[str]:
    """Yield the folders to which changed files belong that are no Python: the nearest ones that hold Python."""
    holding = {str(PurePosixPath(path).parent) for path in changes.python}
    for path in map(PurePosixPath, changes.changed):
        if path.suffix == ".py" or path.suffix.lower() in _PROSE or path.name in _PROSE_NAMES:
            continue
        yield next((str(folder) for folder in path.parents if str(folder) in holding), ".")
