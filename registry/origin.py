"""Where a change came from, as values: commits between two runs, since when something is worse, and who is suspected. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

TestKey = tuple[str, int]

SHORT_HASH = 8
"""Digits of a commit's hash that sentences show."""


class Relation(StrEnum):
    """How the commit of B stands to that of A."""

    SAME = "same"
    AHEAD = "ahead"
    BEHIND = "behind"
    DIVERGED = "diverged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit.

    Attributes:
        files: What it touched, as paths relative to the project's root; of a merge only what it changed on its own.
    """

    id: str
    subject: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitRange:
    """What git says about the way from one commit to another.

    Attributes:
        commits: Those on the way, the newest first; of a long way only the newest. Where B is behind A, those that B lacks.
        number: How many there are in all; None where that is not known.
        apart: How many commits A has that B lacks, where the two have parted.
        reason: Why nothing is known, where the relation is unknown and somebody asked.
    """

    relation: Relation
    commits: tuple[Commit, ...] = ()
    number: int | None = None
    apart: int = 0
    reason: str | None = None


def unasked() -> CommitRange:
    """Return the way between two commits of which nobody asked git."""
    return CommitRange(Relation.UNKNOWN)


@dataclass(frozen=True, slots=True)
class RunPoint:
    """A run as a place in time: when, and at which commit."""

    id: int
    name: str
    started_at: datetime
    commit: str | None = None
    dirty: bool | None = None


@dataclass(frozen=True, slots=True)
class Suspect:
    """A commit that may be the reason, and what makes it suspected."""

    commit: Commit
    because: str


@dataclass(frozen=True, slots=True)
class Onset:
    """Since when a test is red, or a metric is worse.

    Attributes:
        first_bad: The first run of the row of bad ones that ends with B.
        last_good: The last good run before it; None where no recorded run is good.
        way: The commits from the one to the other; None where nobody asked.
        suspects: Of these commits, those that touch what the test runs, the likeliest first.
    """

    first_bad: RunPoint
    last_good: RunPoint | None = None
    way: CommitRange | None = None
    suspects: tuple[Suspect, ...] = ()


@dataclass(frozen=True, slots=True)
class Trail:
    """What earlier runs tell about what is worse in B.

    Attributes:
        onsets: Since when a test is red, by id and ordinal; not for every test where very many are red.
        tracebacks: Of these tests, the text with which they failed in B.
        series: By metric that differs, its last value in each comparable run from A to B, both included, the oldest first.
    """

    onsets: Mapping[TestKey, Onset] = field(default_factory=dict)
    tracebacks: Mapping[TestKey, str] = field(default_factory=dict)
    series: Mapping[str, tuple[tuple[RunPoint, float], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Lines that are the same in two versions of a file: `length` of them, from the 1-based lines `a` and `b` on."""

    a: int
    b: int
    length: int


@dataclass(frozen=True, slots=True)
class Texts:
    """How the files of B came about from those of A.

    Attributes:
        lines: By path in B, the lines that both versions of a file share; a file is missing where one version is not at hand.
        moved: By path in B, where a file probably was in A.
    """

    lines: Mapping[str, tuple[LineBlock, ...]] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sources:
    """What git and the work tree tell about the code of two runs; handed to a comparison, which is pure.

    Attributes:
        ways: By the commits of two runs.
        imports: By test id, the files that the test's module imports, directly or not.
        texts: The lines of the files.
    """

    ways: Mapping[tuple[str, str], CommitRange] = field(default_factory=dict)
    imports: Mapping[str, frozenset[str]] = field(default_factory=dict)
    texts: Texts = field(default_factory=Texts)


def way_between(a: RunPoint, b: RunPoint, ways: Mapping[tuple[str, str], CommitRange]) -> CommitRange:
    """Return what is known of the commits from one run to another."""
    for run in (a, b):
        if run.commit is None:
            return CommitRange(Relation.UNKNOWN, reason=f"no commit was recorded for {run.name}")
    pair = (str(a.commit), str(b.commit))
    if pair[0] == pair[1]:
        return CommitRange(Relation.SAME, number=0)
    return ways.get(pair) or unasked()


def way_words(a: RunPoint, b: RunPoint, way: CommitRange) -> str:
    """Return a way between two runs in words."""
    words = _relation_words(a, b, way)
    dirty = [run.name for run in dict.fromkeys((a, b)) if run.dirty]
    return f"{words}; uncommitted changes in {' and '.join(dirty)}" if dirty else words


def _relation_words(a: RunPoint, b: RunPoint, way: CommitRange) -> str:
    match way.relation:
        case Relation.SAME:
            return "no commit between"
        case Relation.AHEAD:
            return f"{_commits(way.number)} between"
        case Relation.BEHIND:
            return f"{b.name} is {_commits(way.number)} behind {a.name}"
        case Relation.DIVERGED:
            return f"{a.name} is no ancestor: {_commits(way.number)} only in {b.name}, {way.apart:,} only in {a.name}"
        case Relation.UNKNOWN:
            return f"commits between not known{f': {way.reason}' if way.reason else ''}"


def _commits(number: int | None) -> str:
    return f"{number:,} commit" if number == 1 else f"{number or 0:,} commits"
