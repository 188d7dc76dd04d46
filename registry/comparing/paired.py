"""Two trainings that answered the same examples: which flipped, and is one worse? Pure; docs/verdicts.md has the record."""

from __future__ import annotations

import math
from collections.abc import Iterator

from registry.answers import Answers, Flips, flips
from registry.records import RunDetails
from registry.regress import Judgement, Verdict
from registry.tails import coin_limit, coin_p

REGRESSED_LEVEL, SUSPECTED_LEVEL = 0.001, 0.005
"""Levels of McNemar's test at which an accuracy is regressed, and suspected ..."""

REGRESSED_RATIO, SUSPECTED_RATIO = 1.5, 1.25
"""... where B also makes more errors than A by this factor ..."""

REGRESSED_DROP, SUSPECTED_DROP = 0.01, 0.005
"""... or its accuracy, 0-1, is lower by as much.

That two checkpoints surely differ does not make one of them worse. Trainings of one recipe that were merely rounded otherwise
differ by up to a tenth of their errors, and so surely that the test alone would raise an alarm for one in thirty at a level of
.001; with another seed they differ by up to a third.
"""


def answer_flips(a: RunDetails, b: RunDetails) -> tuple[Flips, ...]:
    """Return what A and B answered differently, for each part of the data set of which both hold answers; none for other data."""
    return tuple(flips(*pair) for pair in _pairs(a, b))


def judge_answers(a: RunDetails, b: RunDetails, split: str, accuracies: tuple[float, float]) -> Judgement | None:
    """Judge a change of accuracy by the examples that flipped: McNemar's exact test, and a floor for the size of the change.

    Args:
        a: Run A.
        b: Run B.
        split: Part of the data set on which it was measured.
        accuracies: What both runs recorded as their accuracy.

    Returns:
        None where the answers of one side are missing, are of other data, or do not give its accuracy.
    """
    pair = next((pair for pair in _pairs(a, b) if pair[0].split == split), None)
    if pair is None or not all(map(_gives, pair, accuracies)):
        return None
    before, after = (answers.examples - answers.right for answers in pair)
    found = flips(*pair)
    lost, gained = len(found.lost), len(found.gained)
    p = coin_p(lost, lost + gained)
    evidence = (
        f"n = {found.examples:,}, {lost:,} lost and {gained:,} gained, p = {p:.2g} (McNemar; regressed to {REGRESSED_LEVEL:g} "
        f"and x{REGRESSED_RATIO:g} errors, suspected to {SUSPECTED_LEVEL:g} and x{SUSPECTED_RATIO:g}); "
        f"{before:,} -> {after:,} errors, {_smallest(before, found):,} more could be seen"
    )
    return Judgement(_verdict(before, after, p, found.examples), evidence, p)


def _pairs(a: RunDetails, b: RunDetails) -> Iterator[tuple[Answers, Answers]]:
    if a.dataset is None or b.dataset is None or a.dataset.fingerprint != b.dataset.fingerprint:
        return
    others = {answers.split: answers for answers in b.answers}
    for answers in a.answers:
        other = others.get(answers.split)
        if other is not None and other.examples == answers.examples:
            yield answers, other


def _gives(answers: Answers, accuracy: float) -> bool:
    """Tell whether an accuracy is the share of right answers: what evidence says of the one must hold for the other."""
    return math.isclose(answers.right / answers.examples, accuracy, abs_tol=0.5 / answers.examples)


def _verdict(before: int, after: int, p: float, examples: int) -> Verdict:
    fewer, more = sorted((before, after))
    if p <= REGRESSED_LEVEL and more >= _errors_at(fewer, REGRESSED_RATIO, REGRESSED_DROP * examples):
        return Verdict.REGRESSED if after > before else Verdict.IMPROVED
    is_suspected = p <= SUSPECTED_LEVEL and more >= _errors_at(fewer, SUSPECTED_RATIO, SUSPECTED_DROP * examples)
    return Verdict.SUSPECTED if is_suspected and after > before else Verdict.UNCHANGED


def _errors_at(errors: int, ratio: float, drop: float) -> float:
    """Return from how many errors on there are more than these by a factor, or by a number, whichever comes first."""
    return min(errors * ratio, errors + drop)


def _smallest(before: int, found: Flips) -> int:
    """Return how many more errors would have been told, with as many flips or the fewest that can show anything."""
    flipped = max(len(found.lost) + len(found.gained), math.ceil(math.log2(2 / SUSPECTED_LEVEL)))
    needed = min(coin_limit(SUSPECTED_LEVEL / 2, flipped) + 1, flipped)
    floor = _errors_at(before, SUSPECTED_RATIO, SUSPECTED_DROP * found.examples) - before
    return max(2 * needed - flipped, math.ceil(floor))
