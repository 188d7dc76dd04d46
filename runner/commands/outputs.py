"""What a test run writes for other programs, beside what it shows: files, and what GitHub Actions reads."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from runner.errors import ReportUnwritable

if TYPE_CHECKING:
    from registry.records import Run
    from runner.commands._test_request import TestRequest
    from runner.commands.github_step import GithubStep
    from runner.commands.junit_file import JunitFile
    from runner.events import TestSink
    from runner.execute import Selection
    from runner.report.places import Places
    from runner.report.tally import Tally
    from runner.settings import Settings


class Outputs:
    """What was asked for. Use as a context manager, entered before the tests start: a wrong path is told first.

    Attributes:
        sinks: Take the events of the run.
        error: Why a file could not be written.
    """

    def __init__(self, request: TestRequest, selection: Selection, settings: Settings) -> None:
        self.sinks: tuple[TestSink, ...] = ()
        self.error: ReportUnwritable | None = None
        self._stack = ExitStack()
        self._junit: JunitFile | None = None
        self._github: GithubStep | None = None
        if request.junit_xml is not None:
            from runner.commands.junit_file import JunitFile

            places = places_of(selection, settings)
            self._junit = self._stack.enter_context(JunitFile(request.junit_xml, places))
            self.sinks += (self._junit,)
        if in_actions():
            from runner.commands.github_step import GithubStep

            places = places_of(selection, settings)
            # With --format json, standard output is a document.
            self._github = self._stack.enter_context(GithubStep(places, sys.stderr if request.as_json else sys.stdout))
            self.sinks += (self._github.problems,)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._stack.close()

    def write(self, run: Run) -> None:
        """Write the files; `error` says why one could not be written."""
        try:
            if self._junit is not None:
                self._junit.write(run)
        except ReportUnwritable as error:
            self.error = error

    def annotate(self, run: Run, tally: Tally) -> None:
        """Write what GitHub Actions reads; what tests or plug-ins said must be written before."""
        if self._github is not None:
            self._github.write(run, tally)


def in_actions() -> bool:
    """Tell whether this process runs in GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def places_of(selection: Selection, settings: Settings) -> Places:
    """Return where the files of the selected tests lie: below the top-level directory, the start, or the current folder."""
    from runner.report.places import Places

    starts = (selection.top_level_directory, selection.start_directory, ".")
    folders = dict.fromkeys(str(Path(start).resolve()) for start in starts if start is not None)
    return Places(str(_repository(settings.root)), tuple(folders))


def _repository(root: Path) -> Path:
    """Return the folder that paths in reports are relative to: that of the git repository, else the project's root."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
