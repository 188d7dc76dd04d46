"""Named runs to compare with: set, moved, listed, removed, and the bars that they keep."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from registry import models
from registry.encoding import clean, decode_time, decode_whole, decoding
from registry.errors import BaselineNotFound, BaselineUnfit
from registry.expected.bars import Bar, Baseline, BaselineMove, moved_bars, night_metrics
from registry.naming import check_name
from registry.past.measured import last_values
from registry.past.samples import Seeds, seeds_of
from registry.queries import details
from registry.records import MetricSummary, Run, RunKind, RunStatus
from registry.storage.database import Database, insert_or_update


class Baselines:
    """The baselines of a registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set(self, name: str, run: Run, *, lower_bar: bool = False) -> BaselineMove:
        """Let a baseline mean a run, whatever it meant before.

        Args:
            name: Of the baseline; the rules are those for names of runs.
            run: What it means from now on.
            lower_bar: Accept metrics that are worse as the new bars; else no bar ever falls.

        Raises:
            InvalidName: The name could be mistaken for a reference.
            BaselineUnfit: The run did not come to its end.
        """
        check_name(name)
        if run.status is not RunStatus.FINISHED:
            raise BaselineUnfit(
                f"{run.name} is {run.status}, and a baseline is a run that came to its end; `runner runs` lists those that did"
            )
        with self._database.writing() as connection:
            return _set(connection, name, run, lower_bar=lower_bar)

    def listed(self) -> list[Baseline]:
        """Return all baselines, in order of name."""
        with self._database.reading() as connection:
            return _read(connection, None)

    def remove(self, name: str) -> Baseline:
        """Remove a baseline with its bars, and return what it was; the run stays.

        Raises:
            BaselineNotFound: There is none of that name; the message names near ones.
        """
        with self._database.writing() as connection:
            found = find(connection, name, self._database.location)
            connection.execute(delete(models.baseline).where(models.baseline.c.name == found.name))
        return found


def _set(connection: Connection, name: str, run: Run, *, lower_bar: bool) -> BaselineMove:
    before = next(iter(_read(connection, name)), None)
    moves = moved_bars(before.bars if before else (), _metrics(connection, run), run.name, lower=lower_bar)
    now_us = time.time_ns() // 1_000
    connection.execute(insert_or_update(connection, models.baseline), {"name": name, "run_id": run.id, "set_us": now_us})
    table = models.baseline_bar
    connection.execute(delete(table).where(table.c.baseline == name))
    keys = {row.name: row.id for row in connection.execute(select(models.metric_key))}
    rows = [_row(name, move.bar, keys) for move in moves if move.bar is not None]
    if rows:
        connection.execute(insert(table), rows)
    return BaselineMove(_read(connection, name)[0], before, moves)


def _metrics(connection: Connection, run: Run) -> tuple[MetricSummary, ...]:
    """Return the metrics of a run; of a night the medians over its trainings."""
    if run.kind is not RunKind.NIGHTLY:
        return details(connection, run.id, with_results=False).metrics
    part = models.run_part.c
    parts = connection.scalars(select(part.run_id).where(part.parent_id == run.id).order_by(part.seq)).all()
    return night_metrics([details(connection, one, with_results=False) for one in parts])


def _row(baseline: str, bar: Bar, keys: dict[str, int]) -> dict[str, object]:
    return {"baseline": baseline, "key_id": keys[bar.metric], "value": bar.value, "run": bar.run}


def with_seeds(connection: Connection, bars: Iterable[Bar]) -> tuple[Bar, ...]:
    """Return bars with what the runs that reached them reached by seed; a run that is gone tells nothing any more."""
    known: dict[str, Seeds] = {}
    found = []
    for bar in bars:
        if bar.run not in known:
            known[bar.run] = _seeds(connection, bar.run)
        found.append(replace(bar, seeds=known[bar.run].get(bar.metric, {})))
    return tuple(found)


def _seeds(connection: Connection, name: str) -> Seeds:
    """Return the last value of each metric by seed; of a night those of its trainings."""
    run, part = models.run.c, models.run_part.c
    row = connection.execute(select(run.id, run.kind).where(run.name == name)).one_or_none()
    if row is None:
        return {}
    if row.kind != str(RunKind.NIGHTLY):
        return seeds_of(connection, row.id)
    parts = select(run.id, run.seed).join(models.run_part, part.run_id == run.id).where(part.parent_id == row.id)
    with decoding(f"the parts of {name}"):
        seeds = {one.id: decode_whole(one.seed) for one in connection.execute(parts.where(run.seed.is_not(None)))}
    found: Seeds = {}
    for run_id, metric, value in last_values(connection, list(seeds)):
        seed = seeds[run_id]
        if seed is not None:
            found.setdefault(metric, {})[seed] = value
    return found


def bars(connection: Connection, name: str) -> tuple[Bar, ...]:
    """Return what the metrics of a baseline are held to; a baseline that is gone holds nothing."""
    return next((one.bars for one in _read(connection, clean(name))), ())


def find(connection: Connection, name: str, location: str) -> Baseline:
    """Return a baseline.

    Raises:
        BaselineNotFound: There is none of that name; the message names near ones.
    """
    found = _read(connection, clean(name))
    if not found:
        names = connection.scalars(select(models.baseline.c.name)).all()
        near = difflib.get_close_matches(name, names)
        hint = f"near names are {', '.join(near)}" if near else "`runner baseline set NAME RUN` makes one"
        raise BaselineNotFound(f"there is no baseline {name!r} in {location}; {hint}")
    return found[0]


def _read(connection: Connection, name: str | None) -> list[Baseline]:
    table, run = models.baseline, models.run
    statement = select(table, run.c.name.label("run")).select_from(table.join(run)).order_by(table.c.name)
    rows = connection.execute(statement if name is None else statement.where(table.c.name == name)).all()
    bars = _bars(connection) if rows else {}
    with decoding("the list of baselines"):
        return [_baseline(row, tuple(bars.get(row.name, ()))) for row in rows]


def _baseline(row: Row[Any], bars: tuple[Bar, ...]) -> Baseline:
    return Baseline(row.name, row.run_id, row.run, decode_time(row.set_us), bars)


def _bars(connection: Connection) -> dict[str, list[Bar]]:
    table, key = models.baseline_bar, models.metric_key
    columns = (table.c.baseline, key.c.name, table.c.value, table.c.run)
    found: dict[str, list[Bar]] = {}
    for baseline, metric, value, run in connection.execute(select(*columns).select_from(table.join(key)).order_by(key.c.name)):
        found.setdefault(baseline, []).append(Bar(metric, value, run))
    return found
