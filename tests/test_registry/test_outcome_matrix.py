"""Every pair of outcomes, absent included, against a matrix drawn by hand: in which list of a diff does the test stand?"""

from __future__ import annotations

import unittest
from collections.abc import Iterator

from registry.diff import Diff, compare_runs
from registry.records import NewRun, Outcome, Run, RunKind, RunStatus, TestRecord
from registry.store import Registry

from .factories import RegistryCase, result

STATES = (
    *("passed", "skipped", "expected_failure", "failed", "errored"),
    "unexpected_success",
    "crashed",
    "timed_out",
    "not_run",
)
ABSENT = "absent"

# A row for each outcome in A, a column for each in B, both in the order of STATES and then absent.
MATRIX = """
    = S X F F F F F F -
    U = U F F F F F F -
    O S = F F F F F F -
    O S X 1 N N N N N -
    O S X N 1 N N N N -
    O S X N N 1 N N N -
    O S X N N N 1 N N -
    O S X N N N N 1 N -
    O S X N N N N N 1 -
    + + + F F F F F F .
"""
LISTS = {"F": "newly_failing", "1": "still_failing", "N": "still_failing_new_cause", "O": "fixed", "+": "added", "-": "removed"}
LISTS |= {"S": "newly_skipped", "U": "no_longer_skipped", "X": "expected_to_fail"}
UNCHANGED = "="


def cells() -> Iterator[tuple[str, str, str]]:
    """Yield the outcome in A, the outcome in B and the sign of each cell."""
    for a, row in zip((*STATES, ABSENT), MATRIX.split("\n")[1:-1], strict=True):
        for b, sign in zip((*STATES, ABSENT), row.split(), strict=True):
            yield a, b, sign


def case_of(a: str, b: str, cause: str = "same") -> str:
    """Return the name of the test that ended so on both sides; all stand in one class, so that none is taken for renamed."""
    return f"pkg.Matrix.{a}_then_{b}_{cause}"


def matrix_results() -> tuple[list[TestRecord], list[TestRecord]]:
    """Return the results of A and of B: a test a cell, and one more where a red outcome stays but its cause does not."""
    sides: tuple[list[TestRecord], list[TestRecord]] = [], []
    for a, b, _ in cells():
        for results, outcome in zip(sides, (a, b), strict=True):
            if outcome != ABSENT:
                results.append(result(case_of(a, b), Outcome(outcome), message="ValueError: no"))
    for state in STATES[3:]:
        for results, message in zip(sides, ("ValueError: no", "OSError: gone"), strict=True):
            results.append(result(case_of(state, state, "other"), Outcome(state), message=message))
    return sides


def expected_lists() -> dict[str, set[str]]:
    """Read from the matrix which tests stand in which list."""
    expected: dict[str, set[str]] = {name: set() for name in LISTS.values()}
    for a, b, sign in cells():
        if sign in LISTS:
            expected[LISTS[sign]].add(case_of(a, b))
    expected["still_failing_new_cause"] |= {case_of(state, state, "other") for state in STATES[3:]}
    return expected


def lists_of(diff: Diff) -> dict[str, set[str]]:
    """Return the ids in each list of a diff that is not empty, and those that the matrix knows."""
    lists = {name: getattr(diff.tests, name) for name in type(diff.tests).__dataclass_fields__ if name != "unchanged"}
    return {name: {pair.test_id for pair in pairs} for name, pairs in lists.items() if pairs or name in LISTS.values()}


def record_both(registry: Registry) -> tuple[Run, Run]:
    """Record both sides of the matrix."""
    runs = []
    for name, results in zip(("matrix-a", "matrix-b"), matrix_results(), strict=True):
        with registry.start(NewRun(RunKind.TEST, name)) as run:
            run.add_results(results)
            run.finish(RunStatus.FINISHED)
        runs.append(registry.find_run(name))
    return runs[0], runs[1]


class MatrixCase(unittest.TestCase):
    """What must hold of a registry on any database."""

    def assert_matrix(self, registry: Registry) -> None:
        """Assert that a diff sorts every pair of outcomes as the matrix does, and counts the rest."""
        diff = compare_runs(registry.compare(*record_both(registry)))
        self.assertEqual(lists_of(diff), expected_lists())
        self.assertEqual(diff.tests.unchanged, sum(sign == UNCHANGED for *_, sign in cells()))


class OnSQLite(RegistryCase, MatrixCase):
    def test_every_pair_of_outcomes(self):
        """On SQLite each of the 99 pairs of outcomes stands in the one list that the matrix names."""
        self.assert_matrix(self.registry)

    def test_the_matrix_is_whole(self):
        """The matrix has a row and a column for every outcome, and for a test that is absent."""
        self.assertEqual({Outcome(state) for state in STATES}, set(Outcome))
        self.assertEqual(len(list(cells())), (len(Outcome) + 1) ** 2)


if __name__ == "__main__":
    unittest.main()
