"""What a report shows beside a diff: the latest runs of the tests that changed, and the curves of the metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.report.page import MOST_DIGITS, Curve, FlippedImage, Section
from runner.report.rows import shown_tests

if TYPE_CHECKING:
    from registry.diff import Diff
    from registry.store import Registry

PAGES: Final = frozenset({"html", "markdown"})
"""The formats that show more than the diff itself."""

_MOST_CURVES: Final = 8


def gathered(registry: Registry, diff: Diff, form: str, role: str = "") -> Section:
    """Return the section of a report on a diff; for a format that shows only the diff nothing is read.

    Args:
        registry: Where both runs are.
        diff: What changed.
        form: The format.
        role: What the runs are there for.
    """
    if form not in PAGES:
        return Section(diff, role)
    tests = shown_tests(diff)
    strips = registry.strips(diff.b, tests) if tests else Section(diff).strips
    if form != "html":
        return Section(diff, role, strips)
    return Section(diff, role, strips, _curves(registry, diff), _images(registry, diff))


def _curves(registry: Registry, diff: Diff) -> tuple[Curve, ...]:
    """Return the curves of the metrics that differ, the judged ones first; one point is no curve."""
    changes = sorted(diff.metrics, key=lambda change: change.verdict is None)
    names = [change.name for change in changes]
    before, after = (registry.curves(run, names) if names else {} for run in (diff.a, diff.b))
    found = (Curve(one.name, before.get(one.name, ()), after.get(one.name, ()), direction=one.direction) for one in changes)
    return tuple(curve for curve in found if max(len(curve.a), len(curve.b)) > 1)[:_MOST_CURVES]


def _images(registry: Registry, diff: Diff) -> tuple[FlippedImage, ...]:
    """Return the test images that only one side answers rightly, the lost ones first; none of another data set."""
    flips = next((one for one in diff.flips if one.split == "test" and (one.lost or one.gained)), None)
    if flips is None:
        return ()
    from mnist.pictures import EXAMPLES, pictures

    dataset = registry.details(diff.b).dataset
    if dataset is None or dataset.name != "mnist" or flips.examples != EXAMPLES:
        return ()
    chosen = {**dict.fromkeys(flips.lost[:MOST_DIGITS], False), **dict.fromkeys(flips.gained[:MOST_DIGITS], True)}
    found = pictures(chosen)
    return tuple(FlippedImage(place, found[place].label, is_right, found[place].pixels) for place, is_right in chosen.items())
