"""Compare two runs: pure functions over recorded facts; no database, no printing.

A is the reference, what was typed first; B is looked at.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from registry.answers import Flips
from registry.comparing.comparability import comparability
from registry.comparing.determinism import CheckpointChange, checkpoint_change, told
from registry.comparing.facts import ChangedPair, EarlierDurations, RunComparison
from registry.comparing.metrics import MetricChange, metric_changes
from registry.comparing.paired import answer_flips
from registry.comparing.suspects import Evidence, dated, metrics_dated, point_of
from registry.comparing.transitions import Cluster, TestChanges, classify, clusters
from registry.comparing.uncovered import CoverageChange, coverage_change
from registry.comparing.why import Reason, Situation, ranked_differences, unexplained
from registry.expected.bars import held_to_bars
from registry.expected.expectations import Expectations, Window, with_medians
from registry.expected.known import KnownResult, KnownState, muted, renamed, unmuted, with_causes
from registry.origin import CommitRange, Onset, Sources, TestKey, unasked, way_between
from registry.records import FixtureRecord, Outcome, Run, RunDetails, RunKind, RunStatus
from registry.regress import Judgement, Timing, Tolerance, Verdict, judge_durations

_CUT_SHORT = {RunStatus.INTERRUPTED, RunStatus.RUNNING, RunStatus.CRASHED}
_LARGE = 1e6


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed from run A to run B, with one verdict and a reason for each part of it.

    Attributes:
        paces: Whether a slower test is slower indeed, by id and ordinal.
        flips: Examples that one side answered rightly and the other did not, for each part of the data set.
        way: The commits from A to B.
        onsets: Since when a red test is red, and which commits are suspected, by id and ordinal; not for every one of very many.
        metric_onsets: Since when a metric is as bad as in B, by name.
        comparability: What of the runs cannot be compared, one sentence each.
        known: What B says about known failures; those that are muted are in none of the lists of tests.
        known_renamed: Tests that are red and probably known failures of another name, so that nothing mutes them.
        window: The runs whose medians A's metrics are; None where they are A's own.
    """

    a: Run
    b: Run
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    tests: TestChanges = field(default_factory=TestChanges)
    clusters: tuple[Cluster, ...] = ()
    paces: Mapping[TestKey, Judgement] = field(default_factory=dict)
    fixtures: tuple[FixtureRecord, ...] = ()
    metrics: tuple[MetricChange, ...] = ()
    flips: tuple[Flips, ...] = ()
    checkpoints: CheckpointChange = field(default_factory=CheckpointChange)
    why: tuple[Reason, ...] = ()
    coverage: CoverageChange | None = None
    way: CommitRange = field(default_factory=unasked)
    onsets: Mapping[TestKey, Onset] = field(default_factory=dict)
    metric_onsets: Mapping[str, Onset] = field(default_factory=dict)
    comparability: tuple[str, ...] = ()
    known: tuple[KnownResult, ...] = ()
    known_renamed: tuple[ChangedPair, ...] = ()
    window: Window | None = None


