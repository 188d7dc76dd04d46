"""A diff to plain text: the verdict first, then only what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from registry.answers import Flips
from registry.comparing.determinism import told
from registry.comparing.facts import ChangedPair
from registry.comparing.metrics import MetricChange
from registry.diff import Diff
from registry.expected.known import KnownResult
from registry.records import FixtureRecord, Outcome, Run
from registry.regress import Judgement, Verdict
from runner.report.causes import coverage_lines, metric_onset_lines, onset_lines, why_lines
from runner.report.known_words import COLOURS, known_outcome, known_state, known_test
from runner.report.numbers import counted, metric_delta, metric_value, seconds
from runner.report.rows import TRANSITIONS, by_cause, colour_in
from runner.report.safe import safe_line
from runner.report.text import LONGEST_ID, WIDTH, Paint, colour_of, columns, plain, wrapped
from runner.report.words import causes_sentence, outcome_words, run_facts, states, window_sentence

_MOST_ROWS: Final = 20
_MOST_OF_A_CAUSE: Final = 3
_MOST_PLACES: Final = 20
_LONGEST_REASON: Final = 400
_LONGEST_TENSOR: Final = 40
_LEDGER: Final = 13


Paces = Mapping[tuple[str, int], Judgement]


def diff_text(diff: Diff, paint: Paint = plain) -> str:
    """Return what `runner diff` prints."""
    lines = [_verdict(diff, paint), *_cautions(diff, paint)]
    for reason in diff.reasons:
        lines += wrapped(safe_line(reason, _LONGEST_REASON).split(" "), "  - ", "    ")
    if diff.clusters:
        lines.append(f"  - {causes_sentence(diff)}")
    lines += ["", *_run_lines("A", diff.a), *_window(diff), *_run_lines("B", diff.b)]
    lines += _fixtures(diff.fixtures, paint)
    lines += _known(diff.known, paint)
    lines += _tests(diff, paint)
    lines += _metrics(diff.metrics, paint)
    lines += metric_onset_lines(diff)
    lines += _flips(diff.flips)
    lines += _checkpoints(diff)
    lines += coverage_lines(diff.coverage)
    lines += why_lines(diff)
    return "\n".join(lines) + "\n"


def _verdict(diff: Diff, paint: Paint) -> str:
    word = diff.verdict.replace("_", " ").upper()
    return f"{paint(word, colour_of(diff.verdict))}: {safe_line(diff.a.name)} -> {safe_line(diff.b.name)}"


def _cautions(diff: Diff, paint: Paint) -> Iterator[str]:
    for sentence in diff.comparability:
        words = safe_line(sentence, _LONGEST_REASON).split(" ")
        yield from wrapped([paint("CAUTION", "yellow") + ":", *words], "", "    ")


def _window(diff: Diff) -> list[str]:
    sentence = window_sentence(diff)
    return wrapped(safe_line(sentence, _LONGEST_REASON).split(" "), "   ", "   ") if sentence else []


def _known(known: tuple[KnownResult, ...], paint: Paint) -> Iterator[str]:
    if known:
        yield ""
        yield paint(f"known failures ({len(known):,})", "yellow")
        for result in sorted(known, key=lambda result: list(COLOURS).index(result.state))[:_MOST_ROWS]:
            yield f"  {safe_line(known_test(result), LONGEST_ID)}"
            state = safe_line(known_state(result), _LONGEST_REASON).split(" ")
            yield from wrapped([paint(state[0], COLOURS[result.state]), *state[1:]], "    ", "    ")
            yield "    " + safe_line(known_outcome(result), WIDTH - 4)
        yield from _left_out(known)


def _run_lines(side: str, run: Run) -> list[str]:
    facts = safe_line(f"({run_facts(run)})")
    return wrapped([safe_line(run.name), *facts.split(" ")], f"{side}  ", "   ")


def _fixtures(fixtures: tuple[FixtureRecord, ...], paint: Paint) -> Iterator[str]:
    if fixtures:
        yield ""
        yield paint(f"fixtures newly failing ({len(fixtures)})", "red")
        for fixture in fixtures[:_MOST_ROWS]:
            yield f"  {safe_line(fixture.fixture_id, LONGEST_ID)}"
            yield from _message(outcome_words(fixture.outcome), fixture.message)
        yield from _left_out(fixtures)


def _tests(diff: Diff, paint: Paint) -> Iterator[str]:
    for transition in TRANSITIONS:
        name, words, _ = transition
        pairs: tuple[ChangedPair, ...] = getattr(diff.tests, name)
        if pairs:
            yield ""
            head, colour = f"{words} ({len(pairs):,})", colour_in(diff, transition)
            yield paint(head, colour) if colour else head
            yield from _timed(pairs, diff.paces, paint) if name in ("slower", "faster") else _pairs(pairs, diff)
    if diff.tests.unchanged:
        yield ""
        yield f"{counted(diff.tests.unchanged, 'test')} unchanged"


def _timed(pairs: tuple[ChangedPair, ...], paces: Paces, paint: Paint) -> Iterator[str]:
    def order(pair: ChangedPair) -> tuple[int, float]:
        return _rank(paces.get(pair.key)), -abs((pair.duration_b_s or 0) - (pair.duration_a_s or 0))

    for pair in sorted(pairs, key=order)[:_MOST_ROWS]:
        pace = paces.get(pair.key)
        verdict = f"  {paint(pace.verdict, colour_of(pace.verdict))}" if pace and _is_judged(pace) else ""
        yield from _test(pair)
        yield f"    {seconds(pair.duration_a_s)} -> {seconds(pair.duration_b_s)}{verdict}"
        if pace and pace.verdict in (Verdict.REGRESSED, Verdict.SUSPECTED):
            yield from wrapped(safe_line(pace.evidence, _LONGEST_REASON).split(" "), "    ", "    ")
    yield from _left_out(pairs)
    # Without enough earlier runs all of them say the same.
    judged = [paces[pair.key] for pair in pairs if pair.key in paces]
    silent = Counter(pace.evidence for pace in judged if not _is_judged(pace))
    for evidence, number in silent.most_common(_MOST_ROWS):
        opening = f"  {number:,} not judged: "
        yield opening + safe_line(evidence, WIDTH - len(opening))


def _rank(pace: Judgement | None) -> int:
    return list(Verdict).index(pace.verdict) if pace else len(Verdict)


def _is_judged(pace: Judgement) -> bool:
    return pace.verdict is not Verdict.INSUFFICIENT_DATA


def _pairs(pairs: tuple[ChangedPair, ...], diff: Diff) -> Iterator[str]:
    groups = by_cause(pair for pair in pairs if pair.b is not Outcome.NOT_RUN)
    for group in groups[:_MOST_ROWS]:
        for pair in group[:_MOST_OF_A_CAUSE]:
            yield from _test(pair)
        if len(group) > _MOST_OF_A_CAUSE:
            yield f"  ... and {len(group) - _MOST_OF_A_CAUSE:,} more for the same cause"
        yield from _message(states(group[0]), group[0].message)
        yield from onset_lines(diff.onsets.get(group[0].key), diff)
    yield from _more(sum(map(len, groups[_MOST_ROWS:])))
    # One broken fixture keeps hundreds of tests from running: they must not hide the few that did run and failed.
    silent: dict[tuple[str, str | None], list[ChangedPair]] = {}
    for pair in pairs:
        if pair.b is Outcome.NOT_RUN:
            silent.setdefault((states(pair), pair.message), []).append(pair)
    for (words, message), members in sorted(silent.items(), key=lambda item: -len(item[1]))[:_MOST_ROWS]:
        yield from _test(members[0]) if len(members) == 1 else (f"  {counted(len(members), 'test')}",)
        yield from _message(words, message)
    yield from _left_out(silent)


def _test(pair: ChangedPair) -> Iterator[str]:
    yield f"  {safe_line(pair.test_id, LONGEST_ID)}" + (f" #{pair.ordinal}" if pair.ordinal else "")
    if pair.renamed_from is not None:
        yield f"    probably called {safe_line(pair.renamed_from, LONGEST_ID)} before"


def _message(told: str, message: str | None) -> Iterator[str]:
    opening = f"    {told}: "
    yield (opening + safe_line(message, WIDTH - len(opening))) if message else opening.removesuffix(": ")


def _left_out(rows: Iterable[object]) -> Iterator[str]:
    yield from _more(len(list(rows)) - _MOST_ROWS)


def _more(number: int) -> Iterator[str]:
    if number > 0:
        yield f"  ... and {number:,} more; --format json lists them all"


def _metrics(changes: tuple[MetricChange, ...], paint: Paint) -> Iterator[str]:
    if not changes:
        return
    yield ""
    rows: list[tuple[str, ...]] = [("metric", "A", "B", "B - A", "")]
    for change in sorted(changes, key=lambda change: (change.is_noise, change.verdict is None))[:_MOST_ROWS]:
        values = (metric_value(change.name, value) for value in (change.a, change.b))
        verdict = paint(change.verdict.replace("_", " "), colour_of(change.verdict)) if change.verdict else ""
        verdict = "noise" if change.is_noise else verdict
        rows.append((safe_line(change.name), *values, metric_delta(change.name, change.delta), verdict))
    yield from columns(rows, indent=0, elastic=0)
    yield from _left_out(changes)


def _flips(parts: tuple[Flips, ...]) -> Iterator[str]:
    """Name the examples by their places in the data set, where there are any."""
    found = [flips for flips in parts if flips.lost or flips.gained]
    if found:
        yield ""
    for flips in found:
        yield f"flipped in {safe_line(flips.split)} (n = {flips.examples:,})"
        for words, places in (("right in A alone", flips.lost), ("right in B alone", flips.gained)):
            if places:
                more = len(places) - _MOST_PLACES
                shown = [f"{place}," for place in places[:_MOST_PLACES]]
                shown = [*shown, f"and {more:,} more"] if more > 0 else [*shown[:-1], str(places[-1])]
                yield from wrapped(shown, f"  {words} ({len(places):,}): ", "    ")


def _checkpoints(diff: Diff) -> Iterator[str]:
    checkpoints = diff.checkpoints
    if checkpoints.same is None:
        return
    yield ""
    if checkpoints.same:
        yield "checkpoint   the same content"
    else:
        first = f", first in {safe_line(checkpoints.first_difference, _LONGEST_TENSOR)}" if checkpoints.first_difference else ""
        delta = f"; largest difference overall {checkpoints.max_abs_delta:.3g}" if checkpoints.max_abs_delta is not None else ""
        yield f"checkpoint   differs{first}{delta}"
    yield "determinism  " + {
        "held": "held: same code, seed, data, config and machine, same bits",
        "lost": "LOST: same code, seed, data, config and machine, but other bits",
    }.get(checkpoints.determinism, "not comparable: what decides the bits differs or is unknown")
    if checkpoints.parting:
        parting = safe_line(told(checkpoints.parting), _LONGEST_REASON)
        yield from wrapped(parting.split(" "), "parted       ", " " * _LEDGER)
