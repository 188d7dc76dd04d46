"""The figures of the HTML report: curves of metrics, and the digits that only one side reads rightly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from registry.records import Points
from runner.report.glyphs import png_uri
from runner.report.numbers import finite, metric_value
from runner.report.page import MOST_DIGITS, Curve, FlippedImage, Section

if TYPE_CHECKING:
    from markupsafe import Markup


class Plot(NamedTuple):
    """Curves of one metric."""

    title: str
    words: str
    svg: Markup


class Digit(NamedTuple):
    """One example."""

    uri: str
    words: str
    place: int
    label: str


class Digits(NamedTuple):
    """Examples of one part of the data set that changed, with the number of all."""

    lost: tuple[Digit, ...] = ()
    lost_total: int = 0
    won: tuple[Digit, ...] = ()
    won_total: int = 0


def plots(curves: Sequence[Curve], first_number: int) -> tuple[Plot, ...]:
    """Return the plots of some curves; matplotlib is loaded only where there is one."""
    if not curves:
        return ()
    from markupsafe import Markup

    from runner.report.plots import curve_svg, is_error_rate

    found = []
    for number, curve in enumerate(curves, first_number):
        title = f"{curve.name} (error rate)" if is_error_rate(curve) else curve.name
        # Nothing of the user's is in the drawing, only numbers.
        found.append(Plot(title, _words(curve), Markup(curve_svg(curve, number))))  # noqa: S704
    return tuple(found)


def _words(curve: Curve) -> str:
    told = [_side("A", curve.name, curve.a), _side("B", curve.name, curve.b)]
    return "; ".join(filter(None, told))


def _side(side: str, name: str, points: Points) -> str:
    if not points:
        return f"{side} did not measure it"
    first, last = (metric_value(name, value) for value in (points[0][1], points[-1][1]))
    lost = next(((step, value) for step, value in points if not math.isfinite(value)), None)
    words = f"{side} from {first} to {last}"
    return words if lost is None else f"{words}, first {finite(lost[1])} at step {lost[0]}"


def digits(section: Section) -> Digits:
    """Return the pictures of the test images that only one side reads rightly."""
    lost = [image for image in section.images if not image.right_in_b]
    won = [image for image in section.images if image.right_in_b]
    flips = next((one for one in section.diff.flips if one.split == "test"), None)
    totals = (len(flips.lost), len(flips.gained)) if flips else (len(lost), len(won))
    return Digits(tuple(map(_digit, lost[:MOST_DIGITS])), totals[0], tuple(map(_digit, won[:MOST_DIGITS])), totals[1])


def _digit(image: FlippedImage) -> Digit:
    label = "" if image.label is None else str(image.label)
    change = "wrong in A, right in B" if image.right_in_b else "right in A, wrong in B"
    return Digit(png_uri(image.pixels), f"example {image.index}{f', a {label}' if label else ''}: {change}", image.index, label)
