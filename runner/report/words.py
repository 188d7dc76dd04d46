"""The words in which every format tells of outcomes, runs, causes and determinism. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from registry.comparing.determinism import CheckpointChange, told
from registry.comparing.facts import ChangedPair
from registry.comparing.suspects import point_of
from registry.comparing.uncovered import CoverageChange, UncoveredLines
from registry.comparing.why import Reason
from registry.diff import Diff
from registry.expected.known import KnownState
from registry.origin import SHORT_HASH, Commit, Onset, Relation, way_words
from registry.past.cells import Cell
from registry.records import Outcome, Run
from registry.regress import Verdict
from runner.report.numbers import counted
from runner.report.text import state_of

HASH_DIGITS: Final = 8
_HASH = re.compile(r"[0-9a-f]{40,64}")
_LETTERS: Final = {
    Outcome.PASSED: ".",
    Outcome.FAILED: "F",
    Outcome.ERRORED: "E",
    Outcome.SKIPPED: "s",
    Outcome.EXPECTED_FAILURE: "x",
    Outcome.UNEXPECTED_SUCCESS: "u",
    Outcome.CRASHED: "C",
    Outcome.TIMED_OUT: "T",
    Outcome.NOT_RUN: "n",
}
_MOST_SUSPECTS: Final = 3
_LONGEST_SUBJECT: Final = 100
_MOST_RANGES: Final = 12
_ABSENT: Final = "-"
LEGEND: Final = (
    ". passed, F failed, E errored, s skipped, x expected failure, u unexpected success, C crashed, T timed out, n not run"
)


def outcome_words(outcome: Outcome | None) -> str:
    """Return an outcome as a sentence has it."""
    return "absent" if outcome is None else outcome.replace("_", " ")


def states(pair: ChangedPair, arrow: str = "->") -> str:
    """Return what became of a test, such as passed -> failed."""
    told = f"{outcome_words(pair.a)} {arrow} {outcome_words(pair.b)}"
    return f"{told} on attempt {pair.attempts_b}" if pair.is_flaky else told


def strip_letters(cells: Iterable[Cell | None]) -> str:
    """Return the cells of a strip as unittest's letters, oldest first; `-` where the test was absent."""
    return "".join(_ABSENT if cell is None else _LETTERS[cell.outcome] for cell in cells)


def cause_name(cause: str | None) -> str:
    """Return the short name of a cause, the same in every report; empty where there is none."""
    return (cause or "")[:4]


def causes_sentence(diff: Diff) -> str:
    """Return such as "37 failures, 3 causes, 1 new"; empty where nothing failed for a known cause."""
    if not diff.clusters:
        return ""
    failures, new = sum(cluster.tests for cluster in diff.clusters), sum(cluster.is_new is True for cluster in diff.clusters)
    known = "" if any(cluster.is_new is None for cluster in diff.clusters) else f", {new:,} new"
    return f"{counted(failures, 'failure')}, {counted(len(diff.clusters), 'cause')}{known}"


def run_facts(run: Run) -> str:
    """Return number, start, commit, seed and state of a run on one line."""
    commit = f"{run.git.commit[:HASH_DIGITS]}{'-dirty' if run.git.dirty else ''}" if run.git.commit else "no commit"
    seed = "" if run.seed is None else f", seed {run.seed}"
    return f"run {run.id}, {run.started_at:%Y-%m-%d %H:%M} UTC, {commit}{seed}, {state_of(run)}"


def onset_sentences(onset: Onset | None, diff: Diff, words: tuple[str, str] = ("red", "green")) -> Iterator[str]:
    """Yield since when something is as bad as in B, where that is not simply from A to B, and the commits that are suspected.

    Args:
        onset: What is known of it; None where nothing is.
        diff: The diff that it belongs to.
        words: How a bad and a good run are called.
    """
    if onset is None:
        return
    bad, good = words
    if onset.last_good is None:
        if onset.first_bad.id != diff.b.id:
            yield f"{bad} in every recorded run since {onset.first_bad.name}"
    elif (onset.last_good.id, onset.first_bad.id) != (diff.a.id, diff.b.id):
        way = f"; {way_words(onset.last_good, onset.first_bad, onset.way)}" if onset.way else ""
        yield f"{bad} since {onset.first_bad.name}, last {good} in {onset.last_good.name}{way}"
    for suspect in onset.suspects[:_MOST_SUSPECTS]:
        yield f"suspected: {suspect.commit.id[:SHORT_HASH]} {suspect.commit.subject[:_LONGEST_SUBJECT]} ({suspect.because})"
    if len(onset.suspects) > _MOST_SUSPECTS:
        yield f"... and {len(onset.suspects) - _MOST_SUSPECTS:,} more suspected"


