"""How the tests run: order, fixtures, buffered output, failfast, and tests with a run() of their own."""

import unittest
from tempfile import TemporaryDirectory
from typing import ClassVar

from .suites import SuiteCase, read_diary, run_plain, run_suite, write_suite


class StrangeRunTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_run.py": """
            import copy, unittest
            from diary import note
            class Quiet(unittest.TestCase):
                def run(self, result=None): return result
                def test_never(self): pass
            class Copied(unittest.TestCase):
                def run(self, result=None): return super(Copied, copy.copy(self)).run(result)
                def test_copy(self): self.fail("in the copy")
            class Broken(unittest.TestCase):
                def run(self, result=None): raise RuntimeError("run is broken")
                def test_broken(self): pass
            class Scenario(unittest.TestCase):
                def id(self): return super().id() + getattr(self, "scenario", "")
                def run(self, result=None):
                    for scenario in ("(red)", "(blue)"):
                        clone = copy.copy(self)
                        clone.scenario = scenario
                        super(Scenario, clone).run(result)
                def test_colour(self): self.assertNotEqual(self.scenario, "(red)")
            class Own(unittest.TestSuite):
                def run(self, result, debug=False):
                    note("own suite starts")
                    super().run(result, debug)
                    note("own suite ends")
                    return result
            class Inside(unittest.TestCase):
                @classmethod
                def setUpClass(cls): note("set up")
                @classmethod
                def tearDownClass(cls): note("tear down")
                def test_one(self): note("one")
                def test_two(self): note("two")
            def load_tests(loader, tests, pattern):
                cases = [Quiet("test_never"), Copied("test_copy"), Broken("test_broken"), Scenario("test_colour")]
                return unittest.TestSuite([*cases, Own([Inside("test_one"), Inside("test_two")])])
        """
    }

    def test_outcomes(self) -> None:
        """Tests with a run() of their own end in one state each, those that they make included."""
        expected = [
            ("test_run.Quiet.test_never", 0, "skipped"),
            ("test_run.Copied.test_copy", 0, "failed"),
            ("test_run.Broken.test_broken", 0, "errored"),
            ("test_run.Scenario.test_colour(red)", 0, "failed"),
            ("test_run.Scenario.test_colour(blue)", 0, "passed"),
            ("test_run.Scenario.test_colour", 0, "failed"),
            ("test_run.Inside.test_one", 0, "passed"),
            ("test_run.Inside.test_two", 0, "passed"),
        ]
        self.assertEqual(self.events.outcomes, expected)
        self.assertEqual((self.summary.collected, self.summary.added), (6, 2))

    def test_a_suite_of_its_own_runs_whole(self) -> None:
        """A suite that overrides run() is run by its own method, once, with its fixtures as in unittest."""
        self.assertEqual(self.diary, ["own suite starts", "set up", "one", "two", "own suite ends", "tear down"])


class FailfastTest(SuiteCase):
    changes: ClassVar[dict[str, bool]] = {"failfast": True}
    files: ClassVar[dict[str, str]] = {
        "test_fast.py": """
            import unittest
            from diary import note
            class Fast(unittest.TestCase):
                @classmethod
                def tearDownClass(cls): note("tear down")
                def test_a(self): pass
                def test_b(self): self.fail("stop here")
                def test_c(self): pass
        """
    }

    def test_the_rest_does_not_run(self) -> None:
        """After the first failure the rest is not run, and says why; the fixtures are torn down."""
        self.assertEqual([row[2] for row in self.events.outcomes], ["passed", "failed", "not_run"])
        self.assertIn("--failfast", self.events.message("test_c"))
        self.assertEqual(self.diary, ["tear down"])


class BufferTest(SuiteCase):
    changes: ClassVar[dict[str, bool]] = {"buffer": True, "show_locals": True}
    files: ClassVar[dict[str, str]] = {
        "test_buffer.py": """
            import io, sys, unittest
            class Buffer(unittest.TestCase):
                def test_a_replaced(self): sys.stdout = io.StringIO()
                def test_b_closed(self): sys.stdout.close()
                def test_c_failed(self):
                    answer = 41
                    print("seen before the failure")
                    self.assertEqual(answer, 42)
        """
    }

    def test_tests_that_break_the_streams(self) -> None:
        """A test that replaces or closes the buffered stream breaks neither itself nor the next."""
        self.assertEqual([row[2] for row in self.events.outcomes], ["passed", "passed", "failed"])

    def test_output_is_in_the_traceback(self) -> None:
        """-b puts what a failed test printed below its traceback, --locals its variables into it."""
        traceback = self.events.traceback("test_c_failed")
        self.assertIn("Stdout:\nseen before the failure\n", traceback)
        self.assertIn("answer = 41", traceback)


class OrderTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_a.py": """
            import unittest
            from diary import note
            unittest.addModuleCleanup(note, "cleanup registered at import")
            class Base(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    note("setUpClass " + cls.__name__)
                    cls.addClassCleanup(note, "class cleanup " + cls.__name__)
                @classmethod
                def tearDownClass(cls): note("tearDownClass " + cls.__name__)
                def test_1(self): note(self.id())
                def test_2(self): note(self.id())
            class A(Base): pass
            class B(Base):
                def test_1(self):
                    unittest.addModuleCleanup(note, "cleanup registered in a test")
            def load_tests(loader, tests, pattern):
                mixed = [A("test_1"), B("test_1"), A("test_2"), B("test_2")]
                return unittest.TestSuite([tests, unittest.TestSuite(mixed)])
        """,
        "test_b.py": """
            import unittest
            from diary import note
            def setUpModule(): note("setUpModule"); unittest.addModuleCleanup(note, "module cleanup")
            def tearDownModule(): note("tearDownModule")
            class A(unittest.TestCase):
                def test_1(self): note(self.id())
            class B(unittest.TestCase):
                @classmethod
                def setUpClass(cls): note("set up B")
                def test_1(self): note(self.id())
        """,
        "test_c.py": """
            import unittest
            from diary import note
            class A(unittest.TestCase):
                def test_1(self): note(self.id())
        """,
    }

    def test_same_as_unittest(self) -> None:
        """Tests and fixtures run in exactly the order and number of plain unittest, interleaved classes too."""
        run_plain(self.folder)
        plain = read_diary(self.folder)
        self.assertGreater(len(plain), 30)
        self.assertEqual(self.diary, plain)


class SurroundingsTest(unittest.TestCase):
    def test_environment_of_a_test(self) -> None:
        """A test sees what it sees under unittest: arguments, path, flags, filters, handlers, threads and no terminal."""
        suite = """
            import os, signal, sys, threading, unittest, warnings
            from diary import note
            class See(unittest.TestCase):
                def test_all(self):
                    note(repr((sys.argv[0], sys.path[:2], sys.flags, warnings.filters[:2])))
                    note(repr((signal.getsignal(signal.SIGINT), threading.active_count(), os.getcwd())))
        """
        with TemporaryDirectory() as folder:
            write_suite(folder, {"test_see.py": suite})
            run_suite(folder)
            ours = read_diary(folder)
            run_plain(folder)
            self.assertEqual(ours, read_diary(folder))
            self.assertEqual(len(ours), 2)
