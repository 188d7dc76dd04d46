"""The file of `--junit-xml`: found writable before the tests run, and replaced in one step when they have run."""

from __future__ import annotations

import platform
import tempfile
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from runner.commands.report_file import ReportFile
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
        self._file = ReportFile(path, "the JUnit report", "--junit-xml")
        self._error: OSError | None = None
        try:
            # Gathered outside memory, which a hundred thousand results would fill.
            self._spool = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115 - closed by __exit__
        except OSError as error:
            raise self._file.unwritable(error) from error
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
        if self._error is not None:
            raise self._file.unwritable(self._error) from self._error
        self._file.write(lambda file: self._reporter.write_document(run, platform.node(), file))
