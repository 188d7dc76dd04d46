"""Causes, clusters and probable renames: what a failure is told apart by, and how cautiously a test is taken for another."""

from __future__ import annotations

import unittest

from registry.comparing.facts import ChangedPair
from registry.comparing.transitions import classify, clusters
from registry.diff import compare_runs
from registry.records import Outcome
from registry.regress import Verdict
from tests.test_registry.diff_factories import make_comparison, make_pair

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


def gone(test_id: str, a: Outcome = PASSED, **facts) -> ChangedPair:
    """Return a test that is in A only."""
    return make_pair(a, None, test_id, **facts)


def new(test_id: str, b: Outcome = PASSED, **facts) -> ChangedPair:
    """Return a test that is in B only."""
    return make_pair(None, b, test_id, **facts)


class Causes(unittest.TestCase):
    def test_another_cause(self):
        """A test that fails on both sides for different causes is still failing for a new cause, and suspected."""
        pair = make_pair(FAILED, FAILED, cause_a="1", cause_b="2")
        self.assertEqual(classify([pair]).still_failing_new_cause, (pair,))
        diff = compare_runs(make_comparison(pair))
        self.assertEqual((diff.verdict, diff.reasons), (Verdict.SUSPECTED, ("1 test still failing for another cause",)))

    def test_the_same_or_an_unknown_cause(self):
        """An equal cause, or one that an older release did not record, is no news."""
        for a, b in (("1", "1"), (None, "1"), ("1", None), (None, None)):
            with self.subTest(a=a, b=b):
                self.assertEqual(len(classify([make_pair(FAILED, FAILED, cause_a=a, cause_b=b)]).still_failing), 1)

    def test_kinds_of_failing(self):
        """How many of the newly failing tests crashed or ran out of time is said."""
        after = (Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.TIMED_OUT, FAILED)
        diff = compare_runs(make_comparison(*(make_pair(PASSED, b, f"t{number}") for number, b in enumerate(after))))
        self.assertEqual(diff.reasons, ("4 tests newly failing (1 crashed, 2 timed out)",))


class Clusters(unittest.TestCase):
    def test_failures_by_cause(self):
        """Failures of B are counted by cause, the new causes first; what is green now does not count."""
        pairs = [make_pair(PASSED, FAILED, f"n{i}", cause_b="new") for i in range(2)]
        pairs += [make_pair(FAILED, FAILED, f"k{i}", cause_a="known", cause_b="known") for i in range(5)]
        pairs += [make_pair(PASSED, FAILED, "z", cause_b="known"), make_pair(FAILED, PASSED, "f", cause_a="fixed")]
        found = [(cluster.cause, cluster.tests, cluster.is_new, cluster.example.test_id) for cluster in clusters(pairs)]
        self.assertEqual(found, [("new", 2, True, "n0"), ("known", 6, False, "k0")])

    def test_a_reference_without_causes(self):
        """Where A was recorded before causes were, nobody knows which cause is new."""
        pairs = [make_pair(FAILED, FAILED, "a", cause_b="1"), make_pair(PASSED, FAILED, "b", cause_b="2")]
        self.assertEqual([cluster.is_new for cluster in clusters(pairs)], [None, None])


class Renames(unittest.TestCase):
    def renamed(self, *pairs: ChangedPair) -> list[tuple[str | None, str]]:
        changes = classify(pairs)
        self.assertEqual(len(changes.removed) + len(changes.added) + 2 * len(changes.renamed), len(pairs))
        return [(pair.renamed_from, pair.test_id) for pair in changes.renamed]

    def test_in_a_class(self):
        """In a class that lost one test and got one with a similar name, it is the same test."""
        old, now = "m.Case.test_reads_file", "m.Case.test_reads_a_file"
        self.assertEqual(self.renamed(gone(old), new(now)), [(old, now)])
        diff = compare_runs(make_comparison(gone(old), new(now)))
        self.assertEqual((diff.verdict, diff.reasons), (Verdict.UNCHANGED, ("1 test probably renamed",)))

    def test_moved(self):
        """All tests that a class lost, under the same names in one other class, are the same tests."""
        pairs = [made(f"{place}.test_{n}") for made, place in ((gone, "old.Case"), (new, "new.Other")) for n in "ab"]
        self.assertEqual(self.renamed(*pairs), [("old.Case.test_a", "new.Other.test_a"), ("old.Case.test_b", "new.Other.test_b")])
        self.assertEqual(len(self.renamed(gone("old.Case.test_a"), new("new.Case.test_a"))), 1)

    def test_doubtful_ones(self):
        """Other names, several candidates, or one common name in another class are told as removed and added."""
        for pairs in (
            (gone("m.C.test_reads"), new("m.C.test_shutdown")),
            (gone("m.C.test_a1"), new("m.C.test_a2"), new("m.C.test_a3")),
            (gone("m.C.test_empty"), new("m.D.test_empty")),
            (gone("m.C.test_a"), new("n.C.test_a"), new("o.C.test_a")),
            (gone("m.C.test_reads"), new("m.D.test_reads_it")),
            (gone("m.C.test_reads"), new("m.C.test_reads", ordinal=1)),
        ):
            with self.subTest(ids=[pair.test_id for pair in pairs]):
                self.assertEqual(self.renamed(*pairs), [])

    def test_the_same_failure(self):
        """In a class that lost one red test and got one that is red for the same cause, it is the same, whatever its name."""
        old, now = gone("m.C.test_x", FAILED, cause_a="1"), new("m.C.test_other", FAILED, cause_b="1")
        (pair,) = classify([old, now]).still_failing
        self.assertEqual((pair.renamed_from, pair.a, pair.b), ("m.C.test_x", FAILED, FAILED))

    def test_a_renamed_test_that_fails(self):
        """A renamed test that fails now is newly failing, and tells its earlier name."""
        changes = classify([gone("m.C.test_reads", duration_a_s=1.0), new("m.C.test_reads_it", FAILED, message="no")])
        (pair,) = changes.newly_failing
        self.assertEqual((pair.a, pair.message, pair.renamed_from, pair.duration_a_s), (PASSED, "no", "m.C.test_reads", 1.0))
        self.assertEqual((changes.removed, changes.added), ((), ()))


if __name__ == "__main__":
    unittest.main()
