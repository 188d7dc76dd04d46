"""What the templates of the HTML report are given: values that need no decision any more. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from runner.report.glyphs import glyph_path
from runner.report.html_figures import Digits, Plot
from runner.report.html_strips import Strip
from runner.report.metric_rows import MetricRow
from runner.report.words import cause_name


class Room(NamedTuple):
    """How much of a report is told.

    Attributes:
        sections: Pairs of runs, at most.
        rows: Rows of each list, at most.
        pictured: Pairs of runs whose figures are drawn, the first ones.
    """

    sections: int = 10_000
    rows: int = 300
    pictured: int = 10_000


class Shortened(NamedTuple):
    """What was left out of a page, and the command that shows it."""

    words: str
    command: str


class Badge(NamedTuple):
    """A verdict: its tone, which is a colour and a shape, and its word."""

    tone: str
    word: str


class Tile(NamedTuple):
    """How many tests changed in one way."""

    tone: str
    number: str
    words: str
    anchor: str


class Chip(NamedTuple):
    """One thing that was changed."""

    what: str
    key: str
    a: str
    b: str
    because: str


class CommitRow(NamedTuple):
    """A commit between the runs."""

    id: str
    subject: str
    files: str
    is_suspected: bool


class Glyph(NamedTuple):
    """A cause: the id of its picture in this page, its outline, and its short name."""

    id: str
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """A test that changed."""

    module: str
    name: str
    renamed_from: str | None
    states: str
    details: tuple[str, ...]
    strip: Strip | None
    glyph: Glyph | None


@dataclass(frozen=True, slots=True)
class Table:
    """A list of tests that changed."""

    anchor: str
    tone: str
    title: str
    rows: tuple[Row, ...]
    left_out: str


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """A cause with the tests that fail for it."""

    glyph: Glyph
    news: str
    tests: str
    example: str
    message: str


@dataclass(frozen=True, slots=True)
class SectionView:
    """A pair of runs."""

    anchor: str
    title: str
    badge: Badge
    runs: tuple[tuple[str, str, str], ...]
    known: tuple[tuple[str, str, str, str], ...]
    reasons: tuple[str, ...]
    tables: tuple[Table, ...]
    fixtures: tuple[tuple[str, str, str], ...]
    causes: str
    clusters: tuple[ClusterRow, ...]
    clusters_left_out: str
    metrics: tuple[MetricRow, ...]
    plots: tuple[Plot, ...]
    digits: Digits
    flips: tuple[tuple[str, str], ...]
    columns: str
    determinism: tuple[str, str]
    coverage: str
    uncovered: tuple[tuple[str, tuple[str, ...]], ...]
    unchanged: str
    why: tuple[Chip, ...]
    why_left_out: int


@dataclass(frozen=True, slots=True)
class PageView:
    """A whole page."""

    title: str
    shortened: Shortened | None
    badge: Badge
    first: str
    rest: str
    changed: str
    started_at: str
    facts: tuple[tuple[str, str], ...]
    findings: tuple[tuple[Badge, str], ...]
    cautions: tuple[tuple[str, str], ...]
    tiles: tuple[Tile, ...]
    chips: tuple[Chip, ...]
    chips_left_out: int
    nothing: str
    way: str
    commits: tuple[CommitRow, ...]
    sections: tuple[SectionView, ...]
    glyphs: tuple[Glyph, ...]


class Glyphs:
    """The causes of a page, numbered in the order in which they are asked for."""

    def __init__(self) -> None:
        self.found: dict[str, Glyph] = {}

    def of(self, cause: str | None) -> Glyph | None:
        """Return the glyph of a cause."""
        if not cause:
            return None
        return self.found.setdefault(cause, Glyph(f"c{len(self.found)}", glyph_path(cause), cause_name(cause)))
