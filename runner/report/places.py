"""Where in the project a test stands and where a failure happened, as paths that other tools resolve."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from runner.events import TestKey

_FRAME = re.compile(r'^\s*File "(?P<path>[^"\n]+)", line (?P<line>\d+)', re.MULTILINE)
_LOADER = re.compile(r"unittest\.loader\.(?:_FailedTest|ModuleSkipped)\.(?P<module>.+)")
_NOT_OURS = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; the path is relative to the repository, with slashes."""

    path: str
    line: int


@dataclass(frozen=True)
class Places:
    """Finds files of a repository by names of modules and by tracebacks.

    Attributes:
        repository: Absolute path of the folder that reported paths are relative to.
        starts: Folders in which the modules of the tests may lie.
        is_file: Tells whether a path is a file.
    """

    repository: str
    starts: tuple[str, ...] = ()
    is_file: Callable[[str], bool] = os.path.isfile
    _found: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)

    def file_of(self, dotted: str) -> str | None:
        """Return the file of a module, or of the module that a class or a test with this dotted name is in."""
        if dotted not in self._found:
            self._found[dotted] = self._look_for(dotted)
        return self._found[dotted]

    def last_in(self, traceback: str | None) -> Place | None:
        """Return the innermost line of a traceback that belongs to the repository and not to an installed package."""
        frames = [_place(self.repository, match["path"], int(match["line"])) for match in _FRAME.finditer(traceback or "")]
        return next((place for place in reversed(frames) if place is not None), None)

    def _look_for(self, dotted: str) -> str | None:
        parts = dotted.split(".")
        for length in range(len(parts), 0, -1):
            stem = os.path.join(*parts[:length])  # noqa: PTH118 - compared as strings, thousands of times
            for start in self.starts:
                for name in (f"{stem}.py", os.path.join(stem, "__init__.py")):  # noqa: PTH118
                    path = os.path.join(start, name)  # noqa: PTH118
                    if self.is_file(path):
                        return _relative(self.repository, path)
        return None


def class_and_name(key: TestKey) -> tuple[str, str]:
    """Return the class and the name of a test; what unittest's loader puts in the place of a module belongs to that module."""
    test_id, ordinal = key
    suffix = f" #{ordinal}" if ordinal else ""
    match = _LOADER.fullmatch(test_id) if test_id.startswith("unittest.loader.") else None
    if match:
        return match["module"], f"import{suffix}"
    owner, _, name = test_id.rpartition(".")
    return owner or test_id, f"{name}{suffix}"


def _place(repository: str, path: str, line: int) -> Place | None:
    relative = _relative(repository, path)
    return None if relative is None else Place(relative, line)


@lru_cache(maxsize=1024)
def _relative(repository: str, path: str) -> str | None:
    relative = os.path.relpath(path, repository)
    parts = Path(relative).parts
    is_ours = parts[0] != os.pardir and not any(part in _NOT_OURS for part in parts)
    return "/".join(parts) if is_ours else None
