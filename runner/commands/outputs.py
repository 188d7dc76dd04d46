"""What a test run writes beside what it shows: files for other programs."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from runner.commands.junit_file import JunitFile
from runner.report.places import Places

if TYPE_CHECKING:
    from registry.records import Run
    from runner.errors import RunnerError
    from runner.events import TestSink
    from runner.execute import Selection
    from runner.settings import Settings


class Outputs:
    """The files that were asked for. Use as a context manager, entered before the tests start: a wrong path is told first.

    Attributes:
        sinks: Take the events of the run.
        error: Why a file could not be written.
    """

    def __init__(self, junit_xml: str | None, places: Places) -> None:
        self.sinks: tuple[TestSink, ...] = ()
        self.error: RunnerError | None = None
        self._stack = ExitStack()
        self._junit = self._stack.enter_context(JunitFile(junit_xml, places)) if junit_xml is not None else None
        if self._junit is not None:
            self.sinks += (self._junit,)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._stack.close()

    def write(self, run: Run) -> None:
        """Write the files; `error` says why one could not be written."""
        from runner.errors import RunnerError

        try:
            if self._junit is not None:
                self._junit.write(run)
        except RunnerError as error:
            self.error = error


def places_of(selection: Selection, settings: Settings) -> Places:
    """Return where the files of the selected tests lie: below the top-level directory, the start, or the current folder."""
    starts = (selection.top_level_directory, selection.start_directory, ".")
    folders = dict.fromkeys(str(Path(start).resolve()) for start in starts if start is not None)
    return Places(str(_repository(settings.root)), tuple(folders))


def _repository(root: Path) -> Path:
    """Return the folder that paths in reports are relative to: that of the git repository, else the project's root."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
