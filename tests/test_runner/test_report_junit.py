"""JUnit XML from events, read back by expat and by junitparser."""

from __future__ import annotations

import io
import unittest
from typing import Any
from xml.etree import ElementTree as ET

from junitparser import xunit2

from runner.events import Ended, Event, Printed, SubtestProblem, TestFinished
from runner.report.junit import JunitReporter
from runner.report.places import Place, Places

from .factories import HOSTILE, make_finished, make_fixture_event, make_run

FILES = {"/repo/pkg/test_mod.py", "/repo/tests/deep/test_two.py", "/repo/tests/pack/__init__.py"}
PLACES = Places("/repo", ("/repo", "/repo/tests"), FILES.__contains__)
FAILURE = 'Traceback (most recent call last):\n  File "/repo/pkg/test_mod.py", line 7, in test_one\nAssertionError: 1 != 2\n'


def report(*events: Event, **facts: Any) -> ET.Element:
    """Return the root of the report on these events, which both readers could parse."""
    output = io.StringIO()
    reporter = JunitReporter(io.StringIO(), PLACES)
    for event in (*events, Ended(1.5)):
        reporter.emit(event)
    reporter.write_document(make_run(**facts), "host", output)
    xml = output.getvalue().encode()
    tuple(case for suite in xunit2.JUnitXml.fromstring(xml) for case in suite)
    return ET.fromstring(xml)


def cases(*events: Event) -> list[ET.Element]:
    """Return the test cases of the report on these events."""
    return list(report(*events).iter("testcase"))


def case(*events: Event) -> ET.Element:
    """Return the only test case of the report on these events."""
    (only,) = cases(*events)
    return only


class Document(unittest.TestCase):
    """The suite around the test cases."""

    def test_the_counts_are_those_of_the_elements(self):
        """The suite and the root count the test cases, failures, errors and skips that stand below them."""
        outcomes = ("passed", "failed", "errored", "crashed", "skipped", "unexpected_success", "not_run", "timed_out")
        root = report(*(make_finished(outcome, f"m.C.{outcome}") for outcome in outcomes), make_fixture_event())
        for element in (root, root[0]):
            counts = {name: element.get(name) for name in ("tests", "failures", "errors", "skipped")}
            self.assertEqual(counts, {"tests": "9", "failures": "2", "errors": "5", "skipped": "1"})
        found = {tag: len(list(root.iter(tag))) for tag in ("testcase", "failure", "error", "skipped")}
        self.assertEqual(found, {"testcase": 9, "failure": 2, "error": 5, "skipped": 1})

    def test_time_and_place_of_the_run(self):
        """The suite has the start, the duration and the machine."""
        suite = report()[0]
        facts = (suite.get("timestamp"), suite.get("time"), suite.get("hostname"), suite.get("name"))
        self.assertEqual(facts, ("2026-01-02T03:04:05+00:00", "1.500", "host", "run-a"))

    def test_the_run_is_named(self):
        """Name, id, seed and commit of a recorded run are properties of the suite."""
        facts = {item.get("name"): item.get("value") for item in report(seed=7).iter("property")}
        self.assertEqual((facts["run"], facts["run_id"], facts["seed"]), ("run-a", "1", "7"))
        self.assertEqual(facts["status"], "finished")

    def test_a_run_that_is_not_recorded(self):
        """Without a registry there is no name and no id to give."""
        root = report(id=0, name="")
        names = {item.get("name") for item in root.iter("property")}
        self.assertEqual((names & {"run", "run_id"}, root[0].get("name")), (set(), "runner"))

    def test_a_large_report_is_copied_whole(self):
        """Ten thousand tests arrive one by one."""
        root = report(*(make_finished(test_id=f"m.C.test_{number}") for number in range(10_000)))
        self.assertEqual(len({item.get("name") for item in root.iter("testcase")}), 10_000)


