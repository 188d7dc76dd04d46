"""What the templates of the HTML report write, worked out beforehand: no decision is taken in a template. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from registry.comparing.facts import ChangedPair
from registry.comparing.uncovered import CoverageChange
from registry.comparing.why import NOTHING, Reason
from registry.diff import Diff
from registry.origin import SHORT_HASH
from registry.regress import Verdict
from runner.report.html_figures import digits, plots
from runner.report.html_strips import strip_of
from runner.report.html_values import (
    Badge,
    Chip,
    ClusterRow,
    CommitRow,
    Glyphs,
    PageView,
    Room,
    Row,
    SectionView,
    Shortened,
    Table,
    Tile,
)
from runner.report.known_words import COLOURS, known_outcome, known_state, known_test
from runner.report.metric_rows import metric_rows
from runner.report.numbers import counted, seconds
from runner.report.page import Page, Section
from runner.report.rows import TRANSITIONS, colour_in, rows
from runner.report.sentence import CHANGED, WORDS
from runner.report.tones import TONES, tone_of
from runner.report.words import (
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
    suspected_commits,
    uncovered_files,
    uncovered_sentences,
    way_sentence,
)

_LONGEST: Final = 300
_LONGEST_REASON: Final = 5_000
_MOST_CHIPS: Final = 14
_MOST_REASONS: Final = 300
_MOST_CLUSTERS: Final = 20
_MOST_COMMITS: Final = 50


def page_view(page: Page, room: Room | None = None, shortened: Shortened | None = None) -> PageView:
    """Return everything that the page says.

    Args:
        page: The report.
        room: How much of it is told; None for all that a page tells.
        shortened: What was left out for want of room.
    """
    glyphs, room = Glyphs(), room or Room()
    sections = tuple(_section(section, number, glyphs, room) for number, section in enumerate(page.sections[: room.sections]))
    reasons = list(dict.fromkeys(reason for section in page.sections for reason in section.diff.why))
    told, _, changed = page.sentence.removeprefix(f"{WORDS[page.verdict]}: ").rpartition(CHANGED)
    first, semicolon, rest = told.partition("; ")
    return PageView(
        title=page.title,
        shortened=shortened,
        badge=_badge(page.verdict),
        first=first,
        rest=semicolon + rest,
        changed=changed,
        started_at=f"{page.started_at:%Y-%m-%d %H:%M} UTC" if page.started_at else "",
        facts=tuple(page.facts.items()),
        findings=tuple((_badge(finding.verdict), finding.sentence) for finding in page.findings[: room.rows]),
        cautions=tuple((section.role, words) for section in page.sections[: room.sections] for words in cautions(section.diff)),
        tiles=tuple(_tiles(page, room)),
        chips=tuple(map(_chip, reasons[:_MOST_CHIPS])),
        chips_left_out=max(len(reasons) - _MOST_CHIPS, 0),
        nothing=_nothing(page),
        way=_ways(page),
        commits=tuple(_commits(page)),
        sections=sections,
        glyphs=tuple(glyphs.found.values()),
    )


def _badge(verdict: Verdict) -> Badge:
    return Badge(tone_of(verdict), WORDS[verdict].capitalize())


def _tiles(page: Page, room: Room) -> Iterator[Tile]:
    numbers: Counter[str] = Counter()
    anchors: dict[str, str] = {}
    colours: dict[str, str] = {}
    for index, section in enumerate(page.sections):
        for transition in TRANSITIONS:
            if number := len(getattr(section.diff.tests, transition.name)):
                numbers[transition.name] += number
                colours[transition.name] = colours.get(transition.name) or colour_in(section.diff, transition)
                anchors.setdefault(transition.name, f"#s{index}-{transition.name}" if index < room.sections else "")
        numbers["unchanged"] += section.diff.tests.unchanged
    for transition in TRANSITIONS:
        if numbers[transition.name]:
            tone, total = TONES[colours[transition.name]], f"{numbers[transition.name]:,}"
            yield Tile(tone, total, transition.words, anchors[transition.name])
    if numbers["unchanged"]:
        yield Tile("calm", f"{numbers['unchanged']:,}", "unchanged", "")


def _section(section: Section, number: int, glyphs: Glyphs, room: Room) -> SectionView:
    diff, anchor = section.diff, f"s{number}"
    columns = section.strips.runs
    if number >= room.pictured:
        section = replace(section, curves=(), images=())
    return SectionView(
        anchor=anchor,
        title=section.role,
        badge=_badge(diff.verdict),
        runs=tuple((side, run.name, run_facts(run)) for side, run in (("A", diff.a), ("B", diff.b))),
        known=tuple(_known(diff))[: room.rows],
        reasons=tuple(reason[:_LONGEST_REASON] for reason in diff.reasons[: room.rows]),
        tables=tuple(_tables(section, anchor, glyphs, room)),
        fixtures=tuple((one.fixture_id, outcome_words(one.outcome), one.message or "") for one in diff.fixtures[: room.rows]),
        causes=causes_sentence(diff),
        clusters=tuple(_clusters(diff, glyphs, room)),
        clusters_left_out=_left_out(len(diff.clusters), min(_MOST_CLUSTERS, room.rows)),
        metrics=metric_rows(diff.metrics)[: room.rows],
        plots=plots(section.curves, number * 100),
        digits=digits(section),
        flips=tuple(_flips(diff)),
        columns=f"{columns[0].name} ({columns[0].started_at:%Y-%m-%d}) to {columns[-1].name}" if columns else "",
        determinism=(determinism_sentence(diff.checkpoints), checkpoint_sentence(diff.checkpoints)),
        coverage=coverage_sentence(diff.coverage) if diff.coverage else "",
        uncovered=tuple(_uncovered(diff.coverage))[: room.rows],
        unchanged=f"{counted(diff.tests.unchanged, 'test')} unchanged" if diff.tests.unchanged else "",
        why=tuple(map(_chip, diff.why[: room.rows])),
        why_left_out=max(len(diff.why) - room.rows, 0),
    )


def _known(diff: Diff) -> Iterator[tuple[str, str, str, str]]:
    for one in diff.known[:_MOST_REASONS]:
        yield TONES[COLOURS[one.state]], known_test(one)[:_LONGEST], known_state(one), known_outcome(one)[:_LONGEST]


def _tables(section: Section, anchor: str, glyphs: Glyphs, room: Room) -> Iterator[Table]:
    for group in rows(section.diff):
        made = tuple(_row(pair, section, glyphs) for pair in group.pairs[: room.rows])
        words = group.transition.words
        yield Table(
            anchor=f"{anchor}-{group.transition.name}",
            tone=TONES[colour_in(section.diff, group.transition)],
            title=f"{words[0].upper()}{words[1:]} ({group.total:,})",
            rows=made,
            left_out=_left_out(group.total, len(made)),
        )


def _left_out(total: int, shown: int) -> str:
    return f"{total - shown:,}" if total > shown else ""


def _row(pair: ChangedPair, section: Section, glyphs: Glyphs) -> Row:
    key = pair.key
    module, dot, name = pair.test_id[:_LONGEST].rpartition(".")
    pace = section.diff.paces.get(key)
    told = [pair.message[:_LONGEST]] if pair.message else []
    if pair.a is pair.b and pair.duration_a_s is not None and pair.duration_b_s is not None and not pair.message:
        told.append(f"{seconds(pair.duration_a_s)} \u2192 {seconds(pair.duration_b_s)}")
    told += [f"{pace.verdict.replace('_', ' ')}: {pace.evidence}"] if pace else []
    cells = section.strips.cells.get(key)
    return Row(
        module=module + dot,
        name=name + (f" #{pair.ordinal}" if pair.ordinal else ""),
        renamed_from=pair.renamed_from and pair.renamed_from[:_LONGEST],
        states=states(pair, "\u2192"),
        details=(*told, *onset_sentences(section.diff.onsets.get(key), section.diff)),
        strip=strip_of(cells, section.strips.runs, glyphs.of) if cells else None,
        glyph=glyphs.of(pair.cause_b or pair.cause_a),
    )


def _clusters(diff: Diff, glyphs: Glyphs, room: Room) -> Iterator[ClusterRow]:
    words = {True: "new", False: "known", None: "unknown whether new"}
    for cluster in diff.clusters[: min(_MOST_CLUSTERS, room.rows)]:
        glyph = glyphs.of(cluster.cause)
        if glyph is not None:
            example, message = cluster.example.test_id[:_LONGEST], (cluster.example.message or "")[:_LONGEST]
            yield ClusterRow(glyph, words[cluster.is_new], f"{cluster.tests:,}", example, message)


def _flips(diff: Diff) -> Iterator[tuple[str, str]]:
    for flips in diff.flips:
        for words, places in (("right in A, wrong in B", flips.lost), ("wrong in A, right in B", flips.gained)):
            if places:
                more = f" and {len(places) - _MOST_REASONS:,} more" if len(places) > _MOST_REASONS else ""
                shown = ", ".join(map(str, places[:_MOST_REASONS])) + more
                yield f"{flips.split}, {words} ({len(places):,} of {flips.examples:,})", shown


def _chip(reason: Reason) -> Chip:
    a, b = reason_sides(reason)
    return Chip(reason.what, reason.key[:_LONGEST], a[:_LONGEST], b[:_LONGEST], reason.because or "")


def _commits(page: Page) -> Iterator[CommitRow]:
    """Yield the commits of the first pair that lies apart, for the pairs of a night have the same."""
    diff = next((section.diff for section in page.sections if section.diff.way.commits), None)
    if diff is not None:
        suspected = suspected_commits(diff)
        for commit in commits_in_order(diff)[:_MOST_COMMITS]:
            files = counted(len(commit.files), "file")
            yield CommitRow(commit.id[:SHORT_HASH], commit.subject[:_LONGEST], files, commit.id in suspected)


def _ways(page: Page) -> str:
    return next(filter(None, (way_sentence(section.diff) for section in page.sections)), "")


def _nothing(page: Page) -> str:
    """Return the sentence where nothing differs: the diff's own, which says what was not recorded and what it hints at."""
    reasons = (reason for section in page.sections for reason in section.diff.reasons)
    told = next((reason for reason in reasons if reason.startswith(NOTHING)), NOTHING)
    return f"{told[0].upper()}{told[1:]}."


def _uncovered(change: CoverageChange | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield for each file that lost coverage which of its lines did, and for any other just its path."""
    if change is None:
        return
    for one in uncovered_files(change)[:_MOST_REASONS]:
        yield one.path, tuple(uncovered_sentences(one))
    known = {one.path for one in change.lines}
    yield from ((path, ()) for path in change.files[:_MOST_REASONS] if path not in known)
