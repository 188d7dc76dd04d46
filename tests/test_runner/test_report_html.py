"""A report as one page of HTML, read as a browser's parser reads it."""

from __future__ import annotations

import re
import subprocess
import sys
import unittest
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise

from registry.comparing.facts import ChangedPair
from registry.comparing.metrics import MetricChange
from registry.comparing.transitions import TestChanges, clusters
from registry.comparing.why import Reason
from registry.diff import Diff
from registry.past.cells import Cell, CellRun, Strips
from registry.records import Direction, Outcome
from registry.regress import Verdict
from runner.report.html import POLICY, page_html
from runner.report.page import LIMIT_BYTES, Curve, Finding, FlippedImage, Page, Section
from runner.report.sentence import page_of
from tests.test_registry.diff_factories import make_run

RED = Cell(Outcome.FAILED, "0123456789abcdef")
GREEN = Cell(Outcome.PASSED)
PAIR = ChangedPair("pkg.mod.Case.test_one", 0, Outcome.PASSED, Outcome.FAILED, "AssertionError: no", cause_b=RED.cause)
WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
CURVE = Curve("test_accuracy", ((0, 0.9), (1, 0.98)), ((0, 0.8), (1, float("nan")), (2, 0.9)), direction=Direction.HIGHER)
IMAGE = FlippedImage(7, 4, right_in_b=False, pixels=bytes(range(256)) * 3 + bytes(16))
FIRST_SCREEN = ("1 test newly failing", "1,200", "What changed", "Newly failing (1)", "test_one", "1 cause, 1 new")
COLOURS = re.compile(r"--(\w+(?:-wash)?): (#[0-9a-f]{3,6})")


def make_section(**facts) -> Section:
    """Return a pair of runs with one newly failing test and its strip."""
    tests = TestChanges(newly_failing=(PAIR,), unchanged=1200)
    diff = Diff(make_run("run-a"), make_run("run-b"), Verdict.REGRESSED, tests=tests, clusters=clusters((PAIR,)), **facts)
    runs = tuple(CellRun(number, f"night-{number}", WHEN) for number in range(20))
    return Section(diff, strips=Strips(runs, {(PAIR.test_id, 0): (None, *[GREEN] * 17, RED, RED)}))


class Reader(HTMLParser):
    """The elements with their attributes, and the text."""

    def __init__(self, page: Page, limit_bytes: int = LIMIT_BYTES) -> None:
        super().__init__()
        self.source = page_html(page, limit_bytes)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(self.source)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of each element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


