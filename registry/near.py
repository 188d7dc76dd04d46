"""The tests and metrics that a registry knows, by id or name; near ones for what it does not know."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from sqlalchemy import Connection, select

from registry import models
from registry.encoding import key_text
from registry.errors import AmbiguousName, TestNotFound

_NAMES_LOOKED_AT = 20_000
_ENDS_LOOKED_AT = 200_000
_MOST = 3
_MOST_NAMED = 5


def find_subject(connection: Connection, name: str, location: str, *, is_metric: bool | None = None) -> tuple[str, bool]:
    """Return the id of the test or the name of the metric that is meant, and whether it is a metric.

    The end of an id is enough where it is that of one test only.

    Raises:
        AmbiguousName: A test and a metric, or several tests, are called so.
        TestNotFound: Nothing is; the message names near ones.
    """
    test, key = models.test.c, models.metric_key.c
    stored = key_text(name)
    as_test = is_metric is not True and connection.execute(select(test.id).where(test.name == stored).limit(1)).first()
    as_metric = is_metric is not False and connection.execute(select(key.id).where(key.name == stored)).first()
    if as_test and as_metric:
        raise AmbiguousName(f"{name!r} is a test and a metric in {location}; say which with --test or --metric")
    if as_test or as_metric:
        return stored, bool(as_metric)
    newest = select(test.name).order_by(test.id.desc()).limit(_ENDS_LOOKED_AT)
    tests = [] if is_metric else list(dict.fromkeys(connection.scalars(newest)))
    ending = [one for one in tests if one.endswith(f".{stored}")]
    if len(ending) == 1:
        return ending[0], False
    if ending:
        more = f" and {len(ending) - _MOST_NAMED:,} more" if len(ending) > _MOST_NAMED else ""
        named = ", ".join(ending[:_MOST_NAMED])
        raise AmbiguousName(f"{len(ending):,} tests in {location} end in {name!r}: {named}{more}; give more of the id")
    near = near_names(stored, [*connection.scalars(select(key.name)), *tests[:_NAMES_LOOKED_AT]])
    hint = f"near ones are {', '.join(near)}" if near else "`runner show RUN` lists those of a run"
    raise TestNotFound(f"no run in {location} knows a test or a metric {name!r}; {hint}")


def require_test(connection: Connection, name: str, location: str) -> None:
    """Refuse the id of a test that no run knows.

    Raises:
        TestNotFound: The message names near ones.
    """
    test = models.test.c
    if connection.execute(select(test.id).where(test.name == name).limit(1)).first() is not None:
        return
    newest = select(test.name).order_by(test.id.desc()).limit(_NAMES_LOOKED_AT)
    near = near_names(name, connection.scalars(newest).all())
    hint = f"near ids are {', '.join(near)}" if near else "`runner show RUN --format json` lists those of a run"
    raise TestNotFound(f"no run in {location} knows a test {name!r}; {hint}")


def near_names(name: str, names: Sequence[str]) -> list[str]:
    """Return up to three names that are like another: of the same method, or spelled alike."""
    distinct = list(dict.fromkeys(names))
    last = name.rpartition(".")[2]
    same = [one for one in distinct if one.endswith((f".{last}", f".{name}"))]
    return list(dict.fromkeys([*same[:_MOST], *difflib.get_close_matches(name, distinct)]))[:_MOST]