def compare_runs(
    comparison: RunComparison,
    *,
    max_abs_delta: float | None = None,
    limits: Mapping[str, Tolerance] | None = None,
    confirmed: Collection[TestKey] = (),
    sources: Sources | None = None,
    expectations: Expectations | None = None,
) -> Diff:
    """Turn the facts about two runs into a diff.

    Args:
        comparison: What the registry says about both runs.
        max_abs_delta: Largest absolute difference of the checkpoints' tensors, where somebody could read both files.
        limits: How much worse a metric may become, by name, where somebody set a limit.
        confirmed: Tests, as (id, ordinal), that were measured again in B and were as slow.
        sources: What git and the work tree tell about the code of both, where somebody could ask.
        expectations: What B is held to besides A.
    """
    held_to, limits, sources = expectations or Expectations(), limits or {}, sources or Sources()
    a, b, usual = comparison.a, comparison.b, with_medians(comparison, held_to.window)
    changes = classify(comparison.changed, comparison.unchanged)
    known = with_causes(held_to.known, changes)
    tests = muted(changes, known)
    paces = _paces(tests.slower, comparison, confirmed)
    moved = metric_changes(usual, limits)
    metrics = held_to_bars(moved, usual, limits, held_to.bars)
    checkpoints = checkpoint_change(a, b, max_abs_delta)
    onsets, evidence = dated(comparison, sources)
    why = ranked_differences(a, b, _broken(tests, evidence), _situation(tests, paces, b.run))
    findings = [*_findings((a, b), tests, paces)]
    # Only what differs between these two runs needs something that differs: a bar, a median and a day that is over do not.
    own = [*findings, *_number_findings(() if held_to.window else moved, checkpoints)]
    moved_known = renamed(tests, held_to.failures)
    findings += [*_known_findings(known), *_renamed_findings(moved_known), *_number_findings(metrics, checkpoints)]
    findings += [] if why else _unexplained(own, tests, (a, b))
    return Diff(
        a=a.run,
        b=b.run,
        verdict=_worst(findings, comparison),
        reasons=tuple(sentence for _, sentence in findings),
        tests=tests,
        clusters=clusters(unmuted(comparison.changed, known)),
        paces=paces,
        fixtures=_failing_fixtures(b, but_not_in=a),
        metrics=metrics,
        flips=answer_flips(a, b),
        checkpoints=checkpoints,
        why=why,
        coverage=coverage_change((a.run, a.coverage), (b.run, b.coverage), sources.texts),
        way=way_between(point_of(a.run), point_of(b.run), sources.ways),
        onsets=onsets,
        metric_onsets=metrics_dated(comparison, sources),
        comparability=tuple(comparability(a, b)),
        known=known,
        known_renamed=tuple(pair for pair in moved_known if pair.b is not None and pair.b.is_red),
        window=held_to.window,
    )


def _findings(
    sides: tuple[RunDetails, RunDetails], tests: TestChanges, paces: Mapping[TestKey, Judgement]
) -> Iterator[tuple[Verdict, str]]:
    """Yield what is found of runs, tests and fixtures; numbers come after it."""
    a, b = sides
    yield from _run_findings(a.run, b.run)
    yield from _test_findings(tests, b.run)
    yield from _fixture_findings(_failing_fixtures(b, but_not_in=a), _failing_fixtures(a, but_not_in=b))
    yield from _pace_findings(paces)


def _broken(tests: TestChanges, evidence: Mapping[TestKey, Evidence]) -> list[Evidence]:
    """Return what is known of the tests that broke between A and B."""
    broken = (*tests.newly_failing, *tests.still_failing_new_cause)
    return [evidence[key] for pair in broken if (key := pair.key) in evidence]


def _situation(tests: TestChanges, paces: Mapping[TestKey, Judgement], b: Run) -> Situation:
    if b.kind is RunKind.TRAIN:
        return Situation.TRAINING
    slower = any(pace.verdict in (Verdict.REGRESSED, Verdict.SUSPECTED) for pace in paces.values())
    return Situation.DURATIONS if slower and not tests.newly_failing else Situation.TESTS


def _unexplained(
    findings: list[tuple[Verdict, str]], tests: TestChanges, sides: tuple[RunDetails, RunDetails]
) -> list[tuple[Verdict, str]]:
    """Say of what is worse although nothing differs that it is a finding, and its hint; a run cut short explains itself."""
    opening = None if _CUT_SHORT & {side.run.status for side in sides} else unexplained(*sides)
    is_worse = any(verdict in (Verdict.REGRESSED, Verdict.SUSPECTED) for verdict, _ in findings)
    if opening is None or not is_worse:
        return []
    if tests.newly_failing:
        hint = "a test may be flaky, which `runner test TEST --retries 3` shows, or depend on time, network or other files"
    elif tests.slower:
        hint = "the machine may have had other work"
    else:
        hint = "something may not be deterministic, or depend on time, network or other files"
    return [(Verdict.UNCHANGED, f"{opening}: {hint}")]


