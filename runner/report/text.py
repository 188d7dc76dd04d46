"""Records to plain text of 80 columns, for `runner show`, `runner runs` and `runner diff`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from registry.records import Outcome, Run, RunDetails, RunStatus, TestRecord
from runner.events import TestFinished
from runner.report.attempts import Attempts, by_test, is_flaky
from runner.report.numbers import counted, metric_value, seconds, size
from runner.report.safe import safe_line, safe_output, safe_text, width_of

WIDTH: Final = 80
LONGEST_ID: Final = 500
"""Columns of a test id that are shown: more than any that was typed by a person."""
RED: Final[frozenset[str]] = frozenset(outcome for outcome in Outcome if outcome.is_red)
"""The outcomes that make a run red: as a set it is asked once a test, where a property would be called."""
Paint = Callable[[str, str], str]
"""Colours a text: (text, colour name) -> text; the identity where there is no colour."""

_COLOURS = {"regressed": "red", "suspected": "yellow", "improved": "green", "unchanged": "green", "insufficient_data": "yellow"}
_OUTCOMES = frozenset(Outcome)
_BY_FORCE = frozenset({Outcome.CRASHED, Outcome.TIMED_OUT})
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_HASH_DIGITS = 12
_LABEL = 11
_LONGEST_FACT = 5 * (WIDTH - _LABEL - 4)
_LONGEST_SEED = 8
_NARROWEST = 8


def plain(text: str, _colour: str) -> str:
    """Return the text as it is: the `Paint` of a stream without colour."""
    return text


def colour_of(word: str) -> str:
    """Return the colour of an outcome, a status or a verdict."""
    if word in _COLOURS:
        return _COLOURS[word]
    if word in _OUTCOMES:
        return "red" if Outcome(word).is_red else "yellow" if word == Outcome.SKIPPED else "green"
    return {"finished": "green", "running": "cyan"}.get(word, "red")


def show_text(details: RunDetails, paint: Paint = plain) -> str:
    """Return what `runner show` prints: what the run was, then only what a reader would look for."""
    parts = [_heading(details.run, paint), *_facts(details)]
    if details.counts:
        parts += ["", *counts_lines(details.counts, paint, indent=2)]
    parts += _problems(details, paint)
    parts += _pollution(details)
    parts += _metrics(details)
    parts += _checkpoints(details)
    return "\n".join(parts) + "\n"


def runs_text(runs: Iterable[Run], paint: Paint = plain) -> str:
    """Return one line a run, newest first."""
    rows: list[tuple[str, ...]] = [("id", "name", "kind", "status", "seed", "started (UTC)", "duration")]
    for run in runs:
        seed = "-" if run.seed is None else safe_line(str(run.seed), _LONGEST_SEED)
        started = f"{run.started_at:%Y-%m-%d %H:%M}"
        rows.append((str(run.id), safe_line(run.name), run.kind, state_of(run, paint), seed, started, seconds(run.duration_s)))
    return "\n".join(columns(rows, indent=0, elastic=1)) + "\n"


def columns(rows: Iterable[tuple[str, ...]], indent: int = 2, elastic: int | None = None) -> list[str]:
    """Return rows of equal length as lines whose cells, but for the last, are padded to the widest of their column.

    Args:
        rows: Cells of safe text, painted or not.
        indent: Spaces before each line.
        elastic: The column whose cells, not painted, are cut where a line would be wider than `WIDTH`.
    """
    table = list(rows)
    if not table:
        return []
    widths = [max(_visible_width(row[index]) for row in table) for index in range(len(table[0]))]
    if elastic is not None:
        excess = indent + sum(widths) + 2 * (len(widths) - 1) - WIDTH
        widths[elastic] -= max(min(excess, widths[elastic] - _NARROWEST), 0)
        table = [(*row[:elastic], safe_line(row[elastic], widths[elastic]), *row[elastic + 1 :]) for row in table]
    return [(" " * indent + "  ".join(map(_padded, row, widths))).rstrip() for row in table]


def wrapped(words: Iterable[str], first: str = "", rest: str = "") -> list[str]:
    """Return words of safe text, painted or not, as lines of at most `WIDTH` columns; a longer word stays whole.

    Args:
        words: What is not to be broken.
        first: What the first line begins with.
        rest: What each further line begins with.
    """
    lines: list[str] = []
    line = ""
    for word in words:
        if line and _visible_width(f"{line} {word}") > WIDTH:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else (rest if lines else first) + word
    return [*lines, line] if line else lines


def counts_lines(counts: Mapping[Outcome, int], paint: Paint = plain, indent: int = 0, also: Iterable[str] = ()) -> list[str]:
    """Return the counts by outcome, none of them 0, and what else was counted, as lines."""
    cells = [paint(f"{counts[outcome]} {outcome}", colour_of(outcome)) for outcome in Outcome if counts.get(outcome)]
    cells += also
    margin = " " * indent
    return wrapped([*(f"{cell}," for cell in cells[:-1]), *cells[-1:]], margin, margin)


def own_text(problem: TestRecord | TestFinished) -> str | None:
    """Return the words about a result; None where they are only those of one of its subtests."""
    told: set[str | None] = set()
    for subtest in problem.subtests:
        told |= {subtest.traceback, subtest.message, f"{subtest.params} {subtest.message}"}
    text = words_about(problem.outcome, problem.message, problem.traceback)
    return None if text in told else text


def words_about(outcome: str, message: str | None, traceback: str | None) -> str | None:
    """Return the traceback, which ends in its message; above the stack of a worker that died stands how it died."""
    if message and traceback and outcome in _BY_FORCE:
        return f"{message}\n{traceback}"
    return traceback or message


def state_of(run: Run, paint: Paint = plain) -> str:
    """Return "green" or "red" where a finished run is one of them, else its status."""
    if run.status is RunStatus.FINISHED and run.green is not None:
        return paint("green", "green") if run.green else paint("red", "red")
    return paint(str(run.status), colour_of(run.status) if run.green is not False else "red")


def problem_text(record: TestRecord, paint: Paint = plain) -> str:
    """Return one red result with its traceback, and those of its subtests."""
    ordinal = f" #{record.ordinal}" if record.ordinal else ""
    attempt = f", attempt {record.attempt}" if record.attempt > 1 else ""
    seed = f" (seed {record.seed})" if record.seed is not None else ""
    lines = [_title(record.outcome, f"{safe_line(record.test_id, LONGEST_ID)}{ordinal}{attempt}{seed}", paint)]
    lines += _indented(own_text(record))
    for subtest in record.subtests:
        lines.append(paint(f"  {_words(subtest.outcome)}: {safe_line(subtest.params, LONGEST_ID)}", colour_of(subtest.outcome)))
        lines += _indented(subtest.traceback or subtest.message)
    lines += _printed(record.output)
    return "\n".join(lines)


def _printed(output: str | None) -> list[str]:
    return ["  captured output:", *(f"    {line}".rstrip() for line in safe_output(output).splitlines())] if output else []


def _visible_width(text: str) -> int:
    # Safe text holds no escape, so that every one is a colour of ours.
    return width_of(_STYLE.sub("", text))


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _visible_width(cell))


def _words(outcome: Outcome) -> str:
    return outcome.replace("_", " ")


def _title(outcome: Outcome, rest: str, paint: Paint) -> str:
    return paint(f"{_words(outcome).upper()}: {rest}", colour_of(outcome))


def _heading(run: Run, paint: Paint) -> str:
    return f"{safe_line(run.name)} (run {run.id}, {run.kind}): {state_of(run, paint)}"


def _facts(details: RunDetails) -> Iterator[str]:
    for label, text in _labelled(details):
        words = safe_line(text, _LONGEST_FACT).split(" ")
        yield from wrapped(words, f"  {label:<{_LABEL}}  ", " " * (_LABEL + 4))


def _labelled(details: RunDetails) -> Iterator[tuple[str, str]]:
    run, data, coverage = details.run, details.dataset, details.coverage
    took = "" if run.duration_s is None else f", took {seconds(run.duration_s)}"
    yield "started", f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC{took}"
    if run.argv:
        yield "command", shlex.join(run.argv)
    if run.seed is not None:
        yield "seed", str(run.seed)
    yield "git", _git(run)
    for label, pairs in (("config", run.params), ("tags", run.tags)):
        if pairs:
            yield label, ", ".join(f"{key}={value}" for key, value in sorted(pairs.items()))
    if run.environment is not None:
        yield "environment", f"Python {run.environment.python}, {run.environment.platform}"
    if data is not None:
        yield "data", f"{data.name}: {data.train:,} training, {data.validation:,} validation, {data.test:,} test examples"
    if coverage is not None:
        yield "coverage", f"{coverage.percent:.1f} % of {counted(len(coverage.files), 'file')}"


def _git(run: Run) -> str:
    if run.git.commit is None:
        return run.git.reason or "unknown"
    branch = f" on {run.git.branch}" if run.git.branch else ""
    state = ", with uncommitted changes" if run.git.dirty else ""
    return f"{run.git.commit[:_HASH_DIGITS]}{branch}{state}"


def _problems(details: RunDetails, paint: Paint) -> Iterator[str]:
    for fixture in details.fixtures:
        yield ""
        yield _title(fixture.outcome, safe_line(fixture.fixture_id, LONGEST_ID), paint)
        yield from _indented(words_about(fixture.outcome, fixture.message, fixture.traceback))
        yield from _printed(fixture.output)
    tests = by_test(details.results)
    red = [attempts[-1] for attempts in tests if attempts[-1].outcome.is_red]
    for record in red:
        if record.outcome is not Outcome.NOT_RUN:
            yield ""
            yield problem_text(record, paint)
    for attempts in tests:
        if is_flaky(attempts):
            yield ""
            yield _flaky_text(attempts, paint)
    # One broken fixture keeps hundreds of tests from running, all for the same reason.
    silent: dict[str | None, list[TestRecord]] = {}
    for record in red:
        if record.outcome is Outcome.NOT_RUN:
            silent.setdefault(record.message, []).append(record)
    for reason, records in silent.items():
        alone = safe_line(records[0].test_id, LONGEST_ID) if len(records) == 1 else None
        yield ""
        yield _title(Outcome.NOT_RUN, alone or counted(len(records), "test"), paint)
        yield from _indented(reason)


def _flaky_text(attempts: Attempts, paint: Paint) -> str:
    last = attempts[-1]
    title = f"{_words(last.outcome)} on attempt {last.attempt}: {safe_line(last.test_id, LONGEST_ID)}"
    lines = [paint(f"FLAKY, {title}" + (f" #{last.ordinal}" if last.ordinal else ""), "yellow")]
    return "\n".join([*lines, *_indented(own_text(attempts[-2]) if len(attempts) > 1 else None)])


def _pollution(details: RunDetails) -> Iterator[str]:
    if details.pollution:
        yield ""
        yield "left changed by tests, and put right:"
    for change in details.pollution:
        yield safe_line(f"  {change.place}: {change.what}, {change.change}", LONGEST_ID)


def _metrics(details: RunDetails) -> Iterator[str]:
    if not details.metrics:
        return
    yield ""
    rows: list[tuple[str, ...]] = [("metric", "last", "min", "max", "points")]
    for metric in details.metrics:
        values = (metric_value(metric.name, value) for value in (metric.last, metric.minimum, metric.maximum))
        rows.append((safe_line(metric.name), *values, str(metric.count)))
    yield from columns(rows, elastic=0)


def _checkpoints(details: RunDetails) -> Iterator[str]:
    if not details.checkpoints:
        return
    yield ""
    rows = [("checkpoint", "size", "content hash")]
    for checkpoint in details.checkpoints:
        name = safe_line(checkpoint.path.rsplit("/", 1)[-1])
        rows.append((name, size(checkpoint.size_bytes), safe_line(checkpoint.content_hash or "-")[:_HASH_DIGITS]))
    yield from columns(rows, elastic=0)


def _indented(text: str | None) -> list[str]:
    return [f"    {line}".rstrip() for line in safe_text(text or "").splitlines()]
