"""The overview of nights in each format."""

from __future__ import annotations

import json
import re
import unittest
from html.parser import HTMLParser

from registry.past.night import Found, Night
from registry.records import RunKind, RunStatus
from registry.regress import Verdict
from runner.report.nights import NIGHT_FORMATS, nights_in, nights_sentence

from .factories import HOSTILE, make_run, mark

NASTY = f"<script>alert(1)</script> | ![x](http://evil) @everyone ::error::x {HOSTILE}"


def make_night(number: int, verdict: Verdict | None = Verdict.UNCHANGED, sentence: str = "all well", **values: float) -> Night:
    """Return a night."""
    green = None if verdict is None else verdict is not Verdict.REGRESSED
    status = RunStatus.CRASHED if verdict is None else RunStatus.FINISHED
    run = make_run(f"nightly-{number}", id=number, kind=RunKind.NIGHTLY, green=green, status=status)
    return Night(run, verdict and Found(verdict, f"WORD: {sentence}"), values)


class Tags(HTMLParser):
    """Collects the tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Keep the tag."""
        self.found.add(tag)


class Formats(unittest.TestCase):
    """The same nights in each format."""

    def setUp(self):
        numbers = {"tests_passed": 9.0, "tests_failed": 1.0, "tests_skipped": 0.0, "mnist test_accuracy": 0.98}
        self.nights = [make_night(3, None), make_night(2, Verdict.REGRESSED, "1 test newly failing", **numbers), make_night(1)]

    def test_sentence(self):
        """The nights are counted by how they ended."""
        self.assertEqual(nights_sentence(self.nights), "3 nights: 1 green, 1 red, 1 without an end")
        self.assertIn("runner nightly", nights_sentence([]))

    def test_text(self):
        """A line a night, newest first, within 80 columns; one without an end says so."""
        lines = nights_in("text", self.nights, mark).splitlines()
        self.assertIn("▅   mnist test_accuracy, last 98.00%", lines[2])
        self.assertRegex(lines[5], r"^nightly-3 +2026-01-02 03:04 +<red>NO END</> +- +- +-$")
        self.assertRegex(lines[6], r"^nightly-2 +2026-01-02 03:04 +<red>RED</> +9 +1 +0$")
        self.assertLessEqual(max(map(len, nights_in("text", self.nights).splitlines())), 80)

    def test_document(self):
        """The document has a schema and keeps what is not known as null."""
        document = json.loads(nights_in("json", self.nights))
        self.assertEqual((document["schema"], document["nights"][0]["verdict"]), (1, None))
        self.assertEqual(document["nights"][1]["metrics"]["mnist test_accuracy"], 0.98)

    def test_page(self):
        """The page has a row a night and a line a metric, and forbids itself everything else."""
        page = nights_in("html", self.nights)
        self.assertEqual(page.count('<th scope="row">'), 3)
        self.assertEqual(page.count("<polyline"), 1)
        self.assertIn("default-src &#39;none&#39;", page)

    def test_more_nights_than_fit(self):
        """A page of more nights than fit into its budget tells of the newest, and which command has all."""
        page = nights_in("html", [make_night(number, Verdict.REGRESSED, "x" * 150) for number in range(4000, 0, -1)])
        self.assertLessEqual(len(page.encode()), 1_000_000)
        told = re.findall('<p class="nothing shortened">(.*)</p>', page)
        command = "<code>runner report --nights 4000 --format json</code>"
        self.assertEqual(told, [f"The newest 1,000 of 4,000 nights, to fit into 1.0 MB; {command} has all."])
        self.assertEqual(re.findall("<th scope=.row.>nightly-(\\d+)", page)[::999], ["4000", "3001"])

    def test_no_night(self):
        """Without a night each format says that none is recorded, or is empty."""
        for form in ("text", "markdown", "html"):
            self.assertIn("no night is recorded", nights_in(form, []))
        self.assertEqual(json.loads(nights_in("json", []))["nights"], [])

    def test_hostile_texts(self):
        """Nothing of a sentence or a metric's name acts as markup, an escape, a mention or a command, in any format."""
        night = make_night(1, Verdict.REGRESSED, NASTY, **{NASTY: 1.0})
        for form in NIGHT_FORMATS:
            text = nights_in(form, [night])
            self.assertIsNone(re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text), form)
        self.assertLessEqual(Tags(nights_in("html", [night])).found & {"script", "img"}, set())
        markdown = nights_in("markdown", [night])
        for active in ("<script", "![x](", "@everyone", "](http"):
            self.assertNotIn(active, markdown)
        json.loads(nights_in("json", [night]))
