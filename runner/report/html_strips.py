"""The latest runs of a test as a row of cells: a shape an outcome, and in a red cell the glyph of its cause. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from registry.past.cells import Cell, CellRun
from registry.records import Outcome
from runner.report.words import cause_name, outcome_words

if TYPE_CHECKING:
    from runner.report.html_values import Glyph

PITCH: Final = 16
"""Pixels from one cell to the next."""

_SHAPES: Final = {
    Outcome.PASSED: "passed",
    Outcome.SKIPPED: "skipped",
    Outcome.EXPECTED_FAILURE: "expected",
    Outcome.NOT_RUN: "notrun",
}


class Mark(NamedTuple):
    """A cell: where it is, the id of its shape, and what a pointer is told over it; nothing over what passed."""

    x: int
    shape: str
    title: str


class Strip(NamedTuple):
    """A row of cells, its width, and all of it in words."""

    width: int
    words: str
    marks: tuple[Mark, ...]


def strip_of(cells: Sequence[Cell | None], runs: Sequence[CellRun], glyph_of: Callable[[str | None], Glyph | None]) -> Strip:
    """Return the strip of a test.

    Args:
        cells: A cell a run, oldest first.
        runs: The runs.
        glyph_of: Returns the glyph of a cause.
    """
    marks = []
    for index, (cell, run) in enumerate(zip(cells, runs, strict=True)):
        title = "" if _is_quiet(cell) else f"{run.name}, {run.started_at:%Y-%m-%d}: {_words(cell)}"
        marks.append(Mark(index * PITCH, _shape(cell, glyph_of), title))
    told = ((words, len(list(group))) for words, group in groupby(map(_words, cells)))
    words = ", ".join(f"{number} \u00d7 {words}" if number > 1 else words for words, number in told)
    return Strip(len(cells) * PITCH, f"{len(cells)} runs, oldest first: {words}", tuple(marks))


def _is_quiet(cell: Cell | None) -> bool:
    return cell is None or (cell.outcome is Outcome.PASSED and cell.attempts == 1)


def _words(cell: Cell | None) -> str:
    if cell is None:
        return "absent"
    cause = f" (cause {cause_name(cell.cause)})" if cell.cause else ""
    tries = f" on attempt {cell.attempts}" if cell.attempts > 1 else ""
    return f"{outcome_words(cell.outcome)}{tries}{cause}"


def _shape(cell: Cell | None, glyph_of: Callable[[str | None], Glyph | None]) -> str:
    if cell is None:
        return "absent"
    if not cell.outcome.is_red and cell.attempts > 1:
        return "flaky"
    if cell.outcome in _SHAPES:
        return _SHAPES[cell.outcome]
    glyph = glyph_of(cell.cause)
    return f"r{glyph.id}" if glyph else "red"
