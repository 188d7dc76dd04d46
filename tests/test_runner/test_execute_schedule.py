"""The pure parts of the engine: the schedule, a worker's view of it, the lines, the encoded options and the hints."""

import json
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from runner import execute
from runner.errors import WorkerFailed
from runner.execute.hints import no_tests_hint
from runner.execute.lane import Lane
from runner.execute.lines import LineDecoder
from runner.execute.options import encode
from runner.execute.process import WorkerProcess
from runner.execute.schedule import Range, Schedule, Suite, keys_of, plan, runs

from .suites import Files, write_suite

SUITE = Suite(["a", "b", "b", "c", "d"], [0, 1, 3])


class Commands:
    """Stands where a worker's process would, and keeps what it is told."""

    def __init__(self) -> None:
        self.told = b""

    def command(self, data: bytes) -> None:
        self.told += data


class ScheduleTest(unittest.TestCase):
    def setUp(self) -> None:
        self.schedule = Schedule(SUITE)

    def test_keys(self) -> None:
        """Tests of one id are numbered in load order."""
        self.assertEqual(keys_of(["a", "b", "a", "a"]), [("a", 0), ("b", 0), ("a", 1), ("a", 2)])

    def test_take_all(self) -> None:
        """One worker takes everything as one range, and then nothing is left to take."""
        self.assertEqual(self.schedule.take_all(), [(0, 5)])
        self.assertEqual(self.schedule.waiting, 0)

    def test_take_units(self) -> None:
        """Several workers take whole units, in load order."""
        self.assertEqual([self.schedule.take() for _ in range(4)], [[(0, 1)], [(1, 3)], [(3, 5)], None])

    def test_put_back(self) -> None:
        """What a dead worker did not end is taken again, before all others."""
        unit = self.schedule.take_all()
        self.schedule.end(0)
        self.schedule.end(2)
        self.schedule.put_back(unit)
        self.assertEqual(self.schedule.take(), [(1, 2), (3, 5)])

    def test_complete(self) -> None:
        """The run is complete when each test ended."""
        for position in range(5):
            self.assertFalse(self.schedule.is_complete)
            self.schedule.end(position)
        self.assertTrue(self.schedule.is_complete)
        self.assertEqual(self.schedule.unfinished(), [])

    def test_twice(self) -> None:
        """A test that ends twice is an error of ours and never silent."""
        self.schedule.end(1)
        with self.assertRaisesRegex(WorkerFailed, "ended twice"):
            self.schedule.end(1)

    def test_only_what_was_chosen(self) -> None:
        """A schedule of some positions gives out and waits for those alone."""
        schedule = Schedule(SUITE, [1, 4])
        self.assertEqual(schedule.collected, 2)
        self.assertEqual(schedule.take_all(), [(1, 2), (4, 5)])
        self.assertEqual(schedule.unfinished(), [1, 4])

    def test_chosen_order(self) -> None:
        """The order that was chosen is kept, cut into units where it leaves one."""
        schedule = Schedule(SUITE, [4, 3, 2, 1, 0])
        self.assertEqual([schedule.take(), schedule.take()], [[(4, 5), (3, 4)], [(2, 3), (1, 2)]])

    def test_longest_first(self) -> None:
        """The unit that took longest lately starts first, but for one of which nothing is known."""
        self.schedule.start_longest_first({("a", 0): 1.0, ("b", 0): 0.4, ("b", 1): 0.7})
        self.assertEqual([self.schedule.take() for _ in range(3)], [[(3, 5)], [(1, 3)], [(0, 1)]])

    def test_exclusive(self) -> None:
        """A unit that wants to be alone waits apart from the others, also when it was put back."""
        schedule = Schedule(Suite(SUITE.ids, SUITE.starts, exclusive=[1, 2]), shares=True)
        self.assertEqual([schedule.take(), schedule.take(), schedule.take()], [[(0, 1)], [(3, 5)], None])
        unit = schedule.take_alone()
        self.assertEqual(unit, [(1, 3)])
        schedule.put_back(unit or [])
        self.assertEqual((schedule.waiting, schedule.waiting_alone), (0, 1))

    def test_exclusive_within_a_module(self) -> None:
        """So does a module that stays together and of which only a later class wants to be alone."""
        schedule = Schedule(Suite(SUITE.ids, SUITE.starts, exclusive=[2]), shares=True)
        self.assertEqual((schedule.waiting, schedule.waiting_alone), (2, 1))

    def test_whole_blocks(self) -> None:
        """Of a suite that runs as a whole, choosing a part chooses the rest."""
        suite = Suite(SUITE.ids, SUITE.starts, blocks=[(1, 3)])
        self.assertEqual(list(plan(execute.Selection(choose=lambda _: [4, 2]), suite, 1).order), [4, 1, 2])

    def test_add(self) -> None:
        """A test that comes up while the suite runs gets the next ordinal of its id."""
        self.assertEqual(self.schedule.add("b"), 5)
        self.assertEqual(self.schedule.end(5), ("b", 2))
        self.assertEqual(self.schedule.collected, 5)

    def test_runs(self) -> None:
        """Neighbouring positions are joined."""
        self.assertEqual(runs([1, 2, 3, 7, 9, 10]), [(1, 4), (7, 8), (9, 11)])