def suspected_commits(diff: Diff) -> frozenset[str]:
    """Return the commits that are suspected of what is worse and not muted."""
    muted = {result.key for result in diff.known if result.state is KnownState.MUTED}
    worse = {change.name for change in diff.metrics if change.verdict in (Verdict.REGRESSED, Verdict.SUSPECTED)}
    onsets = [onset for test, onset in diff.onsets.items() if test not in muted]
    onsets += [onset for name, onset in diff.metric_onsets.items() if name in worse]
    return frozenset(suspect.commit.id for onset in onsets for suspect in onset.suspects)


def commits_in_order(diff: Diff) -> list[Commit]:
    """Return the commits between A and B, the suspected first, and among these and the others the newest."""
    suspected = suspected_commits(diff)
    return sorted(diff.way.commits, key=lambda commit: commit.id not in suspected)


def way_sentence(diff: Diff) -> str:
    """Return the way from A's commit to B's in words; empty where nobody asked git."""
    if diff.way.relation is Relation.UNKNOWN and not diff.way.reason:
        return ""
    return way_words(point_of(diff.a), point_of(diff.b), diff.way)


def window_sentence(diff: Diff) -> str:
    """Return which runs A stands for, and that its metrics are medians over them; empty where it stands for itself."""
    if diff.window is None:
        return ""
    return f"the metrics of A are medians over {diff.window}" if diff.window.metrics else f"A is the newest of {diff.window}"


def reason_sides(reason: Reason) -> tuple[str, str]:
    """Return what was recorded in A and in B; hashes by their first digits."""
    a, b = (_shown(side) for side in (reason.a, reason.b))
    if reason.what == "code":
        return ("added", "") if reason.a is None else ("removed", "") if reason.b is None else ("changed", "")
    return a, b


def checkpoint_sentence(checkpoints: CheckpointChange) -> str:
    """Return whether the weights are equal; empty where that is unknown."""
    if checkpoints.same is None:
        return ""
    if checkpoints.same:
        return "The last checkpoints hold the same weights."
    first = f", first in {checkpoints.first_difference}" if checkpoints.first_difference else ""
    delta = f"; largest difference {checkpoints.max_abs_delta:.3g}" if checkpoints.max_abs_delta is not None else ""
    parting = f" They parted: {told(checkpoints.parting)}." if checkpoints.parting else ""
    return f"The last checkpoints differ{first}{delta}.{parting}"


def determinism_sentence(checkpoints: CheckpointChange) -> str:
    """Return what the checkpoints say about determinism."""
    return {
        "held": "Held: same code, seed, data, configuration and machine, same bits.",
        "lost": "Lost: same code, seed, data, configuration and machine, but other bits.",
    }.get(checkpoints.determinism, "Not comparable: what decides the bits differs or is unknown.")


def cautions(diff: Diff) -> tuple[str, ...]:
    """Return what keeps the runs from being compared as they are, and that A's metrics are medians where they are."""
    return tuple(filter(None, (*diff.comparability, window_sentence(diff))))


def coverage_sentence(change: CoverageChange) -> str:
    """Return the coverage of both sides."""
    a, b = ("not measured" if percent is None else f"{percent:.1f} %" for percent in (change.a, change.b))
    # Adding 0.0 takes the sign off a negative zero.
    delta = "" if change.delta is None else f" ({round(change.delta, 1) + 0.0:+.1f} points)"
    return f"{a} -> {b}{delta}"


def uncovered_files(change: CoverageChange) -> list[UncoveredLines]:
    """Return the files that lost coverage or have new lines without it, those with the most such lines first."""
    return sorted(change.lines, key=lambda one: -len(one.newly_uncovered) - len(one.changed_uncovered))


def uncovered_sentences(file: UncoveredLines) -> Iterator[str]:
    """Yield which lines of a file no test covers."""
    if file.newly_uncovered:
        yield f"not covered any more: {ranges(file.newly_uncovered)}"
    if file.changed_uncovered:
        yield f"new or changed, and not covered: {ranges(file.changed_uncovered)}"
    if file.note:
        yield file.note


def ranges(lines: Sequence[int]) -> str:
    """Return ascending line numbers as ranges, such as "3-5, 9"."""
    found: list[tuple[int, int]] = []
    for line in lines:
        if found and line == found[-1][1] + 1:
            found[-1] = (found[-1][0], line)
        else:
            found.append((line, line))
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in found[:_MOST_RANGES]]
    return ", ".join([*shown, *(["..."] if len(found) > _MOST_RANGES else [])])


def _shown(value: str | None) -> str:
    if value is None:
        return "none"
    return value[:HASH_DIGITS] if _HASH.fullmatch(value) else value
