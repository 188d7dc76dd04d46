"""Rows into tables: one function writes a whole batch inside one transaction.

Every row can be written again without harm, since a commit that raised may have been stored all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, Table, func, select, update

from registry import models
from registry.encoding import clean, outcome_code, sha256_text, to_json
from registry.origin import TestKey
from registry.records import Environment, Outcome
from registry.storage.chunks import CHUNK, chunks
from registry.storage.database import insert_many, insert_or_update, insert_rows
from registry.storage.rows import FixtureRow, PassedRow, ResultRow, Row

WHOLE_TABLE_FACTOR = 4
"""A table with fewer rows than this many times the keys that are looked up is read as a whole, in one statement."""


@dataclass(slots=True)
class Batch:
    """What waits to be written about one run.

    Attributes:
        values: Columns of the run's own row to set.
        summaries: The summary of each metric that got points, by name.
        answers: The bitmap of each part of the data set, by its name.
    """

    values: Row = field(default_factory=dict)
    environment: Environment | None = None
    code: str | None = None
    dataset: Row | None = None
    params: Row = field(default_factory=dict)
    results: list[ResultRow | PassedRow] = field(default_factory=list)
    fixtures: list[FixtureRow] = field(default_factory=list)
    pollution: list[Row] = field(default_factory=list)
    points: list[tuple[str, Row]] = field(default_factory=list)
    summaries: dict[str, Row] = field(default_factory=dict)
    checkpoints: list[Row] = field(default_factory=list)
    tensors: list[Row] = field(default_factory=list)
    answers: dict[str, Row] = field(default_factory=dict)
    coverage: tuple[float, str] | None = None

    def precede(self, later: Batch) -> None:
        """Add what came later; of what can only have one value, the later one stands."""
        self.values |= later.values
        self.environment = later.environment or self.environment
        self.code = later.code or self.code
        self.dataset = later.dataset or self.dataset
        self.coverage = later.coverage or self.coverage
        self.params |= later.params
        self.summaries |= later.summaries
        self.answers |= later.answers
        for name in ("results", "fixtures", "pollution", "points", "checkpoints", "tensors"):
            getattr(self, name).extend(getattr(later, name))


def write_batch(connection: Connection, run_id: int, batch: Batch) -> None:
    """Write all that a batch holds."""
    values = dict(batch.values)
    if batch.environment is not None:
        values["environment_id"] = store_environment(connection, batch.environment)
    if batch.code is not None:
        values["code_id"] = store_text(connection, batch.code)
    if batch.dataset is not None:
        values["dataset_id"] = _store_dataset(connection, batch.dataset)
    connection.execute(update(models.run).where(models.run.c.id == run_id).values(values))
    write_pairs(connection, models.run_param, run_id, batch.params)
    _write_results(connection, run_id, batch)
    insert_many(connection, models.pollution, [row | {"run_id": run_id} for row in batch.pollution])
    _write_metrics(connection, run_id, batch)
    insert_many(connection, models.checkpoint, [row | {"run_id": run_id} for row in batch.checkpoints])
    insert_many(connection, models.checkpoint_tensor, [row | {"run_id": run_id} for row in batch.tensors])
    if batch.answers:
        rows = [row | {"run_id": run_id} for row in batch.answers.values()]
        connection.execute(insert_or_update(connection, models.answers), rows)
    if batch.coverage is not None:
        percent, files = batch.coverage
        row = {"run_id": run_id, "percent": percent, "files_id": store_text(connection, files)}
        connection.execute(insert_or_update(connection, models.coverage), [row])


def write_pairs(connection: Connection, table: Table, run_id: int, pairs: Row) -> None:
    """Write keys and values of a run; the value of a key that is there already is replaced."""
    if pairs:
        rows = [{"run_id": run_id, "key": key, "value": value} for key, value in pairs.items()]
        connection.execute(insert_or_update(connection, table), rows)


def store_environment(connection: Connection, environment: Environment) -> int:
    """Return the id of the row of an environment, which is written where it is new."""
    numerics = to_json(environment.numerics)
    row: Row = {
        "python": clean(environment.python),
        "platform": clean(environment.platform),
        "machine": to_json(environment.machine),
        "numerics": numerics,
        "variables": to_json(environment.variables),
    }
    packages = to_json(environment.packages)
    row["sha256"] = sha256_text(to_json([row, packages]))
    row["packages_id"] = store_text(connection, packages)
    row["fingerprint"] = sha256_text(numerics) if environment.numerics else None
    return _intern(connection, models.environment, ("sha256",), [row])[row["sha256"],]


def store_text(connection: Connection, body: str) -> int:
    """Return the id of a long text, which is written where it is new."""
    return _store_texts(connection, [body])[body]


def _store_texts(connection: Connection, bodies: Iterable[str]) -> dict[str, int]:
    """Return the id of each text; the new ones are written."""
    hashes = {body: sha256_text(body) for body in bodies}
    rows = [{"sha256": digest, "body": body} for body, digest in hashes.items()]
    ids = _intern(connection, models.long_text, ("sha256",), rows)
    return {body: ids[digest,] for body, digest in hashes.items()}


def _store_dataset(connection: Connection, row: Row) -> int:
    return _intern(connection, models.dataset, tuple(row), [row])[tuple(row.values())]


def _write_results(connection: Connection, run_id: int, batch: Batch) -> None:
    if not batch.results and not batch.fixtures:
        return
    keys: list[Row] = [{"name": name, "ordinal": ordinal} for name, ordinal in dict.fromkeys(row.key for row in batch.results)]
    tests: dict[TestKey, int] = _intern(connection, models.test, ("name", "ordinal"), keys) if keys else {}
    _write_passed(connection, run_id, [row for row in batch.results if isinstance(row, PassedRow)], tests)
    results = [row for row in batch.results if isinstance(row, ResultRow)]
    texts = _store_texts(connection, _long_texts(results, batch.fixtures))
    # A mapping with None for no text saves a test for each of many results.
    ids: dict[Any, int | None] = {None: None, **texts}
    if results:
        columns = ("run_id", "test_id", *results[0].values, "traceback_id", "output_id")
        rows = [(run_id, tests[row.key], *row.values.values(), ids[row.traceback], ids[row.output]) for row in results]
        insert_rows(connection, models.test_result, columns, rows)
    subtests = []
    for result in results:
        for seq, subtest in enumerate(result.subtests):
            key: Row = {"run_id": run_id, "test_id": tests[result.key], "attempt": result.values["attempt"], "seq": seq}
            subtests.append({**subtest.values, **key, "traceback_id": ids[subtest.traceback]})
    fixtures = [
        {**row.values, "run_id": run_id, "traceback_id": ids[row.traceback], "output_id": ids[row.output]}
        for row in batch.fixtures
    ]
    insert_many(connection, models.subtest_result, subtests)
    insert_many(connection, models.fixture_result, fixtures)


def _write_passed(connection: Connection, run_id: int, passed: Sequence[PassedRow], tests: Mapping[TestKey, int]) -> None:
    if passed:
        columns = ("run_id", "test_id", "attempt", "outcome", "duration_s", "worker", "subtests_passed")
        outcome = outcome_code(Outcome.PASSED)
        rows = [(run_id, tests[key], 1, outcome, duration_s, worker, 0) for key, duration_s, worker in passed]
        insert_rows(connection, models.test_result, columns, rows)


def _long_texts(results: Sequence[ResultRow], fixtures: Sequence[FixtureRow]) -> set[str]:
    rows: list[ResultRow | FixtureRow] = [*results, *fixtures]
    found = {row.traceback for row in rows} | {row.output for row in rows}
    found |= {subtest.traceback for result in results for subtest in result.subtests}
    return {body for body in found if body is not None}


def _write_metrics(connection: Connection, run_id: int, batch: Batch) -> None:
    if not batch.points:
        return
    ids = _intern(connection, models.metric_key, ("name",), [{"name": name} for name in batch.summaries])
    points = [row | {"run_id": run_id, "key_id": ids[name,]} for name, row in batch.points]
    insert_many(connection, models.metric_point, points)
    summaries = [row | {"run_id": run_id, "key_id": ids[name,]} for name, row in batch.summaries.items()]
    connection.execute(insert_or_update(connection, models.metric_summary), summaries)


def _intern(connection: Connection, table: Table, natural: tuple[str, ...], rows: Sequence[Row]) -> dict[Any, int]:
    """Return the id of each row by its natural key, the columns that are unique together; rows that are new are written."""
    wanted = {tuple([row[name] for name in natural]): row for row in rows}
    highest = connection.scalar(select(func.max(table.c.id))) or 0
    found = _find(connection, table, natural, wanted, highest)
    missing = [row for key, row in wanted.items() if key not in found]
    if missing:
        insert_many(connection, table, missing)
        found |= _read(connection, _ids(table, natural).where(table.c.id > highest))
        # On a server another writer may have been quicker: its row is there now, with any id.
        found |= _find(connection, table, natural, [key for key in wanted if key not in found], highest)
    return found


def _find(
    connection: Connection, table: Table, natural: tuple[str, ...], keys: Iterable[tuple[Any, ...]], highest: int
) -> dict[Any, int]:
    """Return the ids of those keys that are there, and maybe of others."""
    values = list(dict.fromkeys(key[0] for key in keys))
    if len(values) > CHUNK and highest < WHOLE_TABLE_FACTOR * len(values):
        return _read(connection, _ids(table, natural))
    found: dict[Any, int] = {}
    for chunk in chunks(values):
        found |= _read(connection, _ids(table, natural).where(table.c[natural[0]].in_(chunk)))
    return found


def _ids(table: Table, natural: tuple[str, ...]) -> Select[Any]:
    return select(table.c.id, *(table.c[name] for name in natural))


def _read(connection: Connection, statement: Select[Any]) -> dict[Any, int]:
    # As the driver gives them: these columns' types convert nothing, and rows of SQLAlchemy's would take ten times as long.
    result = connection.execute(statement)
    rows = result.cursor.fetchall() if result.cursor is not None else ()
    result.close()
    return {tuple(row[1:]): row[0] for row in rows}
