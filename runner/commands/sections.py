"""What a report shows beside a diff: the latest runs of the tests that changed, and the curves of the metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.report.page import Curve, Section
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
    return Section(diff, role, strips, curves=_curves(registry, diff) if form == "html" else ())


def _curves(registry: Registry, diff: Diff) -> tuple[Curve, ...]:
    """Return the curves of the metrics that differ, the judged ones first; one point is no curve."""
    changes = sorted(diff.metrics, key=lambda change: change.verdict is None)
    names = [change.name for change in changes]
    before, after = (registry.curves(run, names) if names else {} for run in (diff.a, diff.b))
    found = (Curve(one.name, before.get(one.name, ()), after.get(one.name, ()), direction=one.direction) for one in changes)
    return tuple(curve for curve in found if max(len(curve.a), len(curve.b)) > 1)[:_MOST_CURVES]
