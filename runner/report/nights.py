"""An overview of nights: a row a night with its verdict and counts, and a sparkline a metric. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from registry.past.night import Night
from registry.records import RunStatus
from registry.regress import Verdict
from runner.report.document import SCHEMA, dumps, run_document
from runner.report.markdown_text import code, prose, table
from runner.report.numbers import counted, metric_value, seconds, size
from runner.report.page import LIMIT_BYTES
from runner.report.safe import safe_line
from runner.report.sentence import WORDS
from runner.report.sparkline import sparkline
from runner.report.text import Paint, colour_of, columns, plain
from runner.report.tones import tone_of

if TYPE_CHECKING:
    from collections.abc import Iterator

NIGHT_FORMATS: Final = ("text", "json", "markdown", "html")

_TESTS: Final = ("tests_passed", "tests_failed", "tests_skipped")
_WIDEST_SPARK: Final = 60
_LONGEST_SENTENCE: Final = 160
_SVG_HEIGHT: Final = 40
_SVG_STEP: Final = 3
_NO_END: Final = "NO END"
_RUNNING: Final = "RUNNING"


class Row(NamedTuple):
    """One night in words, but for its metrics."""

    name: str
    tone: str
    word: str
    green: str
    started: str
    duration: str
    tests: tuple[str, ...]
    metrics: tuple[str, ...]
    sentence: str


class Spark(NamedTuple):
    """A metric over the nights, oldest first: its values in words, and the points of a line in an image of `width`."""

    name: str
    least: str
    most: str
    last: str
    points: str
    width: int


def nights_in(form: str, nights: Sequence[Night], paint: Paint = plain) -> str:
    """Return the overview in one of `NIGHT_FORMATS`.

    Args:
        form: The format.
        nights: Newest first.
        paint: Colours text.
    """
    match form:
        case "json":
            return dumps(_document(nights), indent=2) + "\n"
        case "markdown":
            return "\n".join(_markdown(nights)) + "\n"
        case "html":
            return _html(nights)
        case _:
            return "\n".join(_text(nights, paint)) + "\n"


def _html(nights: Sequence[Night], limit_bytes: int = LIMIT_BYTES) -> str:
    """Return the overview as a page of at most so many bytes: with the metrics of the newest nights where not all fit."""
    shown, text = len(nights), _page(nights, "")
    while len(text.encode()) > limit_bytes and shown > 1:
        shown //= 2
        words = f"The newest {shown:,} of {counted(len(nights), 'night')}, to fit into {size(limit_bytes)};"
        text = _page(nights[:shown], words, nights)
    return text


def _page(shown: Sequence[Night], left_out: str, nights: Sequence[Night] | None = None) -> str:
    from runner.report.html import filled

    nights = shown if nights is None else nights
    names = _metrics(shown)
    rows = [_row(night, names) for night in shown]
    sparks = [_spark(name, shown) for name in names]
    title, number = nights_sentence(nights), len(nights)
    return filled("nights.html", title=title, rows=rows, names=names, sparks=sparks, left_out=left_out, number=number)


def nights_sentence(nights: Sequence[Night]) -> str:
    """Return the overview in one line."""
    if not nights:
        return "no night is recorded; `runner nightly` makes one"
    green = sum(night.run.green is True for night in nights)
    red = sum(night.found is not None and night.found.verdict is Verdict.REGRESSED for night in nights)
    running = sum(night.run.status is RunStatus.RUNNING for night in nights)
    without = sum(night.found is None for night in nights) - running
    more = [f", {number:,} {words}" for number, words in ((without, "without an end"), (running, "running")) if number > 0]
    return f"{counted(len(nights), 'night')}: {green:,} green, {red:,} red{''.join(more)}"


def _metrics(nights: Sequence[Night]) -> tuple[str, ...]:
    names = dict.fromkeys(name for night in nights for name in night.values if name not in _TESTS)
    return tuple(sorted(names))


def _series(name: str, nights: Sequence[Night]) -> list[float | None]:
    return [night.values.get(name) for night in reversed(nights)]


def _row(night: Night, names: Sequence[str]) -> Row:
    run, found = night.run, night.found
    return Row(
        name=safe_line(run.name),
        tone=tone_of(found.verdict) if found else "bad",
        word=WORDS[found.verdict] if found else _RUNNING if run.status is RunStatus.RUNNING else _NO_END,
        green="" if run.green is None else "green" if run.green else "not green",
        started=f"{run.started_at:%Y-%m-%d %H:%M}",
        duration=seconds(run.duration_s),
        tests=tuple(_number(night.values.get(name)) for name in _TESTS),
        metrics=tuple(metric_value(name, night.values.get(name)) for name in names),
        sentence=safe_line(found.sentence.partition(": ")[2], _LONGEST_SENTENCE) if found else str(run.status),
    )


def _number(value: float | None) -> str:
    return "-" if value is None or not math.isfinite(value) else f"{value:,.0f}"


def _text(nights: Sequence[Night], paint: Paint) -> Iterator[str]:
    yield nights_sentence(nights)
    if not nights:
        return
    names = _metrics(nights)
    for name in ("tests_failed", *names):
        values = _series(name, nights)[-_WIDEST_SPARK:]
        yield f"  {sparkline(values)}  {safe_line(name)}, last {_last(name, values)}"
    yield ""
    rows: list[tuple[str, ...]] = [("night", "started (UTC)", "verdict", "passed", "failed", "skipped")]
    for night in nights:
        row = _row(night, names)
        colour = colour_of(night.found.verdict) if night.found else "red"
        rows.append((row.name, row.started, paint(row.word, colour), *row.tests))
    yield from columns(rows, indent=0, elastic=0)


def _last(name: str, values: Sequence[float | None]) -> str:
    return metric_value(name, next((value for value in reversed(values) if value is not None and math.isfinite(value)), None))


def _markdown(nights: Sequence[Night]) -> Iterator[str]:
    yield f"## {prose(nights_sentence(nights))}"
    if not nights:
        return
    names = _metrics(nights)
    yield ""
    for name in names:
        values = _series(name, nights)[-_WIDEST_SPARK:]
        yield f"- {sparkline(values)} {code(name)}, last {prose(_last(name, values))}"
    yield ""
    head = ["night", "started (UTC)", "verdict", "passed", "failed", "skipped", *map(code, names), "found"]
    rows = (_row(night, names) for night in nights)
    yield from table(
        head,
        [
            [code(row.name), prose(row.started), f"**{row.word}**", *row.tests, *map(prose, row.metrics), prose(row.sentence)]
            for row in rows
        ],
    )


def _document(nights: Sequence[Night]) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "nights": [
            {
                "run": run_document(night.run),
                "verdict": night.found and str(night.found.verdict),
                "sentence": night.found and night.found.sentence,
                "reference": night.found and night.found.reference,
                "metrics": dict(night.values),
            }
            for night in nights
        ],
    }


def _spark(name: str, nights: Sequence[Night]) -> Spark:
    values = _series(name, nights)
    known = [value for value in values if value is not None and math.isfinite(value)] or [0.0]
    least, most = min(known), max(known)
    span = (most - least) or 1.0
    points = " ".join(
        f"{index * _SVG_STEP + 2},{_SVG_HEIGHT - 2 - round((value - least) / span * (_SVG_HEIGHT - 4), 1):g}"
        for index, value in enumerate(values)
        if value is not None and math.isfinite(value)
    )
    low, high, last = (metric_value(name, value) for value in (least, most, known[-1]))
    return Spark(name, low, high, last, points, len(values) * _SVG_STEP + 4)
