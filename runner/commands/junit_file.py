"""The file of `--junit-xml`: found writable before the tests run, and replaced in one step when they have run."""

from __future__ import annotations

import os
import platform
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from runner.errors import ReportUnwritable
from runner.report.junit import JunitReporter

if TYPE_CHECKING:
    from registry.records import Run
    from runner.events import Event
    from runner.report.places import Places


class JunitFile:
    """A sink that ends up as a JUnit XML file. Use as a context manager.

    What goes wrong while the tests run does not stop them; `write` raises it.

    Raises:
        ReportUnwritable: Nothing can be written to that path.
    """

    def __init__(self, path: str, places: Places) -> None:
        self._path = Path(path).resolve()
        self._error: OSError | None = None
        try:
            self._require_writable()
            # Gathered outside memory, which a hundred thousand results would fill.
            self._spool = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115 - closed by __exit__
        except OSError as error:
            raise self._unwritable(error) from error
        self._reporter = JunitReporter(self._spool, places)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        with suppress(OSError):  # what it held is in the report, or its loss is the error that is on its way
            self._spool.close()

    def emit(self, event: Event, /) -> None:
        """Take the event."""
        if self._error is None:
            try:
                self._reporter.emit(event)
            except OSError as error:
                self._error = error

    def write(self, run: Run) -> None:
        """Write the file; one that was there stays as it is until the new one is complete.

        Raises:
            ReportUnwritable: It cannot be written.
        """
        part = self._part()
        try:
            if self._error is not None:
                raise self._error
            with part.open("x", encoding="utf-8", newline="") as file:
                self._reporter.write_document(run, platform.node(), file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise self._unwritable(error) from error

    def _require_writable(self) -> None:
        if self._path.exists() and not self._path.is_file():
            raise ReportUnwritable(f"{self._path} is no regular file; give --junit-xml the path of a file to write")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        probe = self._part()
        probe.touch(exist_ok=False)
        probe.unlink()

    def _part(self) -> Path:
        return self._path.with_name(f".{uuid4().hex}.part")

    def _unwritable(self, error: OSError) -> ReportUnwritable:
        reason = error.strerror or error
        return ReportUnwritable(f"the JUnit report cannot be written to {self._path} ({reason}); give --junit-xml another path")
