"""The comparison of two runs: where each test lands, and what the verdict is."""

from __future__ import annotations

import unittest
from dataclasses import fields

from registry.comparing.transitions import TestChanges, classify
from registry.diff import compare_runs
from registry.records import Coverage, FileCoverage, Outcome, RunDetails, RunStatus
from registry.regress import Verdict

from .diff_factories import make_comparison, make_environment, make_fixture, make_pair, make_run

LISTS = tuple(field.name for field in fields(TestChanges) if field.name != "unchanged")
SIDES = (None, *Outcome)
SHORT = {
    "nf": "newly_failing", "sf": "still_failing", "nc": "still_failing_new_cause", "fx": "fixed", "ad": "added",
    "rm": "removed", "ns": "newly_skipped", "nl": "no_longer_skipped", "xf": "expected_to_fail", "==": "unchanged",
}  # fmt: skip
# A row is A, a column is B, both in the order of SIDES: absent and then the outcomes as `Outcome` lists them.
MATRIX = """
absent              == ad nf nf ad ad nf nf nf nf
passed              rm == nf nf ns xf nf nf nf nf
failed              rm fx sf nc ns xf nc nc nc nc
errored             rm fx nc sf ns xf nc nc nc nc
skipped             rm nl nf nf == nl nf nf nf nf
expected_failure    rm fx nf nf ns == nf nf nf nf
unexpected_success  rm fx nc nc ns xf sf nc nc nc
crashed             rm fx nc nc ns xf nc sf nc nc
timed_out           rm fx nc nc ns xf nc nc sf nc
not_run             rm fx nc nc ns xf nc nc nc sf
"""


def places(changes: TestChanges) -> list[str]:
    """Return the name of the list of each pair, and "unchanged" for each of those."""
    return [name for name in LISTS for _ in getattr(changes, name)] + ["unchanged"] * changes.unchanged


class Transitions(unittest.TestCase):
    """Every pair of {absent, nine outcomes} x {absent, nine outcomes} lands in exactly one list."""

    def test_the_table_is_complete(self):
        """The expected table names every outcome on both sides, in the order of the enum."""
        rows = [line.split() for line in MATRIX.split("\n") if line]
        self.assertEqual([row[0] for row in rows], ["absent" if side is None else str(side) for side in SIDES])
        self.assertEqual({len(row) for row in rows}, {1 + len(SIDES)})

    def test_every_pair_lands_where_the_table_says(self):
        """Each of the hundred pairs lands in the one list that the table gives it, and in no other."""
        for a, line in zip(SIDES, MATRIX.strip().split("\n"), strict=True):
            for b, short in zip(SIDES, line.split()[1:], strict=True):
                with self.subTest(a=a, b=b):
                    self.assertEqual(places(classify([make_pair(a, b)])), [SHORT[short]])

    def test_green_only_when_tried_again(self):
        """A test that B made green only with another attempt is flaky, whatever it was in A, and suspected."""
        pairs = [make_pair(a, Outcome.PASSED, str(a), attempts_b=2) for a in SIDES]
        self.assertEqual(places(classify(pairs)), ["flaky"] * len(SIDES))
        self.assertEqual(compare_runs(make_comparison(*pairs)).verdict, Verdict.SUSPECTED)
        red = make_pair(Outcome.PASSED, Outcome.FAILED, attempts_b=3)
        self.assertEqual(places(classify([red, make_pair(Outcome.PASSED, None, "gone")])), ["newly_failing", "removed"])

    def test_a_pair_is_kept_as_it_is(self):
        """A list holds the very pair that it was given."""
        pair = make_pair(Outcome.PASSED, Outcome.FAILED, message="AssertionError: 1 != 2")
        self.assertEqual(classify([pair]).newly_failing, (pair,))

    def test_lists_are_in_order_of_test_id(self):
        """Whatever the order of the rows was, a list is sorted by test id and ordinal."""
        given = [("b", 0), ("a", 1), ("a", 0)]
        changes = classify(make_pair(Outcome.PASSED, Outcome.FAILED, name, ordinal=ordinal) for name, ordinal in given)
        self.assertEqual([pair.key for pair in changes.newly_failing], [("a", 0), ("a", 1), ("b", 0)])

    def test_unchanged_pairs_are_added_to_the_count(self):
        """Pairs that turn out to be unchanged are counted with those that the database left out."""
        self.assertEqual(classify([make_pair(Outcome.SKIPPED, Outcome.SKIPPED)], unchanged=7).unchanged, 8)


