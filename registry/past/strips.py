"""The latest runs of a few tests, read in one statement: for the rows of a report, never for a whole suite."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import CTE, Connection, Select, select

from registry import models
from registry.encoding import OUTCOMES, decode_time, decoding
from registry.past.cells import Cell, CellRun, Strips

RUNS = 20
"""Columns of a strip."""


def strips(connection: Connection, run_id: int, tests: Collection[tuple[str, int]]) -> Strips:
    """Return what tests did in a run and in the runs like it before.

    Runs are alike that are of one kind, and where the run is a part of a night, those with the same role in earlier nights.

    Args:
        connection: A connection.
        run_id: The last column.
        tests: Id, as the registry stores it, and ordinal of each test: hundreds at most.
    """
    runs: dict[int, CellRun] = {}
    cells: dict[tuple[str, int], dict[int, Cell]] = {test: {} for test in tests}
    with decoding("the strips of tests"):
        for row in connection.execute(_statement(run_id, {name for name, _ in tests})):
            runs.setdefault(row.id, CellRun(row.id, row.run_name, decode_time(row.started_us)))
            if (row.name, row.ordinal) in cells:
                # Attempts come in their order, so that the last one stays.
                cells[row.name, row.ordinal][row.id] = Cell(OUTCOMES[row.outcome], row.cause, row.attempt)
    return Strips(tuple(runs.values()), {test: tuple(map(found.get, runs)) for test, found in cells.items()})


def _statement(run_id: int, names: Collection[str]) -> Select[tuple[object, ...]]:
    run, test, result = _latest_like(run_id), models.test, models.test_result
    columns = (result.c.run_id, result.c.test_id, test.c.name, test.c.ordinal, result.c.outcome, result.c.cause, result.c.attempt)
    # Both as lists, so that the primary key answers by run and test: neither whole runs nor every run of a test are read.
    tests = select(test.c.id).where(test.c.name.in_(names))
    wanted = (
        select(*columns)
        .select_from(test.join(result, test.c.id == result.c.test_id))
        .where(result.c.run_id.in_(select(run.c.id)), result.c.test_id.in_(tests))
        .subquery()
    )
    found = (wanted.c[name] for name in ("name", "ordinal", "outcome", "cause", "attempt"))
    return (
        select(run.c.id, run.c.name.label("run_name"), run.c.started_us, *found)
        .select_from(run.outerjoin(wanted, wanted.c.run_id == run.c.id))
        .order_by(run.c.id, wanted.c.test_id, wanted.c.attempt)
    )


def _latest_like(run_id: int) -> CTE:
    run, part = models.run, models.run_part
    kind = select(run.c.kind).where(run.c.id == run_id).scalar_subquery()
    role = select(part.c.role).where(part.c.run_id == run_id).limit(1).scalar_subquery()
    like = part.alias("like_part")
    has_role = select(like.c.run_id).where(like.c.run_id == run.c.id, like.c.role == role).exists()
    alike = (run.c.id <= run_id, run.c.kind == kind, role.is_(None) | has_role)
    return select(run.c.id, run.c.name, run.c.started_us).where(*alike).order_by(run.c.id.desc()).limit(RUNS).cte("latest")
