"""The HTML report in a real browser: at two widths, in both themes, on paper, and to a screen reader."""

from __future__ import annotations

import io
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from registry.comparing.uncovered import CoverageChange
from registry.comparing.why import Reason
from runner.report.html import page_html
from runner.report.page import Page, Section
from runner.report.sentence import page_of
from tests.browser import Browser, browser_path
from tests.test_runner.hostile import TEXTS, hostile_page
from tests.test_runner.test_report_html import CURVE, IMAGE, make_section

WIDTHS = (390, 1280)
STRIP = "20 runs, oldest first: absent, 17 \u00d7 passed, 2 \u00d7 failed (cause 0123)"
THEMES = {"light": ((247, 247, 244), (179, 38, 30)), "dark": ((18, 21, 24), (255, 143, 133))}
"""The ground of the page, and the colour of the mark beside a red verdict."""


def full_page() -> Page:
    """Return a report with a strip, curves and an image."""
    section = make_section(why=(Reason("seed", "seed", "1", "2"),), coverage=CoverageChange(90.0, 80.0, -10.0, ("a.py",)))
    return page_of(Section(section.diff, "", section.strips, (CURVE,), (IMAGE,)))


class InChromium(unittest.TestCase):
    """What the parser of the other tests cannot see."""

    browser: Browser
    page: Path

    @classmethod
    def setUpClass(cls):
        path = browser_path()
        if path is None:
            raise unittest.SkipTest("no Chromium is installed; `apt-get install chromium` brings one")
        folder = Path(cls.enterClassContext(TemporaryDirectory(prefix="browser-")))
        cls.page, cls.hostile = folder / "report.html", folder / "hostile.html"
        cls.page.write_text(page_html(full_page()), encoding="utf-8")
        # All of the texts that are short enough to be read, in every place of one page.
        text = " ".join(text for text in TEXTS if len(text) < 1000)
        cls.hostile.write_text(page_html(hostile_page(text)), encoding="utf-8")
        cls.browser = cls.enterClassContext(Browser(path))

    def assert_quiet(self) -> None:
        """Fail where the page said something on the console, ran something, or asked for anything but itself."""
        told = [entry["entry"]["text"] for entry in self.browser.told("Log.entryAdded")]
        told += [str(call["args"]) for call in self.browser.told("Runtime.consoleAPICalled")]
        told += [str(error) for error in self.browser.told("Runtime.exceptionThrown")]
        self.assertEqual(told, [])
        asked = [request["request"]["url"] for request in self.browser.told("Network.requestWillBeSent")]
        self.assertEqual([url for url in asked[1:] if not url.startswith("data:")], [])
        self.assertTrue(asked[0].startswith("file:"), asked[:1])

    def test_two_widths_and_two_themes(self):
        """Nothing sticks out to the right, is said or is asked for, and the colours are those of the theme."""
        from PIL import Image

        for width in WIDTHS:
            for theme, (ground, mark) in THEMES.items():
                with self.subTest(width=width, theme=theme):
                    self.browser.open(self.page, width, theme)
                    picture = Image.open(io.BytesIO(self.browser.screenshot())).convert("RGB")
                    self.assertEqual(picture.width, width)
                    self.assertEqual(self.browser.evaluate("document.documentElement.scrollWidth"), width)
                    box = "JSON.stringify(document.querySelector('.verdict svg').getBoundingClientRect())"
                    left, top = self.browser.evaluate(
                        f"(({{x, y, width, height}}) => [x + 2, y + height / 2])(JSON.parse({box}))"
                    )
                    self.assertEqual(picture.getpixel((round(left), round(top))), mark)
                    self.assertEqual(picture.getpixel((2, picture.height - 2)), ground)
                    self.assert_quiet()

    def test_hostile_text(self):
        """A page that is full of hostile text runs nothing, asks for nothing, and sticks out nowhere."""
        self.browser.open(self.hostile, WIDTHS[0], "light")
        self.assertEqual(self.browser.evaluate("document.scripts.length"), 0)
        self.assertEqual(self.browser.evaluate("document.documentElement.scrollWidth"), WIDTHS[0])
        self.assert_quiet()

    def test_a_screen_reader(self):
        """A screen reader finds landmarks, headings, and tables with headers, also where a narrow page shows them as cards."""
        for width in WIDTHS:
            self.browser.open(self.page, width, "light")
            nodes = self.browser.ask("Accessibility.getFullAXTree")["nodes"]
            roles = {node["role"]["value"] for node in nodes if not node["ignored"]}
            wanted = {
                "banner",
                "main",
                "contentinfo",
                "navigation",
                "heading",
                "table",
                "row",
                "rowheader",
                "columnheader",
                "cell",
            }
            self.assertLessEqual(wanted, roles)
            names = [node.get("name", {}).get("value", "") for node in nodes if node["role"]["value"] == "image"]
            self.assertIn(STRIP, names)

    def test_on_paper(self):
        """The page can be printed, and what is folded on a screen is on the paper."""
        self.browser.open(self.page, WIDTHS[1], "light")
        self.browser.ask("Emulation.setEmulatedMedia", media="print", features=[])
        heights = self.browser.evaluate("[...document.querySelectorAll('details > *:last-child')].map(one => one.offsetHeight)")
        self.browser.ask("Emulation.setEmulatedMedia", media="", features=[])
        self.assertTrue(heights)
        self.assertGreater(min(heights), 0)


if __name__ == "__main__":
    unittest.main()