class LaneTest(unittest.TestCase):
    def setUp(self) -> None:
        self.worker = Commands()

    def lane(self, ids: list[str], keys: list[str], blocks: list[Range] | None = None) -> Lane:
        lane = Lane(1, 0, cast("WorkerProcess", self.worker))
        lane.load(Suite(ids, [0], blocks or []), Schedule(Suite(keys, [0])))
        return lane

    def test_same_suite(self) -> None:
        """A worker that finds the same suite speaks in the run's positions."""
        lane = self.lane(["a", "b", "c"], ["a", "b", "c"])
        lane.give([(1, 3)])
        self.assertEqual(self.worker.told, b"run 1 3\n")
        self.assertEqual(lane.position(2), 2)

    def test_other_suite(self) -> None:
        """A worker that finds another suite is translated, both ways."""
        lane = self.lane(["new", "c", "a"], ["a", "b", "c"])
        self.assertEqual([lane.position(own) for own in range(3)], [None, 2, 0])
        self.assertEqual([lane.knows(position) for position in range(3)], [True, False, True])
        lane.give([(0, 1), (2, 3)])
        self.assertEqual(self.worker.told, b"run 1 3\n")

    def test_chosen_order_in_another_suite(self) -> None:
        """An order that was chosen is kept by a worker that finds another suite."""
        self.lane(["new", "c", "a"], ["a", "b", "c"]).give([(2, 3), (0, 1)])
        self.assertEqual(self.worker.told, b"run 1 3\n")
        self.lane(["a", "new", "c"], ["a", "b", "c"]).give([(2, 3), (0, 1)])
        self.assertEqual(self.worker.told, b"run 1 3\nrun 2 3 0 1\n")

    def test_done(self) -> None:
        """A worker is busy until the last of its units is done."""
        lane = self.lane(["a", "b"], ["a", "b"])
        lane.give([(0, 1)])
        lane.give([(1, 2)])
        lane.unit_done()
        self.assertIsNotNone(lane.busy_since)
        lane.unit_done()
        self.assertIsNone(lane.busy_since)

    def test_added(self) -> None:
        """A test that was not collected keeps the place that the run gave it."""
        lane = self.lane(["a"], ["a"])
        self.assertTrue(lane.is_same)
        lane.add(1, 7)
        self.assertEqual((lane.position(0), lane.position(1)), (0, 7))
        self.assertFalse(lane.is_same)

    def test_blocks(self) -> None:
        """A suite that runs as a whole is known by the run's positions, once the worker has it."""
        lane = self.lane(["x", "a", "b"], ["a", "b"], [(1, 3)])
        self.assertEqual(lane.blocks, [])
        lane.give([(0, 2)])
        self.assertEqual(lane.blocks, [(0, 2)])


