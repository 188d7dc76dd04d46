"""The past of a test or of a metric to text and JSON: a line of small bars, then a row a result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from registry.past.cells import Cell
from registry.past.pasts import HistoryEntry, MetricPast
from runner.report.document import SCHEMA
from runner.report.numbers import counted, metric_value, seconds
from runner.report.safe import safe_line
from runner.report.sparkline import BLOCKS, sparkline
from runner.report.text import LONGEST_ID, Paint, colour_of, columns, plain, wrapped
from runner.report.words import HASH_DIGITS, LEGEND, cause_name, outcome_words, strip_letters

_LONGEST_SEED: Final = 8
_ROW: Final = 60
"""Characters of a line of bars; a longer one is cut on its old side."""


def outcomes_text(name: str, entries: Sequence[HistoryEntry], paint: Paint = plain, levels: str = BLOCKS) -> str:
    """Return what `runner history TEST` prints; `entries` come newest first."""
    shown = entries[:_ROW][::-1]
    red = sum(entry.result.outcome.is_red for entry in entries)
    durations = [entry.result.duration_s for entry in shown]
    known = [duration for duration in durations if duration is not None]
    lines = [f"{safe_line(name, LONGEST_ID)}: {counted(len(entries), 'result')}, {red:,} red"]
    lines.append(f"  {strip_letters(Cell(entry.result.outcome, entry.cause, entry.result.attempt) for entry in shown)}  outcomes")
    if known:
        lines.append(f"  {sparkline(durations, levels)}  {seconds(min(known))} to {seconds(max(known))}")
    lines += [*wrapped(f"oldest first: {LEGEND}".split(" "), "  ", "  "), ""]
    rows: list[tuple[str, ...]] = [("run", "started (UTC)", "commit", "outcome", "took", "cause")]
    for entry in entries:
        again = f" (attempt {entry.result.attempt})" if entry.result.attempt > 1 else ""
        ordinal = f" #{entry.result.ordinal}" if entry.result.ordinal else ""
        outcome = paint(outcome_words(entry.result.outcome), colour_of(entry.result.outcome)) + ordinal + again
        where = (safe_line(entry.run_name), _time(entry.started_at), _commit(entry.commit))
        rows.append((*where, outcome, seconds(entry.result.duration_s), safe_line(cause_name(entry.cause))))
    return "\n".join([*lines, *columns(rows, indent=0, elastic=0)]) + "\n"


def values_text(past: MetricPast, levels: str = BLOCKS) -> str:
    """Return what `runner history METRIC` prints."""
    values = [point.value for point in past.points[:_ROW]][::-1]
    name = safe_line(past.name, LONGEST_ID)
    better = f", {past.direction} is better" if past.direction else ""
    lines = [f"{name}: {counted(len(past.points), 'run')}{better}"]
    finite = [value for value in values if math.isfinite(value)]
    if finite:
        low, high = (metric_value(past.name, value) for value in (min(finite), max(finite)))
        lines.append(f"  {sparkline(values, levels)}  {low} to {high}, oldest first")
    elif values:
        lines.append(f"  {sparkline(values, levels)}  no finite value, oldest first")
    rows: list[tuple[str, ...]] = [("run", "started (UTC)", "commit", "seed", "value", "took")]
    for point in past.points:
        seed = "-" if point.seed is None else safe_line(str(point.seed), _LONGEST_SEED)
        where = (safe_line(point.run_name), _time(point.started_at), _commit(point.commit))
        rows.append((*where, seed, metric_value(past.name, point.value), seconds(point.duration_s)))
    return "\n".join([*lines, "", *columns(rows, indent=0, elastic=0)]) + "\n"


def outcomes_document(name: str, entries: Sequence[HistoryEntry]) -> dict[str, object]:
    """Return what `runner history TEST --format json` prints."""
    return {"schema": SCHEMA, "kind": "test", "name": name, "entries": [_entry(entry) for entry in entries]}


def values_document(past: MetricPast) -> dict[str, object]:
    """Return what `runner history METRIC --format json` prints."""
    entries = [
        {
            "run": point.run_name,
            "run_id": point.run_id,
            "started_at": point.started_at.isoformat(),
            "commit": point.commit,
            "seed": point.seed,
            "value": point.value,
            "duration_s": point.duration_s,
        }
        for point in past.points
    ]
    facts = {"direction": past.direction and str(past.direction), "unit": past.unit}
    return {"schema": SCHEMA, "kind": "metric", "name": past.name, **facts, "entries": entries}


def _entry(entry: HistoryEntry) -> dict[str, object]:
    result = entry.result
    return {
        "run": entry.run_name,
        "run_id": entry.run_id,
        "started_at": entry.started_at.isoformat(),
        "commit": entry.commit,
        "ordinal": result.ordinal,
        "attempt": result.attempt,
        "outcome": str(result.outcome),
        "duration_s": result.duration_s,
        "message": result.message,
        "cause": entry.cause,
    }


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _commit(commit: str | None) -> str:
    return safe_line(commit[:HASH_DIGITS]) if commit else "-"