class Whole(unittest.TestCase):
    """The page as a whole."""

    @classmethod
    def setUpClass(cls):
        section = make_section(why=(Reason("package", "torch", "2.14.0", "2.14.1"),))
        cls.page = Reader(page_of(section))

    def test_it_needs_nothing_else(self):
        """There is no script, no style sheet and no address outside the page; the page itself forbids them."""
        policies = [one["content"] for one in self.page.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
        self.assertEqual(policies, [POLICY])
        self.assertEqual(POLICY, "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
        tags = {tag for tag, _ in self.page.elements}
        self.assertFalse(tags & {"script", "iframe", "object", "embed", "form", "base", "audio", "video"})
        addresses = [value for _, attributes in self.page.elements for name in ("href", "src") if (value := attributes.get(name))]
        self.assertEqual([value for value in addresses if not value.startswith(("#", "data:"))], [])
        self.assertNotRegex(self.page.source, r"url\(|@import|https?://|\bon\w+=")

    def test_the_first_screen(self):
        """The verdict comes first, then the counts, then what changed, then the rows."""
        places = [self.page.text.index(words) for words in FIRST_SCREEN]
        self.assertEqual(places, sorted(places))

    def test_landmarks_and_headings(self):
        """There is one main landmark, a header and a footer, one first heading, no level left out, and a way to skip."""
        tags = [tag for tag, _ in self.page.elements]
        for tag in ("main", "header", "footer", "h1"):
            self.assertEqual(tags.count(tag), 1, tag)
        levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
        self.assertTrue(all(after - before <= 1 for before, after in pairwise(levels)), levels)
        self.assertEqual(self.page.all("html"), [{"lang": "en"}])
        self.assertEqual(self.page.all("a")[0], {"class": "skip", "href": "#changes"})

    def test_links_lead_somewhere(self):
        """Each link and each shape that is used again is in the page, and no id is there twice."""
        ids = [attributes["id"] for _, attributes in self.page.elements if "id" in attributes]
        self.assertEqual(len(ids), len(set(ids)))
        used = {attributes["href"] for tag, attributes in self.page.elements if tag in ("a", "use")}
        self.assertLessEqual({str(href).removeprefix("#") for href in used}, set(ids))

    def test_tables_have_headers(self):
        """Each header of a table says what it is the header of, and each row has one."""
        headers = self.page.all("th")
        self.assertEqual({one["scope"] for one in headers}, {"col", "row"})

    def test_a_strip_in_words(self):
        """A strip is an image whose name tells all its cells; a red cell says which run it was."""
        (strip,) = [one for one in self.page.all("svg") if one.get("role") == "img"]
        self.assertEqual(strip["aria-label"], "20 runs, oldest first: absent, 17 \u00d7 passed, 2 \u00d7 failed (cause 0123)")
        self.assertIn("<title>night-19, 2026-01-02: failed (cause 0123)</title>", self.page.source)

    def test_equal_reports_are_equal_bytes(self):
        """Nothing in a page is by chance or by the clock."""
        page = page_of(Section(make_section().diff, curves=(CURVE,), images=(IMAGE,)))
        self.assertEqual(page_html(page), page_html(page))


class Contents(unittest.TestCase):
    """What else a page may hold."""

    def test_nothing_changed(self):
        """Where nothing that was recorded differs, that is said as a finding."""
        page = Reader(page_of(Section(Diff(make_run(), make_run(), Verdict.UNCHANGED))))
        self.assertIn("Nothing that was recorded changed", page.text)

    def test_curves(self):
        """Curves are drawn inside the page in its own colours, an accuracy as its errors, and told in words."""
        page = Reader(page_of(Section(make_section().diff, curves=(CURVE, CURVE))))
        self.assertEqual(len(page.all("figure")), 2)
        self.assertIn("test_accuracy (error rate)", page.text)
        self.assertIn("B from 80.00% to 90.00%, first nan at step 1", page.text)
        self.assertIn("stroke: var(--b)", page.source)
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        self.assertEqual(len(ids), len(set(ids)))

    def test_flipped_digits(self):
        """An image that only one side reads rightly is in the page as a PNG with words for it."""
        page = Reader(page_of(Section(make_section().diff, images=(IMAGE,))))
        (image,) = page.all("img")
        self.assertTrue(str(image["src"]).startswith("data:image/png;base64,"))
        self.assertEqual(image["alt"], "example 7, a 4: right in A, wrong in B")

    def test_several_pairs(self):
        """A night has a table of its parts, and the findings beside them above."""
        diff = make_section().diff
        finding = Finding(Verdict.REGRESSED, "last night is missing")
        page = Reader(Page("night", Verdict.REGRESSED, "RED: x", (finding,), (Section(diff, "suite"), Section(diff, "mnist"))))
        self.assertLess(page.text.index("last night is missing"), page.text.index("Parts"))
        self.assertIn({"href": "#s1"}, page.all("a"))

    def test_metrics(self):
        """A metric has both values, its verdict as a word, and its evidence."""
        change = MetricChange("test_accuracy", 0.99, 0.98, -0.01, Direction.HIGHER, Verdict.REGRESSED, "p = 1e-9")
        page = Reader(page_of(Section(make_section(metrics=(change,)).diff)))
        for words in ("99.00%", "98.00%", "-1.00 points", "regressed", "p = 1e-9"):
            self.assertIn(words, page.text)

    def test_ten_thousand_rows(self):
        """A diff of ten thousand changed tests is a page of less than a megabyte that says how many it leaves out."""
        failing = tuple(
            ChangedPair(f"package.module.Case.test_number_{n}", 0, Outcome.PASSED, Outcome.FAILED, "m" * 300, cause_b=str(n))
            for n in range(10_000)
        )
        diff = Diff(make_run(), make_run(), Verdict.REGRESSED, tests=TestChanges(failing), clusters=clusters(failing))
        cells = {(pair.test_id, 0): (RED,) * 20 for pair in failing}
        runs = tuple(CellRun(number, f"night-{number}", WHEN) for number in range(20))
        page = Reader(page_of(Section(diff, strips=Strips(runs, cells))))
        self.assertLess(len(page.source.encode()), 1_000_000)
        self.assertIn("and 9,940 more, which", page.text)


class Colours(unittest.TestCase):
    """Colours that can be read, in both themes and on paper."""

    def test_contrast(self):
        """Each colour of text has a contrast of at least 4.5 on each ground that it may stand on (WCAG 2.2, 1.4.3)."""
        source = page_html(page_of(make_section()))
        themes = re.findall(r":root \{(.*?)\}", source, re.DOTALL)
        self.assertEqual(len(themes), 3)
        light = dict(COLOURS.findall(themes[0]))
        for theme in themes:
            colours = light | dict(COLOURS.findall(theme))
            for text in ("ink", "muted", "bad", "warn", "good"):
                for ground in ("page", "surface"):
                    self.assertGreaterEqual(contrast(colours[text], colours[ground]), 4.5, (text, ground, theme[:99]))
            for ground in ("bad-wash", "warn-wash", "good-wash"):
                if themes.index(theme) < 2:
                    self.assertGreaterEqual(contrast(colours["ink"], colours[ground]), 4.5, (ground, theme[:99]))

    def test_colour_is_never_alone(self):
        """Each tone has a shape of its own, and each verdict stands there as a word."""
        source = page_html(page_of(make_section()))
        shapes = [re.search(rf'<g id="i-{tone}">(.*?)</g>', source) for tone in ("bad", "warn", "good", "calm")]
        drawn = [re.sub(r'class="[^"]*"', "", shape[1]) for shape in shapes if shape]
        self.assertEqual(len(set(drawn)), 4)
        self.assertIn("Red", source)


class Loading(unittest.TestCase):
    """What a page costs."""

    def test_matplotlib_only_for_curves(self):
        """A page without curves loads neither matplotlib nor numpy."""
        code = (
            "import sys; from tests.test_runner.test_report_html import *; page_html(page_of(make_section()));"
            "print({'matplotlib', 'numpy', 'torch'} & set(sys.modules))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "set()\n")


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21, as WCAG 2.2 defines it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour such as #fff or #0a6370."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


if __name__ == "__main__":
    unittest.main()


class Budget(unittest.TestCase):
    """A page has a budget of bytes, whatever was recorded."""

    def huge(self, tests: int, sections: int = 1) -> Page:
        """Return a report with long lists, names and messages of a megabyte, and a strip of failures a test."""
        megabyte = "\x1b[31m<b>\u202e" * 100_000
        pairs = tuple(
            ChangedPair(
                f"pkg.mod_{number}.{megabyte if number < 3 else 'x' * 280}.test",
                0,
                PAIR.a,
                PAIR.b,
                megabyte,
                cause_b=f"{number % 40:016x}",
            )
            for number in range(tests)
        )
        changes = TestChanges(newly_failing=pairs[::4], still_failing=pairs[1::4], fixed=pairs[2::4], removed=pairs[3::4])
        runs = tuple(CellRun(number, f"night-{number}-{'n' * 150}", WHEN) for number in range(20))
        cells = {(pair.test_id, 0): (Cell(Outcome.FAILED, pair.cause_b),) * 20 for pair in pairs}
        diff = Diff(make_run("run-a"), make_run("run-b"), Verdict.REGRESSED, (megabyte,) * tests, changes, clusters(pairs))
        section = Section(diff, "suite tests", Strips(runs, cells), (CURVE,))
        findings = (Finding(Verdict.REGRESSED, megabyte),) * 3
        return Page(
            "nightly-12",
            Verdict.REGRESSED,
            "RED: tests newly failing; changed: nothing that was recorded",
            findings,
            (section,) * sections,
        )

    def test_what_does_not_fit(self):
        """A page that would be too long tells fewer rows, says so, and names the command that shows everything."""
        source = page_html(self.huge(400))
        self.assertLessEqual(len(source.encode()), 1_000_000)
        self.assertRegex(
            source, r"Shortened from [\d.]+ MB to fit into 1.0 MB: at most \d+ rows of each list, figures of the first"
        )
        self.assertIn("<code>runner report nightly-12 --format json</code> has everything", source)
        self.assertIn("tests newly failing", source)
        self.assertIn("<svg", source)

    def test_almost_no_room(self):
        """However small the budget is, the verdict and the counts stay, and links lead to what is there."""
        page = self.huge(12, sections=7)
        reader = Reader(page, 60_000)
        self.assertLess(len(reader.source.encode()), 100_000)
        self.assertIn("0 of 7 comparisons", reader.text)
        self.assertIn("tests newly failing", reader.text)
        anchors = {attributes.get("href") for attributes in reader.all("a")}
        ids = {f"#{attributes['id']}" for _, attributes in reader.elements if "id" in attributes}
        self.assertLessEqual(anchors, ids)

    def test_two_runs(self):
        """The page of two runs names the command that compares them."""
        source = page_html(page_of(make_section()), 1)
        self.assertIn("<code>runner diff run-a run-b --format json</code> has everything", source)
        self.assertNotIn("Shortened", page_html(page_of(make_section())))
