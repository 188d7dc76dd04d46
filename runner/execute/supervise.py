"""Run a suite in a supervised worker: the parent schedules, names what a dead worker was doing, and goes on with the rest."""

from __future__ import annotations

import select
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from runner.errors import WorkerFailed
from runner.events import Collected, Ended, FixtureFinished, Flushing, TestFinished, TestStarted
from runner.execute.deaths import broken, explain, fixture_after, loading_error, require_coverage
from runner.execute.hints import no_tests_hint
from runner.execute.lane import Lane
from runner.execute.lines import finished, fixture_finished
from runner.execute.options import encode
from runner.execute.process import WorkerProcess
from runner.execute.schedule import Schedule, keys_of, runs
from runner.execute.signals import SignalWatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from runner.events import Event, TestSink
    from runner.execute.lines import Message
    from runner.execute.options import Selection, WorkerOptions

_TICK_S = 0.05
_GATHER_S = 0.02
_GATHER_FROM = 8  # messages in one reading: events are flowing, so wait for more of them
_GRACE_S = 3.0
_IMPORT_DEATHS = 20
_WORKERS = 1000  # a suite that kills more workers than this is not worth the time

_GREEN_FIXTURES = ("skipped",)


@dataclass(frozen=True, slots=True)
class Summary:
    """How an execution ended.

    Attributes:
        counts: Number of tests by outcome.
        collected: Number of tests that were loaded; `added` more came up while the suite ran.
        failed_fixtures: Class, module and import fixtures that failed or crashed.
        interrupted: "SIGINT" or "SIGTERM" where a signal stopped the run.
        no_tests_hint: Where nothing was collected, a sentence that says why.
    """

    counts: Mapping[str, int]
    collected: int
    added: int
    failed_fixtures: int
    duration_s: float
    interrupted: str | None = None
    no_tests_hint: str | None = None


@dataclass(slots=True)
class _Tally:
    counts: dict[str, int] = field(default_factory=dict)
    failed_fixtures: int = 0


