"""One run of `runner test`: what writes about it, what keeps it, and with which code it ends."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from registry.records import Run, RunDetails, RunKind, RunStatus
from runner import execute
from runner.commands._test_randomness import reproduction, told_seed
from runner.commands._test_request import Plan, TestRequest
from runner.commands._test_screen import live_screen
from runner.commands._test_workers import recorded_params
from runner.commands.outputs import Outputs
from runner.commands.surroundings import command_line, shown_location
from runner.entry_points import may_be_declared
from runner.errors import ExitCode
from runner.events import TestFanOut
from runner.record import TestCollector, TestRecorder
from runner.report.document import dumps, run_document, show_document
from runner.report.live import JsonReporter, TextReporter
from runner.report.outlet import Outlet
from runner.report.paint import painter
from runner.report.safe import safe_text
from runner.report.tally import Tallier, tally_text

if TYPE_CHECKING:
    from registry.recording import ActiveRun
    from registry.records import Coverage
    from registry.store import Registry
    from runner.events import TestSink
    from runner.plugins import Plugins
    from runner.report.outlet import Writable
    from runner.settings import Settings


class Session:
    """One execution with what writes about it and what keeps it."""

    def __init__(self, plan: Plan, execution: execute.Execution, outputs: Outputs) -> None:
        self._plan = plan
        self._request = plan.request
        self._execution = execution
        self._outputs = outputs
        self._tallier = Tallier()
        self._paint = painter(plan.request.colour, sys.stdout)
        self._screen = live_screen(plan.request, plan.selection.expected_durations or dict)
        self._plugins = _plugins(plan.request)
        self._stdout: Writable = sys.stdout

    def run(self) -> int:
        """Run without a registry."""
        collector = TestCollector()
        begun = _unrecorded(self._request, self._plan.settings)
        summary = self._run(self._sink(begun, *([collector] if self._request.as_json else [])))
        coverage = self._coverage()
        run = replace(begun, status=_status(summary), green=self._green(), duration_s=summary.duration_s)
        if self._request.as_json:
            kept = (tuple(collector.results), tuple(collector.fixtures), tuple(collector.pollution))
            details = RunDetails(run, self._tallier.tally.outcomes, *kept, coverage=coverage)
            self._stdout.write(dumps(_unrecorded_document(details)) + "\n")
        return self._close(summary, run)

    def record(self, registry: Registry, run: ActiveRun) -> int:
        """Run and record; the tests run to their end even where the registry fails, which then decides the exit code.

        Raises:
            RegistryError: The registry failed.
            BrokenPipeError: Nobody read standard output to its end; all is recorded.
        """
        self._stdout = outlet = Outlet(sys.stdout)
        recorder = TestRecorder(run)
        summary = self._run(self._sink(run.run, recorder))
        coverage = self._coverage()
        self._note_shard(recorder)
        status, green = _status(summary), self._green()
        recorder.finish(status, green, summary.duration_s, coverage)
        if recorder.error is None:
            self._tell_recorded(registry, run.run)
        code = self._close(summary, replace(run.run, status=status, green=green, duration_s=summary.duration_s))
        if recorder.error is not None:
            raise recorder.error
        outlet.require_taken()
        return code

    def _note_shard(self, recorder: TestRecorder) -> None:
        if self._request.shard is None:
            return
        from runner.choose.shards import plan_of

        plan = plan_of(self._plan.chain)
        if plan is not None:
            recorder.note({"shard_plan": plan})

    def _run(self, sink: TestSink) -> execute.Summary:
        plan = self._plan
        if not self._request.as_json:
            self._stdout.write(told_seed(self._request))
        retries = plan.settings.retries if self._request.retries is None else self._request.retries
        with self._screen or nullcontext():
            if not retries:
                return self._execution.run(sink)
            from runner.execute.retry import Again, run_with_retries

            return run_with_retries(self._execution, Again(plan.selection, plan.options, retries), sink)

    def _sink(self, run: Run, *keepers: TestSink) -> TestSink:
        screens = (self._screen,) if self._screen is not None else ()
        sinks = (*screens, self._reporter(), self._tallier, *self._outputs.sinks, *self._plan.onlookers, *keepers)
        if self._plugins is None:
            return TestFanOut(*sinks)
        from runner.plugins import HookSink

        self._plugins.notify("runner_run_started", run=run)
        return HookSink(self._plugins, sinks)

    def _green(self) -> bool | None:
        tally = self._tallier.tally
        return None if tally.empty else tally.green

    def _reporter(self) -> TestSink:
        if self._request.as_json:
            return JsonReporter(self._stdout)
        asked = self._request
        again = reproduction(asked, self._plan.selection)
        return TextReporter(
            self._screen or self._stdout,
            asked.verbosity,
            asked.durations,
            self._paint,
            hide_output=asked.buffer,
            reproduction=again,
        )

    def _coverage(self) -> Coverage | None:
        data = self._plan.options.coverage_data
        if data is None:
            return None
        from runner.coverage import combine

        settings = self._plan.settings
        coverage, table = combine(data, self._request.source or settings.source, settings.root)
        if not self._request.as_json:
            self._stdout.write(safe_text(table))
        return coverage

    def _tell_recorded(self, registry: Registry, run: Run) -> None:
        if self._request.as_json:
            self._stdout.write(dumps(show_document(registry.details(registry.find_run(str(run.id))))) + "\n")
        else:
            self._stdout.write(f"recorded as {run.name} (run {run.id}) in {shown_location(registry.location)}\n")

    def _close(self, summary: execute.Summary, run: Run) -> int:
        tally = self._tallier.tally
        self._outputs.write(run)
        if self._plugins is not None:
            self._plugins.notify("runner_run_finished", run=run, counts=MappingProxyType(tally.outcomes))
        chain = self._plan.chain
        hint = summary.no_tests_hint or (chain.emptied_by if chain else None)
        if hint:
            sys.stderr.write(f"runner: {safe_text(hint)} [no-tests]\n")
        if not self._request.as_json:
            for sentence in chain.sentences if chain and not chain.emptied_by else ():
                self._stdout.write(safe_text(f"{sentence}\n"))
        self._outputs.annotate(run, tally)
        if not self._request.as_json:
            self._stdout.write(tally_text(tally, self._paint))
        if self._outputs.error is not None:
            raise self._outputs.error
        if summary.interrupted:
            return ExitCode.TERMINATED if summary.interrupted == "SIGTERM" else ExitCode.INTERRUPTED
        if tally.empty:
            return ExitCode.NOTHING
        return ExitCode.OK if tally.green else ExitCode.RED


def _plugins(request: TestRequest) -> Plugins | None:
    """Load the plug-ins; None where nobody declares one, since looking for them costs a short run a tenth of its time."""
    if not may_be_declared("runner"):
        return None
    from runner.commands.plugged import load_plugins

    return load_plugins(keep_stdout=request.as_json)


def _unrecorded(request: TestRequest, settings: Settings) -> Run:
    return Run(
        id=0,
        uid="",
        name="",
        kind=RunKind.TEST,
        status=RunStatus.RUNNING,
        started_at=datetime.now(UTC),
        argv=command_line(),
        tags=request.tags,
        seed=request.seed,
        params=recorded_params(request, settings),
    )


def _unrecorded_document(details: RunDetails) -> dict[str, object]:
    return show_document(details) | {"run": run_document(details.run) | {"id": None, "uid": None, "name": None}}


def _status(summary: execute.Summary) -> RunStatus:
    return RunStatus.INTERRUPTED if summary.interrupted else RunStatus.FINISHED
