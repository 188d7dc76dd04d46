"""How far a run of tests is: what runs now and since when, counts, and the time that is left as far as history tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from registry.records import Outcome
from runner.events import Collected, Event, FixtureFinished, TestFinished, TestKey, TestStarted, Workers
from runner.report.safe import safe_line
from runner.report.text import RED

_ROWS: Final = 8
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_QUIET_S: Final = 2
_ENOUGH_TO_JUDGE_S: Final = 2.0
_AGE_COLUMNS: Final = 7


@dataclass(frozen=True, slots=True)
class _Since:
    """A test, and when it started or ended."""

    key: TestKey
    since: float


@dataclass(slots=True)
class _Known:
    """What history knows: of how many waiting tests, their seconds together, and those of the tests that ended."""

    tests: int = 0
    left_s: float = 0.0
    done_s: float = 0.0

    def end(self, expected_s: float | None) -> None:
        """Note that a test ended; None where history does not know it."""
        if expected_s is not None:
            self.tests -= 1
            self.left_s -= expected_s
            self.done_s += expected_s


class Progress:
    """Knows how far the run is. Each event costs the same, however many tests there are.

    Args:
        begun: When the run began, in seconds of any clock; all other times are of the same.
    """

    def __init__(self, begun: float) -> None:
        self._begun = begun
        self._ready: float | None = None
        self._jobs = 1
        self._total = 0
        self._counts: Counter[str] = Counter()
        self._outcomes: dict[TestKey, str] = {}
        self._red_fixtures = 0
        self._running: dict[int, _Since] = {}
        self._last: _Since | None = None
        self._expected: Mapping[TestKey, float] = {}
        self._waiting: set[TestKey] = set()
        self._known = _Known()

    def take(self, event: Event, now: float) -> None:
        """Take an event that happened now."""
        match event:
            case TestStarted(key, worker):
                self._running[worker] = _Since(key, now)
            case TestFinished():
                self._finished(event, now)
            case Workers(jobs):
                self._jobs = jobs
            case Collected(tests):
                self._ready, self._total, self._waiting = now, len(tests), set(tests)
            case FixtureFinished():
                self._red_fixtures += event.outcome in RED
            case _:
                pass

    def expect(self, expected: Mapping[TestKey, float]) -> None:
        """Learn how many seconds each test will probably take."""
        self._expected = expected
        waiting = [expected[key] for key in self._waiting if key in expected]
        done = [expected[key] for key in self._outcomes if key in expected]
        self._known = _Known(len(waiting), sum(waiting), sum(done))

    def lines(self, now: float, width: int) -> list[str]:
        """Return what to show at this moment, each line safe and no wider than `width`."""
        running = sorted(self._running.items())
        rows = [self._row(number, one.key, now - one.since) for number, one in running] or self._between(now)
        if len(rows) > _ROWS:
            rows = [*rows[: _ROWS - 1], f"{'':{_AGE_COLUMNS}}  and {len(rows) - _ROWS + 1} more"]
        return [safe_line(line, width) for line in (self._status(now), *rows)]

    def left_s(self, now: float) -> float | None:
        """Return how many seconds are probably left; None where history does not tell.

        The tests that ended say how history's seconds compare with those of this run, fixtures, imports and the number of workers
        included; before enough of them ended, the number of workers does.
        """
        known = self._known
        if not known.tests or self._ready is None or 2 * known.tests < len(self._waiting):
            return None
        left_s = known.left_s / known.tests * len(self._waiting)
        begun_s = sum(min(now - one.since, self._expected.get(one.key, 0.0)) for one in self._running.values())
        if known.done_s + begun_s >= _ENOUGH_TO_JUDGE_S:
            return (left_s - begun_s) * (now - self._ready) / (known.done_s + begun_s)
        return (left_s - begun_s) / self._jobs

    def _finished(self, event: TestFinished, now: float) -> None:
        before = self._outcomes.get(event.key)
        if before is not None:  # it was tried again
            self._counts[before] -= 1
        self._outcomes[event.key] = event.outcome
        self._counts[event.outcome] += 1
        if event.worker is not None:
            self._running.pop(event.worker, None)
            self._last = _Since(event.key, now)
        if event.key in self._waiting:
            self._waiting.remove(event.key)
            self._known.end(self._expected.get(event.key))

    def _status(self, now: float) -> str:
        age = f"{_clock(now - self._begun):>{_AGE_COLUMNS}}  "
        if self._ready is None:
            return f"{age}loading the tests"
        ended = len(self._outcomes)
        parts = [f"{ended:,} of {max(self._total, ended):,}"]
        failed = self._red_fixtures + sum(self._counts[outcome] for outcome in RED)
        counts = ((failed, "failed"), (self._counts[Outcome.SKIPPED], "skipped"))
        parts += [f"{number:,} {word}" for number, word in counts if number]
        left_s = self.left_s(now)
        if left_s is not None and left_s >= 1:
            parts.append(f"about {_clock(left_s)} left")
        return age + ", ".join(parts)

    def _row(self, number: int, key: TestKey, age_s: float) -> str:
        label = f"[{number}] " if self._jobs > 1 else ""
        return f"{_clock(age_s):>{_AGE_COLUMNS}}  {label}{_title(key)}"

    def _between(self, now: float) -> list[str]:
        """Say where the run is while no test runs: a fixture or an import may take its time."""
        since = self._ready if self._last is None else self._last.since
        if since is None or not self._waiting or now - since < _QUIET_S:
            return []
        where = "before the first test" if self._last is None else f"between tests, after {_title(self._last.key)}"
        return [f"{_clock(now - since):>{_AGE_COLUMNS}}  {where}"]


def _title(key: TestKey) -> str:
    test_id, ordinal = key
    owner, _, name = test_id.rpartition(".")
    title = f"{name} ({owner})" if owner else name
    return f"{title} #{ordinal}" if ordinal else title


def _clock(duration_s: float) -> str:
    """Return a duration in whole seconds: 7 s, 1:05, 2:03:07."""
    whole = max(round(duration_s), 0)
    if whole < _MINUTE_S:
        return f"{whole} s"
    minutes, rest = divmod(whole, _MINUTE_S)
    if whole < _HOUR_S:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // _MINUTE_S}:{minutes % _MINUTE_S:02d}:{rest:02d}"
