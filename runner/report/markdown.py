"""A report to Markdown that GitHub takes: the summary of a job, an issue, a comment.

GitHub drops a summary whole that is longer than 1 MiB, so what does not fit is left out by steps, and the text says how much.
Source: "Workflow commands for GitHub Actions", section "Adding a job summary".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from registry.comparing.facts import ChangedPair
from registry.diff import Diff
from registry.origin import SHORT_HASH
from registry.records import FixtureRecord
from registry.regress import Verdict
from runner.report.known_words import known_outcome, known_state, known_test
from runner.report.markdown_text import code, prose, table
from runner.report.numbers import counted, metric_delta, metric_value, seconds, size
from runner.report.page import Page, Section
from runner.report.rows import Rows, rows
from runner.report.words import (
    LEGEND,
    cause_name,
    causes_sentence,
    cautions,
    checkpoint_sentence,
    commits_in_order,
    coverage_sentence,
    determinism_sentence,
    onset_sentences,
    outcome_words,
    reason_sides,
    run_facts,
    states,
    strip_letters,
    suspected_commits,
    way_sentence,
)

LIMIT_BYTES: Final = 1_000_000
"""Room for a report: GitHub's 1,048,576 bytes, less what else a job may write there."""

_LONGEST: Final = 300
_MOST_COMMITS: Final = 20
_MARKS: Final = {
    Verdict.REGRESSED: "\u274c",
    Verdict.SUSPECTED: "\u26a0\ufe0f",
    Verdict.INSUFFICIENT_DATA: "\u2754",
    Verdict.IMPROVED: "\u2705",
    Verdict.UNCHANGED: "\u2705",
}


class _Room(NamedTuple):
    """How much of a report is told: rows of a table at most, and whether what broke nothing is told as well."""

    most_rows: int = 300
    is_whole: bool = True


