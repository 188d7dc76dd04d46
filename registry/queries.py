"""The read side: runs by id, lists of runs, everything about one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, Table, select

from registry import models
from registry.details import read_details
from registry.encoding import decode_time, decode_whole, decoding, from_json, mapping_from_json
from registry.errors import RegistryDamaged, RunNotFound
from registry.records import Environment, GitState, Run, RunDetails, RunKind, RunStatus
from registry.storage.chunks import chunks
from registry.storage.process import Process, has_ended

Value = TypeVar("Value")


def run_by_id(connection: Connection, run_id: int) -> Run:
    """Return a run with its list of code files.

    Raises:
        RunNotFound: It is not there.
    """
    found = read_runs(connection, select_runs().where(models.run.c.id == run_id), with_code=True)
    if not found:
        raise RunNotFound(f"there is no run with the id {run_id}; `runner runs` lists those that are there")
    return found[0]


def role_of(connection: Connection, run_id: int) -> str | None:
    """Return what a run is in its night; None where it belongs to none."""
    table = models.run_part
    return connection.scalar(select(table.c.role).where(table.c.run_id == run_id).order_by(table.c.parent_id).limit(1))


def list_runs(connection: Connection, kind: RunKind | None, limit: int | None, before: int | None = None) -> list[Run]:
    """Return the runs, or those before an id, newest first, without their lists of code files."""
    statement = select_runs().order_by(models.run.c.id.desc()).limit(limit)
    if kind is not None:
        statement = statement.where(models.run.c.kind == str(kind))
    if before is not None:
        statement = statement.where(models.run.c.id < before)
    return read_runs(connection, statement, with_code=False)


def details(
    connection: Connection, run_id: int, *, with_points: bool = False, with_results: bool = True, with_counts: bool = True
) -> RunDetails:
    """Return everything recorded about a run.

    Raises:
        RunNotFound: It is not there.
    """
    run = run_by_id(connection, run_id)
    with decoding(f"run {run.name}"):
        return read_details(connection, run, with_points=with_points, with_results=with_results, with_counts=with_counts)


def damaged_runs(connection: Connection) -> Iterator[str]:
    """Return a sentence for each run of which something cannot be decoded."""
    for run_id in connection.execute(select(models.run.c.id).order_by(models.run.c.id)).scalars().all():
        try:
            details(connection, run_id, with_points=True)
        except RegistryDamaged as error:
            yield str(error)


def select_runs() -> Select[Any]:
    """Select runs as `read_runs` needs them; conditions, order and limit are up to the caller."""
    code = models.long_text
    joined = models.run.outerjoin(code, models.run.c.code_id == code.c.id)
    return select(models.run, code.c.sha256.label("code_fingerprint")).select_from(joined)


def read_runs(connection: Connection, statement: Select[Any], *, with_code: bool) -> list[Run]:
    """Return the runs that a statement made from `select_runs` finds; their lists of code files only where asked for."""
    rows = connection.execute(statement).all()
    ids = [row.id for row in rows]
    tags = _pairs(connection, models.run_tag, ids, str)
    params = _pairs(connection, models.run_param, ids, from_json)
    environments = _environments(connection, {row.environment_id: row.id for row in rows if row.environment_id is not None})
    codes = _texts(connection, {row.code_id for row in rows if row.code_id is not None}) if with_code else {}
    return [
        _run(row, environments.get(row.environment_id), tags.get(row.id, {}), params.get(row.id, {}), codes.get(row.code_id))
        for row in rows
    ]


def _run(
    row: Row[Any],
    environment: tuple[Environment, str | None] | None,
    tags: dict[str, str],
    params: dict[str, object],
    code: str | None,
) -> Run:
    with decoding(f"run {row.id}"):
        return Run(
            id=row.id,
            uid=row.uid,
            name=row.name,
            kind=RunKind(row.kind),
            status=_status(row),
            started_at=decode_time(row.started_us),
            duration_s=row.duration_s,
            green=row.green,
            seed=decode_whole(row.seed),
            argv=tuple(str(argument) for argument in _array(row.argv)),
            tags=tags,
            params=params,
            git=GitState(row.git_commit, row.git_branch, row.git_dirty, row.git_reason),
            environment=None if environment is None else environment[0],
            code=mapping_from_json(code),
            fingerprint=None if environment is None else environment[1],
            code_fingerprint=row.code_fingerprint,
        )


def _status(row: Row[Any]) -> RunStatus:
    """Return the status; a run that nobody records any more has crashed, whatever was written last."""
    status = RunStatus(row.status)
    recorder = Process(row.process_space, row.pid, row.pid_started)
    return RunStatus.CRASHED if status is RunStatus.RUNNING and has_ended(recorder, row.heartbeat_us) else status


def _array(text: str) -> list[object]:
    value = from_json(text)
    return value if isinstance(value, list) else []


def _pairs(
    connection: Connection, table: Table, ids: Sequence[int], decode: Callable[[str], Value]
) -> dict[int, dict[str, Value]]:
    """Return keys and values of each run, keys ascending."""
    found: dict[int, dict[str, Value]] = {}
    for chunk in chunks(ids):
        statement = select(table.c.run_id, table.c.key, table.c.value).where(table.c.run_id.in_(chunk))
        for run_id, key, value in connection.execute(statement.order_by(table.c.run_id, table.c.key)):
            with decoding(f"run {run_id}"):
                found.setdefault(run_id, {})[key] = decode(value)
    return found


def _environments(connection: Connection, owners: Mapping[int, int]) -> dict[int, tuple[Environment, str | None]]:
    """Return environment and fingerprint by id; equal surroundings of many runs are read once.

    Args:
        connection: A connection.
        owners: Id of an environment to that of a run that has it.
    """
    table, packages = models.environment, models.long_text
    joined = table.join(packages, table.c.packages_id == packages.c.id)
    found = {}
    for chunk in chunks(sorted(owners)):
        for row in connection.execute(select(table, packages.c.body).select_from(joined).where(table.c.id.in_(chunk))):
            with decoding(f"run {owners[row.id]}"):
                environment = Environment(
                    python=row.python,
                    platform=row.platform,
                    machine=mapping_from_json(row.machine),
                    packages=mapping_from_json(row.body),
                    numerics=mapping_from_json(row.numerics),
                    variables=mapping_from_json(row.variables),
                )
            found[row.id] = (environment, row.fingerprint)
    return found


def _texts(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    table = models.long_text
    found: dict[int, str] = {}
    for chunk in chunks(sorted(ids)):
        answer = connection.execute(select(table.c.id, table.c.body).where(table.c.id.in_(chunk)))
        found |= {row.id: row.body for row in answer}
    return found