class Execution:
    """One execution of a suite. Use as a context manager, or call `close`."""

    def __init__(self, selection: Selection, options: WorkerOptions) -> None:
        if options.coverage_data is not None:
            require_coverage()
        self._selection = selection
        self._options = options
        self._begun = time.monotonic()
        self._skipped_modules: tuple[str, ...] = ()
        self._poll = select.poll()
        self._workers = 0
        self._schedule: Schedule | None = None
        self._early: list[FixtureFinished] = []
        self._interrupted: str | None = None
        self._kill_at = float("inf")
        self._tally = _Tally()
        self._sink: TestSink | None = None
        self._lane = self._spawn()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def run(self, sink: TestSink) -> Summary:
        """Run to the end, passing every event to the sink from this thread.

        Raises:
            UsageError: The selection names a start directory that cannot be loaded.
            WorkerFailed: The worker could not start or load anything, or the sum of the states is wrong.
        """
        self._sink = sink
        try:
            with SignalWatch() as signals:
                while self._lane.ended is None:
                    self._turn(signals)
                self._lane.process.leave()
        finally:
            self.close()
        return self._conclude()

    def close(self) -> None:
        """Kill what is left of the worker and its children; may be called again."""
        self._lane.process.close()

    # The loop.

    def _spawn(self) -> Lane:
        process = WorkerProcess(self._options, encode(self._selection, self._options, self._skipped_modules))
        if self._workers == 0 and self._selection.choose is None:
            # With one worker everything is its own; it need not wait for a parent that is still importing.
            process.command(f"run 0 {1 << 30}\nend\n".encode())
        self._workers += 1
        for descriptor in process.descriptors:
            self._poll.register(descriptor, select.POLLIN)
        return Lane(self._workers - 1, process)

    def _turn(self, signals: SignalWatch) -> None:
        lane = self._lane
        self._poll.poll(_TICK_S * 1000)
        messages, is_dead = lane.process.read()
        for message in messages:
            self._take(lane, message)
        if messages:
            self._flush()
        if signals.received:
            self._stop(lane, signals.received)
        if is_dead and lane.ended is None:
            self._bury(lane)
        elif len(messages) > _GATHER_FROM:
            lane.process.pause(_GATHER_S)

    def _stop(self, lane: Lane, received: list[str]) -> None:
        """Pass the first signal on and give the worker some seconds; a second signal ends it at once."""
        if self._interrupted is None:
            self._interrupted = received[0]
            self._kill_at = time.monotonic() + _GRACE_S
            lane.process.interrupt()
        if len(received) > 1 or time.monotonic() > self._kill_at:
            lane.process.kill()

    # What the worker says.

    def _take(self, lane: Lane, message: Message) -> None:
        kind = message[0]
        if kind == "s":
            self._take_start(lane, message[1])
        elif kind == "p":
            self._take_pass(lane, message)
        elif kind == "d":
            self._take_result(lane, message)
        else:
            self._take_rare(lane, kind, message)

    def _take_start(self, lane: Lane, own: int) -> None:
        position = lane.position(own)
        if position is None:
            return
        lane.running.add(position)
        self._emit(TestStarted(self._plan.keys[position], lane.number))
        if self._interrupted is not None:  # a test swallowed the interrupt
            lane.process.kill()

    def _take_pass(self, lane: Lane, message: Message) -> None:
        position = self._ended(lane, message[1])
        if position is not None:
            key = self._plan.end(position)
            self._finish(TestFinished(key, "passed", lane.number, duration_s=message[2]))

    def _take_result(self, lane: Lane, message: Message) -> None:
        position = self._ended(lane, message[1])
        if position is not None:
            if message[2] == "not_run" and self._interrupted is None and message[4] == "interrupted":
                self._interrupted = "SIGINT"
            self._finish(finished(self._plan.end(position), lane.number, message))

    def _ended(self, lane: Lane, own: int) -> int | None:
        position = lane.position(own)
        if position is not None:
            lane.running.discard(position)
            lane.finished += 1
            lane.last = position
        return position

    def _take_rare(self, lane: Lane, kind: str, message: Message) -> None:
        if kind == "i":
            lane.importing = message[1]
        elif kind == "c":
            self._take_suite(lane, message)
        elif kind == "a":
            lane.add(message[1], self._plan.add(message[2]))
        elif kind == "f":
            prevented = [place for own in range(message[2], message[3]) if (place := lane.position(own)) is not None]
            lane.fixture = (message[1], prevented)
        elif kind == "g":
            lane.fixture = None
        elif kind == "F":
            self._finish_fixture(fixture_finished(message))
        elif kind == "x":
            raise broken(message) if lane.has_loaded else loading_error(self._selection, message)
        elif kind == "e":
            self._take_end(lane, message[1])

    def _take_suite(self, lane: Lane, message: Message) -> None:
        _, ids, units, blocks = message
        is_first = self._schedule is None
        if self._schedule is None:
            self._schedule = self._planned(ids, units)
        lane.load(ids, blocks, self._schedule.keys)
        for event in self._early:
            self._finish_fixture(event)
        self._early.clear()
        ranges = self._schedule.take()
        if is_first and self._workers == 1 and self._selection.choose is None:
            return
        lost = [position for start, stop in ranges for position in range(start, stop) if not lane.knows(position)]
        self._not_run(lost, "it was not found when a new worker loaded the suite again")
        lane.process.command(lane.commands(_without(ranges, lost)))

    def _planned(self, ids: Sequence[str], units: Sequence[int]) -> Schedule:
        choose = self._selection.choose
        schedule = Schedule(ids, units, None if choose is None else choose(keys_of(ids)))
        self._emit(Collected(tuple(schedule.keys[position] for position in schedule.order)))
        return schedule

    def _take_end(self, lane: Lane, reason: str) -> None:
        lane.ended = reason
        if reason == "interrupted" and self._interrupted is None:
            self._interrupted = "SIGINT"

    # What happens when a worker dies.

    def _bury(self, lane: Lane) -> None:
        """Charge the death to what was running, and go on with the rest in a new worker."""
        how, stacks = lane.process.death(), lane.process.stacks()
        if self._interrupted is not None:
            lane.ended = "interrupted"
            return
        if not lane.has_loaded:
            self._bury_import(lane, how, stacks)
            return
        for position in sorted(lane.running):
            message = f"{how} while the test was running"
            self._finish(TestFinished(self._plan.end(position), "crashed", lane.number, message=message, traceback=stacks))
        if lane.fixture is not None:
            name, prevented = lane.fixture
            self._finish_fixture(FixtureFinished(name, "crashed", f"{how} in the fixture", stacks))
            self._not_run(prevented, f"{name} crashed: {how}")
        elif not lane.running:
            self._bury_idle(lane, how, stacks)
        self._give_up_blocks(lane, how)
        self._replace(lane, how)

    def _bury_import(self, lane: Lane, how: str, stacks: str | None) -> None:
        module = lane.importing
        if module is None or len(self._skipped_modules) >= _IMPORT_DEATHS:
            self._give_up(lane, explain(how, module, stacks))
            return
        self._skipped_modules += (module,)
        event = FixtureFinished(f"import ({module})", "crashed", f"{how} while the module was imported", stacks)
        if self._schedule is None:
            self._early.append(event)
        else:
            self._finish_fixture(event)
        self._replace(lane, how)

    def _bury_idle(self, lane: Lane, how: str, stacks: str | None) -> None:
        """No test and no fixture was running; a worker that got nowhere costs a test, or its successors would do so for ever."""
        last = self._plan.keys[lane.last][0] if lane.last is not None else None
        self._finish_fixture(fixture_after(last, how, stacks))
        unfinished = self._plan.unfinished()
        if lane.finished == 0:
            self._not_run(unfinished[:1], f"{how} before the test started")

    def _give_up_blocks(self, lane: Lane, how: str) -> None:
        for start, stop in lane.blocks:
            rest = [position for position in range(start, stop) if not self._plan.has_ended(position)]
            if 0 < len(rest) < stop - start:
                self._not_run(rest, f"{how} in its suite, which runs as a whole")

    def _replace(self, lane: Lane, how: str) -> None:
        lane.process.close()
        if self._schedule is not None:
            self._schedule.give_back()
            if self._schedule.is_complete:
                lane.ended = ""
                return
        if self._workers >= _WORKERS:
            self._give_up(lane, f"{_WORKERS} workers died, the last one: {how}")
            return
        for descriptor in lane.process.descriptors:
            self._poll.unregister(descriptor)
        self._lane = self._spawn()

    def _give_up(self, lane: Lane, sentence: str) -> None:
        if self._schedule is None:
            raise WorkerFailed(sentence)
        self._not_run(self._schedule.unfinished(), sentence)
        lane.ended = ""

    # What goes to the sink.

    @property
    def _plan(self) -> Schedule:
        if self._schedule is None:
            raise WorkerFailed("internal error, please report it: the worker ran a test before it had loaded the suite")
        return self._schedule

    def _emit(self, event: Event) -> None:
        if self._sink is not None:
            self._sink.emit(event)

    def _flush(self) -> None:
        sink: object = self._sink
        if isinstance(sink, Flushing):
            sink.flush()

    def _finish(self, event: TestFinished) -> None:
        counts = self._tally.counts
        counts[event.outcome] = counts.get(event.outcome, 0) + 1
        self._emit(event)

    def _finish_fixture(self, event: FixtureFinished) -> None:
        self._tally.failed_fixtures += event.outcome not in _GREEN_FIXTURES
        self._emit(event)

    def _not_run(self, positions: Iterable[int], message: str) -> None:
        for position in positions:
            if not self._plan.has_ended(position):
                self._finish(TestFinished(self._plan.end(position), "not_run", message=message))

    def _conclude(self) -> Summary:
        schedule = self._schedule
        if schedule is None:
            schedule = self._schedule = Schedule((), ())
            self._emit(Collected(()))
        for event in self._early:
            self._finish_fixture(event)
        self._account_for_rest(schedule)
        duration = time.monotonic() - self._begun
        hint = None
        if not schedule.keys and not self._tally.failed_fixtures and self._interrupted is None:
            hint = no_tests_hint(self._selection, self._options.working_directory)
        self._emit(Ended(duration, self._interrupted))
        self._flush()
        added = sum(self._tally.counts.values()) - schedule.collected
        counts = dict(self._tally.counts)
        return Summary(counts, schedule.collected, added, self._tally.failed_fixtures, duration, self._interrupted, hint)

    def _account_for_rest(self, schedule: Schedule) -> None:
        """Give every test that did not end its state, with the reason that the run stopped; no reason is an error of ours."""
        rest = schedule.unfinished()
        if self._interrupted is not None:
            self._not_run(rest, "interrupted")
        elif self._lane.ended == "failfast":
            self._not_run(rest, "the run stopped at the first failure (--failfast)")
        elif self._lane.ended == "stopped":
            self._not_run(rest, "a test stopped the run (TestResult.stop)")
        elif rest:
            first = schedule.keys[rest[0]][0]
            raise WorkerFailed(f"internal error, please report it: {len(rest)} tests ended in no state, the first is {first}")


def start(selection: Selection, options: WorkerOptions) -> Execution:
    """Start the worker and return at once, so that the caller can import what it needs while the suite is being loaded."""
    return Execution(selection, options)


def _without(ranges: list[tuple[int, int]], lost: list[int]) -> list[tuple[int, int]]:
    if not lost:
        return ranges
    missing = set(lost)
    return runs(position for start, stop in ranges for position in range(start, stop) if position not in missing)
