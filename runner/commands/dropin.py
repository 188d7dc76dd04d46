"""Record the tests of a process that runs unittest itself, from the lines that its drop-in writes.

They are the worker's lines (see `runner.execute.lines`), and these:

- `h` header: what the run is called and where it is recorded; the first line
- `w` outcome, message, positions: how these tests end, should they not run
- `e` ending, seconds, why: the end; "" for the usual one, else failfast, stopped, interrupted or raised
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.records import NewRun, RunKind, RunStatus
from runner.commands.surroundings import open_registry
from runner.errors import WorkerFailed
from runner.events import Collected, Ended, FanOut, FixtureFinished, TestFinished
from runner.execute.deaths import Death, fixture_after
from runner.execute.lines import finished, fixture_finished
from runner.execute.schedule import keys_of
from runner.record import TestRecorder
from runner.report.tally import Tallier
from runner.settings import Settings, read_settings

if TYPE_CHECKING:
    from runner.events import TestKey, TestSink
    from runner.execute.lines import Message

_DIED = "the process that ran the tests died"
_NOT_RUN = {
    "failfast": "the run stopped at the first failure (failfast)",
    "stopped": "a test stopped the run (TestResult.stop)",
    "interrupted": "interrupted",
    "died": _DIED,
}
_STATUS = {"interrupted": RunStatus.INTERRUPTED, "raised": RunStatus.FAILED, "died": RunStatus.CRASHED}


def record_stream(batches: Iterator[list[Message]]) -> dict[str, object]:
    """Record one run, and return its name, its id and where it is recorded.

    Args:
        batches: The messages, as they come; their end without an `e` is the death of the process.

    Raises:
        RunnerError: The settings are wrong, or nothing came.
        RegistryError: The run could not be recorded.
    """
    first = next(batches, None)
    if first is None:
        raise WorkerFailed("the process with the tests said nothing; start it again")
    (_, header), *rest = first
    settings = read_settings(Path.cwd())
    with open_registry(header["registry"], settings) as registry, registry.start(_new_run(header, settings)) as run:
        tallier, recorder = Tallier(), TestRecorder(run)
        tests = ToldTests(FanOut(tallier, recorder), begun=header["begun"], is_timed=header["is_timed"])
        for batch in chain([rest], batches):
            for message in batch:
                tests.take(message)
            recorder.flush()
        status = tests.conclude()
        green = None if tallier.tally.empty else tallier.tally.green
        recorder.finish(status, green, tests.duration_s, None)
        if recorder.error is not None:
            raise recorder.error
        return {"run": run.run.name, "id": run.run.id, "registry": registry.location}


class ToldTests:
    """The tests of a run as far as the messages tell; every collected test ends once.

    Args:
        sink: Takes the events.
        begun: The system's monotonic clock when they began.
        is_timed: Whether the durations are true.
    """

    def __init__(self, sink: TestSink, *, begun: float, is_timed: bool) -> None:
        self._begun = begun
        self._told_duration_s: float | None = None
        self._sink = sink
        self._is_timed = is_timed
        self._keys: list[TestKey] = []
        self._numbers: dict[str, int] = {}
        self._running: set[int] = set()
        self._ended: set[int] = set()
        self._last: int | None = None
        self._prevented: dict[int, tuple[str, str]] = {}
        self._ending: tuple[str, str] | None = None

    def take(self, message: Message) -> None:
        """Take one message."""
        match message:
            case ["s", position]:
                self._running.add(position)
            case ["p", position, duration]:
                self._finish(position, TestFinished(self._keys[position], "passed", 0, duration_s=duration))
            case ["d", position, *_]:
                self._finish(position, finished(self._keys[position], 0, message))
            case ["F", *_]:
                self._sink.emit(fixture_finished(message))
            case ["w", outcome, why, positions]:
                for position in positions:
                    self._prevented.setdefault(position, (outcome, why))
            case ["c", ids]:
                self._collect(ids)
            case ["a", _, test_id]:
                self._add(test_id)
            case ["e", ending, duration, why]:
                self._ending, self._told_duration_s = (ending, why), duration

    def conclude(self) -> RunStatus:
        """End what did not end, and tell how far the run came."""
        ending, why = self._ending or ("died", "")
        if ending == "died":
            self._charge_death()
        elif ending == "raised":
            self._sink.emit(FixtureFinished("run", "errored", why))
        reason = _NOT_RUN.get(ending, f"{why} ended the run")
        for position, key in enumerate(self._keys):
            if position not in self._ended:
                outcome, message = self._prevented.get(position, ("not_run", reason))
                self._sink.emit(TestFinished(key, outcome, message=message))
        self._sink.emit(Ended(self.duration_s, "SIGINT" if ending == "interrupted" else None))
        return _STATUS.get(ending, RunStatus.FINISHED)

    @property
    def duration_s(self) -> float:
        """How long the tests took or, until they ended, take."""
        return time.monotonic() - self._begun if self._told_duration_s is None else self._told_duration_s

    def _collect(self, ids: list[str]) -> None:
        self._keys = keys_of(ids)
        self._numbers = dict(self._keys)
        self._sink.emit(Collected(tuple(self._keys)))

    def _add(self, test_id: str) -> None:
        """Take a test that nobody collected."""
        number = self._numbers.get(test_id, -1) + 1
        self._numbers[test_id] = number
        self._keys.append((test_id, number))

    def _finish(self, position: int, event: TestFinished) -> None:
        self._running.discard(position)
        self._ended.add(position)
        self._last = position
        self._sink.emit(event if self._is_timed else replace(event, duration_s=None))

    def _charge_death(self) -> None:
        """Charge the death to the tests that were running, else to the place where it happened."""
        if not self._running:
            last = self._keys[self._last][0] if self._last is not None else None
            self._sink.emit(fixture_after(last, Death(_DIED)))
        for position in sorted(self._running):
            self._finish(position, TestFinished(self._keys[position], "crashed", message=f"{_DIED} while the test was running"))


def _new_run(header: Mapping[str, Any], settings: Settings) -> NewRun:
    from registry.environment import capture_environment, capture_git, code_files, redact_argv

    return NewRun(
        kind=RunKind.TEST,
        name=header["name"],
        argv=redact_argv(header["argv"]),
        tags=header["tags"],
        git=capture_git(settings.root),
        environment=capture_environment(),
        code=code_files(settings.root),
    )
