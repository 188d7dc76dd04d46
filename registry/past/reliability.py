"""Is a test flaky? Only where that is proven: the same code under the same conditions gave another outcome. Pure.

Flips of outcomes between runs are a suspicion and are kept apart, for a test that broke, was mended and broke again flips too.
A failure that is new is never called flaky.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from registry.records import Outcome

WINDOW: Final = 20
"""Latest results in which flips are counted."""

FLIPS_SUSPECTED: Final = 2
"""Changes from green to red in the window from which on a test is suspected; one is what any regression looks like."""

_UNKNOWN: Final = frozenset({Outcome.NOT_RUN, Outcome.SKIPPED})


@dataclass(frozen=True, slots=True)
class Trial:
    """One test in one run.

    Attributes:
        conditions: Equal in two runs of the same code, environment and seed; None where that is not known.
        outcomes: Of its attempts, in order.
    """

    run_id: int
    run: str
    conditions: object | None
    outcomes: tuple[Outcome, ...]

    @property
    def is_told(self) -> bool:
        """Tell whether the test ran at all."""
        return any(outcome not in _UNKNOWN for outcome in self.outcomes)

    @property
    def is_red(self) -> bool:
        """Tell whether an attempt was red."""
        return any(outcome.is_red for outcome in self.outcomes if outcome not in _UNKNOWN)

    @property
    def is_retried(self) -> bool:
        """Tell whether it was red, and green when it was tried again in the same run."""
        return self.is_red and any(not outcome.is_red for outcome in self.outcomes if outcome not in _UNKNOWN)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two runs of the same code, environment and seed with different outcomes, the newest such pair; names of runs."""

    green: str
    red: str


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often a test is red, and what proves that it is flaky.

    Attributes:
        runs: Runs in which it ran.
        red: Runs in which an attempt was red.
        flips: Changes from green to red over the latest `window` results.
        score: Those flips divided by `WINDOW`, whatever the number of results, as Buildkite's transition count does.
        retried: Runs in which it was green only when it was tried again, oldest first.
        contradictions: One pair of runs for each set of conditions under which it was both, the newest pair last.
        latest: Its outcome in each of the latest runs, oldest first; of a run in which it was tried again the first one.
    """

    test_id: str
    ordinal: int
    runs: int
    red: int
    flips: int
    window: int
    retried: tuple[str, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    latest: tuple[Outcome, ...] = ()

    @property
    def is_proven(self) -> bool:
        """Tell whether the same code under the same conditions gave another outcome."""
        return bool(self.retried or self.contradictions)

    @property
    def is_suspected(self) -> bool:
        """Tell whether it flips so often that it may be flaky, although nothing proves it."""
        return not self.is_proven and self.flips >= FLIPS_SUSPECTED

    @property
    def rate(self) -> float:
        """Share of runs in which it was red, 0-1."""
        return self.red / self.runs if self.runs else 0.0

    @property
    def score(self) -> float:
        """Flips for each place of the window, 0-1."""
        return self.flips / WINDOW


@dataclass(frozen=True, slots=True)
class Unreliable:
    """The tests that are not reliable; `left_out` more may be proven or suspected, and were red in fewer runs."""

    tests: tuple[Reliability, ...] = ()
    left_out: int = 0


def reliability(test_id: str, ordinal: int, trials: Iterable[Trial]) -> Reliability:
    """Return how reliable a test is, from its trials, oldest first."""
    told = [trial for trial in trials if trial.is_told]
    latest = told[-WINDOW:]
    pairs = pairwise(latest)
    return Reliability(
        test_id=test_id,
        ordinal=ordinal,
        runs=len(told),
        red=sum(trial.is_red for trial in told),
        flips=sum(after.is_red and not before.is_red for before, after in pairs),
        window=len(latest),
        retried=tuple(trial.run for trial in told if trial.is_retried),
        contradictions=tuple(_contradictions(told)),
        latest=tuple(trial.outcomes[0 if trial.is_retried else -1] for trial in latest),
    )


def _contradictions(trials: Sequence[Trial]) -> list[Contradiction]:
    sides: dict[object, dict[bool, Trial]] = {}
    for trial in trials:
        if trial.conditions is not None and not trial.is_retried:
            sides.setdefault(trial.conditions, {})[trial.is_red] = trial
    proofs = [both for both in sides.values() if len(both) > 1]
    proofs.sort(key=lambda both: max(trial.run_id for trial in both.values()))
    return [Contradiction(both[False].run, both[True].run) for both in proofs]


def rate_interval(red: int, runs: int) -> tuple[float, float]:
    """Return the 95 % interval of the share of red runs, 0-1.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if not runs:
        return 0.0, 1.0
    from scipy.stats import binomtest

    interval = binomtest(red, runs).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)
