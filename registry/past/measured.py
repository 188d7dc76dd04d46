"""What several runs measured, and how they were configured: read in one statement each."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, select

from registry import models
from registry.encoding import decode_number, decoding


def last_values(
    connection: Connection, runs: Collection[int], names: Collection[str] | None = None
) -> Iterator[tuple[int, str, float]]:
    """Yield run, name and last value of the metrics of some runs, of all or of those named, by run and name, the oldest first."""
    table, key = models.metric_summary, models.metric_key
    columns = (table.c.run_id, key.c.name, table.c.last, table.c.last_kind)
    statement = select(*columns).select_from(table.join(key)).where(table.c.run_id.in_(runs))
    statement = statement if names is None else statement.where(key.c.name.in_(names))
    for run_id, name, last, kind in connection.execute(statement.order_by(table.c.run_id, key.c.name)):
        with decoding(f"run {run_id}"):
            value = decode_number(last, kind)
        yield run_id, name, value


def params_of(connection: Connection, runs: Collection[int]) -> dict[int, dict[str, str]]:
    """Return the configuration of some runs, its values as JSON; a run that has none is left out."""
    table, found = models.run_param, dict[int, dict[str, str]]()
    for run_id, key, value in connection.execute(select(table).where(table.c.run_id.in_(runs))):
        found.setdefault(run_id, {})[key] = value
    return found
