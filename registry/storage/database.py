"""The way into the database: from a URL or a path to real transactions, and from foreign exceptions to sentences.

All that differs between SQLite and PostgreSQL stands here.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from registry.errors import RegistryDamaged, RegistryError, RegistryLocked, RegistryUnreachable
from registry.redaction import redact_urls
from registry.storage.file import connect_sqlite

BUSY_TIMEOUT_S = 30.0
"""How long a writer waits for another; `?timeout=SECONDS` of a URL sets another limit."""

TIMEOUT_LIMIT_S = 2_000_000.0
"""SQLite counts milliseconds in 32 bits; a longer `?timeout=` is taken for this one."""

_ADVISORY_LOCK = 0x52554E52
_SCHEMES = {"sqlite", "postgresql"}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_UNREACHABLE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
_PRIMARY_CODE = 0xFF
_NETWORK = re.compile(r"nfs\d?|cifs|smb\w*|afs|ceph|9p|lustre|gpfs|glusterfs|beegfs|ncpfs|fuse\..+|fuse")


class Database:
    """One database and its engine.

    Attributes:
        path: The SQLite file, absolute; None for a server.
        location: Path or URL for sentences; a password is masked.
        is_read_only: Opens an SQLite file so that nothing can be written to it.
    """

    def __init__(self, url: URL, path: Path | None, timeout_s: float) -> None:
        self.path = path
        self.timeout_s = timeout_s
        self.is_read_only = False
        self.location = str(path) if path else redact_urls(url.render_as_string(hide_password=True))
        self._url = url
        self._engine: Engine | None = None
        self._pid = os.getpid()
        self._inherited: list[Engine] = []

    @property
    def url(self) -> str:
        """The URL with its password masked."""
        return f"sqlite:///{self.path}" if self.path else self.location

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection with a transaction that sees one state of the database and writes nothing."""
        with self._transaction(writes=False) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in a transaction, rolled back on an exception; on SQLite it holds the write lock from its start."""
        with self._transaction(writes=True) as connection:
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Give what `writing` gives with foreign keys off, which SQLite allows only before a transaction; one process at a time.

        With them on, the copy, drop and rename of a migration on SQLite would delete the rows of other tables without a word.
        """
        with self._transaction(writes=True, foreign_keys=False) as connection:
            if self.path is None:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
            yield connection

    @contextmanager
    def outside_transaction(self) -> Iterator[Connection]:
        """Give an SQLite connection for pragmas that have no effect inside a transaction."""
        with self.translated(), self.engine.connect() as connection:
            yield connection.execution_options(transaction="none")

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn every exception of the database into one of ours, with a sentence that names the registry."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._sentence(error) from error
        except UnicodeDecodeError as error:
            # SQLite quotes the broken text in its own message, and the driver fails on that.
            raise RegistryDamaged(f"the registry {self.location} is damaged (a text is not UTF-8); put back a copy") from error
        except (OverflowError, UnicodeError) as error:
            raise RegistryError(f"the registry {self.location} cannot store a value: {error}") from error

    @property
    def engine(self) -> Engine:
        """The engine of this process; a connection is never carried across a fork."""
        if self._pid != os.getpid() and self._engine is not None:
            # Kept, for closing a connection of the parent's would drop the parent's locks.
            self._inherited.append(self._engine)
            self._engine = None
        if self._engine is None:
            self._pid = os.getpid()
            self._engine = self._sqlite_engine(self.path) if self.path else self._server_engine()
        return self._engine

    def close(self) -> None:
        """Close every connection that is not in use."""
        if self._engine is not None and self._pid == os.getpid():
            self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writes: bool, foreign_keys: bool = True) -> Iterator[Connection]:
        with self.translated(), self.engine.connect() as plain:
            connection = plain.execution_options(transaction="write" if writes else "read")
            if self.path is None and not writes:
                # SQLite's readers see one state anyway; a server's would see what others commit between two statements.
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            sqlite_without_keys = self.path is not None and not foreign_keys
            if sqlite_without_keys:
                self._set_foreign_keys(connection, "OFF")
            try:
                with connection.begin():
                    yield connection
            finally:
                if sqlite_without_keys:
                    self._set_foreign_keys(connection, "ON")

    @staticmethod
    def _set_foreign_keys(connection: Connection, state: str) -> None:
        # On the driver's own connection: SQLAlchemy would begin a transaction first, in which the pragma is silently ignored.
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys = {state}")
        cursor.close()

    def _sqlite_engine(self, path: Path) -> Engine:
        engine = create_engine(
            "sqlite://", creator=lambda: connect_sqlite(path, self.timeout_s, is_read_only=self.is_read_only), poolclass=QueuePool
        )

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            statement = _BEGIN.get(connection.get_execution_options().get("transaction", "read"))
            if statement:
                connection.exec_driver_sql(statement)

        return engine

    def _server_engine(self) -> Engine:
        try:
            return create_engine(self._url, pool_pre_ping=True)
        except ModuleNotFoundError as error:
            raise RegistryUnreachable(
                f"the registry {self.location} needs the database driver {error.name}; "
                "`pip install 'psycopg[binary]'` brings the one that is tested, for URLs that begin with postgresql+psycopg://"
            ) from error

    def _sentence(self, error: Exception) -> RegistryError:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        said = self._without_password(str(cause).strip().partition("\n")[0])
        if not isinstance(cause, sqlite3.Error):
            lost = isinstance(error, DBAPIError) and type(error).__name__ in {"OperationalError", "InterfaceError"}
            if lost:
                return RegistryUnreachable(f"the registry {self.location} cannot be reached: {said}")
            return RegistryError(f"the registry {self.location} refused a statement: {type(cause).__name__}: {said}")
        code = getattr(cause, "sqlite_errorcode", 0) & _PRIMARY_CODE
        if code in _LOCKED:
            return RegistryLocked(
                f"the registry {self.location} is locked: another process has been writing for more than {self.timeout_s:g} s; "
                "wait for it, or give a longer ?timeout= in the URL"
            )
        if code in _DAMAGED or said.startswith(("no such table", "no such column")):
            return RegistryDamaged(f"the registry {self.location} is damaged ({said}); put back a copy, or name another file")
        if code in _UNREACHABLE:
            return RegistryUnreachable(
                f"the registry {self.location} cannot be read or written: {said}; check the disk and the folder"
            )
        return RegistryError(f"the registry {self.location} refused a statement: {said}")

    def _without_password(self, text: str) -> str:
        password = self._url.password
        return redact_urls(text.replace(str(password), "***") if password else text)


