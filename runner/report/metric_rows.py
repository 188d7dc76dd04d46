"""The metrics that differ as rows of a table, the judged ones first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from registry.comparing.metrics import MetricChange
from runner.report.numbers import metric_delta, metric_value
from runner.report.tones import tone_of

MOST: Final = 100


class MetricRow(NamedTuple):
    """One metric."""

    name: str
    a: str
    b: str
    delta: str
    tone: str
    verdict: str
    evidence: str


def metric_rows(changes: Sequence[MetricChange]) -> tuple[MetricRow, ...]:
    """Return the first rows."""
    return tuple(map(_row, sorted(changes, key=lambda change: change.verdict is None)[:MOST]))


def _row(change: MetricChange) -> MetricRow:
    return MetricRow(
        name=change.name,
        a=metric_value(change.name, change.a),
        b=metric_value(change.name, change.b),
        delta=metric_delta(change.name, change.delta),
        tone=tone_of(change.verdict) if change.verdict else "calm",
        verdict=change.verdict.replace("_", " ") if change.verdict else "",
        evidence=change.evidence or "",
    )
