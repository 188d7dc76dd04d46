"""Load the suite with unittest's own loader, and lay it out as a list in load order.

Every test has a position in that list. A suite whose `run` is its own is a block: it is run whole, because nobody else knows how.
"""
# Discovery is watched, and failed imports are made, through unittest's private names.
# ruff: noqa: SLF001

import os
import sys
import types
import unittest
from unittest import case, loader, suite
from unittest.main import _convert_names, _convert_select_pattern  # type: ignore[attr-defined]
from unittest.util import strclass

from .options import Options
from .wire import Channel, array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Cleanups = dict[str, list[object]]

__unittest = True


class Block:
    """A suite that is run whole, and where its tests lie."""

    def __init__(self, suite: object, start: int, stop: int) -> None:
        self.suite = suite
        self.start = start
        self.stop = stop


class Layout:
    """The suite in load order.

    Attributes:
        tests: One entry per position; emptied as the tests run, so that they can be freed.
        ids: One per position.
        blocks: By the position at which they start.
        hollow: Suites with a way of their own to run that hold no test yet, by the position before which they run.
        units: Positions at which a unit starts; a unit is what must stay together in one worker.
        exclusive: Positions of the tests whose class or module says `runner_exclusive = True`.
        cleanups: The module cleanups that were registered while a module was imported, by its name.
        ordinals: Of each test, which of those with its id it was in load order; empty where the order was kept.
    """

    def __init__(self, root: object, cleanups: "Cleanups | None" = None, order_seed: str | None = None) -> None:
        self.cleanups = cleanups or {}
        self.tests: list[object] = []
        self.blocks: dict[int, Block] = {}
        self.hollow: dict[int, list[object]] = {}
        self.ordinals: list[int] = []
        self._lay(root)
        self.ids = _ids(self.tests)
        if order_seed is not None:
            from .shuffling import shuffle

            shuffle(self, order_seed)
        self.units = self._find_units()
        self.exclusive = _exclusive(self.tests)

    def _lay(self, root: object) -> None:
        known = None
        for item in root:  # type: ignore[attr-defined]
            if type(item) is known or suite._isnotsuite(item):  # type: ignore[attr-defined]
                known = type(item)
                self.tests.append(item)
            elif _is_plain(item):
                self._lay(item)
            else:
                start = len(self.tests)
                self.tests.extend(_leaves(item))
                if len(self.tests) > start:
                    self.blocks[start] = Block(item, start, len(self.tests))
                else:
                    self.hollow.setdefault(start, []).append(item)

    def _find_units(self) -> list[int]:
        modules = _modules_with_fixtures(self.tests, self.cleanups)
        block_of = {position: block for block in self.blocks.values() for position in range(block.start, block.stop)}
        starts: list[int] = []
        previous: type | None = None
        last_key: object = None
        for position, kind in enumerate(map(type, self.tests)):
            if kind is previous and not block_of:
                continue
            key = block_of.get(position) or (kind.__module__ if kind.__module__ in modules else kind)
            if position == 0 or key != last_key:
                starts.append(position)
            previous, last_key = kind, key
        return starts


def _exclusive(tests: list[object]) -> list[int]:
    kinds = {kind for kind in set(map(type, tests)) if _wants_to_be_alone(kind)}
    return [position for position, test in enumerate(tests) if type(test) in kinds] if kinds else []


def _wants_to_be_alone(kind: type) -> bool:
    module = sys.modules.get(kind.__module__)
    return bool(getattr(kind, "runner_exclusive", False) or getattr(module, "runner_exclusive", False))


def load(options: Options, channel: Channel) -> Layout:
    """Import the selected tests, telling the parent each module before it is imported."""
    test_loader = loader.defaultTestLoader
    if options.name_patterns:
        test_loader.testNamePatterns = [_convert_select_pattern(pattern) for pattern in options.name_patterns]
    importing = _Importing(options, channel)
    if options.names:
        suites = [importing.by_name(name) for name in _convert_names(options.names)]
        return Layout(suites, importing.cleanups(), options.order_seed)
    importing.listen(test_loader)
    try:
        root = test_loader.discover(options.start_directory, options.pattern, options.top_level_directory)
    finally:
        importing.stop_listening(test_loader)
    return Layout([root], importing.cleanups(), options.order_seed)


