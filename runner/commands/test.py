"""`runner test`: run a suite in a supervised worker, write what happens, record it where asked."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runner import execute
from runner.commands._test_randomness import seeded_environment, with_seed
from runner.commands._test_request import Plan, TestRequest
from runner.commands._test_selection import Selected, selection
from runner.commands._test_workers import recorded_params, worker_options
from runner.commands.outputs import Outputs
from runner.commands.surroundings import command_line, is_ready, open_registry
from runner.errors import UsageError
from runner.execute.signals import SignalWatch
from runner.settings import Settings, read_settings

if TYPE_CHECKING:
    from registry.records import NewRun
    from registry.store import Registry
    from runner.commands._test_session import Session
    from runner.events import TestSink

__all__ = ["TestRequest", "run_tests"]


def run_tests(request: TestRequest) -> int:
    """Run the selected tests, write what happens to standard output, and return the exit code."""
    settings = read_settings(Path.cwd())
    request = with_seed(request, settings)
    if request.bisect_order is not None:
        return _bisect(request, settings, request.bisect_order)
    if request.pdb:
        return _debug(request, settings)
    record = settings.record if request.record is None else request.record
    if request.name is not None and not record:
        raise UsageError("--name names a recorded run; add --record")
    if request.source and not request.coverage:
        raise UsageError("--source says what --coverage measures; add --coverage")
    # Once, also for many seeds: what is recorded under one of them must not change what is chosen for the next.
    selected = selection(request, settings)
    if request.seeds is None:
        return _run_once(request, settings, selected=selected, record=record)
    from runner.commands._test_seeds import run_seeds

    return run_seeds(request, settings, partial(_run_once, selected=selected, record=record), record=record)


def _run_once(request: TestRequest, settings: Settings, *onlookers: TestSink, selected: Selected, record: bool) -> int:
    with SignalWatch(patience=1), ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="runner-coverage-"))) if request.coverage else None
        plan = replace(_plan(request, settings, selected, data), onlookers=onlookers)
        outputs = stack.enter_context(Outputs(request, plan.selection, settings))
        if not record:
            return _start(plan, outputs, stack).run()
        # Whatever refuses the run is found before the user's code is touched; what then needs time is loaded beside the worker.
        is_sound = is_ready(request.registry, settings)
        opened = None if is_sound and request.name is None else stack.enter_context(_registry(request, settings))
        run = stack.enter_context(opened.start(_new_run(request, settings))) if opened and not is_sound else None
        session = _start(plan, outputs, stack)
        opened = opened or stack.enter_context(_registry(request, settings))
        run = run or stack.enter_context(opened.start(_new_run(request, settings)))
        return session.record(opened, run)


def _start(plan: Plan, outputs: Outputs, stack: ExitStack) -> Session:
    execution = stack.enter_context(execute.start(plan.selection, plan.options))
    # Only now: the worker is on its way, and has the time that these imports take.
    from runner.commands._test_session import Session

    return Session(plan, execution, outputs)


def _bisect(request: TestRequest, settings: Settings, test: str) -> int:
    """Look for the tests that make one fail.

    Raises:
        UsageError: A flag makes no sense beside it.
    """
    from runner.commands._test_bisect import bisect_order
    from runner.commands._test_contradictions import outputs_of, refuse_beside

    refuse_beside("--bisect-order", "runs a part of the suite many times", {**outputs_of(request), "--pdb": request.pdb})
    return bisect_order(_plan(request, settings, selection(request, settings)), test)


def _debug(request: TestRequest, settings: Settings) -> int:
    """Run until the first problem, in one worker that has the terminal.

    Raises:
        UsageError: A flag makes no sense beside it, or there is no terminal.
    """
    from runner.commands._test_contradictions import outputs_of, refuse_beside
    from runner.execute.terminal import terminal_lent

    others = {"--buffer": request.buffer, "--timeout": request.timeout_s, "--jobs": request.jobs not in (None, "1")}
    refuse_beside("--pdb", "stops at the first problem for as long as you look", {**outputs_of(request), **others})
    plan = _plan(replace(request, failfast=True, retries=0), settings, selection(request, settings))
    plan = replace(plan, options=replace(plan.options, pdb=True, jobs=1, timeout_s=None, pollution="off"))
    with terminal_lent(), ExitStack() as stack:
        outputs = stack.enter_context(Outputs(plan.request, plan.selection, settings))
        return _start(plan, outputs, stack).run()


def _registry(request: TestRequest, settings: Settings) -> Registry:
    registry = open_registry(request.registry, settings)
    if request.name is not None:
        registry.check_new_name(request.name)
    return registry


def _plan(request: TestRequest, settings: Settings, selected: Selected, data: Path | None = None) -> Plan:
    chosen, chain = selected
    options = replace(worker_options(request, settings), coverage_data=data, coverage_source=_source(request, settings, chosen))
    return Plan(request, settings, chosen, options, chain)


def _source(request: TestRequest, settings: Settings, chosen: execute.Selection) -> tuple[str, ...] | None:
    if not request.coverage:
        return None
    from runner.coverage import require_sources

    source = request.source or settings.source
    require_sources(source, (".", chosen.start_directory, chosen.top_level_directory or "."))
    return source


def _new_run(request: TestRequest, settings: Settings) -> NewRun:
    from registry.environment import capture_environment, capture_git, code_files
    from registry.records import NewRun, RunKind

    return NewRun(
        kind=RunKind.TEST,
        name=request.name,
        seed=request.seed,
        params=recorded_params(request, settings),
        argv=command_line(),
        tags=request.tags if request.shard is None else {**request.tags, "shard": request.shard},
        git=capture_git(settings.root),
        environment=seeded_environment(capture_environment(), request.seed),
        code=code_files(settings.root),
    )
