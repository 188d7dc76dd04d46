"""Tests that are not reliable, to text and JSON: what proves it apart from what only looks like it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from registry.past.cells import Cell
from registry.past.reliability import FLIPS_SUSPECTED, WINDOW, Reliability, Unreliable, rate_interval
from runner.report.document import SCHEMA
from runner.report.numbers import counted
from runner.report.safe import safe_line
from runner.report.text import LONGEST_ID, Paint, plain, wrapped
from runner.report.words import strip_letters

_MOST_RUNS: Final = 3
_PROOF: Final = "another outcome with the same code, environment and seed, or green only when tried again"
_SUSPICION: Final = (
    f"from green to red {FLIPS_SUSPECTED} times or more in the latest {WINDOW} results; nothing proves that these are flaky"
)


def flaky_text(found: Unreliable, limit: int | None, paint: Paint = plain) -> str:
    """Return what `runner flaky` prints: at most so many tests of each list."""
    proven = [test for test in found.tests if test.is_proven]
    suspected = [test for test in found.tests if not test.is_proven]
    if not found.tests:
        return "no test is flaky: none gave another outcome with the same code, environment and seed, and none flips\n"
    lines: list[str] = []
    for members, words, colour, meaning in (
        (proven, "proven flaky", "red", _PROOF),
        (suspected, "suspected", "yellow", _SUSPICION),
    ):
        if members:
            lines += [*([""] if lines else []), paint(f"{words} ({len(members):,})", colour)]
            lines += [*wrapped(meaning.split(" "), "  ", "  "), *_tests(members, limit)]
    if found.left_out:
        told = f"{counted(found.left_out, 'more test')} may be flaky too; those above were red in the most runs"
        lines += ["", *wrapped(told.split(" "))]
    return "\n".join(lines) + "\n"


def flaky_document(found: Unreliable, limit: int | None) -> dict[str, object]:
    """Return what `runner flaky --format json` prints."""
    proven = [test for test in found.tests if test.is_proven]
    suspected = [test for test in found.tests if not test.is_proven]
    return {
        "schema": SCHEMA,
        "counts": {"proven": len(proven), "suspected": len(suspected), "left_out": found.left_out},
        "proven": [_document(test) for test in proven[:limit]],
        "suspected": [_document(test) for test in suspected[:limit]],
    }


def _tests(tests: Sequence[Reliability], limit: int | None) -> Iterator[str]:
    for test in tests[:limit]:
        yield ""
        yield f"  {safe_line(test.test_id, LONGEST_ID)}" + (f" #{test.ordinal}" if test.ordinal else "")
        low, high = rate_interval(test.red, test.runs)
        rate = f"red in {test.red:,} of {counted(test.runs, 'run')} ({test.rate:.1%}; 95 % interval {low:.1%} to {high:.1%})"
        flips = f"{counted(test.flips, 'flip')} in the latest {test.window:,} (score {test.score:.2f})"
        yield from wrapped(f"{rate}, {flips}".split(" "), "    ", "    ")
        yield f"    {strip_letters(Cell(outcome) for outcome in test.latest)}  oldest first"
        for sentence in _evidence(test):
            yield from wrapped(safe_line(sentence, LONGEST_ID).split(" "), "    ", "    ")
    left_out = len(tests) - len(tests[:limit])
    if left_out:
        yield ""
        yield f"  ... and {left_out:,} more; --limit shows them"


def _evidence(test: Reliability) -> Iterator[str]:
    if test.contradictions:
        newest = test.contradictions[-1]
        others = len(test.contradictions) - 1
        more = f", and so {counted(others, 'other pair')} of runs" if others else ""
        yield f"same code, environment and seed: green in {newest.green}, red in {newest.red}{more}"
    if test.retried:
        names, left_out = test.retried[-_MOST_RUNS:][::-1], len(test.retried) - _MOST_RUNS
        more = f" and {left_out:,} more" if left_out > 0 else ""
        yield f"green only when tried again in {', '.join(names)}{more}"


def _document(test: Reliability) -> dict[str, object]:
    low, high = rate_interval(test.red, test.runs)
    return {
        "id": test.test_id,
        "ordinal": test.ordinal,
        "proven": test.is_proven,
        "runs": test.runs,
        "red": test.red,
        "rate": test.rate,
        "low": low,
        "high": high,
        "flips": test.flips,
        "window": test.window,
        "score": test.score,
        "retried": list(test.retried),
        "contradictions": [{"green": pair.green, "red": pair.red} for pair in test.contradictions],
        "latest": [str(outcome) for outcome in test.latest],
        "evidence": list(_evidence(test)),
    }
