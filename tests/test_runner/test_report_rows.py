"""Which of the tests that changed a report shows."""

from __future__ import annotations

import unittest
from typing import Any

from registry.comparing.facts import ChangedPair
from registry.comparing.transitions import TestChanges
from registry.diff import Diff
from registry.records import Outcome
from registry.regress import Judgement, Verdict
from runner.report.rows import MOST_OF_A_CAUSE, MOST_OF_A_LIST, MOST_ROWS, TRANSITIONS, colour_in, rows, shown_tests
from tests.test_registry.diff_factories import make_run


def make_diff(paces: Any = None, **lists: tuple[ChangedPair, ...]) -> Diff:
    """Return a diff with some lists of tests."""
    return Diff(make_run("a"), make_run("b"), Verdict.REGRESSED, tests=TestChanges(**lists), paces=paces or {})


def failing(number: int, cause: str | None = None, prefix: str = "t") -> tuple[ChangedPair, ...]:
    """Return tests that fail, for a cause of their own where none is given."""
    return tuple(
        ChangedPair(f"{prefix}{n:05}", 0, Outcome.PASSED, Outcome.FAILED, cause_b=cause or f"c{n}") for n in range(number)
    )


class ShownRows(unittest.TestCase):
    """The bounds, and what comes first."""

    def test_every_list_has_its_words(self):
        """Each list of a diff is a transition with words and a colour."""
        self.assertEqual({one.name for one in TRANSITIONS}, set(TestChanges.__slots__) - {"unchanged"})

    def test_ten_thousand_failures_of_one_cause(self):
        """Of ten thousand tests that fail for one cause ten are shown, and the others are counted."""
        (group,) = rows(make_diff(newly_failing=failing(10_000, "one")))
        self.assertEqual((len(group.pairs), group.total, group.left_out), (MOST_OF_A_CAUSE, 10_000, 9_990))

    def test_many_causes(self):
        """Of a list at most sixty tests are shown, each list in its order."""
        groups = rows(make_diff(newly_failing=failing(100), fixed=failing(3, prefix="f"), removed=()))
        self.assertEqual([(group.transition.name, len(group.pairs)) for group in groups], [("newly_failing", 60), ("fixed", 3)])

    def test_the_whole_is_bounded(self):
        """However long every list is, a few hundred rows are shown, and each list keeps its number."""
        lists = {one.name: failing(500, prefix=one.name) for one in TRANSITIONS}
        groups = rows(make_diff(**lists))
        self.assertEqual(sum(len(group.pairs) for group in groups), MOST_ROWS)
        self.assertEqual({group.total for group in groups}, {500})
        self.assertEqual(len(groups[0].pairs), MOST_OF_A_LIST)

    def test_what_ran_comes_first(self):
        """A test that ran and failed comes before those that a broken fixture kept from running."""
        silent = tuple(ChangedPair(f"a{n}", 0, Outcome.PASSED, Outcome.NOT_RUN, cause_b="f") for n in range(9))
        (group,) = rows(make_diff(newly_failing=(*silent, *failing(1))))
        self.assertEqual(group.pairs[0].test_id, "t00000")

    def test_slower_tests_that_no_rule_tells(self):
        """Slower tests are told in no colour until one of them is suspected; every other list has its own."""
        by_name = {one.name: one for one in TRANSITIONS}
        for verdict, colour in (("insufficient_data", ""), ("unchanged", ""), ("suspected", "yellow"), ("regressed", "yellow")):
            diff = make_diff({("z", 0): Judgement(Verdict(verdict), "n = 9")})
            self.assertEqual(colour_in(diff, by_name["slower"]), colour, verdict)
        self.assertEqual([colour_in(make_diff(), by_name[name]) for name in ("removed", "fixed")], ["yellow", "green"])

    def test_slower_tests_by_their_verdict(self):
        """Of slower tests the regressed comes first, then the one that takes most longer."""
        passed = Outcome.PASSED
        slower = tuple(ChangedPair(name, 0, passed, passed, None, 1.0, b_s) for name, b_s in (("x", 2.0), ("y", 3.0), ("z", 1.5)))
        diff = make_diff({("z", 0): Judgement(Verdict.REGRESSED, "n = 9")}, slower=slower)
        self.assertEqual(shown_tests(diff), (("z", 0), ("y", 0), ("x", 0)))


if __name__ == "__main__":
    unittest.main()
