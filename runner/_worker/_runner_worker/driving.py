"""Run the tests of the layout as unittest's TestSuite does, and name the fixture that is running.

The fixtures are handled by unittest's own methods, in its order: for each test the previous class is torn down, then the module
changed, then the class set up. Nothing is torn down before the next test is known, so that a row of units runs exactly as the
serial suite does. What differs: an exception that would end unittest itself (SystemExit in setUpClass, say) is an error here, and
the rest runs.
"""
# unittest's fixture methods are private.
# ruff: noqa: N802, SLF001

import sys
from unittest import TestCase, case, suite
from unittest.util import strclass

from .loading import Block, Layout
from .result import Result
from .surroundings import Surroundings
from .wire import Channel, array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__unittest = True


INTERRUPTED = "interrupted while it was running"


class Interrupted(Exception):  # no error: the user stopped the run
    """A KeyboardInterrupt came through; it ends the run, as in unittest."""


class Driver(suite.TestSuite):
    """Runs ranges of positions; see `run_range` and `finish`."""

    def __init__(self, layout: Layout, result: Result, channel: Channel, surroundings: Surroundings) -> None:
        super().__init__()
        self._layout = layout
        self._starts = frozenset(layout.units)
        self._result = result
        self._channel = channel
        self._surroundings = surroundings
        self._pollution = surroundings.pollution
        self._stop = 0
        self._position = 0
        self._cleanups: dict[str, list[object]] = {}
        result._testRunEntered = True  # suites within ours leave the last fixtures to us

    def keep_cleanups_apart(self) -> None:
        """Give the module cleanups that imports registered to the worker that runs their module.

        Each worker has imported every module, and unittest would run all of them at the end of its first one.
        """
        self._cleanups = self._layout.cleanups
        case._module_cleanups.clear()  # type: ignore[attr-defined]

    @property
    def is_stopped(self) -> bool:
        """Tell whether a test or --failfast stopped the run."""
        return self._result.shouldStop

    def split(self, start: int, stop: int) -> "Iterator[tuple[int, int]]":
        """Cut a range where units start."""
        stop = min(stop, len(self._layout.ids))
        borders = [position for position in range(start + 1, stop) if position in self._starts]
        yield from zip([start, *borders], [*borders, stop], strict=True)

    def run_range(self, start: int, stop: int) -> None:
        """Run the tests at start <= position < stop."""
        self._stop = stop
        position = start
        while position < stop and not self._result.shouldStop:
            self._run_hollow(position)
            block = self._layout.blocks.get(position)
            if block is not None:
                self._run_block(block)
                position = block.stop
            else:
                self._run_test(position)
                position += 1
        if position == len(self._layout.ids) and not self._result.shouldStop:
            self._run_hollow(position)

    def finish(self) -> None:
        """Tear down the last class and module."""
        self._position = self._stop = 0
        self._tearDownPreviousClass(None, self._result)
        self._handleModuleTearDown(self._result)
        self._result._previousTestClass = None

    def _run_test(self, position: int) -> None:
        result, test = self._result, self._layout.tests[position]
        self._layout.tests[position] = None
        self._position = position
        kind = type(test)
        if kind is not result._previousTestClass:
            self._tearDownPreviousClass(test, result)
            self._handleModuleFixture(test, result)
            self._handleClassSetUp(test, result)
            result._previousTestClass = kind
            if self._pollution is not None:
                self._pollution.after_class_setup()
        if getattr(kind, "_classSetupFailed", False) or getattr(result, "_moduleSetUpFailed", False):
            self._prevented(position, test)
            return
        result.expect(test, position)
        self._call(test)
        if self._pollution is not None:
            self._pollution.after_test(test)
        for missing in result.forget():
            self._never_started(missing)

    def _run_hollow(self, position: int) -> None:
        """Run the suites that hold no test and may make some."""
        self._position = position
        for item in self._layout.hollow.pop(position, ()):
            self._call(item)

    def _run_block(self, block: Block) -> None:
        tests = self._layout.tests
        self._position = block.start
        for position in range(block.start, block.stop):
            self._result.expect(tests[position], position)
            self._bring_cleanups(type(tests[position]).__module__)
        self._call(block.suite)
        for missing in self._result.forget():
            if not self._result.shouldStop:
                self._prevented(missing, tests[missing], f"its suite, {type(block.suite).__qualname__}, did not run it")
        tests[block.start : block.stop] = [None] * (block.stop - block.start)
        block.suite = None

    def _call(self, item: object) -> None:
        """Run a test or a block; what escapes from it is the error of the test that was running."""
        result = self._result
        result.extras.clear()
        try:
            item(result)  # type: ignore[operator]
        except KeyboardInterrupt:
            result.settle("not_run", INTERRUPTED)
            raise Interrupted from None
        except BaseException:  # noqa: BLE001 (SystemExit from a test's own run() is an error of that test)
            message, text = result.describe(sys.exc_info(), item)  # type: ignore[arg-type]
            if not result.settle("errored", message, text):
                self._escaped(item, message, text)
        else:
            if result.is_open:
                result.settle()

    def _escaped(self, item: object, message: str, text: str) -> None:
        """Report an exception for which no test was running."""
        missing = self._result.forget()
        if len(missing) == 1:
            self._channel.send(array("d", missing[0], "errored", None, message, text, None, [], 0))
            return
        self._result.fixture(f"run ({strclass(type(item))})", "errored", message, text)
        for position in missing:
            self._result.finish_unrun(position, "not_run", f"its suite raised {message}")

    def _never_started(self, position: int) -> None:
        """End a test whose own run() came back without starting it: it may have run others in its place."""
        extras = self._result.extras
        if not extras:
            self._result.finish_unrun(position, "skipped", "its run() method started no test")
            return
        green = all(outcome in ("passed", "skipped", "expected_failure") for outcome in extras)
        self._result.finish_unrun(position, "passed" if green else "failed", f"it ran as {len(extras)} other tests")

    def _prevented(self, position: int, test: object, otherwise: str = "its fixture failed") -> None:
        """End a test that a fixture prevented, with that fixture's report as the cause."""
        kind = type(test)
        for name in (f"setUpModule ({kind.__module__})", f"setUpClass ({strclass(kind)})"):
            if name in self._result.causes:
                outcome, message = self._result.causes[name]
                if outcome == "skipped":
                    self._result.finish_unrun(position, "skipped", message)
                else:
                    self._result.finish_unrun(position, "not_run", f"{name} failed: {message}")
                return
        self._result.finish_unrun(position, "not_run", otherwise)

    # unittest's fixture handling, each with a name on the wire while it runs.

    def _handleClassSetUp(self, test: object, result: Result) -> None:
        kind = type(test)
        if kind is result._previousTestClass:
            return
        setup = super()._handleClassSetUp  # type: ignore[misc]
        name = f"setUpClass ({strclass(kind)})" if _has_own(kind, "setUpClass") else None
        if not self._guarded(name, self._end_of(kind), setup, test, result) and _mark(kind):
            kind.doClassCleanups()  # type: ignore[attr-defined]

    def _tearDownPreviousClass(self, test: object, result: Result) -> None:
        kind = result._previousTestClass
        if kind is None or kind is type(test):
            return
        teardown = super()._tearDownPreviousClass  # type: ignore[misc]
        noted = _has_own(kind, "tearDownClass") or getattr(kind, "_class_cleanups", None)
        self._guarded(f"tearDownClass ({strclass(kind)})" if noted else None, self._position, teardown, test, result)
        if self._pollution is not None:
            self._pollution.after_class(strclass(kind))

    def _handleModuleFixture(self, test: object, result: Result) -> None:
        module = type(test).__module__
        if module == self._get_previous_module(result):  # type: ignore[attr-defined]
            return
        # unittest's method tears the previous module down itself; ours comes first, and leaves nothing to tear down.
        self._handleModuleTearDown(result)
        result._previousTestClass = None
        self._bring_cleanups(module)
        setup = super()._handleModuleFixture  # type: ignore[misc]
        name = f"setUpModule ({module})" if hasattr(sys.modules.get(module), "setUpModule") else None
        if self._pollution is not None and name is not None:
            self._pollution.before_module()
        prevents = self._position if name is None else self._end_of_module(module)  # a long way in a module of many classes
        if not self._guarded(name, prevents, setup, test, result):
            result._moduleSetUpFailed = True
            self._guarded(None, self._position, case.doModuleCleanups)
        if self._pollution is not None:
            self._pollution.after_module_setup()

    def _bring_cleanups(self, module: str) -> None:
        case._module_cleanups[:0] = self._cleanups.pop(module, [])  # type: ignore[attr-defined]

    def _handleModuleTearDown(self, result: Result) -> None:
        module = self._get_previous_module(result)  # type: ignore[attr-defined]
        if module is None:
            return
        teardown = super()._handleModuleTearDown  # type: ignore[misc]
        noted = hasattr(sys.modules.get(module), "tearDownModule") or case._module_cleanups  # type: ignore[attr-defined]
        self._guarded(f"tearDownModule ({module})" if noted else None, self._position, teardown, result)
        if self._pollution is not None:
            self._pollution.after_module(module)

    def _guarded(self, name: str | None, prevents: int, call: "Callable[..., object]", *args: object) -> bool:
        """Call with the fixture's name on the wire (None: there is nothing of the user's in it); False if it broke out."""
        if name is not None:
            self._channel.send(array("f", name, self._position, prevents))
            self._surroundings.before_fixture(name)
        try:
            call(*args)
        except KeyboardInterrupt:
            raise Interrupted from None
        except BaseException:  # noqa: BLE001 (unittest catches Exception here; sys.exit() would end the worker)
            message, text = self._result.describe(sys.exc_info(), suite._ErrorHolder(name))  # type: ignore[attr-defined, arg-type]
            self._result.fixture(name or "fixture", "errored", message, text)
            return False
        finally:
            if name is not None:
                self._surroundings.after_fixture(name)
                self._channel.send('["g"]')
        return True

    def _end_of(self, kind: type) -> int:
        return self._end_while(lambda test: type(test) is kind)

    def _end_of_module(self, module: str) -> int:
        return self._end_while(lambda test: type(test).__module__ == module)

    def _end_while(self, belongs: "Callable[[object], bool]") -> int:
        """Return the first position after this one of a test that does not belong: where what a fixture prevents ends."""
        tests = self._layout.tests
        position = self._position + 1
        while position < len(tests) and belongs(tests[position]):
            position += 1
        return position


def _has_own(kind: type, name: str) -> bool:
    """Tell whether the class has a fixture that is not unittest's empty one."""
    method = getattr(kind, name, None)
    return method is not None and getattr(method, "__func__", None) is not getattr(TestCase, name).__func__


def _mark(kind: type) -> bool:
    """Mark the class as set up in vain; False for a type that takes no attributes."""
    try:
        kind._classSetupFailed = True  # type: ignore[attr-defined]
    except TypeError:
        return False
    return hasattr(kind, "doClassCleanups")