class Pace(unittest.TestCase):
    """Tests that pass on both sides are slower, faster or unchanged, without a verdict."""

    def place(self, a: float | None, b: float | None, outcome: Outcome = Outcome.PASSED) -> list[str]:
        return places(classify([make_pair(outcome, outcome, duration_a_s=a, duration_b_s=b)]))

    def test_slower_and_faster(self):
        """A longer duration in B is slower, a shorter one faster, for expected failures too."""
        self.assertEqual(self.place(1.0, 2.0), ["slower"])
        self.assertEqual(self.place(2.0, 1.0), ["faster"])
        self.assertEqual(self.place(2.0, 1.0, Outcome.EXPECTED_FAILURE), ["faster"])

    def test_unknown_durations_are_unchanged(self):
        """Without two durations that can be compared there is no change."""
        for a, b in ((None, 1.0), (1.0, None), (None, None), (1.0, 1.0), (float("nan"), 1.0), (1.0, float("nan"))):
            with self.subTest(a=a, b=b):
                self.assertEqual(self.place(a, b), ["unchanged"])

    def test_pace_of_a_red_or_skipped_test_is_not_told(self):
        """A test that fails or is skipped on both sides is not called slower."""
        self.assertEqual(self.place(1.0, 9.0, Outcome.FAILED), ["still_failing"])
        self.assertEqual(self.place(1.0, 9.0, Outcome.SKIPPED), ["unchanged"])

    def test_slower_is_no_finding(self):
        """A slower test changes neither the verdict nor the reasons."""
        diff = compare_runs(make_comparison(make_pair(Outcome.PASSED, Outcome.PASSED, duration_a_s=1.0, duration_b_s=9.0)))
        self.assertEqual((diff.verdict, diff.reasons, len(diff.tests.slower)), (Verdict.UNCHANGED, (), 1))


class VerdictOfTests(unittest.TestCase):
    """The worst finding decides, and each finding is a sentence."""

    def test_each_kind_of_change(self):
        """Each list gives its verdict and its sentence."""
        passed, failed, skipped = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED
        expected = (
            (passed, failed, Verdict.REGRESSED, ("1 test newly failing",)),
            (passed, Outcome.NOT_RUN, Verdict.REGRESSED, ("1 test not run any more",)),
            (failed, Outcome.ERRORED, Verdict.SUSPECTED, ("1 test still failing for another cause",)),
            (failed, failed, Verdict.UNCHANGED, ()),
            (passed, None, Verdict.SUSPECTED, ("1 test removed",)),
            (None, passed, Verdict.UNCHANGED, ()),
            (passed, skipped, Verdict.SUSPECTED, ("1 test newly skipped",)),
            (skipped, passed, Verdict.UNCHANGED, ()),
            (failed, Outcome.EXPECTED_FAILURE, Verdict.SUSPECTED, ("1 test now expected to fail",)),
            (failed, passed, Verdict.IMPROVED, ("1 test fixed",)),
        )
        for a, b, verdict, reasons in expected:
            with self.subTest(a=a, b=b):
                diff = compare_runs(make_comparison(make_pair(a, b)))
                self.assertEqual((diff.verdict, diff.reasons), (verdict, reasons))

    def test_the_worst_finding_decides(self):
        """One newly failing test outweighs any number of fixed ones, and all are told."""
        fixed = [make_pair(Outcome.FAILED, Outcome.PASSED, f"t{number}") for number in range(1200)]
        diff = compare_runs(make_comparison(*fixed, make_pair(Outcome.PASSED, Outcome.CRASHED, "u")))
        self.assertEqual(diff.verdict, Verdict.REGRESSED)
        self.assertEqual(diff.reasons, ("1 test newly failing (1 crashed)", "1,200 tests fixed"))

    def test_two_empty_runs(self):
        """Where there is nothing on either side, there is nothing to judge."""
        self.assertEqual(compare_runs(make_comparison()).verdict, Verdict.INSUFFICIENT_DATA)

    def test_nothing_changed(self):
        """Tests that are all unchanged give the verdict unchanged, and no reasons."""
        diff = compare_runs(make_comparison(unchanged=3))
        self.assertEqual((diff.verdict, diff.reasons, diff.tests.unchanged), (Verdict.UNCHANGED, (), 3))


