"""What a run is held to besides the run that it is compared with: bars, known failures, the last runs together. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from statistics import median

from registry.comparing.facts import RunComparison
from registry.expected.bars import Bar
from registry.expected.known import KnownFailure, KnownResult
from registry.records import MetricSummary


@dataclass(frozen=True, slots=True)
class Window:
    """The last runs that a run can be compared with, newest first, and the last values of their metrics."""

    runs: tuple[str, ...] = ()
    metrics: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say which runs these are."""
        number = len(self.runs)
        if number == 1:
            return f"run {self.runs[0]}"
        return f"{number} runs, {self.runs[-1]} to {self.runs[0]}"


@dataclass(frozen=True, slots=True)
class Kept:
    """What somebody has kept to hold a run to, in the place of what the registry knows today; None takes that."""

    known: tuple[KnownFailure, ...] | None = None
    bars: tuple[Bar, ...] | None = None


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a comparison is held to besides A.

    Attributes:
        bars: Of the baseline that A was named by.
        known: The known failures that B says something about.
        failures: All known failures.
        window: The runs whose medians stand in the place of A's metrics; None where A stands for itself.
    """

    bars: tuple[Bar, ...] = ()
    known: tuple[KnownResult, ...] = ()
    failures: tuple[KnownFailure, ...] = ()
    window: Window | None = None


def with_medians(comparison: RunComparison, window: Window | None) -> RunComparison:
    """Return the facts with the medians of a window as A's metrics; what only one run can say of them is left out.

    That is its seed and its weights: a median is not what equal weights gave.
    """
    if window is None:
        return comparison
    known = {metric.name for metric in comparison.a.metrics}
    # What the newest run did not measure the others may have.
    lacking = [metric for metric in comparison.b.metrics if metric.name not in known and _finite(window, metric)]
    metrics = tuple(_median(metric, window) for metric in (*comparison.a.metrics, *lacking))
    return replace(comparison, a=replace(comparison.a, metrics=metrics, checkpoints=()), seeds_a={}, seeds_b={})


def _median(metric: MetricSummary, window: Window) -> MetricSummary:
    finite = _finite(window, metric)
    return replace(metric, last=median(finite)) if finite else metric


def _finite(window: Window, metric: MetricSummary) -> list[float]:
    return [value for value in window.metrics.get(metric.name, ()) if math.isfinite(value)]
