"""Known failures: stored, and in a diff."""

from __future__ import annotations

import unittest
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from registry.diff import compare_runs
from registry.errors import KnownFailureRefused, TestNotFound
from registry.expected.expectations import Expectations
from registry.expected.known import KnownFailure, KnownResult, KnownState, state_of
from registry.records import Outcome, RunDetails
from registry.regress import Verdict
from tests.test_registry.diff_factories import make_comparison, make_environment, make_pair, make_run
from tests.test_registry.factories import RegistryCase, result

TODAY = datetime.now(UTC).astimezone().date()
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


def failure(test_id: str = "pkg.mod.Case.test_one", until: date = TODAY, **facts) -> KnownFailure:
    """Return a known failure."""
    return KnownFailure(
        test_id, **({"reason": "waits for a driver", "owner": "ann", "until": until, "added_at": datetime.now(UTC)} | facts)
    )


class States(unittest.TestCase):
    """What an outcome says about a known failure."""

    def test_every_outcome(self):
        """Red outcomes are muted until the day and expired after it; passing is told; what did not run says nothing."""
        day = date(2026, 5, 1)
        before, after = failure(until=day), failure(until=day - timedelta(days=1))
        red = {outcome for outcome in Outcome if outcome.is_red} - {Outcome.NOT_RUN}
        self.assertEqual({state_of(before, outcome, day) for outcome in red}, {KnownState.MUTED})
        self.assertEqual({state_of(after, outcome, day) for outcome in red}, {KnownState.EXPIRED})
        self.assertEqual(state_of(before, PASSED, day), KnownState.PASSES)
        quiet = (Outcome.NOT_RUN, Outcome.SKIPPED, Outcome.EXPECTED_FAILURE)
        self.assertEqual([state_of(before, outcome, day) for outcome in quiet], [None] * 3)

    def test_green_only_on_another_attempt(self):
        """A test that passes only when it is tried again is not said to pass now."""
        self.assertIsNone(state_of(failure(), PASSED, TODAY, attempts=2))


class InADiff(unittest.TestCase):
    """Known failures in a comparison."""

    def diff(self, *pairs, state: KnownState = KnownState.MUTED, outcome: Outcome = FAILED):
        """Compare with the first pair's test known to fail."""
        known = KnownResult(failure(until=date(2026, 11, 1)), 0, outcome, state)
        return compare_runs(make_comparison(*pairs, unchanged=5), expectations=Expectations(known=(known,)))

    def test_muted(self):
        """A known failure makes nothing regressed, stands in no list of tests and in no cluster, and is told."""
        diff = self.diff(make_pair(PASSED, FAILED, cause_b="c"))
        self.assertEqual((diff.verdict, diff.tests.newly_failing, diff.clusters), (Verdict.UNCHANGED, (), ()))
        self.assertEqual(diff.reasons, ("1 known failure muted",))

    def test_still_failing_for_another_cause(self):
        """One that fails for another cause now is suspected: the failure is known, not every failure of the test."""
        pair = make_pair(FAILED, FAILED, cause_a="c", cause_b="d")
        diff = self.diff(pair)
        self.assertEqual((diff.verdict, diff.tests.still_failing_new_cause), (Verdict.SUSPECTED, (pair,)))
        self.assertEqual([result.state for result in diff.known], [KnownState.OTHER_CAUSE])
        self.assertEqual([cluster.cause for cluster in diff.clusters], ["d"])
        self.assertEqual(diff.reasons, ("1 test still failing for another cause",))

    def test_where_a_did_not_come_to_it(self):
        """Where A did not come to the test, nobody knows of another cause, and the failure stays muted."""
        diff = self.diff(make_pair(Outcome.NOT_RUN, FAILED, cause_a="c", cause_b="d"))
        self.assertEqual((diff.verdict, diff.tests.still_failing_new_cause), (Verdict.UNCHANGED, ()))

    def test_others_are_not_muted(self):
        """Another test, or another test of the same id, that fails newly is regressed all the same."""
        for other in (make_pair(PASSED, FAILED, "pkg.other"), make_pair(PASSED, FAILED, ordinal=1)):
            diff = self.diff(make_pair(PASSED, FAILED), other)
            self.assertEqual((diff.verdict, diff.tests.newly_failing), (Verdict.REGRESSED, (other,)))

    def test_expired(self):
        """An expired one is red, also where it failed in A already, with the day and the owner."""
        diff = self.diff(make_pair(FAILED, FAILED), state=KnownState.EXPIRED)
        self.assertEqual(diff.verdict, Verdict.REGRESSED)
        self.assertEqual(diff.reasons[0], "known failure expired on 2026-11-01, owner ann: pkg.mod.Case.test_one")
        self.assertEqual(len(diff.tests.still_failing), 1)

    def test_nothing_has_to_differ(self):
        """That a day is over needs nothing that differs between two runs, and nothing is said to be missing."""
        known = (KnownResult(failure(until=date(2026, 11, 1)), 0, FAILED, KnownState.EXPIRED),)
        sides = (RunDetails(make_run(name, environment=make_environment())) for name in "ab")
        comparison = make_comparison(make_pair(FAILED, FAILED), **dict(zip("ab", sides, strict=True)))
        diff = compare_runs(comparison, expectations=Expectations(known=known))
        self.assertEqual((diff.verdict, len(diff.reasons)), (Verdict.REGRESSED, 1), diff.reasons)

    def test_passes_now(self):
        """One that passes is told to be removed, and is not red."""
        diff = self.diff(state=KnownState.PASSES, outcome=PASSED)
        self.assertEqual(diff.verdict, Verdict.UNCHANGED)
        self.assertIn("1 known failure passing now: `runner known remove` it", diff.reasons)


