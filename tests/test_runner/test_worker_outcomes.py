"""Every outcome of unittest arrives as unittest means it."""

from collections import Counter
from typing import Any, ClassVar

from runner import execute

from .suites import SuiteCase, run_plain, run_suite


class OutcomesTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_all.py": """
            import sys, unittest
            class Plain(unittest.TestCase):
                def test_passed(self):
                    "What the report prints.

                    More."
                def test_failed(self): self.assertEqual(1, 2)
                def test_errored(self): raise KeyError("gone")
                def test_skipped(self): self.skipTest("no camera")
                @unittest.skip("by decorator")
                def test_decorated(self): pass
                @unittest.expectedFailure
                def test_expected(self): self.fail("known")
                @unittest.expectedFailure
                def test_unexpected(self): pass
                def test_exit(self): sys.exit(3)
                def test_generator_exit(self): raise GeneratorExit
                def test_two_problems(self):
                    self.addCleanup(lambda: 1 / 0)
                    self.fail("first")
            @unittest.skip("whole class")
            class Skipped(unittest.TestCase):
                @classmethod
                def setUpClass(cls): 1 / 0
                def test_one(self): pass
            class Async(unittest.IsolatedAsyncioTestCase):
                async def test_passed(self): pass
                async def test_failed(self): self.fail("later")
            class TearDown(unittest.TestCase):
                def tearDown(self): raise ValueError("in tearDown")
                def test_one(self): pass
        """.replace('"What', '"""What').replace('More."', 'More."""')
    }

    def test_outcomes(self) -> None:
        """Passed, failed, errored, skipped, expected failure and unexpected success are told apart."""
        expected = {
            "Plain.test_passed": "passed",
            "Plain.test_failed": "failed",
            "Plain.test_errored": "errored",
            "Plain.test_skipped": "skipped",
            "Plain.test_decorated": "skipped",
            "Plain.test_expected": "expected_failure",
            "Plain.test_unexpected": "unexpected_success",
            "Plain.test_exit": "errored",
            "Plain.test_generator_exit": "errored",
            "Plain.test_two_problems": "errored",
            "Skipped.test_one": "skipped",
            "Async.test_passed": "passed",
            "Async.test_failed": "failed",
            "TearDown.test_one": "errored",
        }
        self.assertEqual(self.events.by_name, expected)

    def test_counts(self) -> None:
        """The summary counts each outcome, and the counts add up to what was collected."""
        self.assertEqual(self.summary.counts, dict(Counter(self.events.by_name.values())))
        self.assertEqual(sum(self.summary.counts.values()), self.summary.collected)

    def test_order_of_events(self) -> None:
        """The collection comes first and the end last, and each test starts before it finishes."""
        kinds = [type(event).__name__ for event in self.events.all]
        self.assertEqual((kinds[0], kinds[-1]), ("Collected", "Ended"))
        self.assertEqual(list(self.events.collected), [tuple(row[:2]) for row in self.events.outcomes])
        self.assertEqual(self.events.started, list(self.events.collected))

    def test_messages(self) -> None:
        """A message is the one line that says what went wrong, or why a test was skipped."""
        messages = {name: self.events.message(name) for name in ("test_errored", "test_skipped", "Skipped.test_one", "test_exit")}
        expected = {
            "test_errored": "KeyError: 'gone'",
            "test_skipped": "no camera",
            "Skipped.test_one": "whole class",
            "test_exit": "SystemExit: 3",
        }
        self.assertEqual(messages, expected)

    def test_traceback_is_that_of_unittest(self) -> None:
        """The traceback of a failed test is, character by character, the one that unittest prints."""
        traceback = self.events.traceback("Plain.test_failed")
        self.assertIn("self.assertEqual(1, 2)", traceback)
        self.assertIn(traceback, run_plain(self.folder).stderr)

    def test_both_tracebacks_are_kept(self) -> None:
        """A test that fails and whose cleanup breaks shows both."""
        traceback = self.events.traceback("test_two_problems")
        self.assertIn("AssertionError: first", traceback)
        self.assertIn("ZeroDivisionError", traceback)

    def test_description(self) -> None:
        """The first line of a docstring comes with the result."""
        self.assertEqual(self.events.test("Plain.test_passed").description, "What the report prints.")
        self.assertIsNone(self.events.test("Plain.test_failed").description)

    def test_duration(self) -> None:
        """Each test that ran has a duration in seconds."""
        durations = [self.events.test(name).duration_s or 0 for name in ("Plain.test_passed", "Plain.test_failed")]
        self.assertTrue(all(0 < duration < 5 for duration in durations))


class SubtestTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_sub.py": """
            import unittest
            class Vague:
                def __repr__(self): raise RuntimeError
            class Sub(unittest.TestCase):
                def test_passed(self):
                    for number in range(4):
                        with self.subTest(number=number): pass
                def test_mixed(self):
                    with self.subTest("red", number=1): self.assertEqual(1, 2)
                    with self.subTest(number=2): raise ValueError("broken")
                    with self.subTest(number=3): self.skipTest("not today")
                    with self.subTest(number=4): pass
                def test_failed(self):
                    with self.subTest(number=1): self.fail("once")
                def test_skipped(self):
                    with self.subTest(number=1): self.skipTest("not today")
                def test_vague(self):
                    with self.subTest(thing=Vague()): self.fail("no repr")
                def test_nested(self):
                    with self.subTest(outer=1), self.subTest(inner=2): self.fail("deep")
                @unittest.expectedFailure
                def test_absorbed(self):
                    with self.subTest(number=1): self.fail("expected")
        """
    }

    def test_parent_takes_the_worst(self) -> None:
        """A test is as bad as its worst subtest, and expectedFailure absorbs them."""
        expected = {
            "test_passed": "passed",
            "test_mixed": "errored",
            "test_failed": "failed",
            "test_skipped": "skipped",
            "test_vague": "failed",
            "test_nested": "failed",
            "test_absorbed": "expected_failure",
        }
        self.assertEqual({name.partition(".")[2]: outcome for name, outcome in self.events.by_name.items()}, expected)

    def test_problems_are_listed(self) -> None:
        """Subtests that don't pass are listed with their parameters, outcome and message."""
        listed = [(sub.params, sub.outcome, sub.message) for sub in self.events.test("test_mixed").subtests]
        expected = [
            ("[red] (number=1)", "failed", "AssertionError: 1 != 2"),
            ("(number=2)", "errored", "ValueError: broken"),
            ("(number=3)", "skipped", "not today"),
        ]
        self.assertEqual(listed, expected)

    def test_passed_are_counted(self) -> None:
        """Subtests that pass are counted."""
        self.assertEqual(self.events.test("test_passed").subtests_passed, 4)
        self.assertEqual(self.events.test("test_mixed").subtests_passed, 1)

    def test_parameters_without_repr(self) -> None:
        """A parameter whose repr raises breaks nothing."""
        self.assertEqual(self.events.test("test_vague").subtests[0].params, "(parameters that cannot be shown)")

    def test_nested(self) -> None:
        """A nested subtest shows the parameters of both levels."""
        params = self.events.test("test_nested").subtests[0].params
        self.assertIn("outer=1", params)
        self.assertIn("inner=2", params)


class LoadingTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_a_missing.py": "import no_such_module_anywhere",
        "test_b_syntax.py": "def broken(:",
        "test_c_exit.py": "import sys; sys.exit(0)",
        "test_d_skipped.py": "import unittest; raise unittest.SkipTest('wrong system')",
        "test_e_parametrised.py": """
            import unittest
            class Case(unittest.TestCase):
                def __init__(self, name, value=0):
                    super().__init__(name)
                    self.value = value
                def test_value(self): self.assertNotEqual(self.value, 2)
            def load_tests(loader, tests, pattern):
                return unittest.TestSuite(Case("test_value", value) for value in range(4))
        """,
        "test_h_arguments.py": """
            import unittest
            class Case(unittest.TestCase):
                def __init__(self, name, value): super().__init__(name)
                def test_value(self): pass
        """,
        "test_f_load.py": """
            def load_tests(loader, tests, pattern): raise RuntimeError("bad protocol")
        """,
        "test_g_others.py": """
            import doctest, unittest
            def function(): pass
            class Named(unittest.TestCase):
                def id(self): return "a name of its own"
                def test_one(self): pass
            Made = type("Made", (unittest.TestCase,), {"test_made": lambda self: None, "__module__": "elsewhere"})
            class Number:
                "'''>>> 1 + 1'''"
            def load_tests(loader, tests, pattern):
                tests.addTest(unittest.FunctionTestCase(function))
                parser = doctest.DocTestParser()
                test = parser.get_doctest(">>> 1 + 1\\n2\\n", {}, "sums", None, None)
                tests.addTest(doctest.DocTestCase(test))
                return tests
        """,
    }

    def test_outcomes(self) -> None:
        """Modules that cannot be imported are errored tests, a skipped one is skipped, and everything else runs."""
        expected = [
            ("unittest.loader._FailedTest.test_a_missing", 0, "errored"),
            ("unittest.loader._FailedTest.test_b_syntax", 0, "errored"),
            ("unittest.loader._FailedTest.test_c_exit", 0, "errored"),
            ("unittest.loader.ModuleSkipped.test_d_skipped", 0, "skipped"),
            ("test_e_parametrised.Case.test_value", 0, "passed"),
            ("test_e_parametrised.Case.test_value", 1, "passed"),
            ("test_e_parametrised.Case.test_value", 2, "failed"),
            ("test_e_parametrised.Case.test_value", 3, "passed"),
            ("unittest.loader._FailedTest.test_f_load", 0, "errored"),
        ]
        self.assertEqual(self.events.outcomes[: len(expected)], expected)

    def test_kinds_of_tests(self) -> None:
        """Function cases, doctests, made classes and tests that name themselves run too."""
        rest = {name: outcome for name, _, outcome in self.events.outcomes[9:-1]}
        self.assertEqual(set(rest.values()), {"passed"})
        self.assertEqual(len(rest), 4)
        self.assertTrue({"a name of its own", "elsewhere.Made.test_made"} <= set(rest))

    def test_class_that_cannot_be_made(self) -> None:
        """A class whose __init__ wants more than a name is an errored test of its module, where unittest gives up everything."""
        event = self.events.test("test_h_arguments")
        self.assertEqual(event.outcome, "errored")
        self.assertIn("missing 1 required positional argument", event.message or "")

    def test_message_of_a_failed_import(self) -> None:
        """The message of a failed import names the module and the reason; the traceback is unittest's."""
        event = self.events.test("test_a_missing")
        reason = "ModuleNotFoundError: No module named 'no_such_module_anywhere'"
        self.assertEqual(event.message, f"Failed to import test module: test_a_missing: {reason}")
        self.assertIn((event.traceback or "").rstrip(), run_plain(self.folder, "discover", "-p", "test_a*").stderr)

    def test_reason_of_a_skipped_module(self) -> None:
        """A module that skips itself gives its reason."""
        self.assertEqual(self.events.message("test_d_skipped"), "wrong system")


class SelectionTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "tests/__init__.py": "",
        "tests/test_one.py": """
            import unittest
            class One(unittest.TestCase):
                def test_a(self): pass
                def test_b(self): pass
        """,
        "tests/check_two.py": """
            import unittest
            class Two(unittest.TestCase):
                def test_c(self): pass
        """,
        "model.py": """
            import unittest
            class Model(unittest.TestCase):
                def test_d(self): pass
        """,
    }

    def ran(self, **selection: Any) -> list[tuple[str, str]]:
        events, _ = run_suite(self.folder, execute.Selection(**selection))
        return [(name, outcome) for name, _, outcome in events.outcomes]

    def test_discovery(self) -> None:
        """Discovery from the current folder goes into packages and takes the files that match."""
        self.assertEqual([key[0] for key in self.events.collected], ["tests.test_one.One.test_a", "tests.test_one.One.test_b"])

    def test_start_directory_and_pattern(self) -> None:
        """-s and -p mean what they mean to unittest."""
        ran = self.ran(start_directory="tests", pattern="check*.py")
        self.assertEqual(ran, [("check_two.Two.test_c", "passed")])

    def test_top_level_directory(self) -> None:
        """-t makes the names start at the top-level directory."""
        ran = self.ran(start_directory="tests", pattern="check*.py", top_level_directory=".")
        self.assertEqual(ran, [("tests.check_two.Two.test_c", "passed")])

    def test_names_and_files(self) -> None:
        """Dotted names and files run in the order given, and the names of tests that do not exist are errors."""
        ran = self.ran(names=("tests/check_two.py", "model.Model.test_d", "tests.test_one.One.nothing", "nowhere"))
        self.assertEqual([outcome for _, outcome in ran], ["passed", "passed", "errored", "errored"])
        self.assertEqual(ran[0][0], "tests.check_two.Two.test_c")

    def test_name_patterns(self) -> None:
        """-k selects by substring or by pattern."""
        self.assertEqual(self.ran(name_patterns=("test_b", "*One.test_x")), [("tests.test_one.One.test_b", "passed")])
