"""Curves of a metric in A and in B as SVG inside a page: without a word of the user's, in the page's own colours and font.

matplotlib is loaded by the first plot, and no setting of the user's changes it: equal curves are equal bytes.
"""

from __future__ import annotations

import io
import logging
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from registry.records import Points
from runner.report.page import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN, _HEIGHT_IN = 4.6, 2.0
_LARGEST: Final = 1e300
"""Beyond it an axis cannot be divided into ticks."""

_MANY_TIMES = 100

# Colours that nothing else has; the page's own stand in their place, so that a plot follows it into the dark.
_INK, _GRID, _A, _B = "#010101", "#020202", "#030303", "#040404"
_VARIABLES: Final = {_INK: "var(--muted)", _GRID: "var(--line)", _A: "var(--a)", _B: "var(--b)"}
_SETTINGS: Final = {
    "svg.fonttype": "none",
    "font.size": 9.0,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "xtick.color": _GRID,
    "ytick.color": _GRID,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "lines.linewidth": 1.8,
}
_METADATA: Final = ("Date", "Creator", "Format", "Type")
_CUT = re.compile(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", re.DOTALL)
_FONT = re.compile(r" ?font-family: [^;\"]*;?")
_ID = re.compile(r"(\bid=\"|href=\"#|url\(#)")
_SIZE = re.compile(r"^<svg[^>]*>")


def is_error_rate(curve: Curve) -> bool:
    """Tell whether the share of wrong answers is drawn in the place of an accuracy: near 1 accuracies look alike."""
    values = [value for _, value in (*curve.a, *curve.b)]
    return curve.name.endswith("accuracy") and all(0 <= value <= 1 or not math.isfinite(value) for value in values)


def curve_svg(curve: Curve, number: int) -> str:
    """Return the curves of A, dashed, and of B as one `svg` element.

    Args:
        curve: The points.
        number: Makes the ids unique in a page.
    """
    with _quiet():
        import matplotlib as mpl
        from matplotlib.figure import Figure

        with mpl.rc_context():
            mpl.rcdefaults()
            settings: dict[Any, Any] = {**_SETTINGS, "svg.hashsalt": f"curve {number}"}
            mpl.rcParams.update(settings)
            figure = Figure((_WIDTH_IN, _HEIGHT_IN), layout="constrained")
            _draw(figure.subplots(), curve)
            output = io.StringIO()
            figure.savefig(output, format="svg", transparent=True, metadata=dict.fromkeys(_METADATA))
    return _embedded(output.getvalue(), f"p{number}-")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what matplotlib says about caches and fonts."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _draw(axes: Axes, curve: Curve) -> None:
    is_error = is_error_rate(curve)
    drawn = []
    for points, colour, style in ((curve.a, _A, (0, (4, 2))), (curve.b, _B, "-")):
        steps, values = _coordinates(points, is_error=is_error)
        drawn += values
        marker = "o" if len(values) <= 20 else ""  # noqa: PLR2004 - so few points are epochs, and each is worth a mark
        axes.plot(steps, values, color=colour, linestyle=style, marker=marker, markersize=3.5)
    seen = [value for value in drawn if math.isfinite(value)]
    if is_error and seen and min(seen) > 0:
        axes.set_yscale("log")
        _label_shares(axes, min(seen), max(seen))
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("step")


def _label_shares(axes: Axes, least: float, most: float) -> None:
    """Label a logarithmic axis at a few round shares, also where it spans less than a power of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    parts = (1.0,) if most / least > _MANY_TIMES else (1.0, 2.0, 3.0, 5.0)
    axes.yaxis.set_major_locator(LogLocator(subs=parts))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))


def _coordinates(points: Points, *, is_error: bool) -> tuple[list[float], list[float]]:
    steps = [float(index if step is None else step) for index, (step, _) in enumerate(points)]
    return steps, [_drawable((1 - value) * 100 if is_error else value) for _, value in points]


def _drawable(value: float) -> float:
    return value if abs(value) < _LARGEST else math.nan


def _embedded(svg: str, prefix: str) -> str:
    text = _CUT.sub("", svg[svg.index("<svg") :])
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    text = _FONT.sub("", text)
    text = _ID.sub(rf"\g<1>{prefix}", text)
    box = f'<svg viewBox="0 0 {_WIDTH_IN * 72:g} {_HEIGHT_IN * 72:g}" aria-hidden="true" focusable="false">'
    return re.sub(r"\s*\n\s*", "\n", _SIZE.sub(box, text)).strip()
