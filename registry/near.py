"""The tests and metrics that a registry knows, by id or name; near ones for what it does not know."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from sqlalchemy import Connection, select

from registry import models
from registry.errors import TestNotFound

_NAMES_LOOKED_AT = 20_000
_MOST = 3


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
