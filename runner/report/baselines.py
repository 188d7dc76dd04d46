"""Baselines to text and JSON: what they mean, from where to where they moved, and what their metrics are held to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from registry.expected.bars import Bar, BarMove, Baseline, BaselineMove
from runner.report.document import SCHEMA
from runner.report.numbers import metric_value
from runner.report.safe import safe_line
from runner.report.text import columns, wrapped

_MOVES: Final = {"raised": "raised from", "lowered": "lowered from"}


def move_text(move: BaselineMove) -> str:
    """Return what `runner baseline set` prints."""
    now, before = move.baseline, move.before
    name, run = safe_line(now.name), f"{safe_line(now.run)} (run {now.run_id})"
    if before is None:
        told = f"baseline {name} set to {run}"
    elif before.run_id == now.run_id:
        told = f"baseline {name} stays at {run}"
    else:
        told = f"baseline {name} moved from {safe_line(before.run)} (run {before.run_id}) to {run}"
    lines = [*wrapped(told.split(" ")), *(line for bar in move.bars for line in _bar_lines(bar))]
    if any(bar.change == "stays" for bar in move.bars):
        lines.append("a bar falls only with --lower-bar")
    return "\n".join(lines) + "\n"


def move_document(move: BaselineMove) -> dict[str, object]:
    """Return what `runner baseline set --format json` prints."""
    return {
        "schema": SCHEMA,
        "baseline": _baseline(move.baseline),
        "before": _baseline(move.before) if move.before else None,
        "bars": [_bar_move(bar) for bar in move.bars],
    }


def baselines_text(baselines: Iterable[Baseline]) -> str:
    """Return what `runner baseline list` prints."""
    rows: list[tuple[str, ...]] = [("baseline", "run", "id", "set (UTC)")]
    lines: list[str] = []
    for one in baselines:
        rows.append((safe_line(one.name), safe_line(one.run), str(one.run_id), f"{one.set_at:%Y-%m-%d %H:%M}"))
        lines += (line for bar in one.bars for line in _held(one, bar))
    if len(rows) == 1:
        return "no baseline is set; `runner baseline set NAME RUN` sets one\n"
    return "\n".join([*columns(rows, indent=0, elastic=1), *(["", *lines] if lines else [])]) + "\n"


def baselines_document(baselines: Iterable[Baseline]) -> dict[str, object]:
    """Return what `runner baseline list --format json` prints."""
    return {"schema": SCHEMA, "baselines": [_baseline(one) for one in baselines]}


def _held(baseline: Baseline, bar: Bar) -> Iterator[str]:
    if bar.run != baseline.run:
        name, value = safe_line(bar.metric), metric_value(bar.metric, bar.value)
        yield from wrapped(f"{safe_line(baseline.name)} holds {name} to {value} of {safe_line(bar.run)}".split(" "))


def _bar_lines(move: BarMove) -> Iterator[str]:
    name, bar, before = safe_line(move.metric), move.bar, move.before
    reached = "not measured" if move.reached is None else metric_value(move.metric, move.reached)
    if move.change == "same":
        return
    if bar is None:
        told = f"{name}: the bar is given up ({reached})"
    elif before is None:
        told = f"{name}: the bar is {metric_value(bar.metric, bar.value)}"
    elif move.change == "stays":
        told = f"{name}: the bar stays at {metric_value(bar.metric, bar.value)} of {safe_line(bar.run)} ({reached} now)"
    else:
        values = (metric_value(one.metric, one.value) for one in (before, bar))
        told = f"{name}: the bar is {_MOVES[move.change]} {' to '.join(values)}"
    yield from wrapped(told.split(" "), "  ", "    ")


def _baseline(baseline: Baseline) -> dict[str, object]:
    return {
        "name": baseline.name,
        "run": baseline.run,
        "run_id": baseline.run_id,
        "set_at": baseline.set_at.isoformat(),
        "bars": [_bar(bar) for bar in baseline.bars],
    }


def _bar(bar: Bar | None) -> dict[str, object] | None:
    return None if bar is None else {"metric": bar.metric, "value": bar.value, "run": bar.run}


def _bar_move(move: BarMove) -> dict[str, object]:
    both = {"bar": _bar(move.bar), "before": _bar(move.before)}
    return {"metric": move.metric, "change": move.change, "reached": move.reached, **both}
