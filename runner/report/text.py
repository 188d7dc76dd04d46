"""Records to plain text of 80 columns, for `runner show`, `runner runs` and `runner diff`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from registry.records import Outcome, Run, RunDetails, RunStatus, TestRecord
from runner.report.numbers import metric_value, seconds, size
from runner.report.safe import safe_line, safe_text

WIDTH: Final = 80
Paint = Callable[[str, str], str]
"""Colours a text: (text, colour name) -> text; the identity where there is no colour."""

_COLOURS = {"regressed": "red", "suspected": "yellow", "improved": "green", "unchanged": "green", "insufficient_data": "yellow"}
_UID_DIGITS = 12


def plain(text: str, _colour: str) -> str:
    """Return the text as it is: the `Paint` of a stream without colour."""
    return text


def colour_of(word: str) -> str:
    """Return the colour of an outcome, a status or a verdict."""
    if word in _COLOURS:
        return _COLOURS[word]
    if word in set(Outcome):
        return "red" if Outcome(word).is_red else "yellow" if word == Outcome.SKIPPED else "green"
    return {"finished": "green", "running": "cyan"}.get(word, "red")


def show_text(details: RunDetails, paint: Paint = plain) -> str:
    """Return what `runner show` prints: what the run was, then only what a reader would look for."""
    parts = [_heading(details.run, paint), *_facts(details), *_counts(details, paint)]
    parts += _problems(details, paint)
    parts += _metrics(details)
    parts += _checkpoints(details)
    return "\n".join(parts) + "\n"


def runs_text(runs: Iterable[Run], paint: Paint = plain) -> str:
    """Return one line a run, newest first."""
    lines = [f"{'id':>5}  {'name':<24} {'kind':<7} {'status':<12} {'seed':>8}  {'started (UTC)':<16} duration"]
    for run in runs:
        status = _status_word(run)
        padded = paint(f"{status:<12}", colour_of(run.status) if run.green is not False else "red")
        seed = "-" if run.seed is None else str(run.seed)
        lines.append(
            f"{run.id:>5}  {safe_line(run.name, 24):<24} {run.kind:<7} {padded} {seed:>8}  "
            f"{run.started_at:%Y-%m-%d %H:%M} {seconds(run.duration_s)}"
        )
    return "\n".join(lines) + "\n"


def columns(rows: Iterable[tuple[str, ...]], indent: int = 2) -> list[str]:
    """Return rows as lines whose cells, but for the last, are padded to the widest of their column."""
    table = list(rows)
    if not table:
        return []
    widths = [max(len(row[index]) for row in table) for index in range(len(table[0]) - 1)]
    return [
        (" " * indent + "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])).rstrip()
        for row in table
    ]


def problem_text(record: TestRecord, paint: Paint = plain) -> str:
    """Return one red result with its traceback, and those of its subtests."""
    lines = [paint(f"{record.outcome.upper()}: {safe_line(record.test_id)}", "red")]
    body = record.traceback or record.message
    if body:
        lines.append(_indented(body))
    for subtest in record.subtests:
        lines.append(paint(f"  {subtest.outcome}: {safe_line(subtest.params)}", colour_of(subtest.outcome)))
        lines.append(_indented(subtest.traceback or subtest.message or ""))
    return "\n".join(lines)


def _status_word(run: Run) -> str:
    if run.status is RunStatus.FINISHED and run.green is not None:
        return "green" if run.green else "red"
    return str(run.status)


def _heading(run: Run, paint: Paint) -> str:
    word = _status_word(run)
    colour = "red" if run.green is False else colour_of(run.status)
    return f"{safe_line(run.name)} (run {run.id}, {run.kind}): {paint(word, colour)}"


def _facts(details: RunDetails) -> Iterator[str]:
    run = details.run
    rows = [
        ("started", f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC, took {seconds(run.duration_s)}"),
        ("command", safe_line(" ".join(run.argv), WIDTH - 14) or "-"),
        ("seed", "-" if run.seed is None else str(run.seed)),
        ("git", _git(run)),
    ]
    if run.params:
        rows.append(("config", safe_line(", ".join(f"{key}={value}" for key, value in sorted(run.params.items())))))
    if run.tags:
        rows.append(("tags", safe_line(", ".join(f"{key}={value}" for key, value in sorted(run.tags.items())))))
    if run.environment is not None:
        rows.append(("environment", safe_line(f"Python {run.environment.python}, {run.environment.platform}")))
    if details.dataset is not None:
        data = details.dataset
        rows.append(("data", f"{safe_line(data.name)}: {data.train:,} / {data.validation:,} / {data.test:,} images"))
    if details.coverage is not None:
        rows.append(("coverage", f"{details.coverage.percent:.1f} % of {len(details.coverage.files)} files"))
    yield from columns(rows)


def _git(run: Run) -> str:
    if run.git.commit is None:
        return safe_line(run.git.reason or "unknown")
    state = " with uncommitted changes" if run.git.dirty else ""
    branch = f" on {safe_line(run.git.branch)}" if run.git.branch else ""
    return f"{run.git.commit[:_UID_DIGITS]}{branch}{state}"


def _counts(details: RunDetails, paint: Paint) -> Iterator[str]:
    if details.counts:
        yield ""
        yield "  " + ", ".join(paint(f"{number} {outcome}", colour_of(outcome)) for outcome, number in details.counts.items())


def _problems(details: RunDetails, paint: Paint) -> Iterator[str]:
    for fixture in details.fixtures:
        yield ""
        yield paint(f"{fixture.outcome.upper()}: {safe_line(fixture.fixture_id)}", colour_of(fixture.outcome))
        yield _indented(fixture.traceback or fixture.message or "")
    for record in details.results:
        if record.outcome.is_red:
            yield ""
            yield problem_text(record, paint)


def _metrics(details: RunDetails) -> Iterator[str]:
    if not details.metrics:
        return
    yield ""
    rows: list[tuple[str, ...]] = [("metric", "last", "min", "max", "points")]
    for metric in details.metrics:
        values = (metric_value(metric.name, value) for value in (metric.last, metric.minimum, metric.maximum))
        rows.append((safe_line(metric.name, 40), *values, str(metric.count)))
    yield from columns(rows)


def _checkpoints(details: RunDetails) -> Iterator[str]:
    if not details.checkpoints:
        return
    yield ""
    rows = [("checkpoint", "size", "content hash")]
    for checkpoint in details.checkpoints:
        name = safe_line(checkpoint.path.rsplit("/", 1)[-1], 40)
        rows.append((name, size(checkpoint.size_bytes), (checkpoint.content_hash or "-")[:_UID_DIGITS]))
    yield from columns(rows)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in safe_text(text).splitlines())
