"""`runner nightly`: record the suites, train, compare with the baseline and the last green night, report, and say how it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from registry.comparing.metrics import ACCURACIES
from registry.errors import RegistryError, RunNotFound
from registry.naming import BaselineName, is_of_each_run, parse_reference
from registry.past.night import Found, Part
from registry.records import Direction, Metric, NewRun, Outcome, RunKind, RunStatus
from runner.commands._night_lock import one_night
from runner.commands._night_notice import Notice, notify
from runner.commands._night_page import NIGHTS_LOOKED_AT, NightView
from runner.commands._night_parts import Job, Parts, again, jobs_of
from runner.commands._night_reports import Reports, remove_checkpoints, require_writable
from runner.commands._night_terms import Terms
from runner.commands.diff import FAIL_ON
from runner.commands.surroundings import (
    command_line,
    kept_if_interrupted,
    open_registry,
    registry_url,
    shown_location,
    signals_held,
    unwinding,
)
from runner.errors import ExitCode, ReportUnwritable
from runner.report.formats import rendered
from runner.report.numbers import metric_value, seconds
from runner.report.paint import painter
from runner.report.safe import safe_line
from runner.report.text import colour_of, wrapped
from runner.settings import Settings, read_settings
from runner.settings_nightly import Nightly, read_nightly

if TYPE_CHECKING:
    from registry.expected.bars import Bar
    from registry.recording import ActiveRun
    from registry.records import Run
    from registry.store import Registry

_WIDEST_ROLE: Final = 30
_LONGEST_WORDS: Final = 400


@dataclass(frozen=True, slots=True)
class NightRequest:
    """What the command line asks for; None leaves the settings."""

    against: str | None = None
    fail_on: str | None = None
    registry: str | None = None
    colour: str = "auto"


@dataclass(frozen=True, slots=True)
class _Plan:
    settings: Settings
    nightly: Nightly
    jobs: tuple[Job, ...]
    terms: Terms
    colour: str


@dataclass(frozen=True, slots=True)
class _Result:
    """How a night ended: what was found, its text, and why a report could not be written."""

    found: Found
    green: bool
    text: str
    error: ReportUnwritable | None = None


def run_nightly(request: NightRequest) -> int:
    """Run a night and return the exit code; what was recorded is kept whatever happens.

    Raises:
        NightRunning: Another night runs in the project.
        ReportUnwritable: A report cannot be written; the verdict is recorded and has been told.
    """
    settings = read_settings(Path.cwd())
    nightly = read_nightly(settings)
    with unwinding(), ExitStack() as stack:
        registry = stack.enter_context(open_registry(request.registry, settings))
        stack.enter_context(one_night(_own_folder(settings.root)))
        plan = _plan(request, settings, nightly, registry)
        require_writable(settings.root / nightly.output)
        with signals_held():
            run = stack.enter_context(registry.start(_new_run(plan)))
        stack.enter_context(kept_if_interrupted(run.run))
        reports = Reports(settings.root / nightly.output, run.run.name, nightly.formats)
        _say(f"recording as {run.run.name} (run {run.run.id}) in {shown_location(registry.location)}")
        _record(plan, registry, run.run, Parts(registry, run.run, settings.root, _url(request, settings), reports.folder))
        result = _concluded(plan, registry, run, reports)
        code = _exit_code(plan, result)
        failures = [*_told(plan, run.run, reports, result, code), *_tidied(plan, registry, reports)]
    return _closed(plan, reports, result, failures, code)


def _plan(request: NightRequest, settings: Settings, nightly: Nightly, registry: Registry) -> _Plan:
    jobs = jobs_of(nightly, settings)
    baseline = request.against or nightly.baseline
    bars = _bars(baseline, registry)
    terms = Terms(
        planned=tuple(job.role for job in jobs),
        against=tuple(_against(baseline, registry)),
        tolerances=nightly.tolerances,
        fail_on=request.fail_on or nightly.fail_on,
        max_gap_h=nightly.max_gap,
        known=tuple(registry.known_failures.listed()),
        bars=bars,
        barred_by=None if bars is None else baseline,
    )
    return _Plan(settings, nightly, jobs, terms, request.colour)


def _against(baseline: str | None, registry: Registry) -> Iterator[tuple[str, str]]:
    """Yield what a night is compared with, before there is a run of its own that `latest` could mean.

    Raises:
        RunNotFound: The baseline is not there, although there was a night that it could have been set to.
    """
    earlier = registry.nights.before(None, NIGHTS_LOOKED_AT)
    ended = next((run for run in earlier if run.status is RunStatus.FINISHED), None)
    own: str | None = None
    if baseline is not None:
        try:
            if not is_of_each_run(baseline):
                own = registry.find_run(baseline, kind=RunKind.NIGHTLY).name
            if own is not None or ended is not None:
                yield baseline, own or baseline
        except RunNotFound:
            if ended is not None:
                raise
    green = registry.nights.last_green(None)
    if green is not None and green.name != own:
        yield "last green night", green.name
    elif green is None and own is None and ended is not None:
        yield "night before, none was green yet", ended.name


def _bars(baseline: str | None, registry: Registry) -> tuple[Bar, ...] | None:
    """Return the bars of a baseline as they are now; None where what a night is compared with has none."""
    meant = parse_reference(baseline or "")
    if not isinstance(meant, BaselineName):
        return None
    return next((one.bars for one in registry.baselines.listed() if one.name == meant.name), None)


def _new_run(plan: _Plan) -> NewRun:
    from registry.environment import capture_environment, capture_git, code_files

    root = plan.settings.root
    return NewRun(
        kind=RunKind.NIGHTLY,
        argv=command_line(),
        params=plan.terms.params(),
        git=capture_git(root),
        environment=capture_environment(),
        code=code_files(root),
    )


def _own_folder(root: Path) -> Path:
    from registry.schema import make_own_folder

    folder = root / ".runner"
    make_own_folder(folder)
    return folder


def _url(request: NightRequest, settings: Settings) -> str | None:
    """Return the registry as a part finds it from the project's root; None where it finds the same by itself."""
    if request.registry is None and Path.cwd() == settings.root:
        return None
    from registry.storage.database import locate

    url = str(registry_url(request.registry, settings))
    path = locate(url).path
    if path is None:
        return url
    _, mark, query = url.partition("?") if "://" in url else (url, "", "")
    return f"sqlite:///{path.resolve()}?{query}" if mark else str(path.resolve())