class LinesTest(unittest.TestCase):
    def test_pieces(self) -> None:
        """Lines that arrive in pieces are put together."""
        data = b'["s",1]\n["p",1,0.5]\n["d","\\ud800"]\n'
        for size in (1, 3, 8, 100):
            decoder = LineDecoder()
            messages = [message for start in range(0, len(data), size) for message in decoder.feed(data[start : start + size])]
            self.assertEqual(messages, [["s", 1], ["p", 1, 0.5], ["d", "\ud800"]])

    def test_torn_line(self) -> None:
        """A line that a signal tore is left out, and those around it are kept."""
        self.assertEqual(LineDecoder().feed(b'["s",1]\n["d",1,"fai["e","interrupted"]\n["g"]\n'), [["s", 1], ["g"]])

    def test_options(self) -> None:
        """The options are counted in bytes, and hold every field of the selection."""
        selection = execute.Selection(names=("a", "ü=b"), name_patterns=("x",), top_level_directory="top")
        data = encode(selection, execute.WorkerOptions(failfast=True), ("bad",))
        size, _, block = data.partition(b"\n")
        self.assertEqual(int(size), len(block))
        fields = block.decode().split("\0")
        self.assertEqual(
            fields,
            ["name=a", "name=ü=b", "start=.", "pattern=test*.py", "top=top", "k=x", "skip=bad", "failfast=", "pollution=class"],
        )

    def test_options_are_no_json(self) -> None:
        """The worker reads them without the json module, which would cost each start milliseconds."""
        with self.assertRaises(ValueError):
            json.loads(encode(execute.Selection(), execute.WorkerOptions()))


class HintsTest(unittest.TestCase):
    def hint(self, files: Files, **selection: Any) -> str:
        with TemporaryDirectory() as folder:
            write_suite(folder, files)
            return no_tests_hint(execute.Selection(**selection), Path(folder))

    def test_pytest_functions(self) -> None:
        """Functions in the manner of pytest are counted, the first is named, and the cure is said."""
        hint = self.hint({"test_add.py": "def test_add(): pass\nasync def test_sub(): pass"})
        self.assertIn("2 pytest-style test functions (the first is test_add.py::test_add)", hint)
        self.assertIn("unittest.TestCase", hint)

    def test_nothing_matches(self) -> None:
        """A pattern that matches no file is named with the start directory."""
        self.assertIn("from . matches check*.py", self.hint({}, pattern="check*.py"))

    def test_files_without_tests(self) -> None:
        """Files that match and hold no test are counted."""
        self.assertIn("no file in . that matches test*.py holds", self.hint({"test_empty.py": "", "pkg/test_no.py": ""}))

    def test_name_patterns(self) -> None:
        """-k that matches nothing is named."""
        self.assertEqual(self.hint({"test_empty.py": ""}, name_patterns=("fast",)), "no test matches -k fast")

    def test_names(self) -> None:
        """A module without tests is named, its pytest-style functions too."""
        self.assertIn("model holds no unittest.TestCase", self.hint({"model.py": ""}, names=("model",)))
        self.assertIn("model.py::test_x", self.hint({"model.py": "def test_x(): pass"}, names=("model.py",)))

    def test_a_package(self) -> None:
        """A package that holds no test itself is named, with the way to run the files in it."""
        self.assertIn("write tests/ for", self.hint({"tests/__init__.py": "", "tests/test_x.py": ""}, names=("tests",)))

    def test_unreadable_source(self) -> None:
        """A file that is no Python says nothing and breaks nothing."""
        self.assertIn("no file in . ", self.hint({"test_bad.py": "def broken(:"}))
