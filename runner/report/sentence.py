"""The one sentence that a report opens with: the verdict, what broke, and what was changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import Final

from registry.comparing.facts import ChangedPair
from registry.comparing.metrics import MetricChange
from registry.comparing.why import Reason
from registry.diff import Diff
from registry.expected.bars import is_worse
from registry.expected.known import KnownState
from registry.regress import Verdict
from runner.report.numbers import counted, metric_value
from runner.report.page import Finding, Page, Section
from runner.report.safe import safe_line

WORDS: Final = {
    Verdict.REGRESSED: "RED",
    Verdict.SUSPECTED: "SUSPECTED",
    Verdict.INSUFFICIENT_DATA: "INSUFFICIENT DATA",
    Verdict.IMPROVED: "IMPROVED",
    Verdict.UNCHANGED: "UNCHANGED",
}
"""The verdicts as a sentence begins with them, the worst first."""

CHANGED: Final = "; changed: "
"""What stands before that which was changed."""

_MOST_PARTS: Final = 5
_MOST_CHANGES: Final = 4
_LONGEST: Final = 120
_LISTS: Final = (
    ("newly_failing", "newly failing", Verdict.REGRESSED),
    ("still_failing_new_cause", "failing for another cause", Verdict.SUSPECTED),
    ("removed", "removed", Verdict.SUSPECTED),
    ("newly_skipped", "newly skipped", Verdict.SUSPECTED),
    ("expected_to_fail", "now expected to fail", Verdict.SUSPECTED),
    ("flaky", "flaky", Verdict.SUSPECTED),
    ("still_failing", "still failing", Verdict.INSUFFICIENT_DATA),
    ("fixed", "fixed", Verdict.IMPROVED),
)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts; insufficient data where there is none."""
    found = set(verdicts)
    return next((verdict for verdict in WORDS if verdict in found), Verdict.INSUFFICIENT_DATA)


def verdict_sentence(diffs: Sequence[Diff], findings: Sequence[Finding] = ()) -> str:
    """Return one line such as "RED: 2 tests newly failing from 1 cause; changed: mnist/model.py, torch 2.14.0 -> 2.14.1"."""
    verdict = worst([*(finding.verdict for finding in findings), *(diff.verdict for diff in diffs)])
    parts = [(finding.verdict, safe_line(finding.sentence, _LONGEST)) for finding in findings]
    parts += [part for diff in diffs for part in _parts(diff)]
    told = [part for worse in WORDS for found, part in parts if found is worse and found is not Verdict.UNCHANGED]
    left_out = len(told) - _MOST_PARTS
    shown = [*told[:_MOST_PARTS], *([f"and {counted(left_out, 'more finding')}"] if left_out > 0 else [])]
    changed = _changed([reason for diff in diffs for reason in diff.why])
    return f"{WORDS[verdict]}: {'; '.join(shown or ['nothing that is judged changed'])}{CHANGED}{changed}"


def page_of(section: Section) -> Page:
    """Return the report on one pair of runs."""
    diff = section.diff
    return Page(
        title=f"{diff.a.name} \u2192 {diff.b.name}",
        verdict=diff.verdict,
        sentence=verdict_sentence([diff]),
        sections=(section,),
        started_at=diff.b.started_at,
    )


def _parts(diff: Diff) -> Iterator[tuple[Verdict, str]]:
    for name, words, verdict in _LISTS:
        pairs: tuple[ChangedPair, ...] = getattr(diff.tests, name)
        if pairs:
            causes = {pair.cause_b for pair in pairs if pair.cause_b is not None}
            cause = f" from {counted(len(causes), 'cause')}" if causes and name == "newly_failing" else ""
            yield verdict, f"{counted(len(pairs), 'test')} {words}{cause}"
    yield from _known_parts(diff)
    if diff.fixtures:
        yield Verdict.REGRESSED, f"{counted(len(diff.fixtures), 'fixture')} newly failing"
    for verdict in (Verdict.REGRESSED, Verdict.SUSPECTED):
        slower = sum(pace.verdict is verdict for pace in diff.paces.values())
        if slower:
            yield verdict, f"{counted(slower, 'test')} slower"
    for change in diff.metrics:
        if change.verdict in (Verdict.REGRESSED, Verdict.SUSPECTED):
            yield change.verdict, _metric(change)
    if diff.checkpoints.determinism == "lost":
        yield Verdict.SUSPECTED, "determinism lost"


def _known_parts(diff: Diff) -> Iterator[tuple[Verdict, str]]:
    expired = sum(result.state is KnownState.EXPIRED for result in diff.known)
    if expired:
        yield Verdict.REGRESSED, f"{counted(expired, 'known failure')} expired"
    if diff.known_renamed:
        yield Verdict.SUSPECTED, f"{counted(len(diff.known_renamed), 'known failure')} renamed"


def _metric(change: MetricChange) -> str:
    a, b = (metric_value(change.name, value) for value in (change.a, change.b))
    if _is_worse_than_the_bar_only(change):
        return f"{safe_line(change.name, _LONGEST)} {b}, worse than the bar {metric_value(change.name, change.bar)}"
    told = ", ".join([*_errors(change), *_p(change)])
    return f"{safe_line(change.name, _LONGEST)} {a} -> {b}" + (f" ({told})" if told else "")


def _is_worse_than_the_bar_only(change: MetricChange) -> bool:
    a, b, direction = change.a, change.b, change.direction
    if change.bar is None or a is None or b is None or direction is None:
        return False
    return not is_worse(b, a, direction)


def _errors(change: MetricChange) -> Iterator[str]:
    """Yield by how much the share of wrong answers grew, which says more than two accuracies that look alike."""
    a, b = change.a, change.b
    if change.name.endswith("accuracy") and a is not None and b is not None and 0 <= a < 1 and 0 <= b < 1:
        yield f"errors x{(1 - b) / (1 - a):.1f}"


def _p(change: MetricChange) -> Iterator[str]:
    """Yield how probable such a change is by chance, where that was tested."""
    if change.p is not None:
        yield f"p = {change.p:.2g}"


def _changed(reasons: Sequence[Reason]) -> str:
    told = list(dict.fromkeys(filter(None, map(_reason, reasons))))
    left_out = len(told) - _MOST_CHANGES
    more = [f"{left_out:,} more"] if left_out > 0 else []
    return ", ".join([*told[:_MOST_CHANGES], *more]) or "nothing that was recorded"


def _reason(reason: Reason) -> str:
    key = safe_line(reason.key, _LONGEST)
    if reason.what == "code":
        return PurePath(key).as_posix()
    if reason.what in ("git", "dataset"):
        return f"{reason.what} {key}"
    a, b = ("none" if side is None else safe_line(side, _LONGEST // 4) for side in (reason.a, reason.b))
    return f"{key} {a} -> {b}"
