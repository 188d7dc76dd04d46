"""What is told of a registry as a whole: where it is, what it holds, what an upgrade did to it. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegistryInfo:
    """Where a registry is and what it holds.

    Attributes:
        url: The password, if any, is masked.
        path: The file; None where a server holds the registry.
        revision: The schema's revision; `head` is the newest that this release knows.
        runs: Number of runs; likewise `results` and `metric_points`. None where the schema is not at `head`.
        database: Name and version of the database, such as "SQLite 3.40.1".
        journal_mode: SQLite's, such as "wal"; None elsewhere.
    """

    url: str
    path: str | None
    size_bytes: int | None
    revision: str | None
    head: str
    runs: int | None
    results: int | None
    metric_points: int | None
    database: str
    journal_mode: str | None


@dataclass(frozen=True, slots=True)
class UpgradeReport:
    """What an upgrade did; the revisions are equal where there was nothing to do, and then no backup was made."""

    from_revision: str | None
    to_revision: str
    backup_path: str | None = None