class Results(unittest.TestCase):
    """One test as a test case."""

    def test_name_class_file_and_time(self):
        """The id is cut into class and name, and the file is that of the module."""
        facts = dict(case(make_finished(test_id="pkg.test_mod.Case.test_one")).attrib)
        expected = {"classname": "pkg.test_mod.Case", "name": "test_one", "file": "pkg/test_mod.py", "time": "0.250000"}
        self.assertEqual(facts, expected)

    def test_a_failure_has_its_exception_and_its_line(self):
        """A failure says its exception's name and message, its traceback, and the line it stands in."""
        found = case(make_finished("failed", message="AssertionError: 1 != 2", traceback=FAILURE))
        failure = found.find("failure")
        self.assertEqual((failure.get("type"), failure.get("message")), ("AssertionError", "AssertionError: 1 != 2"))
        self.assertIn("line 7, in test_one", failure.text)
        self.assertEqual(found.get("line"), "7")

    def test_every_outcome_has_its_element(self):
        """Passed and expected failures have none, a skip its reason; everything that makes a run red is failure or error."""
        outcomes = {"passed": [], "expected_failure": [], "skipped": ["skipped"], "failed": ["failure"], "errored": ["error"]}
        outcomes |= {"unexpected_success": ["failure"], "crashed": ["error"], "timed_out": ["error"], "not_run": ["error"]}
        for outcome, tags in outcomes.items():
            with self.subTest(outcome=outcome):
                found = case(make_finished(outcome, message="no GPU"))
                self.assertEqual([child.tag for child in found if child.tag != "properties"], tags)
                self.assertEqual([child.get("message") for child in found if child.tag != "properties"], ["no GPU"] * len(tags))

    def test_tests_of_one_id_are_told_apart(self):
        """The second test of an id has its ordinal in its name, or readers would take the two for one."""
        found = cases(make_finished(), make_finished(ordinal=1))
        self.assertEqual([item.get("name") for item in found], ["test_one", "test_one #1"])

    def test_output_and_seed(self):
        """What the test wrote is its system-out, and its seed a property."""
        found = case(make_finished(output="loss 0.3\n", seed=11))
        self.assertEqual(found.findtext("system-out"), "loss 0.3\n")
        self.assertEqual(found.find("properties/property").attrib, {"name": "seed", "value": "11"})

    def test_output_of_fixtures_and_between_tests(self):
        """What a failed fixture wrote is its system-out; what belongs to no result is the suite's."""
        root = report(make_fixture_event(output="no disk\n"), Printed("import (m)", "loading\n"), Printed(None, "late"))
        self.assertEqual(root.findtext(".//testcase/system-out"), "no disk\n")
        self.assertEqual(root.findtext("testsuite/system-out"), "import (m):\nloading\n\nbetween tests:\nlate")

    def test_an_id_without_a_class(self):
        """A test whose id has no dot is its own class."""
        self.assertEqual(case(make_finished(test_id="free")).get("classname"), "free")


class Subtests(unittest.TestCase):
    """Subtests as test cases of their own."""

    def test_each_that_did_not_pass_stands_below_its_test(self):
        """A test with failed subtests fails, and each of them is a test case that is named with its parameters."""
        parts = (SubtestProblem("(n=1)", "failed", "AssertionError: 1", FAILURE), SubtestProblem("(n=2)", "skipped", "no GPU"))
        event = make_finished("failed", message="(n=1) AssertionError: 1", traceback=FAILURE, subtests=parts)
        whole, first, second = cases(event)
        self.assertIn("1 subtest did not pass: (n=1) AssertionError: 1", whole.find("failure").get("message"))
        self.assertEqual((first.get("name"), first.find("failure").text), ("test_one (n=1)", FAILURE))
        self.assertEqual((second.get("name"), second.find("skipped").get("message")), ("test_one (n=2)", "no GPU"))
        self.assertEqual({item.get("classname") for item in (whole, first, second)}, {"pkg.test_mod.Case"})

    def test_no_case_has_two_results(self):
        """However many subtests fail, a test case has one result, since some readers take only the first."""
        parts = tuple(SubtestProblem(f"(n={number})", "failed", f"AssertionError: {number}") for number in range(50))
        found = cases(make_finished("failed", message="(n=0) AssertionError: 0", subtests=parts))
        self.assertEqual([len(item) for item in found], [1] * 51)
        self.assertIn("and 30 more", found[0].find("failure").text)


class Fixtures(unittest.TestCase):
    """What failed beside the tests."""

    def test_they_stand_where_they_belong(self):
        """A class fixture stands under its class, a module fixture and an import under the module, with the module's file."""
        ids = ("setUpClass (pkg.test_mod.Case)", "tearDownModule (pkg.test_mod)", "import (deep.test_two)")
        found = [(item.get("classname"), item.get("name"), item.get("file")) for item in fixture_cases(*ids)]
        expected = [("pkg.test_mod.Case", "setUpClass", "pkg/test_mod.py"), ("pkg.test_mod", "tearDownModule", "pkg/test_mod.py")]
        self.assertEqual(found, [*expected, ("deep.test_two", "import", "tests/deep/test_two.py")])

    def test_a_skipped_fixture_is_told_by_its_tests(self):
        """A class that skips itself in setUpClass counts as its tests do, which say why, and no further."""
        found = case(make_fixture_event("skipped", message="no GPU"), make_finished("skipped", message="no GPU"))
        self.assertEqual([(child.tag, child.get("message")) for child in found], [("skipped", "no GPU")])

    def test_what_the_loader_puts_in_place_of_a_module(self):
        """A module that cannot be imported, or skips itself, is a test case of that module and not of unittest.loader."""
        failed = make_finished("errored", "unittest.loader._FailedTest.deep.test_two", message="ImportError: x")
        skipped = make_finished("skipped", "unittest.loader.ModuleSkipped.pack", message="no GPU")
        found = {(item.get("classname"), item.get("name"), item.get("file")) for item in cases(failed, skipped)}
        expected = {("deep.test_two", "import", "tests/deep/test_two.py"), ("pack", "import", "tests/pack/__init__.py")}
        self.assertEqual(found, expected)

    def test_a_name_in_no_known_form(self):
        """A fixture whose name is in no known form keeps it."""
        (found,) = fixture_cases("something else")
        self.assertEqual((found.get("classname"), found.get("name")), ("something else", "something else"))