def _paces(slower: Iterable[ChangedPair], comparison: RunComparison, confirmed: Collection[TestKey]) -> dict[TestKey, Judgement]:
    """Judge the tests that took longer; without earlier runs under the same conditions that is not enough to go by."""
    a, b = comparison.a.run, comparison.b.run
    pairs = {pair.key: pair.duration_b_s for pair in slower}
    if (a.environment and a.environment.machine) != (b.environment and b.environment.machine):
        return dict.fromkeys(pairs, Judgement(Verdict.INSUFFICIENT_DATA, "A ran on another machine"))
    if a.params.get("jobs") != b.params.get("jobs"):
        return dict.fromkeys(pairs, Judgement(Verdict.INSUFFICIENT_DATA, "A ran with another number of workers"))
    nothing = EarlierDurations()
    earlier = {key: comparison.earlier.get(key, nothing) for key in pairs}
    timings = [
        Timing(earlier[key].before, duration_s or 0.0, earlier[key].between_s, key in confirmed)
        for key, duration_s in pairs.items()
    ]
    return dict(zip(pairs, judge_durations(timings, tested=comparison.timed), strict=True))


def _pace_findings(paces: Mapping[TestKey, Judgement]) -> Iterator[tuple[Verdict, str]]:
    numbers = Counter(judgement.verdict for judgement in paces.values())
    for verdict, words in ((Verdict.REGRESSED, "slower, measured twice"), (Verdict.SUSPECTED, "slower, measured once")):
        if numbers[verdict]:
            yield verdict, f"{_count(numbers[verdict], 'test')} {words}"


def _failing_fixtures(side: RunDetails, *, but_not_in: RunDetails) -> tuple[FixtureRecord, ...]:
    known = {fixture.fixture_id for fixture in but_not_in.fixtures if fixture.outcome.is_red}
    return tuple(fixture for fixture in side.fixtures if fixture.outcome.is_red and fixture.fixture_id not in known)


def _run_findings(a: Run, b: Run) -> Iterator[tuple[Verdict, str]]:
    if b.status in (RunStatus.FAILED, RunStatus.CRASHED):
        verdict = Verdict.REGRESSED if a.status is RunStatus.FINISHED else Verdict.SUSPECTED
        yield verdict, f"{b.name} did not come to its end: {b.status}"
    elif b.status is not RunStatus.FINISHED:
        yield Verdict.SUSPECTED, f"{b.name} is incomplete: {b.status}"
    if a.status is not RunStatus.FINISHED:
        yield Verdict.INSUFFICIENT_DATA, f"{a.name}, the reference, is incomplete: {a.status}"


def _test_findings(tests: TestChanges, b: Run) -> Iterator[tuple[Verdict, str]]:
    ran = [pair for pair in tests.newly_failing if pair.b is not Outcome.NOT_RUN]
    not_run = [pair for pair in tests.newly_failing if pair.b is Outcome.NOT_RUN]
    # Who stops a run by hand has not broken the tests that it did not come to.
    stopped = b.status in (RunStatus.INTERRUPTED, RunStatus.RUNNING)
    new_cause = [pair for pair in tests.still_failing_new_cause if not (stopped and pair.b is Outcome.NOT_RUN)]
    told = (
        (ran, Verdict.REGRESSED, "newly failing"),
        (not_run, Verdict.SUSPECTED if stopped else Verdict.REGRESSED, "not run any more"),
        (new_cause, Verdict.SUSPECTED, "still failing for another cause"),
        (tests.removed, Verdict.SUSPECTED, "not recorded" if b.status in _CUT_SHORT else "removed"),
        (tests.newly_skipped, Verdict.SUSPECTED, "newly skipped"),
        (tests.expected_to_fail, Verdict.SUSPECTED, "now expected to fail"),
        (tests.flaky, Verdict.SUSPECTED, "green only when tried again"),
        (tests.fixed, Verdict.IMPROVED, "fixed"),
    )
    for members, verdict, words in told:
        if members:
            yield verdict, f"{_count(len(members), 'test')} {words}{_kinds(members)}"
    if tests.renamed:
        yield Verdict.UNCHANGED, f"{_count(len(tests.renamed), 'test')} probably renamed"


