"""The nights of a registry, in SQL: what each is made of, what it found, and the removal of old ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select

from registry import models
from registry.comparing.metrics import EVALUATIONS
from registry.encoding import clean_bounded, decoding
from registry.past.measured import last_values
from registry.past.night import ENDED_AFTER, Found, Night, Part
from registry.queries import details, list_runs, role_of, run_by_id
from registry.records import Run, RunDetails, RunKind, RunStatus
from registry.regress import Verdict
from registry.storage.chunks import chunks
from registry.storage.database import Database

TAG = "night"
"""The tag of each run that a night starts; its value is the night's name."""

SENTENCE_LIMIT = 2_000
"""Characters kept of a night's sentence."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed: the names of the nights, and the files of their checkpoints, which still lie where they did."""

    nights: tuple[str, ...] = ()
    checkpoints: tuple[Path, ...] = ()


class Nights:
    """What a registry knows of nights; `Registry.nights` is the way to it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_part(self, night: Run, role: str, run: Run) -> None:
        """Record that a run is a part of a night."""
        table = models.run_part
        with self._database.writing() as connection:
            last = connection.scalar(select(func.max(table.c.seq)).where(table.c.parent_id == night.id))
            row = {"parent_id": night.id, "seq": 0 if last is None else last + 1, "run_id": run.id, "role": role}
            connection.execute(insert(table), row)

    def mark_ended(self, run: Run, limit: str) -> None:
        """Record that a part took longer than a limit, such as "12 h", and was ended."""
        row = {"run_id": run.id, "key": ENDED_AFTER, "value": limit}
        with self._database.writing() as connection:
            connection.execute(insert(models.run_tag), row)

    def conclude(self, night: Run, found: Found) -> None:
        """Record what a night found."""
        row = {
            "run_id": night.id,
            "verdict": str(found.verdict),
            "sentence": clean_bounded(found.sentence, SENTENCE_LIMIT),
            "reference": found.reference,
        }
        with self._database.writing() as connection:
            connection.execute(insert(models.night), row)

    def found(self, night: Run) -> Found | None:
        """Return what a night found; None where it did not come to its end."""
        with self._database.reading() as connection:
            return _found(connection, [night.id]).get(night.id)

    def parts(self, night: Run) -> tuple[Part, ...]:
        """Return the suites and trainings of a night, in the order in which they ran."""
        table = models.run_part
        statement = select(table.c.role, table.c.run_id).where(table.c.parent_id == night.id).order_by(table.c.seq)
        with self._database.reading() as connection:
            rows = connection.execute(statement).all()
            found = [(role, details(connection, run, with_results=False)) for role, run in rows]
        return tuple(_part(role, one) for role, one in found)

    def run_named(self, name: str) -> Run | None:
        """Return the run of a name at once; None where there is none yet."""
        with self._database.reading() as connection:
            found = connection.scalar(select(models.run.c.id).where(models.run.c.name == name))
            return None if found is None else run_by_id(connection, found)

    def role_of(self, run: Run) -> str | None:
        """Return what a run is in its night; None where it belongs to none."""
        with self._database.reading() as connection:
            return role_of(connection, run.id)

    def before(self, night: Run | None, limit: int) -> list[Run]:
        """Return the nights before one, or all, newest first."""
        with self._database.reading() as connection:
            return list_runs(connection, RunKind.NIGHTLY, limit, before=None if night is None else night.id)

    def last_green(self, night: Run | None) -> Run | None:
        """Return the last green night before one, or of all."""
        run = models.run.c
        earlier = () if night is None else (run.id < night.id,)
        green = select(run.id).where(run.kind == str(RunKind.NIGHTLY), run.green.is_(True), *earlier)
        with self._database.reading() as connection:
            found = connection.scalar(green.order_by(run.id.desc()).limit(1))
            return None if found is None else run_by_id(connection, found)

    def overview(self, limit: int | None = None) -> list[Night]:
        """Return the nights, newest first, each with its verdict and its own numbers; no test result is read."""
        with self._database.reading() as connection:
            runs = list_runs(connection, RunKind.NIGHTLY, limit)
            ids = [run.id for run in runs]
            found, values = _found(connection, ids), _values(connection, ids)
        return [Night(run, found.get(run.id), values.get(run.id, {})) for run in runs]

    def remove_beyond(self, keep: int) -> Removed:
        """Remove nights with all their runs, but for the newest ones, the last green one and what a baseline means.

        Args:
            keep: How many of the newest nights stay, at least 1.
        """
        run = models.run.c
        with self._database.writing() as connection:
            nightly = select(run.id, run.name, run.status, run.green).where(run.kind == str(RunKind.NIGHTLY))
            rows = connection.execute(nightly.order_by(run.id.desc())).all()
            last_green = next((row.id for row in rows if row.green), None)
            needed = set(connection.execute(select(models.baseline.c.run_id)).scalars())
            gone: list[str] = []
            runs: list[int] = []
            for row in rows[keep:]:
                own = _own(connection, row.id, row.name)
                if row.id != last_green and row.status != str(RunStatus.RUNNING) and needed.isdisjoint(own):
                    gone.append(row.name)
                    runs += own
            files = _checkpoints(connection, runs)
            for chunk in chunks(runs):
                connection.execute(delete(models.run).where(run.id.in_(chunk)))
        return Removed(tuple(gone), files)


def _part(role: str, found: RunDetails) -> Part:
    red_fixtures = sum(fixture.outcome.is_red for fixture in found.fixtures)
    evaluations = (metric for metric in found.metrics if metric.name.startswith(EVALUATIONS))
    not_finite = tuple(metric.name for metric in evaluations if not math.isfinite(metric.last))
    return Part(role, found.run, found.counts, red_fixtures, not_finite)


def _own(connection: Connection, night: int, name: str) -> list[int]:
    """Return a night and its runs; one that a night was killed before it could take it as a part is known by its tag."""
    part, tag = models.run_part.c, models.run_tag.c
    tagged = select(tag.run_id).where(tag.key == TAG, tag.value == name, tag.run_id > night)
    runs = select(part.run_id).where(part.parent_id == night).union(tagged)
    return [night, *connection.execute(runs).scalars()]


def _found(connection: Connection, ids: Sequence[int]) -> dict[int, Found]:
    table = models.night
    found = {}
    for chunk in chunks(ids):
        for row in connection.execute(select(table).where(table.c.run_id.in_(chunk))):
            with decoding(f"run {row.run_id}"):
                found[row.run_id] = Found(Verdict(row.verdict), row.sentence, row.reference)
    return found


def _values(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for chunk in chunks(ids):
        for run_id, name, value in last_values(connection, chunk):
            found.setdefault(run_id, {})[name] = value
    return found


def _checkpoints(connection: Connection, runs: Sequence[int]) -> tuple[Path, ...]:
    table = models.checkpoint
    paths: list[str] = []
    for chunk in chunks(runs):
        paths += connection.execute(select(table.c.path).where(table.c.run_id.in_(chunk))).scalars()
    return tuple(map(Path, paths))