class IncompleteRuns(unittest.TestCase):
    """A run that did not come to its end is never taken for a whole one."""

    def compare(self, status_a: str, status_b: str, *pairs) -> tuple[Verdict, tuple[str, ...]]:
        a, b = (RunDetails(make_run(name, status=RunStatus(status))) for name, status in (("a", status_a), ("b", status_b)))
        diff = compare_runs(make_comparison(*pairs, a=a, b=b, unchanged=1))
        return diff.verdict, diff.reasons

    def test_b_broke(self):
        """A run B that failed or crashed where A did not is regressed."""
        for status in ("failed", "crashed"):
            self.assertEqual(self.compare("finished", status), (Verdict.REGRESSED, (f"b did not come to its end: {status}",)))

    def test_b_was_stopped(self):
        """A run B that was interrupted, or still runs, is suspected, even though many tests were not run."""
        pairs = [make_pair(Outcome.PASSED, Outcome.NOT_RUN, f"t{number}") for number in range(3)]
        for status in ("interrupted", "running"):
            reasons = (f"b is incomplete: {status}", "3 tests not run any more")
            self.assertEqual(self.compare("finished", status, *pairs), (Verdict.SUSPECTED, reasons))

    def test_b_did_not_come_to_all(self):
        """Tests that are absent since B still runs or died are told as not recorded, not as removed."""
        pair = make_pair(Outcome.PASSED, None)
        self.assertEqual(self.compare("finished", "running", pair)[1][1], "1 test not recorded")
        self.assertEqual(self.compare("finished", "crashed", pair)[1][1], "1 test not recorded")
        self.assertEqual(self.compare("finished", "finished", pair)[1], ("1 test removed",))

    def test_a_failure_before_the_interruption_counts(self):
        """A test that failed before B was interrupted is a regression."""
        verdict, _ = self.compare("finished", "interrupted", make_pair(Outcome.PASSED, Outcome.FAILED))
        self.assertEqual(verdict, Verdict.REGRESSED)

    def test_a_broken_test_that_was_not_reached(self):
        """A test that was red, and that an interrupted B did not come to, fails for no other cause; nothing is known of it."""
        verdict, reasons = self.compare("finished", "interrupted", make_pair(Outcome.FAILED, Outcome.NOT_RUN))
        self.assertEqual((verdict, reasons), (Verdict.SUSPECTED, ("b is incomplete: interrupted",)))

    def test_nothing_has_to_differ(self):
        """That a run was stopped, or killed, explains what it lacks: nothing is said to be missing."""
        for status in ("interrupted", "running", "crashed"):
            a, b = (
                RunDetails(make_run(name, status=RunStatus(it), environment=make_environment()))
                for name, it in (("a", "finished"), ("b", status))
            )
            diff = compare_runs(make_comparison(make_pair(Outcome.PASSED, None), a=a, b=b))
            self.assertFalse([reason for reason in diff.reasons if "nothing that was recorded" in reason], status)

    def test_an_incomplete_reference(self):
        """Tests that an interrupted A did not come to are no improvement of B."""
        verdict, reasons = self.compare("interrupted", "finished", make_pair(Outcome.NOT_RUN, Outcome.PASSED))
        self.assertEqual(verdict, Verdict.INSUFFICIENT_DATA)
        self.assertEqual(reasons[0], "a, the reference, is incomplete: interrupted")

    def test_both_broke(self):
        """Where A broke too, B is suspected, not regressed."""
        self.assertEqual(self.compare("crashed", "crashed")[0], Verdict.SUSPECTED)


class Fixtures(unittest.TestCase):
    """Fixtures are compared by their id; only those that fail are known."""

    def compare(self, a: list, b: list):
        sides = (RunDetails(make_run(), fixtures=tuple(fixtures)) for fixtures in (a, b))
        return compare_runs(make_comparison(a=next(sides), b=next(sides), unchanged=1))

    def test_a_newly_failing_fixture(self):
        """A fixture that fails in B only is regressed, also where it was skipped in A."""
        for before in ([], [make_fixture(outcome=Outcome.SKIPPED)]):
            diff = self.compare(before, [make_fixture()])
            self.assertEqual((diff.verdict, diff.reasons), (Verdict.REGRESSED, ("1 fixture newly failing",)))
            self.assertEqual(diff.fixtures, (make_fixture(),))

    def test_a_fixture_that_fails_in_both(self):
        """A fixture that failed in A already is no news."""
        diff = self.compare([make_fixture()], [make_fixture(outcome=Outcome.CRASHED)])
        self.assertEqual((diff.verdict, diff.fixtures), (Verdict.UNCHANGED, ()))

    def test_a_fixture_that_fails_no_longer(self):
        """A fixture that failed in A only is an improvement."""
        diff = self.compare([make_fixture()], [make_fixture(outcome=Outcome.SKIPPED)])
        self.assertEqual((diff.verdict, diff.reasons), (Verdict.IMPROVED, ("1 fixture no longer failing",)))


class CoverageChanges(unittest.TestCase):
    """Coverage is compared by percentage and by the missing lines of each file."""

    def compare(self, a: Coverage | None, b: Coverage | None):
        sides = (RunDetails(make_run(), coverage=coverage) for coverage in (a, b))
        return compare_runs(make_comparison(a=next(sides), b=next(sides))).coverage

    def test_no_coverage(self):
        """Where neither side was measured there is no change of coverage."""
        self.assertIsNone(self.compare(None, None))

    def test_one_side(self):
        """Where only one side was measured, the other is None and so is the difference."""
        change = self.compare(Coverage(90.0), None)
        self.assertEqual((change.a, change.b, change.delta, change.files), (90.0, None, None, ()))
        self.assertEqual(self.compare(None, Coverage(90.0)).b, 90.0)

    def test_files_whose_missing_lines_differ(self):
        """Files are named whose missing lines differ, in order; one that is gone has none any more."""
        same = FileCoverage("same.py", 10, (1, 2))
        a = Coverage(90.0, (same, FileCoverage("z.py", 10, (3,)), FileCoverage("gone.py", 5, (4,))))
        b = Coverage(92.5, (same, FileCoverage("z.py", 10)))
        change = self.compare(a, b)
        self.assertEqual((change.delta, change.files), (2.5, ("gone.py", "z.py")))


if __name__ == "__main__":
    unittest.main()
