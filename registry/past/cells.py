"""What tests did in the runs before: a cell a run, in a strip a test. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from registry.records import Outcome


@dataclass(frozen=True, slots=True)
class CellRun:
    """A run that is a column of the strips."""

    id: int
    name: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Cell:
    """What a test did in one run.

    Attributes:
        outcome: That of the last attempt.
        cause: Hash of why it is red; None where it is green, or where that was not recorded.
        attempts: How many there were.
    """

    outcome: Outcome
    cause: str | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Strips:
    """Tests over the latest runs.

    Attributes:
        runs: The columns, oldest first; the last is the run that is looked at.
        cells: By id and ordinal of a test a cell a run, None where the run did not know the test.
    """

    runs: tuple[CellRun, ...] = ()
    cells: Mapping[tuple[str, int], tuple[Cell | None, ...]] = field(default_factory=dict)
