"""Metrics over a run, few enough points for a plot, read in one statement."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby

from sqlalchemy import Connection, select

from registry import models
from registry.encoding import decode_number, decode_step, decoding
from registry.records import Points

POINTS = 400
"""Points of a curve at most, beside the last: more than a plot of that width shows."""


def curves(connection: Connection, run_id: int, metrics: Collection[str]) -> dict[str, Points]:
    """Return step and value of some metrics of a run in the order of logging.

    Of more than `POINTS` the first of each of so many equal parts is taken, and the last point of all.
    """
    point, summary, key = models.metric_point, models.metric_summary, models.metric_key
    seq, count = point.c.seq, summary.c["count"]
    is_first_of_part = (seq * POINTS) // count != ((seq - 1) * POINTS) // count
    statement = (
        select(key.c.name, point.c.step, point.c.value, point.c.kind)
        .select_from(
            point.join(key, key.c.id == point.c.key_id).join(
                summary, (summary.c.run_id == point.c.run_id) & (summary.c.key_id == point.c.key_id)
            )
        )
        .where(point.c.run_id == run_id, key.c.name.in_(metrics), (seq == 0) | is_first_of_part | (seq == count - 1))
        .order_by(key.c.name, seq)
    )
    with decoding("the curves of metrics"):
        rows = groupby(connection.execute(statement), key=lambda row: str(row.name))
        return {name: tuple((decode_step(row.step), decode_number(row.value, row.kind)) for row in group) for name, group in rows}
