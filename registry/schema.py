"""The schema's revision: refuse what does not fit, create an empty registry, upgrade an older one after a backup.

Alembic is imported only to create, upgrade or check; to open a registry, its revision is compared with HEAD.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import Connection, Select, Table, func, select, text
from sqlalchemy import inspect as reflect
from sqlalchemy.exc import SQLAlchemyError

from registry.errors import RegistryDamaged, RegistryError, RegistryUnreachable, SchemaOutOfDate, SchemaTooNew
from registry.models import metadata, metric_point, run, test_result
from registry.storage.database import Database, journal_mode, locate
from registry.storage.file import APPLICATION_ID, FILE_FORMAT, HEAD, VERSION_TABLE, connect_sqlite
from registry.storage.information import RegistryInfo, UpgradeReport

if TYPE_CHECKING:
    from alembic.config import Config


def prepare(database: Database, *, must_exist: bool) -> None:
    """Make sure that a database holds a registry at HEAD; an absent or empty one is created unless it must exist.

    Raises:
        RegistryUnreachable: It cannot be opened, or is absent although it must exist.
        RegistryDamaged: There is a file, but it is no registry.
        SchemaOutOfDate: An older release wrote it.
        SchemaTooNew: A newer release wrote it.
    """
    if database.path is not None and not database.path.exists():
        if must_exist:
            raise _absent(database)
        _create_file(database.path, database.timeout_s)
    revision = _revision(database)
    if revision is None:
        if must_exist:
            raise _absent(database)
        migrate(database)
        revision = _revision(database)
    _require_head(database, revision)
    if database.path is not None:
        _adapt_journal(database, database.path)


def require_head(database: Database) -> None:
    """Make sure that a database holds a registry at HEAD; nothing is created or changed.

    Raises:
        RegistryError: It is absent or unreachable, no registry, or another release's.
    """
    _require_head(database, _revision(_existing(database)))


def inspect(target: str | Path) -> RegistryInfo:
    """Return where a registry is and what it holds, whatever its revision.

    Raises:
        RegistryError: It is absent, unreachable, or no registry.
    """
    database = _existing(locate(target))
    try:
        return describe(database)
    finally:
        database.close()


def describe(database: Database) -> RegistryInfo:
    """Return where a registry is and what it holds; the counts only where its revision is HEAD."""
    revision = _revision(database)
    counts: list[int | None] = [None] * 3
    with database.reading() as connection:
        if revision == HEAD:
            counts = [int(connection.scalar(_count(table)) or 0) for table in (run, test_result, metric_point)]
        version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
        mode = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar()) if database.path else None
    return RegistryInfo(
        url=database.url,
        path=str(database.path) if database.path else None,
        size_bytes=database.path.stat().st_size if database.path else None,
        revision=revision,
        head=HEAD,
        runs=counts[0],
        results=counts[1],
        metric_points=counts[2],
        database=f"{'SQLite' if database.path else 'PostgreSQL'} {version}",
        journal_mode=mode,
    )


def upgrade(target: str | Path) -> UpgradeReport:
    """Bring a registry to HEAD, with a backup beside the file first; nothing is touched where it is at HEAD.

    Raises:
        RegistryError: It is absent, unreachable, no registry, newer than this release, or a migration would have lost rows.
    """
    database = _existing(locate(target))
    try:
        revision = _revision(database)
        if revision is not None and revision != HEAD:
            _refuse_newer(database, revision)
        return migrate(database)
    finally:
        database.close()


def migrate(database: Database, *, backup: bool = True) -> UpgradeReport:
    """Run the migrations that are missing, in one transaction, which is rolled back where rows were lost.

    Processes that migrate at once wait for each other; the later ones find nothing to do.
    """
    with database.migrating() as connection:
        before = _read_revision(connection)
        if before == HEAD:
            return UpgradeReport(before, HEAD)
        if before is not None:
            _refuse_newer(database, before)
        copy = _back_up(database.path, before, database.timeout_s) if backup and before and database.path else None
        counts = _row_counts(connection)
        run_migrations(connection, migrations_folder(), "head")
        _require_rows_kept(database, connection, counts)
        if database.path:
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.exec_driver_sql(f"PRAGMA user_version = {FILE_FORMAT}")
    return UpgradeReport(before, HEAD, str(copy) if copy else None)


def run_migrations(connection: Connection, folder: Path, target: str) -> None:
    """Run the migrations of a folder on a connection, inside its transaction.

    Raises:
        RegistryError: Alembic refuses, for instance because the folder does not know the registry's revision.
    """
    from alembic import command
    from alembic.util import CommandError

    with _Alembic.lock:
        try:
            command.upgrade(alembic_config(folder, connection), target)
        except CommandError as error:
            raise RegistryError(f"the migrations in {folder} cannot be run: {error}") from error


def alembic_config(folder: Path, connection: Connection) -> Config:
    """Return Alembic's configuration for a folder of migrations that run on a connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrations_folder() -> Path:
    """Return the folder with env.py and versions/: beside this module in a wheel, at alembic/ in a checkout.

    Raises:
        RegistryError: Neither is there; the message names both.
    """
    installed = Path(__file__).resolve().parent / "migrations"
    checkout = installed.parent.parent / "alembic"
    for folder in (installed, checkout):
        if (folder / "env.py").is_file() and (folder / "versions").is_dir():
            return folder
    raise RegistryError(f"the migrations are neither in {installed} nor in {checkout}; install the package again")


