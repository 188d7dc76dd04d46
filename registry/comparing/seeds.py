"""Metrics of several seeds a side: is the recipe worse, or was it the seed? Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from registry.records import Direction
from registry.regress import MINIMUM, POWER, SEEDS_REGRESSED, SEEDS_SUSPECTED, Judgement, Tolerance, Verdict
from registry.tails import adjusted, t_above, t_limit

_LEAST_ERRORS = 1e-6


@dataclass(frozen=True, slots=True)
class Samples:
    """A metric's last value of each seed, on both sides.

    Attributes:
        is_accuracy: Whether it is a share of right answers, 0-1, of which the errors are compared, on a logarithmic scale.
        tolerance: How much worse the mean may become, whatever the test says.
    """

    a: Mapping[int, float]
    b: Mapping[int, float]
    direction: Direction
    is_accuracy: bool = False
    tolerance: Tolerance = field(default_factory=Tolerance)


@dataclass(frozen=True, slots=True)
class _Test:
    """A comparison of means; `worse` is how much B is worse, on the scale of the test."""

    name: str
    worse: float
    error: float
    freedom: float


def judge_seeds(metrics: Sequence[Samples]) -> list[Judgement]:
    """Judge metrics that were measured with several seeds a side.

    Paired by seed where at least `MINIMUM` seeds are on both sides, else Welch's test where each side has as many. The levels
    hold after Benjamini and Hochberg's correction for all metrics of the comparison.
    """
    tests = [_test(samples) for samples in metrics]
    made = [test for test in tests if isinstance(test, _Test)]
    worse = iter(adjusted([_p(test.worse, test) for test in made], len(made)))
    better = iter(adjusted([_p(-test.worse, test) for test in made], len(made)))
    return [
        test if isinstance(test, Judgement) else _judge(samples, test, next(worse), next(better))
        for samples, test in zip(metrics, tests, strict=True)
    ]


def _test(samples: Samples) -> _Test | Judgement:
    if len(samples.a) < MINIMUM or len(samples.b) < MINIMUM:
        sides = f"{len(samples.a)} and {len(samples.b)} seeds"
        return Judgement(Verdict.INSUFFICIENT_DATA, f"{sides}, {MINIMUM} a side are needed")
    lost = [value for value in samples.b.values() if not math.isfinite(value)]
    if lost and all(map(math.isfinite, samples.a.values())):
        return Judgement(Verdict.REGRESSED, f"finite with every seed in A, not with {len(lost)} of {len(samples.b)} in B")
    if lost or not all(map(math.isfinite, samples.a.values())):
        return Judgement(Verdict.INSUFFICIENT_DATA, "not finite in A")
    a, b = ({seed: _badness(value, samples) for seed, value in side.items()} for side in (samples.a, samples.b))
    common = a.keys() & b.keys()
    return _paired([b[seed] - a[seed] for seed in common]) if len(common) >= MINIMUM else _welch([*a.values()], [*b.values()])


def _badness(value: float, samples: Samples) -> float:
    """Return a value on a scale on which more is worse: of 0.993 and 0.985 the errors are compared, which double."""
    if samples.is_accuracy:
        return math.log(max(1 - value, _LEAST_ERRORS))
    return -value if samples.direction is Direction.HIGHER else value


def _paired(differences: Sequence[float]) -> _Test:
    mean, variance = _moments(differences)
    return _Test(f"{len(differences)} pairs of seeds", mean, math.sqrt(variance / len(differences)), len(differences) - 1)


def _welch(a: Sequence[float], b: Sequence[float]) -> _Test:
    (mean_a, variance_a), (mean_b, variance_b) = _moments(a), _moments(b)
    parts = variance_a / len(a), variance_b / len(b)
    spread = sum(part**2 / (len(side) - 1) for part, side in zip(parts, (a, b), strict=True))
    freedom = sum(parts) ** 2 / spread if spread else len(a) + len(b) - 2
    return _Test(f"{len(a)} and {len(b)} seeds, Welch", mean_b - mean_a, math.sqrt(sum(parts)), freedom)


def _moments(values: Sequence[float]) -> tuple[float, float]:
    mean = math.fsum(values) / len(values)
    return mean, math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _p(worse: float, test: _Test) -> float:
    """Return how probable it is by chance that B is worse by as much; without any spread there is no chance."""
    if not test.error:
        return 0.0 if worse > 0 else 1.0
    return t_above([worse / test.error], [test.freedom])[0]


def _judge(samples: Samples, test: _Test, worse: float, better: float) -> Judgement:
    mean_a, mean_b = (math.fsum(side.values()) / len(side) for side in (samples.a, samples.b))
    p = min(worse, better)
    evidence = (
        f"{test.name}: mean {mean_a:.4g} -> {mean_b:.4g}, p = {p:.2g} "
        f"(regressed to {SEEDS_REGRESSED:g}, suspected to {SEEDS_SUSPECTED:g}); {_smallest(samples, test, mean_a)}"
    )
    if abs(mean_b - mean_a) <= samples.tolerance.around(mean_a):
        return Judgement(Verdict.UNCHANGED, f"{evidence}; within the tolerance", p)
    if worse <= SEEDS_REGRESSED:
        return Judgement(Verdict.REGRESSED, evidence, p)
    if worse <= SEEDS_SUSPECTED:
        return Judgement(Verdict.SUSPECTED, evidence, p)
    return Judgement(Verdict.IMPROVED if better <= SEEDS_REGRESSED else Verdict.UNCHANGED, evidence, p)


def _smallest(samples: Samples, test: _Test, mean_a: float) -> str:
    """Return the smallest effect that would have been told with a probability of `POWER`."""
    effect = (t_limit(SEEDS_REGRESSED, test.freedom) + t_limit(1 - POWER, test.freedom)) * test.error
    if samples.is_accuracy:
        return f"{math.exp(effect) - 1:.0%} more errors could be seen"
    return f"{effect:.2g} ({effect / abs(mean_a):.0%}) could be seen" if mean_a else f"{effect:.2g} could be seen"
