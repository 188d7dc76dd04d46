"""What several runs measured, and how they were configured: read in one statement each."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, select

from registry import models
from registry.encoding import decode_number, decoding


def last_values(
    connection: Connection, runs: Collection[int], names: Collection[str] | None = None
) -> Iterator[tuple[int, str, float]]:
    """Yield run, name and last value of the metrics of some runs, of all or of those named, the oldest run first."""
    table, key = models.metric_summary, models.metric_key
    columns = (table.c.run_id, key.c.name, table.c.last, table.c.last_kind)
    statement = select(*columns).select_from(table.join(key)).where(table.c.run_id.in_(runs)).order_by(table.c.run_id)
    statement = statement if names is None else statement.where(key.c.name.in_(names))
    with decoding("the list of metrics"):
        for run_id, name, last, kind in connection.execute(statement):
            yield run_id, name, decode_number(last, kind)


def params_of(connection: Connection, runs: Collection[int]) -> dict[int, dict[str, str]]:
    """Return the configuration of some runs, its values as JSON; a run that has none is left out."""
    table, found = models.run_param, dict[int, dict[str, str]]()
    for run_id, key, value in connection.execute(select(table).where(table.c.run_id.in_(runs))):
        found.setdefault(run_id, {})[key] = value
    return found