def problems(database: Database) -> list[str]:
    """Return what is wrong with a registry, one sentence each; an empty list for a sound one."""
    found: list[str] = []
    try:
        with database.reading() as connection:
            revision = _read_revision(connection)
            if revision != HEAD:
                found.append(f"the schema is at revision {revision}, this release expects {HEAD}")
            if database.path:
                found += _sqlite_problems(connection)
            found += _schema_differences(connection)
    except RegistryError as error:
        found.append(str(error))
    return found


class _Alembic:
    # Alembic keeps the running migration in module globals: two threads would mix their registries.
    lock: ClassVar[threading.Lock] = threading.Lock()


def _create_file(path: Path, timeout_s: float) -> None:
    """Make a whole registry in another file, then give it its name unless somebody was quicker: none is ever seen half-made."""
    try:
        make_own_folder(path.parent)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".new", dir=path.parent)
    except OSError as error:
        raise _uncreatable(path, error) from error
    os.close(descriptor)
    fresh = Path(name)
    try:
        _fill(fresh, timeout_s, journal_mode(path))
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _uncreatable(path, error) from error
    finally:
        fresh.unlink(missing_ok=True)


def _uncreatable(path: Path, error: OSError) -> RegistryUnreachable:
    cure = f"make {path.parent} a folder that can be written to, or name another file"
    return RegistryUnreachable(f"the registry {path} cannot be created: {error.strerror or error}; {cure}")


def _fill(fresh: Path, timeout_s: float, journal: str) -> None:
    database = locate(fresh)
    database.timeout_s = timeout_s
    try:
        migrate(database)
        with database.outside_transaction() as connection:
            connection.exec_driver_sql(f"PRAGMA journal_mode = {journal}")
    finally:
        # The last connection to close moves all into the one file.
        database.close()


def make_own_folder(folder: Path) -> None:
    """Make `.runner` where a project has none, with a .gitignore of its own, so that recording never makes a tree dirty."""
    if folder.name != ".runner":
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _existing(database: Database) -> Database:
    if database.path is not None and not database.path.exists():
        raise _absent(database)
    return database


def _absent(database: Database) -> RegistryUnreachable:
    return RegistryUnreachable(f"there is no registry at {database.location}; record one with `runner test --record`")


def _revision(database: Database) -> str | None:
    """Return the revision of a registry; None for an empty server database. A file that is no registry is refused untouched."""
    path = database.path
    if path is None:
        with database.reading() as connection:
            return _read_revision(connection)
    if path.is_dir():
        raise RegistryUnreachable(f"the registry {path} is a folder; name a file in it")
    if not path.is_file():
        raise RegistryUnreachable(f"the registry {path} is no regular file; name another")
    if path.stat().st_size == 0:
        raise RegistryDamaged(
            f"the registry {path} is an empty file; it was cut off or never was one: put back a copy, or remove it"
        )
    with database.reading() as connection:
        application = connection.exec_driver_sql("PRAGMA application_id").scalar()
        file_format = connection.exec_driver_sql("PRAGMA user_version").scalar() or 0
        if application != APPLICATION_ID:
            raise RegistryDamaged(f"{path} is an SQLite file of another program, no registry; name another file")
        if file_format > FILE_FORMAT:
            raise SchemaTooNew(
                f"the registry {path} has file format {file_format}, newer than this release knows; upgrade this package"
            )
        revision = _read_revision(connection)
    if revision is None:
        raise RegistryDamaged(f"the registry {path} has lost its revision; put back a copy, or name another file")
    return revision


