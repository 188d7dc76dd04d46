"""Registries that come from elsewhere: opened for reading only, and looked through before anything is believed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from registry.errors import RegistryDamaged
from registry.models import metadata
from registry.schema import require_head
from registry.storage.database import locate
from registry.storage.file import VERSION_TABLE


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """Give a connection that sees one state of a registry file, which stays as it is.

    Raises:
        RegistryUnreachable: It is absent or cannot be read.
        RegistryDamaged: It is no registry, is damaged, or holds what no registry holds.
        SchemaOutOfDate: An older release wrote it.
        SchemaTooNew: A newer release wrote it.
    """
    database = locate(path)
    database.is_read_only = True
    try:
        require_head(database)
        with database.reading() as connection:
            for problem in _problems(connection):
                raise RegistryDamaged(f"{path} is not imported: {problem}; take another copy of it")
            yield connection
    finally:
        database.close()


def _problems(connection: Connection) -> Iterator[str]:
    """Yield what is wrong, in sentences; a file from elsewhere may hold views and triggers that act when it is read."""
    known = {*metadata.tables, VERSION_TABLE}
    for kind, name, statement in connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master").all():
        is_ours = kind == "index" or (kind == "table" and (name in known or str(name).startswith("sqlite_")))
        if not is_ours or "VIRTUAL" in str(statement).upper().split("(")[0]:
            yield f"it holds a {kind} {str(name)!r} that no registry has"
    for table in metadata.sorted_tables:
        found = {row[1] for row in connection.exec_driver_sql(f'PRAGMA table_xinfo("{table.name}")')}
        if found != {column.name for column in table.columns}:
            yield f"its table {table.name} has other columns than this release's"
    for (said,) in connection.exec_driver_sql("PRAGMA quick_check"):
        if said != "ok":
            yield f"it is damaged ({said})"
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"a row of {row[0]} refers to a missing row of {row[2]}"
