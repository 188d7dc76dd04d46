"""Workers that died or could not load the suite: who is charged, and the sentences."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import RunnerError, UsageError, WorkerFailed
from runner.events import FixtureFinished, TestFinished

if TYPE_CHECKING:
    from runner.execute.lane import Lane
    from runner.execute.ledger import Ledger
    from runner.execute.lines import Message
    from runner.execute.options import Selection

_STACK_LINES = 40
_MISSING = 7
_IS_COVERAGE_MISSING = (
    f"import importlib.util; raise SystemExit({_MISSING} if importlib.util.find_spec('coverage') is None else 0)"
)


@dataclass(frozen=True, slots=True)
class Death:
    """How a worker died.

    Attributes:
        sentence: Begins with what died.
        stacks: What faulthandler wrote.
        after_s: Seconds for which it had been doing what it was doing.
        outcome: crashed or timed_out.
        output: What was printed and not reported any more.
    """

    sentence: str
    stacks: str | None = None
    after_s: float | None = None
    outcome: str = "crashed"
    output: str | None = None


def death_of(lane: Lane) -> Death:
    """Tell how the worker of a lane died, or that it was ended because it took too long."""
    after_s = round(lane.busy_for(time.monotonic()), 3)
    how, stacks, output = lane.process.death(), lane.process.stacks(), lane.process.printed()
    if lane.overran_s is None:
        return Death(how, stacks, after_s, output=output)
    return Death(f"no end within {lane.overran_s:g} s (--timeout); the worker was ended", stacks, after_s, "timed_out", output)


def charge(ledger: Ledger, lane: Lane, death: Death) -> None:
    """Charge a death to what was running: tests, a fixture, or nothing."""
    for position in sorted(lane.running):
        message = f"{death.sentence} while the test was running"
        key = ledger.schedule.end(position)
        facts = TestFinished(key, death.outcome, lane.number, 1, death.after_s, message, death.stacks)
        ledger.finish(replace(facts, output=death.output))
    if lane.fixture is not None:
        name, prevented = lane.fixture
        ledger.fixture(FixtureFinished(name, death.outcome, f"{death.sentence} in the fixture", death.stacks, death.output))
        ledger.not_run(prevented, f"{name} {death.outcome.replace('_', ' ')}: {death.sentence}")
    elif not lane.running:
        _charge_nobody(ledger, lane, death)
    _give_up_blocks(ledger, lane, death)


def _charge_nobody(ledger: Ledger, lane: Lane, death: Death) -> None:
    """No test and no fixture was running; a worker that got nowhere costs a test, or its successors would do so for ever."""
    last = ledger.schedule.keys[lane.last][0] if lane.last is not None else None
    ledger.fixture(fixture_after(last, death))
    if lane.finished == 0:
        places = (place for unit in lane.given for bounds in unit for place in range(*bounds))
        waiting = [place for place in places if not ledger.schedule.has_ended(place)]
        ledger.not_run(waiting[:1], f"{death.sentence} before the test started")


def _give_up_blocks(ledger: Ledger, lane: Lane, death: Death) -> None:
    for start, stop in lane.blocks:
        rest = [position for position in range(start, stop) if not ledger.schedule.has_ended(position)]
        if 0 < len(rest) < stop - start:
            ledger.not_run(rest, f"{death.sentence} in its suite, which runs as a whole")


def fixture_after(last: str | None, death: Death) -> FixtureFinished:
    """Charge a death for which no test was running to the place where it happened."""
    place = f"after {last}" if last is not None else "before the first test"
    sentence = f"{death.sentence} between two tests"
    return FixtureFinished(f"between tests ({place})", death.outcome, sentence, death.stacks, death.output)


def import_death(module: str, death: Death) -> FixtureFinished:
    """Charge a death to the module that was being imported."""
    sentence = f"{death.sentence} while the module was imported"
    return FixtureFinished(f"import ({module})", death.outcome, sentence, death.stacks, death.output)


def explain(death: Death, module: str | None, interpreter: str | None) -> str:
    """Say that nothing could be loaded, and what was being imported."""
    if module is None and interpreter is not None:
        return f"the {death.sentence} before it loaded any test; is {interpreter} (--python) a Python interpreter, 3.11 or newer?"
    what = "before it loaded any test" if module is None else f"while it imported {module}, as others did before it"
    tail = "\n" + "\n".join(death.stacks.splitlines()[:_STACK_LINES]) if death.stacks else ""
    return f"the {death.sentence} {what}; run `python -m unittest` there to see what the interpreter says{tail}"


def broken(report: Message) -> WorkerFailed:
    """Say that the worker's own code failed while tests ran."""
    return WorkerFailed(f"internal error of the worker, please report it: {report[1]}\n{report[2]}")


def loading_error(selection: Selection, report: Message) -> RunnerError:
    """Say why the worker could not load the suite."""
    _, message, traceback = report
    start, top = selection.start_directory, selection.top_level_directory
    if top is not None and not Path(top).is_dir():
        return UsageError(f"the top-level directory {top} is no folder; give another -t, or none")
    if "Start directory is not importable" in message:
        return UsageError(
            f"the start directory {start} cannot be loaded: it is neither a folder of tests nor an importable module; "
            "a folder below the top-level directory needs an __init__.py"
        )
    if "Path must be within the project" in message:
        return UsageError(f"the start directory {start} lies outside the top-level directory {top}; give another -t")
    if message.startswith("ImportError"):
        return UsageError(f"the tests cannot be loaded: {message.removeprefix('ImportError: ')}")
    return WorkerFailed(f"the tests cannot be loaded: {message}\n{traceback}")


def require_coverage(interpreter: str | None) -> None:
    """Refuse --coverage where the library is missing.

    Args:
        interpreter: Python of the workers; None for this one.

    Raises:
        UsageError: coverage.py cannot be imported.
    """
    if interpreter is None:
        from importlib.util import find_spec

        missing, where = find_spec("coverage") is None, ""
    else:
        asked = [interpreter, "-c", _IS_COVERAGE_MISSING]
        missing = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == _MISSING
        where = f" for {interpreter} (--python)"
    if missing:
        install = f"{interpreter or 'python'} -m pip install coverage"
        raise UsageError(f"--coverage needs the package coverage, which is not installed{where}; install it with `{install}`")
