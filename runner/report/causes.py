"""What may explain a diff, as plain text: what was recorded differently, commits, since when it is so, and suspects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from registry.comparing.suspects import point_of
from registry.comparing.uncovered import CoverageChange
from registry.comparing.why import Reason
from registry.diff import Diff
from registry.origin import SHORT_HASH, Onset, Relation, way_words
from registry.regress import Verdict
from runner.report.numbers import counted
from runner.report.safe import safe_line, width_of
from runner.report.text import LONGEST_ID, WIDTH, wrapped
from runner.report.words import (
    commits_in_order,
    coverage_sentence,
    onset_sentences,
    suspected_commits,
    uncovered_files,
    uncovered_sentences,
)

_MOST_ROWS: Final = 20
_MOST_COMMITS: Final = 10
_MOST_FILES: Final = 10
_HASH = re.compile(r"[0-9a-f]{40,64}")
_LONGEST_SENTENCE: Final = 400
_LONGEST_SIDE: Final = 29
_BEFORE_THE_DIFFERENCE: Final = 8
_GROUP: Final = 11
_DEEP: Final = " " * (_GROUP + 4)


def why_lines(diff: Diff) -> Iterator[str]:
    """Yield what was recorded differently, the likeliest cause first."""
    yield ""
    if not diff.why:
        yield "what changed: nothing that was recorded"
        return
    yield "what changed"
    for _, group in groupby(diff.why, key=lambda reason: reason.what):
        members = list(group)
        for reason in members[:_MOST_ROWS]:
            yield from _reason(reason)
            if (reason.what, reason.key) == ("git", "commit"):
                yield from _way(diff)
        yield from _more(len(members) - _MOST_ROWS)


def onset_lines(onset: Onset | None, diff: Diff, words: tuple[str, str] = ("red", "green")) -> Iterator[str]:
    """Yield since when something is as bad as in B and the commits that are suspected, as `onset_sentences` has them."""
    for sentence in onset_sentences(onset, diff, words):
        yield from _wrapped(sentence)


def metric_onset_lines(diff: Diff) -> Iterator[str]:
    """Yield since when each metric that is worse is as it is in B."""
    for change in diff.metrics:
        if change.verdict in (Verdict.REGRESSED, Verdict.SUSPECTED):
            lines = list(onset_lines(diff.metric_onsets.get(change.name), diff, ("as in B", "as in A")))
            yield from [f"  {safe_line(change.name)}", *lines] if lines else ()


def coverage_lines(change: CoverageChange | None) -> Iterator[str]:
    """Yield how coverage changed, and which lines lost it or never had it."""
    if change is None or (change.delta == 0 and not change.files and not change.lines):
        return
    number = len(change.files)
    files = f", missing lines differ in {counted(number, 'file')}" if number else ""
    yield ""
    yield f"coverage     {coverage_sentence(change)}{files}"
    order = uncovered_files(change)
    for one in order[:_MOST_FILES]:
        yield f"  {safe_line(one.path, LONGEST_ID)}"
        for sentence in uncovered_sentences(one):
            yield from _wrapped(sentence)
    yield from _more(len(order) - _MOST_FILES)


def _way(diff: Diff) -> Iterator[str]:
    if diff.way.relation is Relation.UNKNOWN and not (diff.way.reason and diff.a.git.commit and diff.b.git.commit):
        return
    words = way_words(point_of(diff.a), point_of(diff.b), diff.way)
    yield from wrapped(safe_line(words, _LONGEST_SENTENCE).split(" "), _DEEP, _DEEP)
    suspected, order = suspected_commits(diff), commits_in_order(diff)
    for commit in order[:_MOST_COMMITS]:
        mark = "suspected" if commit.id in suspected else counted(len(commit.files), "file")
        yield safe_line(f"{_DEEP}{commit.id[:SHORT_HASH]} {mark}: {commit.subject}", WIDTH)
    left_out = (diff.way.number or 0) - min(len(order), _MOST_COMMITS)
    if order and left_out > 0:
        yield f"{_DEEP}... and {left_out:,} more"


def _reason(reason: Reason) -> Iterator[str]:
    opening = f"  {reason.what:<{_GROUP}}  {safe_line(reason.key, LONGEST_ID)}"
    sides = _sides(reason)
    if width_of(opening) + 2 + width_of(sides) <= WIDTH:
        yield f"{opening}  {sides}"
    else:
        yield opening
        yield _DEEP + sides
    if reason.because:
        yield from wrapped(safe_line(reason.because, _LONGEST_SENTENCE).split(" "), _DEEP, _DEEP)


def _sides(reason: Reason) -> str:
    if reason.what == "code":
        return "added" if reason.a is None else "removed" if reason.b is None else "changed"
    a, b = reason.a, reason.b
    if a is None or b is None or _HASH.fullmatch(a) or _HASH.fullmatch(b):
        return f"{_shown(a)} -> {_shown(b)}"
    # Two long values that begin alike would read the same once they are cut.
    skipped = max(_alike(a, b) - _BEFORE_THE_DIFFERENCE, 0) if max(len(a), len(b)) > _LONGEST_SIDE else 0
    opening = "\u2026" if skipped else ""
    return f"{_shown(opening + a[skipped:])} -> {_shown(opening + b[skipped:])}"


def _alike(a: str, b: str) -> int:
    shorter = min(len(a), len(b))
    return next((index for index in range(shorter) if a[index] != b[index]), shorter)


def _shown(value: str | None) -> str:
    if value is None:
        return "-"
    return value[:SHORT_HASH] if _HASH.fullmatch(value) else safe_line(value, _LONGEST_SIDE)


def _wrapped(sentence: str) -> Iterable[str]:
    return wrapped(safe_line(sentence, _LONGEST_SENTENCE).split(" "), "    ", "      ")


def _more(number: int) -> Iterator[str]:
    if number > 0:
        yield f"  ... and {number:,} more; --format json lists them all"