def page_markdown(page: Page, limit_bytes: int = LIMIT_BYTES) -> str:
    """Return a report as Markdown of at most so many bytes.

    Whole where it fits; else without what did not break anything; else with fewer and fewer rows of each table.
    """
    whole = _joined(_document(page, _Room()))
    if _bytes(whole) <= limit_bytes:
        return whole
    note = f"\n> Shortened from {size(_bytes(whole))} to fit into {size(limit_bytes)}; {code('--format json')} has everything.\n"
    room = _Room(is_whole=False)
    while room.most_rows:
        short = _joined(_document(page, room)) + note
        if _bytes(short) <= limit_bytes:
            return short
        room = room._replace(most_rows=room.most_rows // 2)
    return f"{_heading(page)}\n{note}"


def _joined(lines: Iterable[str]) -> str:
    """Return lines as a text; of several empty lines one stays."""
    return "\n".join(line for line, before in pairwise([*lines, ""]) if line or before) + "\n"


def _bytes(text: str) -> int:
    return len(text.encode())


def _heading(page: Page) -> str:
    return f"### {_MARKS[page.verdict]} {prose(page.sentence, 1000)}"


def _document(page: Page, room: _Room) -> Iterator[str]:
    yield from (_heading(page), "")
    for finding in page.findings[: room.most_rows]:
        yield f"- {_MARKS[finding.verdict]} {prose(finding.sentence, _LONGEST)}"
    yield from _more(len(page.findings) - room.most_rows)
    for name, fact in page.facts.items():
        yield from ("", f"{prose(name, _LONGEST)}: {code(fact, _LONGEST)}")
    for section in page.sections[: room.most_rows]:
        yield from _section(section, room, is_alone=len(page.sections) == 1)
    yield from _more(len(page.sections) - room.most_rows)


def _section(section: Section, room: _Room, *, is_alone: bool) -> Iterator[str]:
    diff = section.diff
    if not is_alone or section.role:
        yield from ("", f"## {_MARKS[diff.verdict]} {prose(section.role or diff.b.name, _LONGEST)}")
    yield from _cautions(diff)
    yield from ("", f"**A** {code(diff.a.name, _LONGEST)} {prose(run_facts(diff.a))}  ")
    yield f"**B** {code(diff.b.name, _LONGEST)} {prose(run_facts(diff.b))}"
    yield from _counts(diff)
    yield from _reasons(diff, room)
    yield from _why(diff, room)
    yield from _causes(diff, room)
    yield from _known(diff, room)
    yield from _fixtures(diff.fixtures, room)
    for group in rows(diff):
        if room.is_whole or group.transition.colour != "green":
            yield from _rows(group, section, room)
    yield from _metrics(diff, room)
    yield from _bits(diff, room)


def _cautions(diff: Diff) -> Iterator[str]:
    for sentence in cautions(diff):
        yield from ("", f"> {_MARKS[Verdict.SUSPECTED]} {prose(sentence, _LONGEST)}")


def _known(diff: Diff, room: _Room) -> Iterator[str]:
    if not diff.known:
        return
    yield from ("", f"#### Known failures ({len(diff.known):,})", "")
    shown = diff.known[: room.most_rows]
    cells = (
        [code(known_test(one), _LONGEST), prose(known_state(one), _LONGEST), code(known_outcome(one), _LONGEST)] for one in shown
    )
    yield from table(["test", "state", "A \u2192 B"], cells)
    yield from _more(len(diff.known) - len(shown))


def _counts(diff: Diff) -> Iterator[str]:
    counts = [(group.transition.words, group.total) for group in rows(diff)]
    counts += [("fixtures newly failing", len(diff.fixtures))] if diff.fixtures else []
    counts += [("unchanged", diff.tests.unchanged)] if diff.tests.unchanged else []
    if counts:
        yield from ("", *table([words for words, _ in counts], [[f"{number:,}" for _, number in counts]]))


def _reasons(diff: Diff, room: _Room) -> Iterator[str]:
    yield ""
    yield from (f"- {prose(reason, 400)}" for reason in diff.reasons[: room.most_rows])
    yield from _more(len(diff.reasons) - room.most_rows)


def _why(diff: Diff, room: _Room) -> Iterator[str]:
    yield from ("", "#### What changed", "")
    if not diff.why:
        yield "Nothing that was recorded changed."
        return
    shown = diff.why[: min(room.most_rows, 50)]
    cells = (
        [
            prose(reason.what),
            code(reason.key, _LONGEST),
            *(code(side, 80) for side in reason_sides(reason)),
            prose(reason.because or "", _LONGEST),
        ]
        for reason in shown
    )
    yield from table(["what", "", "A", "B", ""], cells)
    yield from _more(len(diff.why) - len(shown))
    yield from _commits(diff, room)


def _commits(diff: Diff, room: _Room) -> Iterator[str]:
    way, order, suspected = way_sentence(diff), commits_in_order(diff), suspected_commits(diff)
    if not way:
        return
    yield from ("", prose(way, _LONGEST), "")
    shown = order[: min(room.most_rows, _MOST_COMMITS)]
    for commit in shown:
        mark = "**suspected** " if commit.id in suspected else ""
        yield f"- {mark}{code(commit.id[:SHORT_HASH])} {prose(commit.subject, _LONGEST)}"
    yield from _more((diff.way.number or 0) - len(shown) if order else 0)


def _causes(diff: Diff, room: _Room) -> Iterator[str]:
    if not diff.clusters:
        return
    yield from ("", f"#### {causes_sentence(diff)}", "")
    words = {True: "new", False: "known", None: ""}
    shown = diff.clusters[: min(room.most_rows, 50)]
    cells = (
        [
            code(cause_name(cluster.cause)),
            words[cluster.is_new],
            f"{cluster.tests:,}",
            code(cluster.example.test_id, _LONGEST),
            code(cluster.example.message or "", _LONGEST),
        ]
        for cluster in shown
    )
    yield from table(["cause", "", "tests", "such as", "message"], cells)
    yield from _more(len(diff.clusters) - len(shown))


def _fixtures(fixtures: Sequence[FixtureRecord], room: _Room) -> Iterator[str]:
    if fixtures:
        yield from ("", f"#### Fixtures newly failing ({len(fixtures):,})", "")
        shown = fixtures[: room.most_rows]
        cells = ([code(one.fixture_id, _LONGEST), outcome_words(one.outcome), code(one.message or "", _LONGEST)] for one in shown)
        yield from table(["fixture", "outcome", "message"], cells)
        yield from _more(len(fixtures) - len(shown))


def _rows(group: Rows, section: Section, room: _Room) -> Iterator[str]:
    words = group.transition.words
    yield from ("", f"#### {words[0].upper()}{words[1:]} ({group.total:,})", "")
    shown = group.pairs[: room.most_rows]
    runs = len(section.strips.runs)
    head = ["test", "A \u2192 B", *([f"last {runs} runs"] if runs else []), "cause", "message"]
    yield from table(head, (_test(pair, section, has_strip=runs > 0) for pair in shown))
    if runs:
        yield from ("", f"<sub>Runs from the oldest to B: {LEGEND}</sub>")
    yield from _more(group.total - len(shown))


def _test(pair: ChangedPair, section: Section, *, has_strip: bool) -> list[str]:
    key = pair.key
    name = code(pair.test_id + (f" #{pair.ordinal}" if pair.ordinal else ""), _LONGEST)
    if pair.renamed_from is not None:
        name += f"<br>was {code(pair.renamed_from, _LONGEST)}"
    strip = [code(strip_letters(section.strips.cells.get(key, ())))] if has_strip else []
    pace = section.diff.paces.get(key)
    told = [pace.evidence] if pace else []
    if pair.duration_a_s is not None and pair.duration_b_s is not None and pair.a is pair.b:
        told = [f"{seconds(pair.duration_a_s)} \u2192 {seconds(pair.duration_b_s)}", *told]
    message = code(pair.message, _LONGEST) if pair.message else prose("; ".join(told), _LONGEST)
    sentences = (prose(sentence, _LONGEST) for sentence in onset_sentences(section.diff.onsets.get(key), section.diff))
    message = "<br>".join([*([message] if message else []), *sentences])
    return [name, prose(states(pair, "\u2192")), *strip, code(cause_name(pair.cause_b or pair.cause_a)), message]


def _metrics(diff: Diff, room: _Room) -> Iterator[str]:
    changes = sorted(diff.metrics, key=lambda change: change.verdict is None)
    changes = [change for change in changes if room.is_whole or change.verdict not in (None, Verdict.UNCHANGED)]
    if not changes:
        return
    yield from ("", "#### Metrics", "")
    shown = changes[: min(room.most_rows, 100)]
    cells = (
        [
            code(change.name, _LONGEST),
            *(prose(metric_value(change.name, value)) for value in (change.a, change.b)),
            prose(metric_delta(change.name, change.delta)),
            f"{_MARKS[change.verdict]} {change.verdict.replace('_', ' ')}" if change.verdict else "",
            prose(change.evidence or "", _LONGEST),
        ]
        for change in shown
    )
    yield from table(["metric", "A", "B", "B \u2212 A", "verdict", "evidence"], cells)
    yield from _more(len(changes) - len(shown))


def _bits(diff: Diff, room: _Room) -> Iterator[str]:
    checkpoint = checkpoint_sentence(diff.checkpoints)
    if checkpoint:
        yield from ("", f"**Determinism** {prose(determinism_sentence(diff.checkpoints))} {prose(checkpoint, _LONGEST)}")
    change = diff.coverage
    if change is not None:
        yield from ("", f"**Coverage** {prose(coverage_sentence(change))}")
    if change is not None and change.files and room.is_whole:
        summary = f"{counted(len(change.files), 'file')} with other missing lines"
        yield from ("", f"<details><summary>{summary}</summary>", "")
        yield from (f"- {code(path, _LONGEST)}" for path in change.files[: room.most_rows])
        yield from _more(len(change.files) - room.most_rows)
        yield from ("", "</details>")


def _more(number: int) -> Iterator[str]:
    if number > 0:
        yield from ("", f"... and {number:,} more; {code('--format json')} lists them all")