def _known_findings(known: tuple[KnownResult, ...]) -> Iterator[tuple[Verdict, str]]:
    for result in known:
        if result.state is KnownState.EXPIRED:
            failure = result.failure
            yield Verdict.REGRESSED, f"known failure expired on {failure.until}, owner {failure.owner}: {failure.test_id}"
    numbers = Counter(result.state for result in known)
    told = ((KnownState.MUTED, "muted"), (KnownState.PASSES, "passing now: `runner known remove` it"))
    for state, words in told:
        if numbers[state]:
            yield Verdict.UNCHANGED, f"{_count(numbers[state], 'known failure')} {words}"


def _renamed_findings(moved: Iterable[ChangedPair]) -> Iterator[tuple[Verdict, str]]:
    for pair in moved:
        words = f"known failure {pair.renamed_from} is gone; {pair.test_id} looks like it, renamed"
        if pair.b is not None and pair.b.is_red:
            yield Verdict.SUSPECTED, f"{words}: `runner known add {pair.test_id}`, or mend it"
        else:
            yield Verdict.UNCHANGED, f"{words}, and passes: `runner known remove {pair.renamed_from}`"


def _kinds(members: Iterable[ChangedPair]) -> str:
    """Return how many of the tests failed in a way that takes more than a failed assertion."""
    numbers = Counter(pair.b for pair in members)
    kinds = [f"{numbers[kind]:,} {kind.replace('_', ' ')}" for kind in (Outcome.CRASHED, Outcome.TIMED_OUT) if numbers[kind]]
    return f" ({', '.join(kinds)})" if kinds else ""


def _fixture_findings(new: tuple[FixtureRecord, ...], gone: tuple[FixtureRecord, ...]) -> Iterator[tuple[Verdict, str]]:
    if new:
        yield Verdict.REGRESSED, f"{_count(len(new), 'fixture')} newly failing"
    if gone:
        yield Verdict.IMPROVED, f"{_count(len(gone), 'fixture')} no longer failing"


def _number_findings(metrics: tuple[MetricChange, ...], checkpoints: CheckpointChange) -> Iterator[tuple[Verdict, str]]:
    for metric in metrics:
        is_lost = metric.b is not None and not math.isfinite(metric.b) and metric.verdict is not None
        if metric.is_noise or is_lost or metric.verdict not in (None, Verdict.UNCHANGED):
            sides = f"{_number(metric.a)} -> {_number(metric.b)}"
            yield metric.verdict or Verdict.UNCHANGED, f"{metric.name} {sides}: {metric.evidence}"
    if checkpoints.determinism == "lost":
        lost = "determinism lost: same code, seed, data, configuration and machine, but another checkpoint"
        yield Verdict.SUSPECTED, lost + (f"; {told(checkpoints.parting)}" if checkpoints.parting else "")


def _worst(findings: list[tuple[Verdict, str]], comparison: RunComparison) -> Verdict:
    verdicts = {verdict for verdict, _ in findings}
    for verdict in (Verdict.REGRESSED, Verdict.SUSPECTED, Verdict.INSUFFICIENT_DATA, Verdict.IMPROVED):
        if verdict in verdicts:
            return verdict
    nothing = not comparison.changed and not comparison.unchanged and not (comparison.a.metrics or comparison.b.metrics)
    return Verdict.INSUFFICIENT_DATA if nothing else Verdict.UNCHANGED


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}" if abs(value) < _LARGE else f"{value:.4g}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
