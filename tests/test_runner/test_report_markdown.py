"""A report as Markdown that GitHub takes."""

from __future__ import annotations

import unittest

from markdown_it import MarkdownIt

from registry.comparing.facts import ChangedPair
from registry.comparing.metrics import MetricChange
from registry.comparing.transitions import TestChanges
from registry.diff import Diff
from registry.records import Outcome
from registry.regress import Verdict
from runner.report.markdown import LIMIT_BYTES, page_markdown
from runner.report.markdown_text import code, prose
from runner.report.page import Finding, Page, Section
from runner.report.sentence import page_of
from tests.test_registry.diff_factories import make_run

PAIR = ChangedPair("m.C.test_one", 0, Outcome.PASSED, Outcome.FAILED, "AssertionError: 1 != 2", cause_b="abcdef")


def make_page(**facts) -> Page:
    """Return the report on one pair of runs."""
    return page_of(Section(Diff(make_run("a"), make_run("b"), Verdict.REGRESSED, **facts)))


class Report(unittest.TestCase):
    """What it says."""

    def test_a_newly_failing_test(self):
        """The verdict is the heading; the counts, what changed and the test with its cause follow."""
        text = page_markdown(make_page(tests=TestChanges(newly_failing=(PAIR,), unchanged=7)))
        self.assertTrue(text.startswith("### \u274c RED: 1 test newly failing from 1 cause; changed: nothing"), text[:99])
        self.assertIn("| newly failing | unchanged |\n| --- | --- |\n| 1 | 7 |\n", text)
        self.assertIn("Nothing that was recorded changed.", text)
        row = "| <code>m.C.test_one</code> | passed \u2192 failed | <code>abcd</code> | "
        self.assertIn(f"{row}<code>AssertionError&#58; 1 &#33;&#61; 2</code> |\n", text)
        self.assertNotIn("\n\n\n", text)
        self.assertTrue(text.endswith("\n"))

    def test_several_pairs(self):
        """Each pair has a heading with its role; findings beside the pairs come first."""
        diff = Diff(make_run("a"), make_run("b"), Verdict.UNCHANGED)
        page = Page(
            "n", Verdict.SUSPECTED, "SUSPECTED: x", (Finding(Verdict.SUSPECTED, "no night"),), (Section(diff, "suite"),) * 2
        )
        text = page_markdown(page)
        self.assertIn("- \u26a0\ufe0f no night\n", text)
        self.assertEqual(text.count("## \u2705 suite\n"), 2)


class Size(unittest.TestCase):
    """GitHub drops a summary of more than 1 MiB whole."""

    def large(self) -> Page:
        """Return a report that is far too large."""
        word = "<&|`" * 75
        failing = tuple(ChangedPair(f"{word}{n}", 0, None, Outcome.FAILED, word, cause_b=str(n)) for n in range(1_500))
        section = Section(Diff(make_run("a"), make_run("b"), Verdict.REGRESSED, tests=TestChanges(failing, fixed=failing)), "r")
        return Page("t", Verdict.REGRESSED, "RED: much", sections=(section,) * 3)

    def test_what_does_not_fit(self):
        """What does not fit is left out, whole tables still, and both sizes are said; never more than the limit."""
        page = self.large()
        for limit in (LIMIT_BYTES, 100_000, 10_000):
            text = page_markdown(page, limit)
            self.assertLessEqual(len(text.encode()), limit)
            self.assertIn("RED: much", text)
            self.assertRegex(text, r"Shortened from \d\.\d MB to fit into \d+\.\d \wB")
            self.assertEqual(text.count("<details>"), text.count("</details>"))

    def test_no_table_is_broken(self):
        """Each line of a shortened table has as many cells as its head."""
        for block in page_markdown(self.large(), 100_000).split("\n\n"):
            lines = block.strip().splitlines()
            if lines and lines[0].startswith("|"):
                self.assertEqual({line.count(" | ") for line in lines if line.startswith("|")}, {lines[0].count(" | ")})

    def test_what_is_not_broken_goes_first(self):
        """Where there is not room for all, tests that were fixed and metrics that are only shown are left out first."""
        metrics = tuple(MetricChange(f"m{n}", 1.0, 2.0, 1.0) for n in range(100))
        page = make_page(tests=TestChanges(newly_failing=(PAIR,), fixed=(PAIR,)), metrics=metrics)
        whole, short = page_markdown(page), page_markdown(page, 2_000)
        self.assertIn("#### Fixed (1)", whole)
        self.assertNotIn("#### Fixed (1)", short)
        self.assertIn("#### Newly failing (1)", short)
        self.assertNotIn("#### Metrics", short)


class Text(unittest.TestCase):
    """Recorded text inside Markdown."""

    def test_it_stays_readable(self):
        """Dates, hyphens between letters and dotted names stay as they are; what could be markup becomes entities."""
        self.assertEqual(prose("at 2026-01-02 03:04, x-ray: 3.5 %"), "at 2026-01-02 03:04, x-ray: 3.5 %")
        self.assertEqual(prose("*a* <b>"), "&#42;a&#42; &#60;b&#62;")
        self.assertEqual(code("test_one"), "<code>test_one</code>")

    def test_it_is_no_markup(self):
        """Emphasis, lists, links and mentions stay text, also at the start of a line."""
        parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
        for text in ("1. one", "- one", "_a_ __b__", "**x**", "[a](b)", "~~x~~", "# h", "    indented", "| a |"):
            html = parser.render(prose(text))
            self.assertRegex(html, r"^<p>[^<]*</p>\n$")
        self.assertNotIn("@everyone", prose("@everyone"))


if __name__ == "__main__":
    unittest.main()
