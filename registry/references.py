"""From what a user types to a run: names, ids, latest, last-green, baselines, branches, the last runs together."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from registry import models
from registry.comparing.comparability import run_differences
from registry.encoding import clean
from registry.errors import RunNotFound
from registry.expected import baselines, known_failures
from registry.expected.expectations import Window
from registry.naming import BaselineName, Branch, LastGreen, Latest, Rolling, parse_reference
from registry.past.measured import last_values
from registry.queries import read_runs, role_of, select_runs
from registry.records import Run, RunKind, RunStatus

ROLLING_LOOKED_AT = 1_000
"""Earlier runs that are looked through for comparable ones."""

_NAMES_LOOKED_AT = 10_000
_LONGEST_ID = 18
_ROLLING = "rolling:"


def find_run(connection: Connection, reference: str, location: str, like: Run | None = None, kind: RunKind | None = None) -> Run:
    """Return the run that a reference means.

    Args:
        connection: A connection.
        reference: What was typed.
        location: The registry as sentences name it.
        like: The other side of a comparison: last-green, branch and rolling mean a run of its kind, before it.
        kind: The kind that last-green and branch mean where there is no other side.

    Raises:
        RunNotFound: There is none; the message names near ones.
    """
    meant = parse_reference(reference)
    match meant:
        case BaselineName(name):
            return _run(connection, baselines.find(connection, name, location).run_id)
        case Rolling(number):
            return _comparable(connection, number, like)[0]
        case LastGreen(only):
            return _last_green(connection, only or (like.kind if like else kind), like, location)
    if meant is None and reference.startswith(_ROLLING):
        raise RunNotFound(f"{reference!r} is no reference; after rolling: stands how many runs, 1 to 9999, such as rolling:10")
    statement = _matching(connection, reference, meant, like)
    if isinstance(meant, Branch) and kind is not None:
        statement = statement.where(models.run.c.kind == str(kind))
    found = read_runs(connection, statement, with_code=True)
    if not found:
        raise RunNotFound(_not_found(connection, reference, location, like))
    return found[0]


def window(connection: Connection, rolling: Rolling, like: Run) -> Window:
    """Return the runs that a rolling reference means, with their metrics.

    Raises:
        RunNotFound: There is none.
    """
    runs = _comparable(connection, rolling.runs, like)
    return Window(tuple(run.name for run in runs), _last_values(connection, [run.id for run in runs]))


def _run(connection: Connection, run_id: int) -> Run:
    return read_runs(connection, select_runs().where(models.run.c.id == run_id), with_code=True)[0]


def _matching(connection: Connection, reference: str, meant: Latest | Branch | None, like: Run | None) -> Select[Any]:
    """Return the statement whose first row is the run that is meant."""
    run = models.run.c
    statement = select_runs().order_by(run.id.desc()).limit(1)
    match meant:
        case Latest(kind, back):
            kinds = () if kind is None else (run.kind == str(kind),)
            return statement.where(*kinds).offset(back)
        case Branch(name):
            finished = (run.git_branch == clean(name), run.status == str(RunStatus.FINISHED))
            return statement.where(*finished, *_before(connection, like))
    if reference.isascii() and reference.isdecimal():
        # Past 18 digits there is no such id, and the database would refuse the number.
        fits = len(reference.lstrip("0")) <= _LONGEST_ID
        return statement.where(run.id == int(reference[-_LONGEST_ID:]) if fits else run.id < 0)
    return statement.where(run.name == reference.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00"))


def _before(connection: Connection, like: Run | None) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions of a run like another and before it: a part of a night is like those of its role alone."""
    if like is not None:
        yield models.run.c.id < like.id
        yield models.run.c.kind == str(like.kind)
        role, part = role_of(connection, like.id), models.run_part.c
        if role is not None:
            yield models.run.c.id.in_(select(part.run_id).where(part.role == role))


