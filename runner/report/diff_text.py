"""A diff to plain text: the verdict first, then only what changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from registry.diff import Diff, MetricChange, TestChanges
from registry.records import ChangedPair, Run
from registry.why import Reason
from runner.report.numbers import metric_delta, metric_value, seconds
from runner.report.safe import safe_line
from runner.report.text import WIDTH, Paint, colour_of, columns, plain

_MOST_ROWS = 20
_HASH_DIGITS = 8
_LISTS = (
    ("newly_failing", "newly failing", "red"),
    ("still_failing_new_cause", "still failing in another way", "yellow"),
    ("still_failing", "still failing", "red"),
    ("fixed", "fixed", "green"),
    ("removed", "removed", "yellow"),
    ("added", "added", "green"),
    ("newly_skipped", "newly skipped", "yellow"),
    ("no_longer_skipped", "no longer skipped", "green"),
    ("expected_to_fail", "now expected to fail", "yellow"),
    ("slower", "slower", "yellow"),
    ("faster", "faster", "green"),
)


def diff_text(diff: Diff, paint: Paint = plain) -> str:
    """Return what `runner diff` prints."""
    lines = [_verdict(diff, paint), *(f"  - {safe_line(reason)}" for reason in diff.reasons)]
    lines += ["", f"A  {_run_line(diff.a)}", f"B  {_run_line(diff.b)}"]
    lines += _tests(diff.tests, paint)
    lines += _fixtures(diff, paint)
    lines += _metrics(diff.metrics, paint)
    lines += _checkpoints(diff)
    lines += _coverage(diff)
    lines += _why(diff.why)
    return "\n".join(lines) + "\n"


def _verdict(diff: Diff, paint: Paint) -> str:
    word = diff.verdict.replace("_", " ").upper()
    return f"{paint(word, colour_of(diff.verdict))}: {safe_line(diff.a.name)} -> {safe_line(diff.b.name)}"


def _run_line(run: Run) -> str:
    commit = run.git.commit[:_HASH_DIGITS] + ("+" if run.git.dirty else "") if run.git.commit else "no commit"
    seed = "" if run.seed is None else f", seed {run.seed}"
    return f"{safe_line(run.name)} (run {run.id}, {run.started_at:%Y-%m-%d %H:%M} UTC, {commit}{seed}, {run.status})"


def _tests(tests: TestChanges, paint: Paint) -> Iterator[str]:
    for name, words, colour in _LISTS:
        pairs: tuple[ChangedPair, ...] = getattr(tests, name)
        if pairs:
            yield ""
            yield paint(f"{words} ({len(pairs)})", colour)
            for pair in pairs[:_MOST_ROWS]:
                yield from _pair(pair, timed=name in ("slower", "faster"))
            if len(pairs) > _MOST_ROWS:
                yield f"  ... and {len(pairs) - _MOST_ROWS} more; --format json lists them all"
    if tests.unchanged:
        yield ""
        yield f"{tests.unchanged:,} test{'s' if tests.unchanged != 1 else ''} unchanged"


def _pair(pair: ChangedPair, *, timed: bool) -> Iterator[str]:
    ordinal = f" #{pair.ordinal}" if pair.ordinal else ""
    yield f"  {safe_line(pair.test_id)}{ordinal}"
    if timed:
        yield f"    {seconds(pair.duration_a_s)} -> {seconds(pair.duration_b_s)}"
        return
    states = f"{pair.a or 'absent'} -> {pair.b or 'absent'}"
    message = safe_line(pair.message, WIDTH - 8 - len(states)) if pair.message else ""
    yield f"    {states}" + (f": {message}" if message else "")


def _fixtures(diff: Diff, paint: Paint) -> Iterator[str]:
    if diff.fixtures:
        yield ""
        yield paint(f"fixtures newly failing ({len(diff.fixtures)})", "red")
        for fixture in diff.fixtures:
            yield f"  {safe_line(fixture.fixture_id)}"
            yield f"    {safe_line(fixture.message or '', WIDTH - 4)}"


def _metrics(changes: tuple[MetricChange, ...], paint: Paint) -> Iterator[str]:
    if not changes:
        return
    yield ""
    rows: list[tuple[str, ...]] = [("metric", "A", "B", "B - A", "")]
    for change in changes:
        values = (metric_value(change.name, value) for value in (change.a, change.b))
        rows.append((safe_line(change.name, 32), *values, metric_delta(change.name, change.delta), change.verdict or ""))
    verdicts = (None, *(change.verdict for change in changes))
    for line, verdict in zip(columns(rows, indent=0), verdicts, strict=True):
        yield line.removesuffix(verdict) + paint(verdict, colour_of(verdict)) if verdict else line


def _checkpoints(diff: Diff) -> Iterator[str]:
    checkpoints = diff.checkpoints
    if checkpoints.same is None:
        return
    yield ""
    if checkpoints.same:
        yield "checkpoint  same content"
    else:
        delta = f", largest difference {checkpoints.max_abs_delta:.3g}" if checkpoints.max_abs_delta is not None else ""
        yield f"checkpoint  differs, first in {safe_line(checkpoints.first_difference or 'an unnamed tensor')}{delta}"
    yield "determinism " + {
        "held": "held: same code, seed, data, configuration and machine gave the same bits",
        "lost": "LOST: same code, seed, data, configuration and machine gave other bits",
    }.get(checkpoints.determinism, "not comparable: what decides the bits differs or is not known")


def _coverage(diff: Diff) -> Iterator[str]:
    change = diff.coverage
    if change is None or change.a is None or change.b is None or change.delta is None:
        return
    yield ""
    files = f", {len(change.files)} files differ" if change.files else ""
    yield f"coverage    {change.a:.1f} % -> {change.b:.1f} % ({change.delta:+.1f}){files}"


def _why(reasons: tuple[Reason, ...]) -> Iterator[str]:
    yield ""
    if not reasons:
        yield "what changed: nothing that was recorded"
        return
    yield "what changed"
    for what, group in groupby(reasons, key=lambda reason: reason.what):
        members = list(group)
        yield from columns((what, safe_line(reason.key), _sides(reason)) for reason in members[:_MOST_ROWS])
        if len(members) > _MOST_ROWS:
            yield f"  {what}  ... and {len(members) - _MOST_ROWS} more; --format json lists them all"


def _sides(reason: Reason) -> str:
    if reason.what == "code":
        return "added" if reason.a is None else "removed" if reason.b is None else "changed"
    return f"{_shown(reason.a)} -> {_shown(reason.b)}"


def _shown(value: str | None) -> str:
    return "-" if value is None else safe_line(value, 32)