class Attempts(unittest.TestCase):
    """Tests that were tried again, in the words of Surefire."""

    def attempts(self, *outcomes: str) -> ET.Element:
        """Return the test case of a test with these attempts."""
        return case(*(attempt(number, outcome) for number, outcome in enumerate(outcomes, 1)))

    def test_passed_at_last(self):
        """A test that passes on a retry has no failure, but a flakyFailure or flakyError for each attempt before."""
        found = self.attempts("failed", "errored", "passed")
        self.assertEqual([child.tag for child in found], ["flakyFailure", "flakyError"])
        self.assertEqual(found[0].findtext("stackTrace"), "trace 1")
        self.assertEqual(xunit2.TestCase.fromelem(found).is_flaky, True)

    def test_never_passed(self):
        """A test that never passes has the first failure and a rerunFailure or rerunError for each attempt after it."""
        found = self.attempts("failed", "failed", "crashed")
        self.assertEqual([child.tag for child in found], ["failure", "rerunFailure", "rerunError"])
        self.assertEqual([found[0].get("message"), found[1].get("message")], ["message 1", "message 2"])

    def test_only_one_case(self):
        """All attempts are one test case, also where other tests ended in between."""
        found = cases(attempt(1, "failed"), make_finished(test_id="m.C.other"), attempt(2, "passed"))
        self.assertCountEqual([item.get("name") for item in found], ["test_one", "other"])


class Hostile(unittest.TestCase):
    """Whatever tests print, every reader parses it, and nothing in it acts."""

    def test_characters_that_xml_forbids(self):
        """Control characters, lone surrogates, escape codes and non-characters are shown, and markup is text."""
        nasty = HOSTILE + "]]><x/>&\ufffe\uffff" + "".join(map(chr, range(32)))
        parts = (SubtestProblem(nasty, "failed", nasty, nasty),)
        event = make_finished("failed", f"m.{nasty}.t", message=nasty, traceback=nasty, output=nasty, subtests=parts)
        passed = make_finished(test_id=f"m.{nasty}.{nasty}")
        root = report(event, passed, make_fixture_event(fixture_id=f"setUpClass ({nasty})", message=nasty, traceback=nasty))
        texts = [text for item in root.iter() for text in (*item.attrib.values(), item.text or "")]
        self.assertTrue(any("<x/>&" in text for text in texts))
        self.assertEqual([text for text in texts if set(text) & set("\x00\x1b\x9b\u202e\ufffe\uffff\r\ud800")], [])

    def test_attributes_are_one_line(self):
        """A message of several lines stays one attribute that other tools can print."""
        found = case(make_finished("failed", message="one\ntwo"))
        self.assertEqual(found.find("failure").get("message"), "one\u2424two")


class WhereThingsAre(unittest.TestCase):
    """Files by names and lines by tracebacks."""

    def test_the_innermost_line_of_the_project(self):
        """The last frame in the repository counts; frames of installed packages and of other folders do not."""
        text = '  File "/repo/a.py", line 3, in f\n  File "/repo/b.py", line 4, in g\n'
        others = '  File "/repo/.venv/lib/site-packages/x.py", line 5, in h\n  File "/usr/lib/y.py", line 6, in i\n'
        self.assertEqual(PLACES.last_in(text + others), Place("b.py", 4))

    def test_no_line(self):
        """Without a traceback, or outside the repository, there is no line."""
        self.assertIsNone(PLACES.last_in(None))
        self.assertIsNone(PLACES.last_in('File "/elsewhere/a.py", line 3, in f'))

    def test_a_module_that_is_no_file(self):
        """A name that leads to no file has none."""
        self.assertIsNone(PLACES.file_of("nowhere.Case"))


def fixture_cases(*fixture_ids: str) -> list[ET.Element]:
    """Return the test cases of fixtures that failed."""
    return cases(*(make_fixture_event(fixture_id=fixture_id) for fixture_id in fixture_ids))


def attempt(number: int, outcome: str) -> TestFinished:
    """Return an attempt at a test."""
    return make_finished(outcome, attempt=number, message=f"message {number}", traceback=f"trace {number}")
