"""A night: what it is made of, what it found, and the dead-man checks, which ask whether anything ran at all. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from registry.records import Outcome, Run, RunKind, RunStatus
from registry.regress import Verdict

AGAIN = " again"
"""What the role of a second measurement ends with."""

ENDED_AFTER = "ended-after"
"""The tag of a part that took too long and was ended; its value is the limit, such as "12 h"."""

USUAL_NIGHTS = 10
"""Earlier nights that tell how long it usually is from one to the next ..."""

LEAST_NIGHTS = 3
"""... and how many of them are needed to say so."""

LATE = 1.5
"""A night is missing where more than the usual time times this went by."""

LEAST_GAP = timedelta(hours=1)
"""Nights that follow each other faster are tried by hand, and no schedule."""

GAP_UNTIL_KNOWN = timedelta(hours=36)
"""A night is missing where more went by, as long as too few nights tell how long it usually is: a night is called nightly."""

MOST_SKIPPED = 0.1
"""Share of a suite's tests that may no longer run, though they are there, before that is a regression."""

_DID_NOT_RUN = (Outcome.SKIPPED, Outcome.NOT_RUN)
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Part:
    """A suite or a training of a night.

    Attributes:
        role: What it is there for, such as "suite tests" or "mnist seed 3"; equal from night to night.
        counts: How many tests ended in each outcome; empty for a training.
        red_fixtures: How many fixtures failed; one that tears down fails although its tests passed.
        not_finite: Evaluations of a training that ended in no number.
    """

    role: str
    run: Run
    counts: Mapping[Outcome, int] = field(default_factory=dict)
    red_fixtures: int = 0
    not_finite: tuple[str, ...] = ()

    @property
    def is_again(self) -> bool:
        """Tell whether it only measures slow tests of the same night once more."""
        return self.role.endswith(AGAIN)

    @property
    def tests(self) -> int:
        """How many tests there were, whatever became of them."""
        return sum(self.counts.values())

    @property
    def ran(self) -> int:
        """How many tests ran, those left out that were skipped or never came to run."""
        return sum(number for outcome, number in self.counts.items() if outcome not in _DID_NOT_RUN)

    @property
    def red(self) -> int:
        """How many tests were red."""
        return sum(number for outcome, number in self.counts.items() if outcome.is_red)


@dataclass(frozen=True, slots=True)
class Found:
    """What a night found: the verdict, the same in one sentence, and the run that it was compared with, if any."""

    verdict: Verdict
    sentence: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Night:
    """One night as an overview lists it.

    Attributes:
        found: None where the night did not come to its end.
        values: Numbers of the night by name, such as tests_failed; what was recorded last.
    """

    run: Run
    found: Found | None = None
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watch:
    """What the dead-man checks look at.

    Attributes:
        planned: The roles that the night is to have.
        parts: What was recorded in it.
        earlier: The nights before, newest first.
        before: The parts of the last night that came to its end.
        max_gap_h: Hours between two nights from which on one is missing; None for `LATE` times as many as usual.
    """

    run: Run
    planned: Collection[str]
    parts: Sequence[Part]
    earlier: Sequence[Run] = ()
    before: Sequence[Part] = ()
    max_gap_h: float | None = None


def dead_man_findings(watch: Watch) -> Iterator[tuple[Verdict, str]]:
    """Yield what makes a night less than it seems, each with a verdict: nothing ran, something did not end, something is gone."""
    yield from _silent_parts(watch)
    yield from _missing_nights(watch)
    tonight = {part.role: part for part in watch.parts}
    for part in watch.before:
        if part.is_again:
            continue
        now = tonight.get(part.role)
        if now is None and part.role not in watch.planned:
            yield Verdict.REGRESSED, f"{part.role} was in the night before and is not in this one"
        elif now is not None and now.tests < part.tests:
            yield Verdict.REGRESSED, f"{part.role} holds {now.tests:,} tests, {part.tests:,} the night before"
        elif now is not None and now.ran < part.ran:
            verdict = Verdict.REGRESSED if part.ran - now.ran > MOST_SKIPPED * part.ran else Verdict.SUSPECTED
            yield verdict, f"{now.ran:,} tests of {part.role} ran, {part.ran:,} the night before"


def _silent_parts(watch: Watch) -> Iterator[tuple[Verdict, str]]:
    recorded = {part.role for part in watch.parts}
    for role in watch.planned:
        if role not in recorded:
            yield Verdict.REGRESSED, f"{role} recorded nothing"
    for part in watch.parts:
        if ENDED_AFTER in part.run.tags and not part.is_again:
            limit = part.run.tags[ENDED_AFTER]
            yield (
                Verdict.REGRESSED,
                f"{part.role} took longer than {limit}, `part-timeout` in [tool.runner.nightly], and was ended",
            )
        elif part.run.status is not RunStatus.FINISHED and not part.is_again:
            yield Verdict.REGRESSED, f"{part.role} did not come to its end: {part.run.status}"
        elif part.run.kind is RunKind.TEST and not part.ran:
            skipped = sum(part.counts.values())
            words = f"ran none of its {skipped:,} tests" if skipped else "holds no test"
            yield Verdict.REGRESSED, f"{part.role} {words}"


def _missing_nights(watch: Watch) -> Iterator[tuple[Verdict, str]]:
    if not watch.earlier:
        return
    last = watch.earlier[0]
    if last.status is not RunStatus.FINISHED:
        # Who stops a night by hand knows it.
        verdict = Verdict.SUSPECTED if last.status is RunStatus.INTERRUPTED else Verdict.REGRESSED
        yield verdict, f"the night before, {last.name}, did not come to its end: {last.status}"
    gap = watch.run.started_at - last.started_at
    usual = usual_gap(watch.earlier)
    if watch.max_gap_h is not None:
        limit, known = timedelta(hours=watch.max_gap_h), f"{watch.max_gap_h:g} h at most"
    elif usual is not None:
        limit, known = max(usual * LATE, LEAST_GAP), f"usually {_hours(usual)}"
    else:
        limit = GAP_UNTIL_KNOWN
        known = "and a nightly run is expected within 36 h; `max-gap` in [tool.runner.nightly] sets the limit"
    if gap > limit:
        yield Verdict.REGRESSED, f"a night is missing: the last one began {_hours(gap)} before this one, {known}"


def usual_gap(earlier: Sequence[Run]) -> timedelta | None:
    """Return the median time from one night to the next; None where there are too few to tell.

    Args:
        earlier: Nights, newest first.
    """
    starts = [run.started_at for run in earlier[: USUAL_NIGHTS + 1]]
    gaps_s = [(newer - older).total_seconds() for newer, older in pairwise(starts) if newer > older]
    return timedelta(seconds=statistics.median(gaps_s)) if len(gaps_s) >= LEAST_NIGHTS else None


def _hours(gap: timedelta) -> str:
    hours = gap.total_seconds() / _HOUR_S
    return f"{hours:.0f} h" if round(hours, 1) >= 10 else f"{hours:.1f} h"  # noqa: PLR2004 - from ten hours on, minutes say nothing