def _last_green(connection: Connection, kind: RunKind | None, like: Run | None, location: str) -> Run:
    """Return the newest finished run that is green, or red only for known failures; a training that finished is not red."""
    run = models.run.c
    conditions = [run.status == str(RunStatus.FINISHED)]
    if like is not None and kind is like.kind:
        conditions += _before(connection, like)
    elif like is not None:
        conditions.append(run.id < like.id)
    if kind is not None:
        conditions.append(run.kind == str(kind))
    green = run.green.is_not(False) if kind is RunKind.TRAIN else run.green.is_(True)
    newest = select(run.id).where(*conditions).order_by(run.id.desc())
    best = connection.scalar(newest.where(green).limit(1))
    known = known_failures.listed(connection)
    # Only what is newer than the newest green run can be a better answer, and only where failures are known at all.
    newer = newest.where(run.green.is_(False), run.id > (best or 0)) if known else newest.where(run.id < 0)
    for candidate in connection.scalars(newer).all():
        if known_failures.is_explained(connection, candidate, known):
            best = candidate
            break
    if best is None:
        raise RunNotFound(_no_green(connection, kind, like, location))
    return _run(connection, best)


def _no_green(connection: Connection, kind: RunKind | None, like: Run | None, location: str) -> str:
    if _is_empty(connection):
        return _nothing("last-green", location)
    what = "run" if kind is None else f"{kind} run"
    before = f" before {like.name}" if like is not None else ""
    return f"no {what}{before} in {location} is green; `runner runs` lists what is there"


def _comparable(connection: Connection, number: int, like: Run | None) -> list[Run]:
    """Return the newest runs before another that ran under the same conditions, newest first, at least one.

    None of them is red, but for known failures.

    Raises:
        RunNotFound: There is none.
    """
    if like is None:
        raise RunNotFound(
            f"rolling:{number} means the last runs that another run can be compared with; use it as A of `runner diff A B`"
        )
    run, known = models.run.c, known_failures.listed(connection)
    data = select(run.dataset_id).where(run.id == like.id).scalar_subquery()
    statement = (
        select_runs()
        .where(run.status == str(RunStatus.FINISHED), run.dataset_id.is_not_distinct_from(data), *_before(connection, like))
        .where(*(() if known else (run.green.is_not(False),)))
        .order_by(run.id.desc())
        .limit(ROLLING_LOOKED_AT)
    )
    earlier = (one for one in read_runs(connection, statement, with_code=False) if next(run_differences(one, like), None) is None)
    sound = (one for one in earlier if one.green is not False or known_failures.is_explained(connection, one.id, known))
    alike = list(islice(sound, number))
    if not alike:
        raise RunNotFound(
            f"no run before {like.name} that is not red has its kind, data set, configuration, machine and Python, so that "
            f"rolling:{number} means none; name a run instead, `runner runs` lists them"
        )
    return [_run(connection, alike[0].id), *alike[1:]]


def _last_values(connection: Connection, runs: list[int]) -> dict[str, tuple[float, ...]]:
    found: dict[str, list[float]] = {}
    for _, name, value in last_values(connection, runs):
        found.setdefault(name, []).insert(0, value)
    return {name: tuple(values) for name, values in found.items()}


def _not_found(connection: Connection, reference: str, location: str, like: Run | None) -> str:
    if _is_empty(connection):
        return _nothing(reference, location)
    run = models.run.c
    meant = parse_reference(reference)
    if isinstance(meant, Branch):
        what = "finished run" if like is None else f"finished {like.kind} run before {like.name}"
        branches = connection.scalars(select(run.git_branch).where(run.git_branch.is_not(None)).distinct()).all()
        near = difflib.get_close_matches(meant.name, branches)
        hint = f"; near branches are {', '.join(near)}" if near and meant.name not in near else ""
        return f"there is no {what} of the branch {meant.name!r} in {location}{hint}; `runner runs` lists what is there"
    newest = select(run.name).order_by(run.id.desc()).limit(_NAMES_LOOKED_AT)
    near = difflib.get_close_matches(reference, connection.execute(newest).scalars().all())
    hint = f"; near names are {', '.join(near)}" if near else ""
    return f"there is no run {reference!r} in {location}{hint}; `runner runs` lists what is there"


def _is_empty(connection: Connection) -> bool:
    return connection.scalar(select(func.count()).select_from(models.run)) == 0


def _nothing(reference: str, location: str) -> str:
    return f"there is no run {reference!r}: nothing is recorded in {location} yet; record one with `runner test --record`"
