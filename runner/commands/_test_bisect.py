"""`runner test --bisect-order TEST`: which earlier tests make it fail; each trial is a run in a fresh process."""

from __future__ import annotations

import difflib
import glob
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from registry.records import Outcome
from runner import execute
from runner.choose.minimal import minimal
from runner.choose.places import dotted_names
from runner.commands._kept_results import KeptResults
from runner.errors import ExitCode, Terminated, UsageError
from runner.report.numbers import counted
from runner.report.reproduction import random_flags
from runner.report.safe import safe_line
from runner.report.text import LONGEST_ID

if TYPE_CHECKING:
    from runner.commands._test_request import Plan
    from runner.events import TestKey
    from runner.execute.options import Chooser

_LISTED = 20


def bisect_order(plan: Plan, test: str) -> int:
    """Find the smallest set of earlier tests after which a test fails, telling each trial, and return the exit code.

    Raises:
        UsageError: No test, or more than one, answers to the name.
    """
    names = dotted_names((test,), Path.cwd(), plan.selection.pattern)
    if len(names) != 1:
        raise UsageError(f"--bisect-order wants one test, and {test} holds several files; give an id or path::Class::test")
    trials = _Trials(plan, names[0])
    if trials.fails_after(()):
        _tell(f"{_shown(trials.target)} fails alone, so the order is not the reason: {trials.message}")
        return ExitCode.RED
    earlier = trials.earlier
    if not earlier or not trials.fails_after(earlier):
        _tell(f"{_shown(trials.target)} passes alone and after the {counted(len(earlier), 'test')} that run before it")
        return ExitCode.NOTHING
    found = minimal(earlier, trials.fails_after)
    _tell(f"{_shown(trials.target)} fails after {counted(len(found), 'test')}:")
    for key in found[:_LISTED]:
        _tell(f"  {_shown(key)}")
    if len(found) > _LISTED:
        _tell(f"  ... and {len(found) - _LISTED} more")
    _tell(_reproduction(plan, trials, found))
    return ExitCode.RED


class _Trials:
    """Runs the test after others, and remembers what came of it.

    Attributes:
        target: The test, known once the suite was loaded.
        earlier: The tests that run before it, in order.
        message: What it said when it failed last.
    """

    def __init__(self, plan: Plan, name: str) -> None:
        self._plan = plan
        self._name = name
        self._known: dict[tuple[TestKey, ...], bool] = {}
        self.target: TestKey = (name, 0)
        self.earlier: list[TestKey] = []
        self.message = ""

    def fails_after(self, earlier: Sequence[TestKey]) -> bool:
        """Tell whether the test is red after these, in a fresh process."""
        asked = tuple(earlier)
        if asked not in self._known:
            choose = self._only(asked) if self._known else self._first
            self._known[asked] = self.fails(replace(self._plan.selection, choose=choose))
            before = f"after {counted(len(asked), 'test')}" if asked else "alone"
            _tell(f"trial {len(self._known)}: {before}: {'fails' if self._known[asked] else 'passes'}")
        return self._known[asked]

    def fails(self, selection: execute.Selection, *, in_given_order: bool = False) -> bool:
        """Tell whether the test is red in a run of a selection; a run in which it does not come up tells no failure."""
        watch = KeptResults()
        options = replace(self._plan.options, failfast=False, jobs=1)
        with execute.start(selection, replace(options, order_seed=None if in_given_order else options.order_seed)) as execution:
            summary = execution.run(watch)
        if summary.interrupted:
            raise Terminated if summary.interrupted == "SIGTERM" else KeyboardInterrupt
        found = watch.found.get(self.target)
        if found is None or not Outcome(found.outcome).is_red:
            return False
        self.message = safe_line(found.message or found.outcome)
        return True

    def _first(self, keys: Sequence[TestKey]) -> list[int]:
        """Find the test and what runs before it, and run it alone."""
        chain = self._plan.chain
        order = chain(keys) if chain else list(range(len(keys)))
        position = _position(self._name, [keys[place] for place in order])
        self.target = keys[order[position]]
        self.earlier = [keys[place] for place in order[:position]]
        return [order[position]]

    def _only(self, earlier: Sequence[TestKey]) -> Chooser:
        wanted = (*earlier, self.target)

        def choose(keys: Sequence[TestKey]) -> list[int]:
            places = {key: place for place, key in enumerate(keys)}
            return [places[key] for key in wanted if key in places]

        return choose


def _position(name: str, keys: Sequence[TestKey]) -> int:
    """Return where the test stands: the first of that id, or the only one whose id ends with the name.

    Raises:
        UsageError: There is none, or more than one.
    """
    ids = [test_id for test_id, _ in keys]
    if name in ids:
        return ids.index(name)
    ending = sorted({test_id for test_id in ids if test_id.endswith(f".{name}")})
    if len(ending) == 1:
        return ids.index(ending[0])
    if ending:
        raise UsageError(f"--bisect-order wants one test, and {name} may be {', '.join(ending[:3])}; give the whole id")
    near = difflib.get_close_matches(name, ids, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise UsageError(f"--bisect-order wants a test, and none of the {len(ids)} selected ones is called {name}{hint}")


def _reproduction(plan: Plan, trials: _Trials, found: Sequence[TestKey]) -> str:
    """Return a command that shows it, tried out; where ids are no names to import by, the flags of discovery with -k."""
    ids = [test_id for test_id, _ in (*found, trials.target)]
    selection, options = plan.selection, plan.options
    if trials.fails(execute.Selection(names=tuple(ids)), in_given_order=True):
        return f"reproduce it with: {shlex.join(('runner', 'test', *ids, *random_flags(options.seed, None)))}"
    # With a star, unittest compares the pattern with the whole id.
    patterns = tuple(f"*{glob.escape(test_id)}" for test_id in ids)
    if trials.fails(replace(selection, choose=None, name_patterns=patterns)):
        top = ("-t", selection.top_level_directory) if selection.top_level_directory else ()
        where = () if selection.names else ("-s", selection.start_directory, *top, "-p", selection.pattern)
        flags = (word for pattern in patterns for word in ("-k", pattern))
        random = random_flags(options.seed, options.order_seed)
        return f"reproduce it with: {shlex.join(('runner', 'test', *selection.names, *where, *flags, *random))}"
    return "no command with the names of these tests shows it: it takes the suite as it was loaded here"


def _shown(key: TestKey) -> str:
    test_id, ordinal = key
    return safe_line(test_id, LONGEST_ID) + (f" #{ordinal}" if ordinal else "")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
