"""The first row of a run."""

from __future__ import annotations

import time

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from registry import models
from registry.encoding import clean_optional, encode_choice, encode_whole, to_json
from registry.errors import NameInUse
from registry.records import NewRun, RunKind, RunStatus
from registry.storage.process import this_process
from registry.storage.rows import Row, param_values, tag_values
from registry.storage.writing import store_environment, store_text, write_pairs


def insert_run(connection: Connection, new: NewRun, uid: str) -> int:
    """Write what is known of a run before it starts, and return its id.

    Raises:
        NameInUse: An earlier run has the name.
    """
    if new.name is not None:
        require_unused(connection, new.name)
    try:
        answer = connection.execute(insert(models.run).returning(models.run.c.id), _row(connection, new, uid))
    except IntegrityError as error:
        # On a server another process may have taken the name since we looked.
        raise NameInUse(f"the name {new.name!r} was taken by another run just now; choose another") from error
    run_id = int(answer.scalar_one())
    if new.name is None:
        # The id is part of the name, and is known only now; nobody else may choose such a name.
        connection.execute(update(models.run).where(models.run.c.id == run_id).values(name=f"{new.kind}-{run_id}"))
    write_pairs(connection, models.run_tag, run_id, tag_values(new.tags))
    write_pairs(connection, models.run_param, run_id, param_values(new.params))
    return run_id


def require_unused(connection: Connection, name: str) -> None:
    """Refuse a name that a run has.

    Raises:
        NameInUse: The message names that run.
    """
    owner = connection.scalar(select(models.run.c.id).where(models.run.c.name == name))
    if owner is not None:
        raise NameInUse(f"the name {name!r} belongs to run {owner}, and nothing is ever overwritten; choose another")


def _row(connection: Connection, new: NewRun, uid: str) -> Row:
    process = this_process()
    now_us = time.time_ns() // 1_000
    return {
        "uid": uid,
        "name": uid if new.name is None else new.name,
        "kind": str(encode_choice("kind of run", new.kind, RunKind)),
        "status": str(RunStatus.RUNNING),
        "started_us": now_us,
        "heartbeat_us": now_us,
        "process_space": process.space,
        "pid": process.pid,
        "pid_started": process.started,
        "seed": encode_whole(new.seed),
        "argv": to_json(new.argv),
        "git_commit": clean_optional(new.git.commit),
        "git_branch": clean_optional(new.git.branch),
        "git_dirty": new.git.dirty,
        "git_reason": clean_optional(new.git.reason),
        "environment_id": None if new.environment is None else store_environment(connection, new.environment),
        "code_id": store_text(connection, to_json(new.code)) if new.code else None,
    }
