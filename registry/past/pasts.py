"""What the past of a test, or of a metric, is made of. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from registry.records import Direction, TestRecord


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One attempt at a test in one run, as the history of that test lists it."""

    run_id: int
    run_name: str
    started_at: datetime
    commit: str | None
    result: TestRecord
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """The last value of a metric in one run; `duration_s` is that of the run."""

    run_id: int
    run_name: str
    started_at: datetime
    commit: str | None
    seed: int | None
    value: float
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class MetricPast:
    """A metric over its latest runs, newest first."""

    name: str
    direction: Direction | None = None
    unit: str | None = None
    points: tuple[MetricPoint, ...] = ()
