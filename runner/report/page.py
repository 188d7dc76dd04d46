"""What a report shows, whatever it is written as: one verdict, and a section for each pair of runs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from registry.diff import Diff
from registry.past.cells import Strips
from registry.records import Direction, Points
from registry.regress import Verdict

LIMIT_BYTES = 1_000_000
"""Room for a page of HTML: what a mail takes, and a browser opens at once."""

MOST_DIGITS = 60
"""Images that a report shows of one kind: of those that B lost, and of those that it gained."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that belongs to no pair of runs, such as a night that is missing."""

    verdict: Verdict
    sentence: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A metric over a training, in A and in B: (step, value) in the order of logging, the step None where none was given."""

    name: str
    a: Points = ()
    b: Points = ()
    unit: str | None = None
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class FlippedImage:
    """An example that one side answers rightly and the other wrongly.

    Attributes:
        index: Its place in its part of the data set.
        label: What it shows; None where unknown.
        right_in_b: Whether B is the side that answers rightly.
        pixels: 28 x 28 bytes in row-major order, 0 is background.
    """

    index: int
    label: int | None
    right_in_b: bool
    pixels: bytes


@dataclass(frozen=True, slots=True)
class Section:
    """One pair of runs.

    Attributes:
        diff: What changed.
        role: What the runs are there for, such as "suite tests" or "mnist seed 3"; equal from night to night.
        strips: The latest runs of the tests that changed, of the first of them where there are many.
        curves: The metrics of both sides.
        images: Examples that only one side answers rightly.
    """

    diff: Diff
    role: str = ""
    strips: Strips = field(default_factory=Strips)
    curves: tuple[Curve, ...] = ()
    images: tuple[FlippedImage, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report.

    Attributes:
        title: What it is about, such as "run-a -> run-b" or "nightly-12".
        verdict: The worst of all findings.
        sentence: The verdict in one sentence, as `runner.report.sentence.verdict_sentence` makes it.
        findings: What was found beside the pairs of runs.
        sections: The pairs, the worst first.
        started_at: When the run that is reported started; None where there is none.
        facts: What else is worth a line at the top, by name, such as the baseline.
    """

    title: str
    verdict: Verdict
    sentence: str
    findings: tuple[Finding, ...] = ()
    sections: tuple[Section, ...] = ()
    started_at: datetime | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
