"""Is it worse, or is it noise? From samples to a verdict and a line of evidence. Pure; docs/verdicts.md has the rules' record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from registry.records import Direction
from registry.tails import adjusted, t_above, t_limit

MINIMUM = 5
"""Earlier runs, or seeds a side, below which nothing is judged: what three can show is too little."""

LEVEL = 0.05
"""Share of false alarms among the slower tests that a comparison tells, and the level of a second night."""

DURATION_FLOOR_S = 0.2
"""A duration is told only where it differs by more seconds than this ..."""

DURATION_RATIO = 1.25
"""... and by more than this factor."""

SEEDS_REGRESSED, SEEDS_SUSPECTED = 0.01, 0.05
"""Levels, after the correction for the number of metrics, at which several seeds make a metric regressed, and suspected."""

POWER = 0.8
"""How surely an effect would have been told that is called the smallest that could be seen."""

REGRESSED_BEYOND = 3.0
"""Binomial standard errors of the difference beyond which a drop in accuracy is a regression."""

SUSPECTED_BEYOND = 2.0
"""Binomial standard errors of the difference beyond which a drop in accuracy is suspected."""

_SHORTEST_S = 0.001
_LEAST_SPREAD = 0.03


class Verdict(StrEnum):
    """What a comparison says."""

    REGRESSED = "regressed"
    SUSPECTED = "suspected"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    INSUFFICIENT_DATA = "insufficient_data"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with one line of evidence, and how probable such a change is by chance, where a test tells."""

    verdict: Verdict
    evidence: str
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """The duration of a test and what is known of it.

    Attributes:
        before: Seconds in earlier runs on the same machine, up to the reference.
        duration_s: Seconds now, more than 0 or 0.
        between_s: Seconds in the night before, where that is after the reference: a second night.
        is_confirmed: Whether a second measurement of tonight was past its limit too.
    """

    before: Sequence[float]
    duration_s: float
    between_s: float | None = None
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much worse a metric may become: by `absolute` and by `relative` times its value in A, added up."""

    absolute: float = 0.0
    relative: float = 0.0

    def around(self, reference: float) -> float:
        """Return by how much a value may differ from a reference; a reference of zero has its absolute part."""
        return self.absolute + self.relative * abs(reference)


def judge_durations(timings: Sequence[Timing], *, tested: int) -> list[Judgement]:
    """Judge tests whose durations are past the floors.

    On a logarithmic scale a duration is compared with the prediction limit of the earlier ones (Student's t), and the limit is
    moved so far out that among all tests that are told at most `LEVEL` are false alarms (Benjamini and Hochberg). One night is
    suspected; two nights, or two measurements of one, are regressed.

    Args:
        timings: The tests.
        tested: How many tests could have been slower by the floors; those that are not in `timings` count as inconspicuous.
    """
    judged = [timing for timing in timings if len(timing.before) >= MINIMUM]
    ps = _slower_p([(timing.before, timing.duration_s) for timing in judged])
    seconds = _slower_p([(timing.before, timing.between_s or 0.0) for timing in judged])
    tested = max(tested, len(judged))
    corrected = adjusted(ps, tested)
    # What a test would have had to reach in this comparison, where others were told or not.
    level = LEVEL * max(sum(p <= LEVEL for p in corrected), 1) / max(tested, 1)
    answers = iter(
        _judge_duration(timing, (p, q, second), level, tested)
        for timing, p, q, second in zip(judged, ps, corrected, seconds, strict=True)
    )
    return [next(answers) if len(timing.before) >= MINIMUM else too_few(len(timing.before)) for timing in timings]


def too_few(number: int) -> Judgement:
    """Say that there are too few earlier durations."""
    noun = "run" if number == 1 else "runs"
    return Judgement(Verdict.INSUFFICIENT_DATA, f"n = {number} earlier {noun} on this machine, {MINIMUM} are needed")


def _judge_duration(timing: Timing, ps: tuple[float, float, float], level: float, tested: int) -> Judgement:
    p, corrected, second = ps
    usual_s, limit_s = _limits(timing.before, level)
    seen = f"told from {limit_s:.3g} s ({limit_s / usual_s - 1:+.0%}) on"
    n = f"n = {len(timing.before)}, usually {usual_s:.3g} s"
    if not _is_past_floors(timing.duration_s, usual_s):
        floors = f"+{DURATION_RATIO - 1:.0%} and {DURATION_FLOOR_S:g} s"
        return Judgement(Verdict.UNCHANGED, f"{n}: within {floors} of it; {seen}")
    noun = "test" if tested == 1 else "tests"
    evidence = f"{n}, p = {p:.2g}, {corrected:.2g} among {tested:,} timed {noun} ({LEVEL:g} is told); {seen}"
    if corrected > LEVEL:
        return Judgement(Verdict.UNCHANGED, evidence)
    if timing.is_confirmed:
        return Judgement(Verdict.REGRESSED, f"{evidence}; measured twice")
    if timing.between_s is not None and second <= LEVEL and _is_past_floors(timing.between_s, usual_s):
        return Judgement(Verdict.REGRESSED, f"{evidence}; the night before too, p = {second:.2g}")
    return Judgement(Verdict.SUSPECTED, f"{evidence}; one night only")


def _is_past_floors(duration_s: float, usual_s: float) -> bool:
    return duration_s - usual_s > DURATION_FLOOR_S and duration_s > DURATION_RATIO * usual_s


def _moments(before: Sequence[float]) -> tuple[float, float]:
    """Return mean and standard error of prediction of the logarithms; equal durations are not believed to be exact."""
    logarithms = [math.log(max(duration_s, _SHORTEST_S)) for duration_s in before]
    n = len(logarithms)
    mean = math.fsum(logarithms) / n
    spread = math.sqrt(math.fsum((one - mean) ** 2 for one in logarithms) / (n - 1))
    return mean, max(spread, _LEAST_SPREAD) * math.sqrt(1 + 1 / n)


def _slower_p(samples: Sequence[tuple[Sequence[float], float]]) -> list[float]:
    """Return for each (earlier durations, duration) how probable one as long as this is by chance."""
    moments = [_moments(before) for before, _ in samples]
    distances = [
        (math.log(max(duration_s, _SHORTEST_S)) - mean) / error
        for (mean, error), (_, duration_s) in zip(moments, samples, strict=True)
    ]
    return t_above(distances, [len(before) - 1 for before, _ in samples])


def _limits(before: Sequence[float], level: float) -> tuple[float, float]:
    """Return the usual duration, and the shortest that would have been told at a level."""
    mean, error = _moments(before)
    usual_s = math.exp(mean)
    limit_s = math.exp(mean + t_limit(level, len(before) - 1) * error)
    return usual_s, max(limit_s, DURATION_RATIO * usual_s, usual_s + DURATION_FLOOR_S)


def judge_accuracy(a: float, b: float, examples_a: int, examples_b: int) -> Judgement:
    """Judge a change of accuracy against the binomial noise of the two test sets.

    The standard error is that of the difference of two independent proportions, pooled. Runs on the same test set are positively
    correlated, so this is cautious: it alarms late rather than falsely.

    Args:
        a: Accuracy of A, 0-1.
        b: Accuracy of B, 0-1.
        examples_a: Size of the set that A was measured on, at least 1.
        examples_b: Size of the set that B was measured on, at least 1.
    """
    pooled = (a * examples_a + b * examples_b) / (examples_a + examples_b)
    error = math.sqrt(max(pooled * (1 - pooled), 0.0) * (1 / examples_a + 1 / examples_b))
    # Without an error both are 0 or both are 1: what is left between them is rounding.
    distance = (b - a) / error if error else 0.0
    evidence = (
        f"{abs(distance):.2f} standard errors {'down' if b < a else 'up'} "
        f"(n = {examples_a:,} and {examples_b:,}; regressed beyond {REGRESSED_BEYOND:g}, suspected beyond {SUSPECTED_BEYOND:g}: "
        f"{SUSPECTED_BEYOND * error * 100:.2f} points)"
    )
    return Judgement(_verdict_at(distance), evidence)


def _verdict_at(distance: float) -> Verdict:
    if distance < -REGRESSED_BEYOND:
        return Verdict.REGRESSED
    if distance < -SUSPECTED_BEYOND:
        return Verdict.SUSPECTED
    return Verdict.IMPROVED if distance > REGRESSED_BEYOND else Verdict.UNCHANGED


def judge_limit(a: float, b: float, direction: Direction | None, tolerance: Tolerance) -> Judgement:
    """Judge one value on each side against a tolerance that somebody set: a limit, no statistics.

    Where nobody knows in which direction the metric is better, a change past the limit is suspected either way.
    """
    worse = a - b if direction is Direction.HIGHER else b - a
    allowed = tolerance.around(a)
    word = "differs" if direction is None else "worse" if worse > 0 else "better"
    evidence = f"{word} by {abs(worse):.4g}, {allowed:.4g} is tolerated ({tolerance.absolute:g} + {tolerance.relative:g} of A)"
    if abs(worse) <= allowed:
        return Judgement(Verdict.UNCHANGED, evidence)
    if direction is None:
        return Judgement(Verdict.SUSPECTED, f"{evidence}; log it with a direction, to tell worse from better")
    return Judgement(Verdict.REGRESSED if worse > 0 else Verdict.IMPROVED, evidence)


def judge_finiteness(a: float | None, b: float, direction: Direction | None) -> Judgement | None:
    """Judge a value that is no number, or has none to be compared with; None where both are, or one is the best infinity.

    Args:
        a: The value in A; None where it was not measured there.
        b: The value in B.
        direction: In which direction the metric is better, where that is known.
    """
    best = {Direction.HIGHER: math.inf, Direction.LOWER: -math.inf}.get(direction) if direction else None
    if best is not None and best in (a, b):
        return None
    if math.isfinite(b):
        is_comparable = a is None or math.isfinite(a)
        return None if is_comparable else Judgement(Verdict.INSUFFICIENT_DATA, "not finite in A")
    if a is None or not math.isfinite(a):
        return Judgement(Verdict.UNCHANGED, "not finite in B, and no number in A to compare it with")
    return Judgement(Verdict.REGRESSED, "finite in A, not in B")