_BEGIN = {"read": "BEGIN", "write": "BEGIN IMMEDIATE"}


def locate(target: str | Path) -> Database:
    """Return the database that a path or a URL names; nothing is opened yet.

    Raises:
        RegistryUnreachable: The URL is malformed or of a kind that is not supported, or no file can have the name.
    """
    if isinstance(target, Path) or "://" not in target:
        if str(target) in {"", ":memory:"}:
            raise RegistryUnreachable("the registry needs a path or a URL; one in memory would vanish with the process")
        return Database(URL.create("sqlite"), _file(str(target), expand=True), BUSY_TIMEOUT_S)
    url = _parse(target)
    if url.get_backend_name() not in _SCHEMES:
        raise RegistryUnreachable(f"the registry URL begins with {url.drivername}://; SQLite and PostgreSQL are supported")
    if url.get_backend_name() != "sqlite":
        return Database(url, None, BUSY_TIMEOUT_S)
    if not url.database or url.database == ":memory:" or url.database.startswith("file:") or url.host:
        raise RegistryUnreachable("a registry URL for SQLite names a file: sqlite:///runs.db, or sqlite:////an/absolute/path.db")
    return Database(url, _file(url.database), _timeout(url))


def insert_new(connection: Connection, table: Table) -> Any:  # noqa: ANN401 - the two dialects' inserts share no type with this method
    """Return an INSERT that leaves rows alone whose key is there already."""
    return _insert(connection, table).on_conflict_do_nothing()


