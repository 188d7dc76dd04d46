"""The file of an SQLite registry, as the standard library sees it: how it is opened, and whether it is one of ours."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

APPLICATION_ID = 0x52554E52
"""Stands in the header of each of our SQLite files, so that another program's file is never taken for a registry."""

FILE_FORMAT = 1
"""SQLite's user_version; raised only if a file could no longer be opened by the releases that know its schema."""

HEAD = "0004"
"""The newest revision; revisions are numbered, so that an older one is told from a newer one without reading the migrations."""

VERSION_TABLE = "registry_version"
"""Our own name: other programs that keep their tables in the same database use Alembic's default name."""

_PREFIX = "sqlite:///"


def is_ready(target: str | Path) -> bool:
    """Tell within milliseconds, without SQLAlchemy, that a registry is there and takes a run of this release.

    Returns:
        False where only opening it tells more: it is absent, no file, no registry, of another schema, not to be written, or busy.
    """
    import sqlite3

    path = _path(str(target))
    if path is None or not path.is_file() or not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return False
    try:
        with closing(connect_sqlite(path, timeout_s=0)) as connection:
            facts = [connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")]
            revisions = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall()  # noqa: S608 - a constant
    except (sqlite3.Error, UnicodeDecodeError):
        return False
    return [*facts, *revisions] == [(APPLICATION_ID,), (FILE_FORMAT,), (HEAD,)]


def connect_sqlite(path: Path, timeout_s: float, *, is_read_only: bool = False) -> sqlite3.Connection:
    """Open an SQLite file that exists, with our pragmas, and with transactions left to us.

    In its own mode the driver begins no transaction before DDL, and a deferred one that reads before it writes fails at once.
    """
    import sqlite3
    from urllib.parse import quote

    mode = "mode=ro" if is_read_only else "mode=rw"
    if _is_frozen(path) or (is_read_only and not _is_open_elsewhere(path)):
        mode = "mode=ro&immutable=1"
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?{mode}", uri=True, timeout=timeout_s, isolation_level=None, check_same_thread=False
    )
    try:
        for pragma in ("foreign_keys = ON", "synchronous = FULL", "trusted_schema = OFF", "cell_size_check = ON"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _is_frozen(path: Path) -> bool:
    """Tell whether nobody can write here, so that SQLite must not look for the files that WAL would need."""
    return not os.access(path.parent, os.W_OK) and not os.access(path, os.W_OK) and not Path(f"{path}-wal").exists()


def _is_open_elsewhere(path: Path) -> bool:
    """Tell whether a part of the registry lies in a file beside it; without one, reading needs none and shall leave none."""
    return any(Path(f"{path}{suffix}").exists() for suffix in ("-wal", "-journal"))


def _path(target: str) -> Path | None:
    """Return the file that a plain path or URL names; None for a URL that needs a parser."""
    if "://" not in target:
        return Path(os.path.expanduser(target))  # noqa: PTH111 - what it cannot expand stays as it is
    name = target.removeprefix(_PREFIX)
    return None if name == target or "?" in name or "%" in name else Path(name)