def _read_revision(connection: Connection) -> str | None:
    if not reflect(connection).has_table(VERSION_TABLE):
        return None
    revisions = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars().all()  # noqa: S608 - a constant
    return str(revisions[0]) if len(revisions) == 1 else None


def _require_head(database: Database, revision: str | None) -> None:
    if revision is not None and revision != HEAD:
        _refuse_newer(database, revision)
        cure = f"type `runner db upgrade --registry {shlex.quote(database.location)}`, which makes a backup first"
        if database.path is None:
            cure = "make a copy with pg_dump, then type `runner db upgrade` with the same URL"
        raise SchemaOutOfDate(f"the registry {database.location} has schema {revision} and this release needs {HEAD}; {cure}")


def _refuse_newer(database: Database, revision: str) -> None:
    if not (revision.isdecimal() and len(revision) == len(HEAD) and revision < HEAD):
        raise SchemaTooNew(
            f"the registry {database.location} has schema {revision}, and this release knows none after {HEAD}; "
            "upgrade this package, or name another registry"
        )


def _adapt_journal(database: Database, path: Path) -> None:
    """Leave WAL where a registry was moved to a network file system, on which it does not work."""
    if journal_mode(path) == "delete":
        with database.outside_transaction() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = delete")


def _back_up(path: Path, revision: str, timeout_s: float) -> Path:
    """Copy a registry through SQLite, which takes what is still in the write-ahead log too."""
    copy = path.with_name(f"{path.name}.backup-{revision}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")
    try:
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise RegistryUnreachable(f"no backup of the registry can be made at {copy}: {error.strerror or error}") from error
    with contextlib.closing(connect_sqlite(path, timeout_s)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def _row_counts(connection: Connection) -> dict[str, int]:
    """Return the number of rows of each table but Alembic's own."""
    names = [name for name in reflect(connection).get_table_names() if name != VERSION_TABLE and _is_ours(connection, name)]
    quoted = [(name, connection.dialect.identifier_preparer.quote(name)) for name in names]
    return {name: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for name, table in quoted}  # noqa: S608


def _require_rows_kept(database: Database, connection: Connection, before: dict[str, int]) -> None:
    after = _row_counts(connection)
    lost = [
        f"{name} had {count} rows and would have {after[name]}"
        for name, count in before.items()
        if after.get(name, count) != count
    ]
    if database.path:
        lost += [
            f"{row[0]} refers to a missing row of {row[2]}" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
        ]
    if lost:
        raise RegistryError(f"the upgrade of {database.location} was taken back, for rows would be lost: {'; '.join(lost[:3])}")


def _sqlite_problems(connection: Connection) -> Iterator[str]:
    for (said,) in connection.exec_driver_sql("PRAGMA integrity_check"):
        if said != "ok":
            yield f"integrity: {said}"
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"a row of {row[0]} refers to a missing row of {row[2]}"


def _schema_differences(connection: Connection) -> list[str]:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    def is_compared(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or _is_ours(connection, name)

    options = {"version_table": VERSION_TABLE, "compare_type": True, "include_name": is_compared}
    context = MigrationContext.configure(connection, opts=options)
    try:
        return [f"the tables differ from this release's: {difference}" for difference in compare_metadata(context, metadata)]
    except SQLAlchemyError as error:
        return [f"the tables cannot be read: {error}"]


def _is_ours(connection: Connection, table: str | None) -> bool:
    """Tell whether a table belongs to the registry: an SQLite file is ours alone, a server's database may be shared."""
    return connection.dialect.name == "sqlite" or table in metadata.tables


def _count(table: Table) -> Select[Any]:
    return select(func.count()).select_from(table)
