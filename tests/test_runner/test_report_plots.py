"""Curves as SVG."""

from __future__ import annotations

import logging
import math
import unittest
import warnings
from xml.etree import ElementTree as ET

from runner.report.page import Curve
from runner.report.plots import curve_svg, is_error_rate

NAN, INF = math.nan, math.inf


def curve(name: str, *values: float) -> Curve:
    """Return a curve with the same points on both sides."""
    points = tuple(enumerate(values))
    return Curve(name, points, points)


class Plots(unittest.TestCase):
    """What is drawn, and of what."""

    def test_odd_values(self):
        """NaN, infinities, constants, the largest numbers, single points and nothing are drawn without a warning."""
        series = ((), (1.0,), (NAN, NAN), (1.0, INF, -INF), (0.0, 0.0), (-1.7e308, 1.7e308), (5e-324, 1e-300), (1.0, NAN, 2.0))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for number, values in enumerate(series):
                svg = curve_svg(curve("loss", *values), number)
                self.assertEqual(ET.fromstring(svg.replace("xlink:href", "href")).tag, "svg")

    def test_points_without_steps(self):
        """Points that were logged without a step lie one after the other; steps of any size are taken."""
        points = ((None, 1.0), (2**62, 2.0), (-(2**62), 3.0))
        self.assertIn("<path", curve_svg(Curve("loss", points, ()), 0))

    def test_accuracies_are_drawn_as_errors(self):
        """Near 1 accuracies look alike, so their errors are drawn, on a logarithmic axis with round percentages."""
        self.assertTrue(is_error_rate(curve("test_accuracy", 0.9, 0.99, NAN)))
        self.assertFalse(is_error_rate(curve("test_accuracy", 90.0, 99.0)))
        self.assertFalse(is_error_rate(curve("loss", 0.9)))
        svg = curve_svg(curve("test_accuracy", 0.9, 0.99), 0)
        self.assertIn(">10 %<", svg)
        self.assertIn(">1 %<", svg)
        self.assertIn("<path", curve_svg(curve("test_accuracy", 1.0, 1.0), 0))

    def test_nothing_of_the_users(self):
        """Neither the name of a metric nor a setting of matplotlib gets into the drawing, and what it logs stays as it was."""
        import matplotlib as mpl

        expected, level = curve_svg(curve("loss", 1.0, 2.0), 0), logging.getLogger("matplotlib").level
        with mpl.rc_context({"lines.linewidth": 99.0, "font.size": 50.0, "svg.fonttype": "path"}):
            self.assertEqual(curve_svg(curve("<b>$x$", 1.0, 2.0), 0), expected)
        self.assertEqual(logging.getLogger("matplotlib").level, level)

    def test_it_has_no_style_of_its_own(self):
        """The drawing brings no style sheet, no date and no colour that the page's theme could not change."""
        svg = curve_svg(curve("loss", 1.0, 2.0), 0)
        self.assertNotRegex(svg, r"<style|<metadata|#[0-9a-f]{6}|font-family|https?://")
        self.assertIn("stroke: var(--a)", svg)


if __name__ == "__main__":
    unittest.main()
