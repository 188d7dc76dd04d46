"""What other programs read of `runner test`: the JUnit XML file and the stream of JSON, from real runs."""

from __future__ import annotations

import signal
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.parsers import expat

from junitparser import JUnitXml

from .projects import GREEN_SUITE, MIXED_SUITE, SLEEPING_SUITE, ProjectCase, finish, strict_json

LOUD_SUITE = '''
import unittest

class Loud(unittest.TestCase):
    def test_print(self):
        print("]]> <b>&amp; \\x00 \\x1b[31m \\ufffe")

    def test_fail(self):
        """]]> <b> in a docstring."""
        self.fail("]]> <b>&amp; \\x00 \\x1b[31m \\ufffe \\ud800 \\u202e")

    def test_parts(self):
        for part in ("<a/>", "\\x00", "\\ud800"):
            with self.subTest(part=part):
                self.fail(part)
'''
TELLTALE_SUITE = "import pathlib\npathlib.Path('imported').touch()\n" + GREEN_SUITE


def parsed(path: Path) -> ET.Element:
    """Return the root of a report that every reader at hand can parse."""
    expat.ParserCreate().Parse(path.read_bytes(), True)
    tuple(case for suite in JUnitXml.fromfile(str(path)) for case in suite)
    return ET.parse(path).getroot()


class JunitXml(ProjectCase):
    """--junit-xml."""

    root: ET.Element

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_mixed=MIXED_SUITE, test_loud=LOUD_SUITE, test_gone="import no_such_module\n")
        cls.home.write("old.xml", "<old/>")
        arguments = ("test", "--record", "--name", "night", "--junit-xml", "reports/deep/junit.xml")
        cls.answers = cls.home.together(recorded=arguments, replaced=("test", "-q", "--junit-xml", "old.xml"))
        cls.root = parsed(cls.home.root / "reports" / "deep" / "junit.xml")

    def test_it_is_written_in_a_folder_that_was_not_there(self):
        """The folders on the way are made, and nothing but the report is left in them."""
        self.assertEqual([path.name for path in (self.home.root / "reports" / "deep").iterdir()], ["junit.xml"])

    def test_a_file_that_was_there_is_replaced(self):
        """An older file gives way to the new one, of an unrecorded run."""
        self.assertEqual(parsed(self.home.root / "old.xml").find("testsuite").get("name"), "runner")
        self.assertEqual(self.answers["replaced"].code, 1)

    def test_it_counts_what_the_last_line_counts(self):
        """Tests and fixtures that make the run red are its failures and errors, and each failed subtest one more."""
        subtests = [case for case in self.root.iter("testcase") if "(" in case.get("name")]
        red = sum(int(self.root.get(name)) for name in ("failures", "errors")) - len(subtests)
        self.assertIn(f" {red} failed, {self.root.get('skipped')} skipped", self.answers["recorded"].lines[-1])
        self.assertEqual(len(subtests), 4)

    def test_every_case_belongs_to_the_project(self):
        """Class errors, failed imports and subtests are cases of the project's classes and files, never of unittest's."""
        owners = {case.get("classname") for case in self.root.iter("testcase")}
        expected = {"test_mixed.Arithmetic", "test_mixed.Broken", "test_loud.Loud", "test_gone"}
        self.assertEqual(owners, expected)
        files = {case.get("file") for case in self.root.iter("testcase")}
        self.assertEqual(files, {"tests/test_mixed.py", "tests/test_loud.py", "tests/test_gone.py"})

    def test_what_tests_print_is_in_it(self):
        """What a test printed is its system-out, made harmless."""
        texts = {case.get("name"): case.findtext("system-out") for case in self.root.iter("testcase")}
        self.assertEqual(texts["test_print"], "]]> <b>&amp; \u2400 \u241b[31m <U+FFFE>\n")

    def test_the_run_is_named(self):
        """The report says which recorded run it is of."""
        facts = {item.get("name"): item.get("value") for item in self.root.find("testsuite/properties")}
        self.assertEqual((facts["run"], facts["run_id"], facts["status"]), ("night", "1", "finished"))

    def test_a_path_that_cannot_be_written(self):
        """A folder, and a place below a file, are refused before the suite is even imported."""
        home = self.project(test_telltale=TELLTALE_SUITE)
        home.write("file", "")
        for path in ("tests", "file/junit.xml"):
            with self.subTest(path=path):
                self.assert_refused(home.run("test", "--junit-xml", path), 3, "report-unwritable", path.partition("/")[0])
        self.assertFalse((home.root / "imported").exists())

    def test_a_path_that_was_lost_meanwhile(self):
        """Where the folder is gone when the tests have run, their counts are shown all the same, and the exit code is 3."""
        home = self.project(test_vandal="import shutil\nshutil.rmtree('out')\n" + GREEN_SUITE)
        answer = home.run("test", "--junit-xml", "out/junit.xml")
        self.assert_refused(answer, 3, "report-unwritable", "out/junit.xml")
        self.assertEqual(answer.lines[-1], "2 passed, 0 failed, 0 skipped")


class JsonStream(ProjectCase):
    """--format json without --record."""

    def test_each_line_is_a_document(self):
        """Every event and the last line say their schema."""
        answer = self.project(test_loud=LOUD_SUITE).run("test", "--format", "json")
        self.assertEqual({document["schema"] for document in answer.documents}, {1})
        kinds = [document.get("event") for document in answer.documents]
        self.assertEqual((kinds[0], kinds[-2:]), ("collected", ["ended", None]))
        self.assertEqual(answer.documents[-1]["counts"], {"passed": 1, "failed": 2})


class Interrupted(ProjectCase):
    """A stream that is interrupted, and a report with it."""

    seen: list[str]

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_night=SLEEPING_SUITE)
        process = cls.home.start("test", "--format", "json", "--junit-xml", "junit.xml")
        assert process.stdout is not None, "its output is a pipe"
        cls.seen = [process.stdout.readline() for _ in range(4)]
        cls.home.wait_for("asleep")
        process.send_signal(signal.SIGINT)
        cls.answer = finish(process)

    def test_events_arrive_while_tests_run(self):
        """While the second test still sleeps, its start and the end of the first can be read."""
        documents = [strict_json(line) for line in self.seen]
        self.assertEqual([document["event"] for document in documents], ["collected", "started", "finished", "started"])
        self.assertTrue(documents[-1]["id"].endswith("test_b_long"))

    def test_the_last_line_says_interrupted(self):
        """The exit code is 130, and the status of the run is interrupted although it was not recorded."""
        last = self.answer.documents[-1]
        self.assertEqual((self.answer.code, last["run"]["status"], last["run"]["green"]), (130, "interrupted", False))
        self.assertEqual(last["counts"]["not_run"], 2)

    def test_the_report_is_complete(self):
        """The JUnit file has every test, and the status of the run."""
        root = parsed(self.home.root / "junit.xml")
        self.assertEqual(len(list(root.iter("testcase"))), 3)
        self.assertEqual(root.find(".//property[@name='status']").get("value"), "interrupted")