def _record(plan: _Plan, registry: Registry, night: Run, parts: Parts) -> None:
    for job in plan.jobs:
        _tell_part(job, parts.run(job), registry, parts)
    slow = NightView(registry, night, plan.settings.root, plan.terms).slow_tests()
    for job in plan.jobs:
        if job.role in slow:
            _tell_part(again(job, slow[job.role]), parts.run(again(job, slow[job.role])), registry, parts)


def _tell_part(job: Job, part: Part | None, registry: Registry, parts: Parts) -> None:
    if part is None:
        _say(f"{job.role:<{_WIDEST_ROLE}}  recorded nothing")
        _say_why(parts.last_words(job))
        return
    counts = part.counts
    if part.run.kind is RunKind.TEST:
        passed, skipped = (sum(counts.get(one, 0) for one in kinds) for kinds in (_PASSED, (Outcome.SKIPPED,)))
        told = f"{passed:,} passed, {part.red:,} failed, {skipped:,} skipped"
    else:
        metrics = [metric for metric in registry.details(part.run).metrics if ACCURACIES.get(metric.name) == "test"]
        told = ", ".join(f"{metric.name} {metric_value(metric.name, metric.last)}" for metric in metrics)
    is_finished = part.run.status is RunStatus.FINISHED
    facts = (told, seconds(part.run.duration_s), "" if is_finished else str(part.run.status))
    _say(f"{job.role:<{_WIDEST_ROLE}}  {'  '.join(filter(None, facts))}")
    if not is_finished:
        _say_why(parts.last_words(job))


_PASSED: Final = (Outcome.PASSED, Outcome.EXPECTED_FAILURE)


