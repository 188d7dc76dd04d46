"""`runner diff --format` and `--output`, end to end."""

from __future__ import annotations

import json
import unittest
from xml.etree import ElementTree as ET

from .projects import GREEN_SUITE, ProjectCase

FORMATS = ("text", "json", "markdown", "html", "junit")


class Formats(ProjectCase):
    """A green run, and one after a bug was planted."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_suite=GREEN_SUITE)
        cls.home.run("test", "--record", "--name", "run-a")
        cls.home.write("tests/test_suite.py", GREEN_SUITE.replace("2 * 3, 6)", "2 * 3, 7, 'größer <b>')"))
        cls.home.run("test", "--record", "--name", "run-b")
        cls.home.write("old.html", "the old report")
        cls.home.write("a-file", "")
        planted = ("diff", "run-a", "run-b", "--format")
        cls.answers = cls.home.together(
            **{form: (*planted, form) for form in FORMATS},
            **{f"{form}_file": (*planted, form, "--output", f"reports/deep/diff.{form}") for form in FORMATS},
            over=(*planted, "html", "--output", "old.html", "--fail-on", "never"),
            folder=(*planted, "html", "--output", "tests"),
            nowhere=(*planted, "html", "--output", "a-file/diff.html"),
            unknown=("diff", "run-a", "run-z", "--format", "html", "--output", "none.html"),
            odd=(*planted, "yaml"),
        )
        cls.ascii = cls.home.run(*planted, "html", PYTHONIOENCODING="ascii")

    def test_each_format_is_written(self):
        """Each format goes to standard output, with 1 for the regression and nothing on standard error."""
        for form in FORMATS:
            self.assertEqual((self.answers[form].code, self.answers[form].errors), (1, ""), form)
            self.assertIn("test_product", self.answers[form].output)

    def test_a_file_holds_the_same(self):
        """With --output the file, in folders that are made, holds the same; standard output has the verdict and the path."""
        for form in FORMATS:
            path = self.home.root / "reports" / "deep" / f"diff.{form}"
            self.assertEqual(path.read_bytes().decode(), self.answers[form].output, form)
            answer = self.answers[f"{form}_file"]
            self.assertEqual(answer.code, 1)
            self.assertTrue(answer.lines[0].startswith("RED: 1 test newly failing from 1 cause; changed: "), answer.output)
            self.assertIn(str(path.resolve()), answer.lines[1])

    def test_a_page_is_utf8_whatever_the_terminal_is(self):
        """HTML says that it is UTF-8, and is, also where standard output would be ASCII."""
        self.assertEqual(self.ascii.errors, "")
        self.assertIn("größer &lt;b&gt;", self.answers["html"].output)
        self.assertEqual(self.ascii.output, self.answers["html"].output)

    def test_other_programs_can_read_it(self):
        """JSON and JUnit parse, and tell of the same test."""
        (pair,) = json.loads(self.answers["json"].output)["tests"]["newly_failing"]
        (case,) = ET.fromstring(self.answers["junit"].output).iter("testcase")
        self.assertEqual(f"{case.get('classname')}.{case.get('name')}", pair["id"])
        self.assertEqual([child.tag for child in case], ["failure"])

    def test_an_old_file_is_replaced(self):
        """A file that is there is replaced in one step, and nothing is left beside it."""
        self.assertEqual(self.answers["over"].code, 0)
        self.assertTrue((self.home.root / "old.html").read_text().startswith("<!DOCTYPE html>"))
        self.assertEqual(list(self.home.root.glob(".*.part")), [])

    def test_places_that_cannot_be_written(self):
        """A folder, or a place below a file, is refused in a sentence that names it and the option, before anything is read."""
        self.assert_refused(self.answers["folder"], 3, "report-unwritable", "no regular file", "--output")
        self.assert_refused(self.answers["nowhere"], 3, "report-unwritable", "a-file", "--output")

    def test_no_report_on_nothing(self):
        """Where a run is not there, no file is written."""
        self.assert_refused(self.answers["unknown"], 2, "run-not-found", "'run-z'")
        self.assertFalse((self.home.root / "none.html").exists())

    def test_an_unknown_format(self):
        """A format that is not known is an error of the command line that lists the known ones."""
        self.assertEqual(self.answers["odd"].code, 2)
        for form in FORMATS:
            self.assertIn(form, self.answers["odd"].errors)


if __name__ == "__main__":
    unittest.main()