def insert_many(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert many rows, all with the same columns; see `insert_rows`."""
    if rows:
        columns = tuple(rows[0])
        insert_rows(connection, table, columns, [tuple(map(row.__getitem__, columns)) for row in rows])


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert many rows of plain numbers and texts; those whose key is there already are left alone.

    The statement is compiled by SQLAlchemy and its parameters go to the driver as they are: for thousands of rows that halves the
    time, and none of these columns' types converts anything.
    """
    compiled = insert_new(connection, table).compile(dialect=connection.dialect, column_keys=list(columns))
    if compiled.positional:
        # SQLAlchemy names the columns in the order of the table.
        order = [columns.index(name) for name in compiled.positiontup]
        ordered = list(map(itemgetter(*order), rows)) if len(order) > 1 else list(rows)
        connection.exec_driver_sql(str(compiled), ordered)
    else:
        connection.exec_driver_sql(str(compiled), [dict(zip(columns, row, strict=True)) for row in rows])


def insert_or_update(connection: Connection, table: Table) -> Any:  # noqa: ANN401 - as above
    """Return an INSERT that replaces the other columns of rows whose primary key is there already."""
    statement = _insert(connection, table)
    keys = [column.name for column in table.primary_key]
    return statement.on_conflict_do_update(
        index_elements=keys,
        set_={name: statement.excluded[name] for name in (column.name for column in table.columns) if name not in keys},
    )


def _insert(connection: Connection, table: Table) -> Any:  # noqa: ANN401 - as above
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def is_on_network(path: Path, mountinfo: str) -> bool:
    """Tell from the text of /proc/self/mountinfo whether a path lies on a network file system, where WAL does not work."""
    best, kind = -1, ""
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 5:  # noqa: PLR2004 - the mount point is the fifth
            continue
        mount = Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[4]))
        if path.is_relative_to(mount) and len(mount.parts) >= best:
            best, kind = len(mount.parts), after.split(" ")[0]
    return _NETWORK.fullmatch(kind) is not None


def journal_mode(path: Path) -> str:
    """Return the journal that suits the place: WAL on a local disk, else the rollback journal."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="backslashreplace")
    except OSError:
        # Only Linux has this file; elsewhere nothing cheap tells, and a local disk is the rule.
        return "wal"
    return "delete" if is_on_network(path, mounts) else "wal"


def _parse(text: str) -> URL:
    scheme = text.partition("://")[0]
    try:
        url = make_url(text)
        url.get_backend_name()
        url.get_dialect()
    except NoSuchModuleError as error:
        raise RegistryUnreachable(
            f"the registry URL begins with {scheme}://; SQLite (sqlite:///) and PostgreSQL (postgresql+psycopg://) are supported"
        ) from error
    except (ArgumentError, ValueError) as error:
        raise RegistryUnreachable(
            f"the registry URL that begins with {scheme}:// is malformed; see SQLAlchemy's form of URLs"
        ) from error
    return url


def _timeout(url: URL) -> float:
    unknown = sorted(set(url.query) - {"timeout"})
    if unknown:
        raise RegistryUnreachable(f"the registry URL sets {', '.join(unknown)}; for SQLite only ?timeout=SECONDS is known")
    given = url.query.get("timeout", str(BUSY_TIMEOUT_S))
    try:
        seconds = float(str(given))
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise RegistryUnreachable(f"the registry URL sets timeout={given}; give seconds, such as ?timeout=5")
    return min(seconds, TIMEOUT_LIMIT_S)


def _file(name: str, *, expand: bool = False) -> Path:
    """Return the absolute path of a file that may be there or not, links followed."""
    try:
        path = Path(os.path.realpath(Path(name).expanduser() if expand else name))
        str(path).encode("utf-8")
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.stat()
    except UnicodeEncodeError as error:
        raise RegistryUnreachable(f"the registry {name[:80]!r} has a name that is not UTF-8; name another file") from error
    except (OSError, RuntimeError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise RegistryUnreachable(f"the registry {name[:80]!r} cannot be opened: {said}; name another file") from error
    return path
