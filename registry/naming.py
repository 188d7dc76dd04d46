"""Names of runs, and the references that lead to runs. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from registry.errors import InvalidName
from registry.records import RunKind

NAME_LIMIT = 200
"""Characters of a name, at most."""

_LATEST = re.compile(r"latest(?::(test|train|nightly))?(?:~(\d{1,9}))?")
_LAST_GREEN = re.compile(r"last-green(?::(test|train|nightly))?")
_ROLLING = re.compile(r"rolling:0*([1-9]\d{0,3})")
_RESERVED = re.compile(r"latest.*|last-green(?::.*)?|(?:baseline|branch|rolling):.*|(?:test|train|nightly)-\d+", re.DOTALL)


def check_name(name: str) -> None:
    """Refuse a name that could be mistaken for a reference, or that cannot be printed on one line.

    Raises:
        InvalidName: The message says which rule the name breaks.
    """
    if not name.strip() or name != name.strip():
        raise InvalidName(f"the name {name!r} is empty, or begins or ends with a space; give it visible characters at both ends")
    if len(name) > NAME_LIMIT:
        raise InvalidName(f"the name that begins with {name[:40]!r} has {len(name)} characters; at most {NAME_LIMIT} are allowed")
    if name.startswith("-"):
        raise InvalidName(f"the name {name!r} begins like an option of a command; choose another first character")
    if not name.isprintable():
        raise InvalidName(f"the name {name!r} holds a character that cannot be printed on one line; leave it out")
    if name.isdecimal():
        raise InvalidName(f"the name {name!r} could be mistaken for the id of a run; add a letter")
    if is_reserved(name):
        raise InvalidName(f"the name {name!r} is kept for references such as latest, branch:NAME or test-12; choose another")


def is_reserved(name: str) -> bool:
    """Tell whether a name is kept for references, as KIND-ID is, the name of a run that was given none."""
    return _RESERVED.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Latest:
    """The reference `latest`, `latest~N`, `latest:test`, `latest:test~N`: `back` runs before the newest of a kind."""

    kind: RunKind | None
    back: int


def _latest(reference: str) -> Latest | None:
    """Return what a reference that begins with `latest` means; None for every other reference."""
    found = _LATEST.fullmatch(reference)
    if found is None:
        return None
    kind, back = found.groups()
    return Latest(RunKind(kind) if kind else None, int(back or 0))


@dataclass(frozen=True, slots=True)
class LastGreen:
    """The reference `last-green` or `last-green:KIND`."""

    kind: RunKind | None


@dataclass(frozen=True, slots=True)
class Branch:
    """The reference `branch:NAME`: the newest finished run of a branch."""

    name: str


@dataclass(frozen=True, slots=True)
class Rolling:
    """The reference `rolling:N`: the last N runs that a run can be compared with."""

    runs: int


@dataclass(frozen=True, slots=True)
class BaselineName:
    """The reference `baseline:NAME`."""

    name: str


Reference = Latest | LastGreen | Branch | Rolling | BaselineName


def is_of_each_run(reference: str) -> bool:
    """Tell whether a reference means another run for each run that is compared with it, as rolling:N and last-green:KIND do."""
    meant = parse_reference(reference)
    return isinstance(meant, Rolling) or (isinstance(meant, LastGreen) and meant.kind not in (None, RunKind.NIGHTLY))


def parse_reference(reference: str) -> Reference | None:
    """Return what a reference means; None for one that can only be the name or the id of a run."""
    green, rolling = _LAST_GREEN.fullmatch(reference), _ROLLING.fullmatch(reference)
    if green is not None:
        return LastGreen(RunKind(green[1]) if green[1] else None)
    if rolling is not None:
        return Rolling(int(rolling[1]))
    kind, colon, name = reference.partition(":")
    if colon and kind == "branch":
        return Branch(name)
    if colon and kind == "baseline":
        return BaselineName(name)
    return _latest(reference)
