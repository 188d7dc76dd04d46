"""Bars: what a metric is held to although its baseline has moved to a run that is worse. Pure.

A ratchet: a bar rises by itself and is lowered only by somebody who says so, or ten accepted losses of a little each would be a
large one that nobody accepted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median

from registry.comparing.facts import RunComparison
from registry.comparing.metrics import ACCURACIES, MetricChange, judged_by_seeds
from registry.records import Direction, MetricSummary, Run, RunDetails
from registry.regress import Judgement, Tolerance, Verdict, judge_accuracy, judge_limit

_WORST_FIRST = (Verdict.REGRESSED, Verdict.SUSPECTED)


@dataclass(frozen=True, slots=True)
class Bar:
    """The best value of a metric over the runs that a baseline has meant, and the name of the run that reached it.

    Attributes:
        seeds: What that run reached by seed, where somebody asked and it is still there.
    """

    metric: str
    value: float
    run: str
    seeds: Mapping[int, float] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class BarMove:
    """What became of a bar when its baseline moved.

    Attributes:
        bar: The bar as it is now; None where it was given up.
        before: The bar as it was; None where it is new.
        reached: The value of the run that the baseline means now; None where it has none.
        change: "new", "raised", "same", "stays", "lowered" or "dropped".
    """

    metric: str
    bar: Bar | None
    before: Bar | None
    reached: float | None
    change: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """A named run to compare with."""

    name: str
    run_id: int
    run: str
    set_at: datetime
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class BaselineMove:
    """A baseline that was set; `before` is what it meant until then, None where it is new."""

    baseline: Baseline
    before: Baseline | None
    bars: tuple[BarMove, ...] = ()


def moved_bars(before: Iterable[Bar], metrics: Iterable[MetricSummary], run: str, *, lower: bool) -> tuple[BarMove, ...]:
    """Return what becomes of the bars of a baseline that moves to a run, in order of metric.

    A metric without a direction has no bar, for nobody knows which way it is better; nor has a value that is not finite.

    Args:
        before: The bars until now.
        metrics: The metrics of the run.
        run: Name of the run.
        lower: Accept what is worse, or not measured any more, as the new bar.
    """
    bars = {bar.metric: bar for bar in before}
    reached = {metric.name: metric for metric in metrics if metric.direction is not None or metric.name in bars}
    moves = (_moved(name, bars.get(name), reached.get(name), run, lower=lower) for name in sorted(bars.keys() | reached.keys()))
    return tuple(move for move in moves if move is not None)


def night_metrics(parts: Iterable[RunDetails]) -> tuple[MetricSummary, ...]:
    """Return the metrics of a night: the median over the parts that have one, which differ in the seed.

    The best of several seeds would be a bar that most of the seeds never reach. A metric of parts that differ in their
    configuration is left out, for nobody could say of which of them the bar is.
    """
    found: dict[str, list[tuple[Run, MetricSummary]]] = {}
    for part in parts:
        for metric in part.metrics:
            found.setdefault(metric.name, []).append((part.run, metric))
    return tuple(_median(members) for members in found.values() if all(run.params == members[0][0].params for run, _ in members))


def _median(members: Sequence[tuple[Run, MetricSummary]]) -> MetricSummary:
    values = [metric.last for _, metric in members]
    # One seed that is no number makes the night's value none either: such a night raises no bar.
    return replace(members[0][1], last=median(values) if all(map(math.isfinite, values)) else math.nan)


def _moved(name: str, bar: Bar | None, metric: MetricSummary | None, run: str, *, lower: bool) -> BarMove | None:
    value = None if metric is None else metric.last
    if metric is None or metric.direction is None or not math.isfinite(metric.last):
        if bar is None:
            return None
        return BarMove(name, None if lower else bar, bar, value, "dropped" if lower else "stays")
    new = Bar(name, metric.last, run)
    if bar is None:
        return BarMove(name, new, None, value, "new")
    if metric.last == bar.value:
        return BarMove(name, bar, bar, value, "same")
    if not is_worse(metric.last, bar.value, metric.direction):
        return BarMove(name, new, bar, value, "raised")
    return BarMove(name, new if lower else bar, bar, value, "lowered" if lower else "stays")


def is_worse(value: float, than: float, direction: Direction) -> bool:
    """Tell whether a value is worse than another."""
    return value < than if direction is Direction.HIGHER else value > than


def held_to_bars(
    changes: Iterable[MetricChange], comparison: RunComparison, limits: Mapping[str, Tolerance], bars: Iterable[Bar]
) -> tuple[MetricChange, ...]:
    """Return the changes of metrics, judged against the bars too.

    That is by the seeds where B and the run that reached the bar have enough of them, else by the rule for one value a side. A
    metric that is as in the baseline, and so has no change, gets one where it is worse than its bar.
    """
    found = {change.name: change for change in changes}
    sides = (comparison.a, comparison.b)
    worse = {bar.metric: (bar, direction) for bar in bars for direction in _worse(bar, sides)}
    by_seeds = judged_by_seeds(
        ({name: bar.seeds for name, (bar, _) in worse.items()}, comparison.seeds_b),
        {name: direction for name, (_, direction) in worse.items() if name not in limits},
    )
    for name, (bar, direction) in worse.items():
        value = _last(comparison.b, name)
        change = found.get(name) or MetricChange(name, value, value, 0.0, direction)
        judgement = by_seeds.get(name) if math.isfinite(value) else None
        found[name] = _with_bar(change, bar, judgement or _judged(bar, value, direction, comparison.b, limits.get(name)))
    return tuple(found[name] for name in sorted(found))


def _worse(bar: Bar, sides: tuple[RunDetails, RunDetails]) -> Iterator[Direction]:
    """Yield which way the metric of a bar is better, where B has it and is worse."""
    before, after = (next((metric for metric in side.metrics if metric.name == bar.metric), None) for side in sides)
    direction = next((metric.direction for metric in (after, before) if metric and metric.direction), None)
    if after is not None and direction is not None and (math.isnan(after.last) or is_worse(after.last, bar.value, direction)):
        yield direction


def _last(side: RunDetails, name: str) -> float:
    return next(metric.last for metric in side.metrics if metric.name == name)


def _judged(bar: Bar, value: float, direction: Direction, b: RunDetails, limit: Tolerance | None) -> Judgement | None:
    if not math.isfinite(value):
        return Judgement(Verdict.REGRESSED, "not finite any more")
    if limit is not None:
        return judge_limit(bar.value, value, direction, limit)
    part, data = ACCURACIES.get(bar.metric), b.dataset
    examples = 0 if part is None or data is None else int(getattr(data, part))
    if examples < 1 or not (0 <= bar.value <= 1 and 0 <= value <= 1):
        return None
    return judge_accuracy(bar.value, value, examples, examples)


def _with_bar(change: MetricChange, bar: Bar, judgement: Judgement | None) -> MetricChange:
    than = f"worse than the bar {bar.value:.6g} of {bar.run}"
    against = replace(change, bar=bar.value, bar_run=bar.run)
    own = f"{change.evidence}; " if change.evidence else ""
    if judgement is None or judgement.verdict not in _WORST_FIRST or _is_as_bad(change.verdict, judgement.verdict):
        return replace(against, evidence=f"{own}{than}")
    although = ", although not worse than the baseline" if change.verdict not in _WORST_FIRST else ""
    evidence = f"{than}{although}: {judgement.evidence}"
    return replace(against, verdict=judgement.verdict, evidence=evidence, p=judgement.p)


def _is_as_bad(verdict: Verdict | None, other: Verdict) -> bool:
    return verdict in _WORST_FIRST and _WORST_FIRST.index(verdict) <= _WORST_FIRST.index(other)