class Renamed(RegistryCase):
    """A known failure whose test has another name now."""

    def diff(self, outcome: Outcome):
        """Compare two runs between which the test was renamed, and failed before."""
        old, new = "pkg.mod.Case.test_adds", "pkg.mod.Case.test_add"
        message = {"message": "1 != 2", "traceback": "Traceback\nAssertionError: 1 != 2\n"}
        a = self.recorded([result(old, FAILED, **message), result("pkg.mod.Case.other")], green=False)
        b = self.recorded([result(new, outcome, **(message if outcome is FAILED else {})), result("pkg.mod.Case.other")])
        self.registry.known_failures.add(failure(old), TODAY)
        return lambda: compare_runs(self.registry.compare(a, b), expectations=self.registry.expectations("1", a, b))

    def test_still_red(self):
        """One that is red under its new name is suspected, with both names and what to type; once known itself it is muted."""
        compared = self.diff(FAILED)
        diff = compared()
        self.assertEqual(diff.verdict, Verdict.SUSPECTED)
        self.assertIn(
            "known failure pkg.mod.Case.test_adds is gone; pkg.mod.Case.test_add looks like it, renamed: "
            "`runner known add pkg.mod.Case.test_add`, or mend it",
            diff.reasons,
        )
        self.assertEqual([pair.test_id for pair in diff.known_renamed], ["pkg.mod.Case.test_add"])
        self.registry.known_failures.add(failure("pkg.mod.Case.test_add"), TODAY)
        self.assertEqual((compared().verdict, compared().known_renamed), (Verdict.UNCHANGED, ()))

    def test_green_now(self):
        """One that passes under its new name is no known failure any more, and is told to be removed."""
        diff = self.diff(PASSED)()
        self.assertEqual((diff.verdict, diff.known_renamed), (Verdict.IMPROVED, ()))
        self.assertIn("looks like it, renamed, and passes: `runner known remove pkg.mod.Case.test_adds`", " ".join(diff.reasons))


class Stored(RegistryCase):
    """Known failures in the registry."""

    def setUp(self):
        super().setUp()
        self.a = self.recorded([result("pkg.mod.Case.test_one"), result("pkg.mod.Case.test_two")], green=True)
        self.b = self.recorded([result("pkg.mod.Case.test_one", FAILED, message="1 != 2"), result("pkg.mod.Case.test_two")])
        self.known = self.registry.known_failures

    def test_add_replace_and_remove(self):
        """A second entry for a test takes the place of the first, which is returned; a removed one is gone."""
        self.assertIsNone(self.known.add(failure(), TODAY))
        later = failure(until=TODAY + timedelta(days=3), owner="bob")
        self.assertEqual(self.known.add(later, TODAY).owner, "ann")
        self.assertEqual([(one.owner, one.until) for one in self.known.listed()], [("bob", later.until)])
        self.assertEqual(self.known.remove(later.test_id).owner, "bob")
        self.assertEqual(self.known.listed(), [])

    def test_what_a_run_says(self):
        """The results of a run hold each known failure with what it did before, its message and its state."""
        for name in ("pkg.mod.Case.test_one", "pkg.mod.Case.test_two"):
            self.known.add(failure(name), TODAY)
        one, two = self.registry.expectations("1", self.a, self.b).known
        self.assertEqual((one.state, one.before, one.outcome, one.message), (KnownState.MUTED, PASSED, FAILED, "1 != 2"))
        self.assertEqual((two.state, two.outcome), (KnownState.PASSES, PASSED))

    def test_the_day_of_the_run_counts(self):
        """A report on an old night says what was true then: the day of the run decides, not today."""
        self.known.add(failure(until=TODAY - timedelta(days=1)), TODAY - timedelta(days=1))
        (one,) = self.registry.expectations("1", self.a, self.b).known
        self.assertEqual(one.state, KnownState.EXPIRED)
        old = replace(self.b, started_at=self.b.started_at - timedelta(days=2))
        (one,) = self.registry.expectations("1", self.a, old).known
        self.assertEqual(one.state, KnownState.MUTED)

    def test_an_unknown_test(self):
        """A test that no run knows is refused, with those of the same method."""
        with self.assertRaisesRegex(TestNotFound, r"no run .* knows a test 'mod.Case.test_one'.*pkg\.mod\.Case\.test_one"):
            self.known.add(failure("mod.Case.test_one"), TODAY)

    def test_what_is_refused(self):
        """A day that is over, no reason, no owner, and removing what is none: each is refused with its cure."""
        yesterday = TODAY - timedelta(days=1)
        cases = (
            (failure(until=yesterday), f"--until {yesterday} is in the past"),
            (failure(reason=" \n"), "the reason is empty"),
            (failure(owner=""), "the owner is empty"),
        )
        for one, words in cases:
            with self.subTest(words=words), self.assertRaisesRegex(KnownFailureRefused, words):
                self.known.add(one, TODAY)
        with self.assertRaisesRegex(KnownFailureRefused, "no known failure.*runner known list"):
            self.known.remove("pkg.mod.Case.test_one")
