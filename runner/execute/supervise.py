"""Run a suite in supervised workers: hand out units, watch time, name what a dead worker was doing, and go on."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Self

from runner.errors import WorkerFailed
from runner.events import TestStarted, Workers
from runner.execute.crew import Crew
from runner.execute.deaths import broken, charge, death_of, explain, import_death, loading_error, require_coverage
from runner.execute.hints import no_tests_hint
from runner.execute.lane import Lane
from runner.execute.ledger import Ledger, Summary
from runner.execute.lines import INTERRUPTED, fixture_finished, polluted, printed
from runner.execute.results import passes_from, take_pass, take_result, take_row, tell_leaving
from runner.execute.schedule import Suite, plan, without
from runner.execute.signals import SignalWatch

if TYPE_CHECKING:
    from types import TracebackType

    from runner.events import TestSink
    from runner.execute.deaths import Death
    from runner.execute.lines import Message
    from runner.execute.options import Selection, WorkerOptions
    from runner.execute.process import WorkerProcess
    from runner.execute.schedule import Unit

_TICK_S = 0.05
_UNSENT_S = 0.002
_GATHER_S = 0.02
_GATHER_FROM = 8  # messages in one reading: events are flowing, so wait for more of them
_GRACE_S = 3.0
_ABORT_S = 1.0
_IMPORT_DEATHS = 20
_WORKERS = 1000  # a suite that kills more workers than this is not worth the time
_EVERYTHING = 1 << 30

_STOPPED = {
    "failfast": "the run stopped at the first failure (--failfast)",
    "pdb": "the run ended with the debugger (--pdb)",
    "stopped": "a test stopped the run (TestResult.stop)",
}


class Execution:
    """One execution of a suite. Use as a context manager, or call `close`."""

    def __init__(self, selection: Selection, options: WorkerOptions) -> None:
        if options.coverage_data is not None:
            require_coverage(options.interpreter)
        self._selection = selection
        self._options = options
        self._ledger = Ledger()
        self._crew = Crew(selection, options)
        self._poll = select.poll()
        self._lane_of: dict[int, Lane] = {}
        self._lanes: list[Lane] = []
        self._hired = 0
        self._interrupted: str | None = None
        self._stopped_by: str | None = None
        # A single worker of the whole suite need not wait for a parent that is still importing.
        self._runs_ahead = options.jobs == 1 and selection.choose is None
        self._start_first()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def run(self, sink: TestSink) -> Summary:
        """Run to the end, passing every event to the sink from this thread.

        Raises:
            UsageError: The selection names a start directory that cannot be loaded.
            WorkerFailed: No worker could start or load anything, or the sum of the states is wrong.
        """
        self._ledger.pass_to(sink)
        try:
            with SignalWatch() as signals:
                while any(lane.ended is None for lane in self._lanes):
                    self._turn(signals)
                self._crew.release_template()
                for lane in self._lanes:
                    left = lane.process.leave(self._crew.bury_orphans)
                    tell_leaving(self._ledger, left, is_stopped=self._interrupted is not None)
        finally:
            self.close()
        summary = self._ledger.close(self._stopped_by, self._interrupted)
        if summary.collected or summary.failed_fixtures or self._interrupted or self._ledger.schedule.keys:
            return summary
        return summary.with_hint(no_tests_hint(self._selection, self._options.working_directory))

    def close(self) -> None:
        """Kill what is left of the workers and of what their tests started; may be called again."""
        for lane in self._lanes:
            lane.process.close()
        self._crew.dismiss()

    # The loop.

    def _turn(self, signals: SignalWatch) -> None:
        unsent = [lane for lane in self._lanes if lane.ended is None and not lane.process.send_rest()]
        polled = self._poll.poll((_UNSENT_S if unsent else _TICK_S) * 1000)
        now = time.monotonic()  # before what the sink takes, which is no worker's fault
        ready = {self._lane_of[descriptor].number for descriptor, _ in polled}
        lanes = [lane for lane in self._lanes if lane.number in ready and lane.ended is None]
        number = 0
        for lane in lanes:
            messages, is_dead = lane.process.read()
            number += len(messages)
            if messages:
                lane.touch()
            self._take_all(lane, messages)
            if is_dead and lane.ended is None:
                self._bury(lane)
        if number:
            self._ledger.flush()
        self._watch(now)
        self._crew.bury_orphans()
        if signals.received:
            self._obey(signals.received)
        self._feed()
        if number > _GATHER_FROM and all(len(lane.given) > 1 or self._runs_ahead for lane in lanes):
            lanes[0].process.child.pause(_GATHER_S)

    def _watch(self, now: float) -> None:
        """End what takes too long: faulthandler writes the stacks first, and what is still there is killed."""
        limit = self._options.timeout_s
        for lane in self._lanes:
            if lane.ended is not None:
                continue
            lane.process.forget_middle()
            if now > lane.kill_at:
                lane.process.child.kill()
            elif limit is not None and lane.overran_s is None and lane.busy_for(now) > limit:
                lane.overran_s = limit
                lane.kill_at = now + _ABORT_S
                lane.process.child.abort()

    def _obey(self, received: list[str]) -> None:
        """Stop at the first signal, giving the tests some seconds to come down; a second signal ends them at once."""
        if self._interrupted is None:
            self._interrupted = received[0]
            self._stop("interrupted")
        if len(received) > 1:
            for lane in self._lanes:
                lane.process.child.kill()

    def _stop(self, reason: str) -> None:
        """Let no worker start anything more; what runs is interrupted."""
        if self._stopped_by is not None:
            return
        if self._options.pdb and reason == "failfast":
            reason = "pdb"
        self._stopped_by = _STOPPED.get(reason, reason)
        for lane in self._lanes:
            if lane.ended is None:
                lane.kill_at = time.monotonic() + _GRACE_S
                if lane.has_loaded or lane.importing is not None:
                    lane.process.child.interrupt()
                else:  # it would only show where in our own code it was
                    lane.process.child.kill()

    # Who runs what.

    def _start_first(self) -> None:
        if self._crew.forks:
            self._add_lane(0, self._crew.start_template()).is_template = True
            return
        for slot in range(self._options.jobs):
            lane = self._add_lane(slot, self._crew.spawn(slot))
            if self._runs_ahead:
                lane.give([(0, _EVERYTHING)])
                lane.leave()

    def _add_lane(self, slot: int, process: WorkerProcess) -> Lane:
        lane = Lane(self._hired, slot, process)
        self._hired += 1
        self._lanes.append(lane)
        for descriptor in process.descriptors:
            self._lane_of[descriptor] = lane
            self._poll.register(descriptor, select.POLLIN)
        return lane

    def _feed(self) -> None:
        """Give units to the workers that are hungry, and let go those for which nothing is left."""
        hungry = [lane for lane in self._lanes if lane.ended is None and lane.has_loaded and not lane.is_leaving]
        for lane in hungry:
            if self._stopped_by is None and not lane.is_template:
                self._give(lane, len(hungry))
        idle = [lane for lane in hungry if not lane.given and not lane.is_template]
        if not idle or (self._stopped_by is None and self._ledger.schedule.waiting):
            return
        if self._stopped_by is None and self._ledger.schedule.waiting_alone:
            idle = self._without_last(idle)
        for lane in idle:
            lane.leave()

    def _give(self, lane: Lane, hungry: int) -> None:
        schedule = self._ledger.schedule
        if self._options.jobs == 1:
            if schedule.waiting:
                self._give_unit(lane, schedule.take_all())
            return
        # Near the end nothing is given ahead, or one worker would have two units while another has none.
        appetite = lane.appetite if schedule.waiting > 2 * hungry * lane.appetite else 1
        while len(lane.given) < appetite and (unit := schedule.take()):
            self._give_unit(lane, unit)

    def _without_last(self, idle: list[Lane]) -> list[Lane]:
        """Keep a worker for the units that must run alone, and give it one once the others are gone."""
        others = [lane for lane in self._lanes if lane.ended is None and lane is not idle[0]]
        if not others and (unit := self._ledger.schedule.take_alone()):
            self._give_unit(idle[0], unit)
        return idle[1:]

    def _give_unit(self, lane: Lane, unit: Unit) -> None:
        lost = [position for start, stop in unit for position in range(start, stop) if not lane.knows(position)]
        self._ledger.not_run(lost, "it was not found when a new worker loaded the suite again")
        rest = without(unit, lost)
        if rest:
            lane.give(rest)

    # What the workers say.

    def _take_all(self, lane: Lane, messages: list[Message]) -> None:
        """Take messages one by one, but rows of tests that passed as one: they are what a big suite mostly consists of."""
        start = 0
        while start < len(messages):
            row = passes_from(messages, start) if lane.is_same and self._stopped_by is None else []
            if len(row) > 1 and self._ledger.is_open:
                take_row(self._ledger, lane, row)
                start += 2 * len(row)
            else:
                self._take(lane, messages[start])
                start += 1

    def _take(self, lane: Lane, message: Message) -> None:
        kind = message[0]
        if kind == "s":
            self._take_start(lane, message[1])
        elif kind == "p":
            take_pass(self._ledger, lane, message)
        elif kind == "d":
            take_result(self._ledger, lane, message)
        else:
            self._take_rare(lane, kind, message)

    def _take_start(self, lane: Lane, own: int) -> None:
        position = lane.position(own)
        if position is None:
            return
        lane.running.add(position)
        self._ledger.emit(TestStarted(self._ledger.schedule.keys[position], lane.number))
        if self._stopped_by is not None:  # a test swallowed the interrupt
            lane.process.child.kill()

    def _take_rare(self, lane: Lane, kind: str, message: Message) -> None:
        match kind:
            case "u":
                lane.unit_done()
            case "a":
                lane.add(message[1], self._ledger.schedule.add(message[2]))
            case "f":
                lane.enter_fixture(*message[1:])
            case "g":
                lane.fixture = None
            case "F":
                self._ledger.fixture(fixture_finished(message))
            case "o":
                self._ledger.printed(printed(message))
            case "P":
                self._ledger.emit(polluted(message))
            case _:
                self._take_stage(lane, kind, message)

    def _take_stage(self, lane: Lane, kind: str, message: Message) -> None:
        """Take how far the worker's own life is."""
        match kind:
            case "i":
                lane.importing = message[1]
            case "c":
                self._take_suite(lane, message)
            case "t":
                self._take_template(lane, message[1])
            case "x":
                raise broken(message) if lane.has_loaded else loading_error(self._selection, message)
            case "e":
                self._take_end(lane, message[1])

    def _take_suite(self, lane: Lane, message: Message) -> None:
        suite = Suite(*message[1:])
        if not self._ledger.is_open:
            self._ledger.open(plan(self._selection, suite, self._options.jobs))
            if not self._crew.forks:
                self._tell_method()
        lane.load(suite, self._ledger.schedule)
        if lane.given:  # it was told to run everything before anybody knew what that is
            lane.given.clear()
            lane.given.append(self._ledger.schedule.take_all())
        else:
            lane.busy_since = None

    def _take_template(self, lane: Lane, reason: str) -> None:
        """The suite is loaded; fork workers, or where that is not safe let this process be one and start the others afresh."""
        lane.is_template = False
        jobs = min(self._options.jobs, max(self._ledger.schedule.units, 1))
        if reason:
            self._crew.give_up_forking(reason)
            for slot in range(1, jobs):
                self._add_lane(slot, self._crew.spawn(slot))
        else:
            self._hired -= 1  # it is no worker
            self._retire(lane, "")
            for slot in range(jobs):
                self._hire(slot)
        self._tell_method()

    def _tell_method(self) -> None:
        if self._options.jobs > 1:
            self._ledger.emit(Workers(self._options.jobs, "fork" if self._crew.forks else "spawn", self._crew.reason))

    def _take_end(self, lane: Lane, reason: str) -> None:
        self._retire(lane, reason)
        if not reason or self._stopped_by is not None:
            return
        if reason == "interrupted":
            self._interrupted = "SIGINT"
        self._stop(reason)

    def _retire(self, lane: Lane, reason: str) -> None:
        lane.ended = reason
        for descriptor in lane.process.descriptors:
            self._poll.unregister(descriptor)
            del self._lane_of[descriptor]

    # What happens when a worker dies.

    def _bury(self, lane: Lane) -> None:
        """Charge the death to what was running, and go on with the rest in a new worker."""
        how = death_of(lane)
        self._retire(lane, "dead")
        if self._stopped_by is not None:
            if self._ledger.is_open:
                self._ledger.not_run(sorted(lane.running), INTERRUPTED)
        elif lane.has_loaded:
            charge(self._ledger, lane, how)
            for unit in reversed(lane.given):
                self._ledger.schedule.put_back(unit)
            self._replace(lane, how)
        else:
            self._bury_import(lane, how)
        lane.process.close()

    def _bury_import(self, lane: Lane, how: Death) -> None:
        module = lane.importing
        skipped = self._crew.skipped_modules
        if module is None or len(skipped) >= _IMPORT_DEATHS:
            self._give_up(explain(how, module, self._options.interpreter))
        elif module not in skipped:  # several workers meet the same module at the same time
            self._crew.skipped_modules = (*skipped, module)
            self._ledger.fixture(import_death(module, how))
        if self._stopped_by is None:
            self._replace(lane, how)

    def _replace(self, lane: Lane, how: Death) -> None:
        if self._ledger.is_open and not (self._ledger.schedule.waiting or self._ledger.schedule.waiting_alone):
            return
        if self._hired >= _WORKERS:
            self._give_up(f"{_WORKERS} workers died, the last one: {how.sentence}")
        elif self._crew.forks and not self._ledger.is_open:
            self._start_first()
        else:
            self._hire(lane.slot)

    def _hire(self, slot: int) -> None:
        process = self._crew.fork(slot) if self._crew.forks else None
        if process is not None:
            self._add_lane(slot, process).share(self._ledger.schedule.suite)
            return
        if self._crew.forks:
            self._crew.give_up_forking("the process that was to be forked does not answer")
        self._add_lane(slot, self._crew.spawn(slot))

    def _give_up(self, sentence: str) -> None:
        if not self._ledger.is_open:
            raise WorkerFailed(sentence)
        self._stop(sentence)


def start(selection: Selection, options: WorkerOptions) -> Execution:
    """Start the workers and return at once, so that the caller can import what it needs while the suite is being loaded."""
    return Execution(selection, options)
