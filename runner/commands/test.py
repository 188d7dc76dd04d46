"""`runner test`: run a suite in a supervised worker, write what happens, record it where asked."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from registry.records import NewRun, Run, RunDetails, RunKind, RunStatus
from runner import execute
from runner.commands.outputs import Outputs, places_of
from runner.commands.surroundings import command_line, garbage_collected_rarely, open_registry, shown_location, signals_held
from runner.errors import ExitCode, UsageError
from runner.events import FanOut
from runner.record import TestCollector, TestRecorder
from runner.report.document import dumps, run_document, show_document
from runner.report.live import DOTS, JsonReporter, Tallier, TextReporter, tally_text
from runner.report.paint import painter
from runner.report.safe import safe_text
from runner.settings import Settings, read_settings

if TYPE_CHECKING:
    from registry.recording import ActiveRun
    from registry.records import Coverage
    from registry.store import Registry
    from runner.events import TestSink


@dataclass(frozen=True, slots=True)
class TestRequest:
    """What the command line asks for; None leaves the settings or unittest's default.

    Attributes:
        durations: How many of the slowest tests to list, 0 for all; None lists none.
        source: Packages or folders that coverage measures.
        junit_xml: Path of a JUnit XML file to write; None writes none.
    """

    names: tuple[str, ...] = ()
    start_directory: str | None = None
    pattern: str | None = None
    top_level_directory: str | None = None
    name_patterns: tuple[str, ...] = ()
    failfast: bool = False
    buffer: bool = False
    show_locals: bool = False
    verbosity: int = DOTS
    durations: int | None = None
    record: bool | None = None
    name: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    coverage: bool = False
    source: tuple[str, ...] = ()
    as_json: bool = False
    junit_xml: str | None = None
    registry: str | None = None
    colour: str = "auto"


def run_tests(request: TestRequest) -> int:
    """Run the selected tests, write what happens to standard output, and return the exit code."""
    settings = read_settings(Path.cwd())
    record = settings.record if request.record is None else request.record
    if request.name is not None and not record:
        raise UsageError("--name names a recorded run; add --record")
    with garbage_collected_rarely(), ExitStack() as stack:
        # A name is refused before the user's code is touched; without one, the worker starts while the registry loads.
        registry = stack.enter_context(_registry(request, settings)) if record and request.name is not None else None
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="runner-coverage-"))) if request.coverage else None
        selection = _selection(request, settings)
        outputs = stack.enter_context(Outputs(request.junit_xml, places_of(selection, settings)))
        execution = stack.enter_context(execute.start(selection, _options(request, settings, data)))
        session = _Session(request, settings, execution, data, outputs)
        if not record:
            return session.run()
        registry = registry or stack.enter_context(_registry(request, settings))
        new_run = _new_run(request, settings)
        with signals_held():
            run = stack.enter_context(registry.start(new_run))
        return session.record(registry, run)


class _Session:
    """One execution with what writes about it and what keeps it."""

    def __init__(
        self, request: TestRequest, settings: Settings, execution: execute.Execution, data: Path | None, outputs: Outputs
    ) -> None:
        self._request = request
        self._settings = settings
        self._execution = execution
        self._data = data
        self._outputs = outputs
        self._tallier = Tallier()
        self._paint = painter(request.colour, sys.stdout)

    def run(self) -> int:
        """Run without a registry."""
        collector = TestCollector()
        started_at = datetime.now(UTC)
        summary = self._execution.run(self._sink(*([collector] if self._request.as_json else [])))
        coverage = self._coverage()
        run = _unrecorded(self._request, started_at, _status(summary), self._green())
        if self._request.as_json:
            counts = self._tallier.tally.outcomes
            details = RunDetails(run, counts, tuple(collector.results), tuple(collector.fixtures), coverage=coverage)
            sys.stdout.write(dumps(_unrecorded_document(details)) + "\n")
        return self._close(summary, run)

    def record(self, registry: Registry, run: ActiveRun) -> int:
        """Run and record; the tests run to their end even where the registry fails, which then decides the exit code."""
        recorder = TestRecorder(run)
        summary = self._execution.run(self._sink(recorder))
        coverage = self._coverage()
        status, green = _status(summary), self._green()
        recorder.finish(status, green, summary.duration_s, coverage)
        if recorder.error is None:
            self._tell_recorded(registry, run.run)
        code = self._close(summary, replace(run.run, status=status, green=green, duration_s=summary.duration_s))
        if recorder.error is not None:
            raise recorder.error
        return code

    def _sink(self, *keepers: TestSink) -> TestSink:
        return FanOut(self._reporter(), self._tallier, *self._outputs.sinks, *keepers)

    def _green(self) -> bool | None:
        tally = self._tallier.tally
        return None if tally.empty else tally.green

    def _reporter(self) -> TestSink:
        if self._request.as_json:
            return JsonReporter(sys.stdout)
        return TextReporter(sys.stdout, self._request.verbosity, self._request.durations, self._paint)

    def _coverage(self) -> Coverage | None:
        if self._data is None:
            return None
        from runner.coverage import combine

        coverage, table = combine(self._data, self._request.source or self._settings.source, self._settings.root)
        if not self._request.as_json:
            sys.stdout.write(safe_text(table))
        return coverage

    def _tell_recorded(self, registry: Registry, run: Run) -> None:
        if self._request.as_json:
            sys.stdout.write(dumps(show_document(registry.details(registry.find_run(str(run.id))))) + "\n")
        else:
            sys.stdout.write(f"recorded as {run.name} (run {run.id}) in {shown_location(registry.location)}\n")

    def _close(self, summary: execute.Summary, run: Run) -> int:
        self._outputs.write(run)
        tally = self._tallier.tally
        if summary.no_tests_hint:
            sys.stderr.write(f"runner: {safe_text(summary.no_tests_hint)} [no-tests]\n")
        if not self._request.as_json:
            sys.stdout.write(tally_text(tally, self._paint))
        if self._outputs.error is not None:
            raise self._outputs.error
        if summary.interrupted:
            return ExitCode.TERMINATED if summary.interrupted == "SIGTERM" else ExitCode.INTERRUPTED
        if tally.empty:
            return ExitCode.NOTHING
        return ExitCode.OK if tally.green else ExitCode.RED


def _registry(request: TestRequest, settings: Settings) -> Registry:
    registry = open_registry(request.registry, settings)
    if request.name is not None:
        registry.check_new_name(request.name)
    return registry


def _selection(request: TestRequest, settings: Settings) -> execute.Selection:
    flagged = request.start_directory is not None or request.top_level_directory is not None
    if request.names and (flagged or request.pattern is not None):
        raise UsageError("-s, -p and -t belong to discovery and TESTS names the tests itself; give one or the other")
    configured = not request.names and not flagged
    start = settings.start_directory if configured else request.start_directory
    top = settings.top_level_directory if configured else request.top_level_directory
    anchor = settings.root if configured else Path()
    return execute.Selection(
        names=request.names,
        start_directory=str(anchor / start) if start else ".",
        pattern=request.pattern or settings.pattern or "test*.py",
        top_level_directory=str(anchor / top) if top else None,
        name_patterns=request.name_patterns,
    )


def _options(request: TestRequest, settings: Settings, data: Path | None) -> execute.WorkerOptions:
    return execute.WorkerOptions(
        failfast=request.failfast,
        buffer=request.buffer,
        show_locals=request.show_locals,
        coverage_source=(request.source or settings.source) if request.coverage else None,
        coverage_data=data,
        stdout_to_stderr=request.as_json,
        working_directory=Path.cwd(),
    )


def _new_run(request: TestRequest, settings: Settings) -> NewRun:
    from registry.environment import capture_environment, capture_git, code_files

    return NewRun(
        kind=RunKind.TEST,
        name=request.name,
        argv=command_line(),
        tags=request.tags,
        git=capture_git(settings.root),
        environment=capture_environment(),
        code=code_files(settings.root),
    )


def _unrecorded(request: TestRequest, started_at: datetime, status: RunStatus, green: bool | None) -> Run:
    return Run(
        id=0,
        uid="",
        name="",
        kind=RunKind.TEST,
        status=status,
        started_at=started_at,
        duration_s=(datetime.now(UTC) - started_at).total_seconds(),
        green=green,
        argv=command_line(),
        tags=request.tags,
    )


def _unrecorded_document(details: RunDetails) -> dict[str, object]:
    return show_document(details) | {"run": run_document(details.run) | {"id": None, "uid": None, "name": None}}


def _status(summary: execute.Summary) -> RunStatus:
    return RunStatus.INTERRUPTED if summary.interrupted else RunStatus.FINISHED