def _concluded(plan: _Plan, registry: Registry, run: ActiveRun, reports: Reports) -> _Result:
    """Judge the night, record that, and write the reports."""
    view = NightView(registry, run.run, plan.settings.root, plan.terms)
    verdict = view.verdict
    found = Found(verdict, view.sentence(), plan.terms.against[0][1] if plan.terms.against else None)
    green = verdict not in FAIL_ON["suspected" if plan.terms.fail_on == "suspected" else "regressed"]
    run.log_metrics(_numbers(view.parts, registry))
    registry.nights.conclude(run.run, found)
    run.finish(RunStatus.FINISHED, green=green)
    error = None
    for form in plan.nightly.formats:
        try:
            reports.write(view.page(form, found), form)
        except ReportUnwritable as unwritable:
            error = error or unwritable
    return _Result(found, green, rendered(view.page("text", found), "text"), error)


def _numbers(parts: tuple[Part, ...], registry: Registry) -> list[Metric]:
    """Return the numbers of the night that an overview shows; of a task's seeds the mean."""
    suites = [part for part in parts if part.run.kind is RunKind.TEST and not part.is_again]
    passed = sum(part.counts.get(outcome, 0) for part in suites for outcome in _PASSED)
    numbers = [
        Metric("tests_passed", passed),
        Metric("tests_failed", sum(part.red for part in suites), direction=Direction.LOWER),
        Metric("tests_skipped", sum(part.counts.get(Outcome.SKIPPED, 0) for part in suites)),
    ]
    values: dict[str, list[float]] = {}
    for part in parts:
        if part.run.kind is RunKind.TRAIN:
            task = part.role.partition(" ")[0]
            for metric in registry.details(part.run).metrics:
                if ACCURACIES.get(metric.name) == "test":
                    values.setdefault(f"{task} {metric.name}", []).append(metric.last)
    return numbers + [Metric(name, sum(of) / len(of), direction=Direction.HIGHER) for name, of in values.items()]


def _exit_code(plan: _Plan, result: _Result) -> ExitCode:
    if result.found.verdict in FAIL_ON[plan.terms.fail_on]:
        return ExitCode.RED
    return ExitCode.OK if plan.terms.against else ExitCode.NOTHING


def _tidied(plan: _Plan, registry: Registry, reports: Reports) -> Iterator[str]:
    """Remove what is older than the nights to keep, and yield what could not be removed."""
    if plan.nightly.keep is None:
        return
    try:
        removed = registry.nights.remove_beyond(plan.nightly.keep)
        below = plan.settings.root / (plan.settings.checkpoint_dir or Path(".runner", "checkpoints"))
        remove_checkpoints(removed.checkpoints, below)
        reports.remove(removed.nights)
    except RegistryError as error:
        yield f"old nights could not be removed: {error}"
    except ReportUnwritable as error:
        yield str(error)
    except OSError as error:
        yield f"old checkpoints could not be removed: {error}"


def _told(plan: _Plan, run: Run, reports: Reports, result: _Result, code: ExitCode) -> Iterator[str]:
    found = result.found
    notice = Notice(run.name, str(found.verdict), result.green, int(code), found.sentence, reports.main, result.text)
    return notify(notice, plan.nightly.notify_command, plan.nightly.notify_webhook, plan.settings.root)


def _closed(plan: _Plan, reports: Reports, result: _Result, failures: list[str], code: ExitCode) -> ExitCode:
    for path in reports.paths.values():
        if path.exists():
            _say(shown_location(str(path)))
    for failure in failures:
        sys.stderr.write(f"runner: {safe_line(failure)} [notify-failed]\n")
    verdict = result.found.verdict
    word, _, rest = safe_line(result.found.sentence).partition(":")
    paint = painter(plan.colour, sys.stdout)
    sys.stdout.write("\n".join(wrapped([paint(f"{word}:", colour_of(verdict)), *rest.split()])) + "\n")
    if result.error is not None:
        raise result.error
    return code


def _say_why(words: str) -> None:
    for line in wrapped(safe_line(words, _LONGEST_WORDS).split(" "), "  ", "  "):
        _say(line)


def _say(line: str) -> None:
    # A night whose output nobody takes, or that fills a disk, is judged all the same; its last line then says so by its error.
    with suppress(OSError):
        sys.stdout.write(f"{safe_line(line)}\n")
        sys.stdout.flush()
