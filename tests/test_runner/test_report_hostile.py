"""Sixty hostile texts in every place of a report, in every format: they stay text."""

from __future__ import annotations

import json
import re
import unittest
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from junitparser import xunit2
from markdown_it import MarkdownIt

from runner.report.formats import rendered
from runner.report.github import Problems, error_commands, summary_markdown
from runner.report.markdown import LIMIT_BYTES
from runner.report.page import Page
from runner.report.places import Places
from runner.report.tally import Tally

from .factories import make_finished, make_run
from .hostile import MEGABYTE, TEXTS, hostile_page

HARMLESS = "tame text"
ACTIVE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]|##vso\[|##\[")
COMMAND = re.compile(r"^\s*::[^\s:].*::", re.MULTILINE)


@cache
def page(text: str) -> Page:
    """Return the report of a text, made once."""
    return hostile_page(text)


class Elements(HTMLParser):
    """What a browser would make of a page: its elements with the names of their attributes, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag != "wbr":  # where a long name may be broken
            self.found.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag):
        self.found.append((f"/{tag}",))

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.found.append(("comment", data))

    def unknown_decl(self, data):
        self.found.append(("declaration", data))


class Hostile(unittest.TestCase):
    """Each format, for each of the texts."""

    def assert_harmless(self, output: str, text: str) -> None:
        """Fail where something active is left, or where the output cannot be written as UTF-8."""
        self.assertIsNone(ACTIVE.search(output), text[:80])
        self.assertIsNone(COMMAND.search(output), text[:80])
        output.encode("utf-8")

    def test_there_are_sixty(self):
        """There are sixty different texts."""
        self.assertEqual(len(set(TEXTS)), 60)

    def test_text(self):
        """On a terminal no escape, no direction mark and no command of a CI system is left."""
        for text in TEXTS:
            self.assert_harmless(rendered(page(text), "text"), text)

    def test_json(self):
        """JSON parses strictly, is ASCII, and gives every text back as it was."""
        for text in TEXTS:
            output = rendered(page(text), "json")
            self.assertTrue(output.isascii())
            self.assertNotIn("##", output)
            document = json.loads(output, parse_constant=self.fail)
            self.assertEqual(document["sections"][0]["tests"]["newly_failing"][0]["message"], text)
            self.assertEqual(document["findings"][0]["sentence"], text)

    def test_html(self):
        """In HTML nothing becomes an element, an attribute or a comment, and what is shown is the text."""
        expected = Elements(rendered(page(HARMLESS), "html")).found
        for text in TEXTS:
            output = rendered(page(text), "html")
            self.assert_harmless(output, text)
            self.assertEqual(Elements(output).found, expected, text[:80])
            self.assertLess(len(output), MEGABYTE, text[:80])

    def test_html_shows_the_text(self):
        """What stands in the page reads as it was recorded."""
        for text in TEXTS[:20]:
            self.assertIn(text, Elements(rendered(page(text), "html")).text)

    def test_markdown(self):
        """In Markdown nothing becomes a heading, a cell, a link or markup, and GitHub takes its size."""
        parser = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
        expected = structure(parser, rendered(page(HARMLESS), "markdown"))
        for text in TEXTS:
            output = rendered(page(text), "markdown")
            self.assert_harmless(output, text)
            self.assertEqual(structure(parser, output), expected, text[:80])
            self.assertLessEqual(len(output.encode()), LIMIT_BYTES)
            self.assertNotRegex(output, r"(?<![\w&])@\w|https?://|(?i:\bwww\.)")

    def test_junit(self):
        """JUnit parses with expat and with junitparser, and has the elements that it should have."""
        expected = [element.tag for element in ET.fromstring(rendered(page(HARMLESS), "junit")).iter()]
        for text in TEXTS:
            output = rendered(page(text), "junit")
            self.assert_harmless(output, text)
            self.assertEqual([element.tag for element in ET.fromstring(output).iter()], expected)
            self.assertEqual(len(list(xunit2.JUnitXml.fromstring(output.encode()))), 3)

    def test_github(self):
        """What GitHub Actions reads of a test run is one command and one row a failure."""
        for text in TEXTS:
            problems = Problems()
            problems.emit(make_finished("failed", text, message=text, traceback=text))
            commands = error_commands(problems.found, Places("/repo"))
            self.assertEqual((commands.count("\n"), commands.startswith("::error ")), (1, True), text[:80])
            summary = summary_markdown(problems.found, make_run(), Tally(Counter(), 0))
            self.assert_harmless(summary, text)
            self.assertEqual(summary.count("<"), 6)


def structure(parser: MarkdownIt, source: str) -> list[tuple[str, ...]]:
    """Return what Markdown becomes: its tokens, of markup also the markup itself."""
    tokens = [token for block in parser.parse(source) for token in (block, *(block.children or ()))]
    kept = [token for token in tokens if token.type not in ("text", "text_special", "inline")]
    return [(token.type, token.tag, token.content if token.type.startswith("html") else "") for token in kept]


if __name__ == "__main__":
    unittest.main()
