"""Metrics of two runs side by side, each judged by the rule for which there is enough to go by. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from registry.comparing.determinism import same_conditions, same_content
from registry.comparing.facts import RunComparison
from registry.comparing.paired import judge_answers
from registry.comparing.seeds import Samples, judge_seeds
from registry.records import Direction, MetricSummary, RunDetails
from registry.regress import Judgement, Tolerance, Verdict, judge_accuracy, judge_finiteness, judge_limit

ACCURACIES: Mapping[str, str] = {"test_accuracy": "test", "validation_accuracy": "validation"}
"""Metrics that are shares of right answers, and the part of the data set on which they are measured."""

EVALUATIONS = ("test_", "validation_", "val_", "eval_")
"""How the names of metrics begin that are measured on a finished model: equal weights must give equal values."""

_PERCENT = 100.0

TOLERATED_SHARE = 0.01
"""The share of its value by which the mean of several seeds may be worse, however surely that is measured."""

TOLERATED_ACCURACY = 0.0005
"""By how much the mean accuracy of several seeds may be lower."""


@dataclass(frozen=True, slots=True)
class MetricChange:
    """One metric that differs or is no number. `delta` is B minus A; `verdict` is None where the metric is only shown.

    Attributes:
        is_noise: Whether everything that decides it is the same on both sides, the weights included, and yet it differs.
        bar: The value that the baseline is held to, where B is worse than it; None elsewhere.
        bar_run: Name of the run that reached the bar.
        p: How probable such a change is by chance; None where no test of significance was made.
    """

    name: str
    a: float | None
    b: float | None
    delta: float | None
    direction: Direction | None = None
    verdict: Verdict | None = None
    evidence: str | None = None
    is_noise: bool = False
    bar: float | None = None
    bar_run: str | None = None
    p: float | None = None

    def judged(self, judgement: Judgement | None) -> MetricChange:
        """Return the change with a verdict."""
        if judgement is None:
            return self
        return replace(self, verdict=judgement.verdict, evidence=judgement.evidence, p=judgement.p)


def metric_changes(comparison: RunComparison, limits: Mapping[str, Tolerance]) -> tuple[MetricChange, ...]:
    """Return the metrics that differ or are no numbers, in order of their names.

    What is no number any more is regressed. A metric with a limit is held to it; one that equal weights under equal conditions
    gave is noise of the evaluation; one of several seeds a side is judged by them; an accuracy of one run a side by the examples
    that flipped, else by the noise of its test set; any other metric of one run a side is only shown.
    """
    a, b = comparison.a, comparison.b
    before = {metric.name: metric for metric in a.metrics}
    after = {metric.name: metric for metric in b.metrics}
    found = [
        change for name in sorted(before.keys() | after.keys()) for change in _change(name, before.get(name), after.get(name))
    ]
    seeds = (comparison.seeds_a, comparison.seeds_b)
    # Runs of the same code share their seeds, which tell nothing of how two of them differ.
    differing = [change for change in found if seeds[0].get(change.name) != seeds[1].get(change.name)]
    by_seeds = judged_by_seeds(seeds, {change.name: change.direction for change in differing if change.name not in limits})
    is_repeated = _is_repeated(a, b)
    return tuple(
        _noise(change, (a, b))
        if is_repeated and change.name not in limits and _is_noise(change)
        else change.judged(_judge(change, limits, by_seeds, (a, b)))
        for change in found
    )


def _is_repeated(a: RunDetails, b: RunDetails) -> bool:
    """Tell whether both runs end with equal weights that came about under equal conditions."""
    return _end_alike(a, b) and same_conditions(a, b)


def _is_evaluated_otherwise(a: RunDetails, b: RunDetails) -> bool:
    """Tell whether other code met equal weights on an equal machine: then nothing is left to chance."""
    codes = (a.run.code_fingerprint, b.run.code_fingerprint)
    is_other_code = None not in codes and codes[0] != codes[1]
    return is_other_code and a.run.fingerprint is not None and a.run.fingerprint == b.run.fingerprint and _end_alike(a, b)


def _end_alike(a: RunDetails, b: RunDetails) -> bool:
    return bool(a.checkpoints and b.checkpoints) and same_content(a.checkpoints[-1], b.checkpoints[-1]) is True


def _is_noise(change: MetricChange) -> bool:
    is_finite = change.a is not None and change.b is not None and math.isfinite(change.a) and math.isfinite(change.b)
    return is_finite and change.name.startswith(EVALUATIONS)


def _noise(change: MetricChange, sides: tuple[RunDetails, RunDetails]) -> MetricChange:
    """Call a change noise: unchanged, or suspected where an accuracy fell by more than is believable."""
    evidence = "evaluation noise: the same weights, code, data and machine gave another value"
    noise = replace(change, verdict=Verdict.UNCHANGED, evidence=evidence, is_noise=True)
    if change.name not in ACCURACIES or change.a is None or change.b is None:
        return noise
    judged = _judge_pair(change.name, (change.a, change.b), sides)
    if judged.verdict not in (Verdict.REGRESSED, Verdict.SUSPECTED):
        return noise
    return replace(noise, verdict=Verdict.SUSPECTED, evidence=f"{evidence}; {judged.evidence}")


def _change(name: str, a: MetricSummary | None, b: MetricSummary | None) -> Iterator[MetricChange]:
    direction = next((metric.direction for metric in (b, a) if metric is not None and metric.direction is not None), None)
    if a is None or b is None:
        yield MetricChange(name, a.last if a else None, b.last if b else None, None, direction)
    elif a.last != b.last or judge_finiteness(a.last, b.last, direction):
        yield MetricChange(name, a.last, b.last, b.last - a.last, direction)


def _judge(
    change: MetricChange,
    limits: Mapping[str, Tolerance],
    by_seeds: Mapping[str, Judgement],
    sides: tuple[RunDetails, RunDetails],
) -> Judgement | None:
    a, b, limit = change.a, change.b, limits.get(change.name)
    if b is None:
        is_lost = change.name in ACCURACIES or limit is not None
        return Judgement(Verdict.INSUFFICIENT_DATA, "not measured in B") if is_lost else None
    lost = judge_finiteness(a, b, change.direction)
    if lost is not None or a is None:
        return lost
    if limit is not None and math.isfinite(a):
        return judge_limit(a, b, change.direction or _direction(change.name), limit)
    if change.name in by_seeds:
        return by_seeds[change.name]
    return _judge_pair(change.name, (a, b), sides) if change.name in ACCURACIES else None


def _judge_pair(name: str, values: tuple[float, float], sides: tuple[RunDetails, RunDetails]) -> Judgement:
    """Judge an accuracy of one run a side."""
    by_answers = judge_answers(*sides, ACCURACIES[name], values)
    if by_answers is None:
        return _judge_accuracy(*values, _examples(name, *sides))
    if by_answers.verdict is not Verdict.REGRESSED and _is_evaluated_otherwise(*sides):
        words = "the weights are the same and the code is not, so the evaluation itself changed"
        return Judgement(Verdict.SUSPECTED, f"{words}; {by_answers.evidence}", by_answers.p)
    return by_answers


def _direction(name: str) -> Direction | None:
    """Return what a name tells where no direction was recorded."""
    return Direction.HIGHER if name.endswith("accuracy") else Direction.LOWER if name.endswith("loss") else None


def judged_by_seeds(
    sides: tuple[Mapping[str, Mapping[int, float]], Mapping[str, Mapping[int, float]]],
    directions: Mapping[str, Direction | None],
) -> dict[str, Judgement]:
    """Judge together, for the correction of the levels, all metrics that were measured with enough seeds on both sides.

    Args:
        sides: The last values by metric and seed, of A and of B.
        directions: The metrics, and which way each is better.
    """
    a, b = sides
    samples = {
        name: _samples(name, (a.get(name, {}), b.get(name, {})), direction)
        for name, direction in directions.items()
        if direction is not None
    }
    judged = dict(zip(samples, judge_seeds(list(samples.values())), strict=True))
    return {name: judgement for name, judgement in judged.items() if judgement.verdict is not Verdict.INSUFFICIENT_DATA}


def _samples(name: str, sides: tuple[Mapping[int, float], Mapping[int, float]], direction: Direction) -> Samples:
    a, b = sides
    values = [*a.values(), *b.values()]
    if name in ACCURACIES and all(1 < value <= _PERCENT for value in values):
        a, b = ({seed: value / _PERCENT for seed, value in side.items()} for side in sides)
    # One in other units has no share of errors.
    is_share = name in ACCURACIES and not any(value < 0 or value > 1 for side in (a, b) for value in side.values())
    tolerance = Tolerance(TOLERATED_ACCURACY) if is_share else Tolerance(relative=TOLERATED_SHARE)
    return Samples(a, b, direction, is_accuracy=is_share, tolerance=tolerance)


def _examples(name: str, a: RunDetails, b: RunDetails) -> tuple[int, int] | None:
    if a.dataset is None or b.dataset is None:
        return None
    return getattr(a.dataset, ACCURACIES[name]), getattr(b.dataset, ACCURACIES[name])


def _judge_accuracy(a: float, b: float, examples: tuple[int, int] | None) -> Judgement:
    if not (0 <= a <= 1 and 0 <= b <= 1):
        return Judgement(Verdict.INSUFFICIENT_DATA, "an accuracy from 0 to 1 is needed on both sides")
    if examples is None or min(examples) < 1:
        return Judgement(Verdict.INSUFFICIENT_DATA, "the number of examples was not recorded, so the noise is unknown")
    return judge_accuracy(a, b, *examples)