class _Importing:
    def __init__(self, options: Options, channel: Channel) -> None:
        self._skipped = options.skipped
        self._channel = channel
        self._seeding = options.seeding()
        self._begun: list[tuple[str, int]] = []

    def cleanups(self) -> "Cleanups":
        """Return the module cleanups that are registered, each with the module whose import registered it."""
        registered: list[object] = case._module_cleanups  # type: ignore[attr-defined]
        end = len(registered)
        found: Cleanups = {}
        for name, begin in reversed(self._begun):
            if end > begin:
                found[_module_of(name)] = registered[begin:end] + found.get(_module_of(name), [])
            end = begin
        return found

    def _announce(self, name: str) -> None:
        self._begun.append((name, len(case._module_cleanups)))  # type: ignore[attr-defined]
        self._channel.send(array("i", name))
        if self._seeding is not None:
            self._seeding.before_import(name)

    def listen(self, test_loader: loader.TestLoader) -> None:
        """Hear of each module before discovery imports it; no frame of ours shows in the traceback of a failed import."""
        name_of = test_loader._get_name_from_path  # type: ignore[attr-defined]

        def announce(path: str) -> str:
            name: str = name_of(path)
            self._announce(name)
            return name

        test_loader._get_name_from_path = announce  # type: ignore[attr-defined]
        test_loader.loadTestsFromModule = self._guard(test_loader)  # type: ignore[method-assign]
        if self._skipped:
            test_loader._get_module_from_name = self._module  # type: ignore[attr-defined]

    def stop_listening(self, test_loader: loader.TestLoader) -> None:
        """Leave the loader as it was, for the tests may use it."""
        for name in ("_get_name_from_path", "_get_module_from_name", "loadTestsFromModule"):
            vars(test_loader).pop(name, None)

    def _guard(self, test_loader: loader.TestLoader) -> "Callable[..., unittest.TestSuite]":
        """Make a module whose classes cannot be instantiated a failed test, where unittest would give up the whole run."""
        load_module = test_loader.loadTestsFromModule

        def guarded(module: types.ModuleType, **arguments: str) -> unittest.TestSuite:
            try:
                return load_module(module, **arguments)
            except Exception as problem:  # noqa: BLE001 (a user's __init__ may raise anything)
                name = module.__name__
                failed = loader._make_failed_test(name, problem, test_loader.suiteClass, "")  # type: ignore[attr-defined]
                return failed[0]  # type: ignore[no-any-return]

        return guarded

    def _module(self, name: str) -> types.ModuleType:
        """Stand in for the loader's own import; a module that killed a worker is empty this time."""
        if self._is_skipped(name):
            return types.ModuleType(name)
        __import__(name)
        return sys.modules[name]

    def by_name(self, name: str) -> unittest.TestSuite:
        """Load one of the names on the command line; what cannot be imported is a failed test, whatever was raised."""
        if self._is_skipped(name):
            return unittest.TestSuite()
        self._announce(name)
        try:
            return loader.defaultTestLoader.loadTestsFromName(name)
        except case.SkipTest as reason:
            return loader._make_skipped_test(name, reason, unittest.TestSuite)  # type: ignore[attr-defined, no-any-return]
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 (sys.exit() in a module is a failed import like any other)
            return loader._make_failed_import_test(name, unittest.TestSuite)[0]  # type: ignore[attr-defined, no-any-return]

    def _is_skipped(self, name: str) -> bool:
        return any(name == skipped or name.startswith(skipped + ".") for skipped in self._skipped)


def test_id(test: object) -> str:
    """Return what the test calls itself; a test that cannot say gets its class and method."""
    try:
        return str(test.id())  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 (a user's own id() may raise anything)
        name = getattr(test, "_testMethodName", None)
        return f"{type(test).__module__}.{type(test).__qualname__}" + (f".{name}" if name else "")


test_id.__test__ = False  # type: ignore[attr-defined]


def _ids(tests: list[object]) -> list[str]:
    """Return all ids; those that unittest itself would make are put together here, class by class."""
    ids = []
    previous, prefix = None, ""
    for test in tests:
        kind = type(test)
        if kind is not previous:
            previous = kind
            prefix = f"{strclass(kind)}." if getattr(kind, "id", None) is case.TestCase.id else ""
        is_usual = prefix and "id" not in test.__dict__  # testscenarios, for one, gives a copy of a test an id of its own
        ids.append(prefix + test._testMethodName if is_usual else test_id(test))  # type: ignore[attr-defined]
    return ids


def _is_plain(item: object) -> bool:
    """Tell whether the suite runs as unittest's own does."""
    kind = type(item)
    return (
        getattr(kind, "run", None) is suite.TestSuite.run
        and kind.__call__ is suite.BaseTestSuite.__call__
        and getattr(kind, "__iter__", None) is suite.BaseTestSuite.__iter__
        and "run" not in getattr(item, "__dict__", ())
    )


def _leaves(item: object) -> "Iterator[object]":
    for inner in item:  # type: ignore[attr-defined]
        if suite._isnotsuite(inner):  # type: ignore[attr-defined]
            yield inner
        else:
            yield from _leaves(inner)


def _modules_with_fixtures(tests: list[object], cleanups: "Cleanups") -> set[str]:
    """Find the modules whose classes must stay together."""
    found = set(cleanups)
    for name in {kind.__module__ for kind in set(map(type, tests))}:
        module = sys.modules.get(name)
        if hasattr(module, "setUpModule") or hasattr(module, "tearDownModule"):
            found.add(name)
    if cleanups and tests:  # in one worker unittest runs them all at the end of the first module
        found.add(type(tests[0]).__module__)
    return found


def _module_of(name: str) -> str:
    """Return the module of a test's or a class's dotted name."""
    while name and name not in sys.modules:
        name = name.rpartition(".")[0]
    return name


def start_of_path() -> None:
    """Put the current folder first, as `python -m unittest` does, unless the interpreter was told not to."""
    if not sys.flags.safe_path:
        sys.path.insert(0, os.getcwd())  # noqa: PTH109 (pathlib costs milliseconds of each start)
