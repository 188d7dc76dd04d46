"""The counts of a test run: taken as results come, and written as the last lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from registry.records import Outcome
from runner.events import Event, FixtureFinished, PassedInARow, TestFinished, TestKey
from runner.report.numbers import counted
from runner.report.text import RED, Paint, counts_lines, plain


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of a run: by outcome, of fixtures that made it red, and of tests that were green only when tried again.

    A test that was tried again counts once, by its last attempt.
    """

    outcomes: Counter[Outcome]
    red_fixtures: int
    flaky: int = 0

    @property
    def last_line(self) -> str:
        """The line that other programs read: `N passed, N failed, N skipped`."""
        passed = self.outcomes[Outcome.PASSED] + self.outcomes[Outcome.EXPECTED_FAILURE]
        return f"{passed} passed, {self.failed} failed, {self.outcomes[Outcome.SKIPPED]} skipped"

    @property
    def failed(self) -> int:
        """Everything that makes the run red, failed fixtures included."""
        return self.red_fixtures + sum(number for outcome, number in self.outcomes.items() if outcome.is_red)

    @property
    def empty(self) -> bool:
        """Tell whether nothing was there to run."""
        return not self.red_fixtures and not sum(self.outcomes.values())

    @property
    def green(self) -> bool:
        """Tell whether nothing made the run red."""
        return self.failed == 0


class Tallier:
    """Counts outcomes as they come."""

    def __init__(self) -> None:
        self._outcomes: dict[str, int] = {}
        self._red_fixtures = 0
        self._red: dict[TestKey, str] = {}
        self._flaky = 0

    def emit(self, event: Event, /) -> None:
        """Count the event where it is a result."""
        if isinstance(event, TestFinished):
            self._outcomes[event.outcome] = self._outcomes.get(event.outcome, 0) + 1
            if event.attempt > 1:
                self._outcomes[self._red.pop(event.key)] -= 1
                self._flaky += event.outcome not in RED
            if event.outcome in RED:
                self._red[event.key] = event.outcome
        elif isinstance(event, FixtureFinished) and Outcome(event.outcome).is_red:
            self._red_fixtures += 1

    def emit_row(self, row: PassedInARow, /) -> None:
        """Count a row of tests that passed."""
        self._outcomes[Outcome.PASSED] = self._outcomes.get(Outcome.PASSED, 0) + len(row.keys)

    @property
    def tally(self) -> Tally:
        """The counts so far."""
        return Tally(
            Counter({Outcome(outcome): number for outcome, number in self._outcomes.items()}), self._red_fixtures, self._flaky
        )


def tally_text(tally: Tally, paint: Paint = plain) -> str:
    """Return the counts by outcome and, last, the line that other programs read."""
    also = [] if tally.outcomes[Outcome.NOT_RUN] else [f"0 {Outcome.NOT_RUN}"]
    if tally.flaky:
        also.append(paint(f"{tally.flaky} flaky", "yellow"))
    if tally.red_fixtures:
        also.append(paint(counted(tally.red_fixtures, "failed fixture"), "red"))
    return "\n".join([*counts_lines(tally.outcomes, paint, also=also), tally.last_line]) + "\n"
