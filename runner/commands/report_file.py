"""A file that a report is written to: found writable before the work starts, and replaced in one step when it is done."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from runner.errors import ReportUnwritable


class ReportFile:
    """The file at a path that somebody gave with an option.

    Args:
        path: Where it shall be; the folders on the way are made.
        what: The report as a sentence begins with it.
        option: What the path was given with.

    Raises:
        ReportUnwritable: Nothing can be written to that path.
    """

    def __init__(self, path: str, what: str, option: str) -> None:
        self.path = Path(path).resolve()
        self._what = what
        self._option = option
        try:
            self._require_writable()
        except OSError as error:
            raise self.unwritable(error) from error

    def write(self, fill: Callable[[TextIO], object]) -> None:
        """Let a function write the file; one that was there stays as it is until the new one is complete.

        Raises:
            ReportUnwritable: It cannot be written.
        """
        part = self._part()
        try:
            with part.open("x", encoding="utf-8", newline="") as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path)
        except BaseException as error:
            part.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise self.unwritable(error) from error
            raise

    def unwritable(self, error: OSError) -> ReportUnwritable:
        """Return the error of ours that says what the system said."""
        reason = error.strerror or error
        return ReportUnwritable(f"{self._what} cannot be written to {self.path} ({reason}); give {self._option} another path")

    def _require_writable(self) -> None:
        if self.path.exists() and not self.path.is_file():
            raise ReportUnwritable(f"{self.path} is no regular file; give {self._option} the path of a file to write")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        probe = self._part()
        probe.touch(exist_ok=False)
        probe.unlink()

    def _part(self) -> Path:
        return self.path.with_name(f".{uuid4().hex}.part")
