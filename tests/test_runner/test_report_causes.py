"""What may explain a diff, as text."""

from __future__ import annotations

import unittest
from dataclasses import replace
from datetime import UTC, datetime

from registry.comparing.facts import ChangedPair
from registry.comparing.metrics import MetricChange
from registry.comparing.transitions import TestChanges
from registry.comparing.uncovered import CoverageChange, UncoveredLines
from registry.comparing.why import Reason
from registry.diff import Diff
from registry.expected.known import KnownFailure, KnownResult, KnownState
from registry.origin import Commit, CommitRange, Onset, Relation, RunPoint, Suspect
from registry.records import GitState, Outcome
from registry.regress import Verdict
from runner.report.bisection import answer_line, commit_lines, possible_lines, step_line
from runner.report.diff_document import diff_document
from runner.report.diff_text import diff_text
from runner.report.document import dumps
from runner.report.words import ranges, suspected_commits

from .factories import COMMIT, HOSTILE, NAME, make_run
from .projects import strict_json

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
A, B = make_run("a", id=1), make_run("b", id=9, git=GitState("b" * 40, "main", dirty=False))
FIRST, LAST = RunPoint(5, "red", WHEN, "c" * 40), RunPoint(4, "green", WHEN, "d" * 40)
WAY = CommitRange(Relation.AHEAD, tuple(Commit(f"{n:040}", f"Commit {n}", ("a.py",)) for n in range(12)), 30)


def pair():
    """Return a test that fails newly."""
    return ChangedPair(NAME, 0, Outcome.PASSED, Outcome.FAILED, "no")


def text_of(**facts) -> str:
    """Return the text of a diff of which only some facts are given."""
    return diff_text(Diff(A, B, Verdict.REGRESSED, **facts))


class Onsets(unittest.TestCase):
    """Since when a test is red."""

    def lines(self, onset: Onset) -> str:
        """Return what stands below a newly failing test."""
        text = text_of(tests=TestChanges(newly_failing=(pair(),)), onsets={(NAME, 0): onset})
        return text.partition("passed -> failed: no\n")[2].partition("\nwhat changed")[0].rstrip("\n")

    def test_from_another_run_on(self):
        """The first red run, the last green one and the commits between are told."""
        self.assertEqual(self.lines(Onset(FIRST, LAST, WAY)), "    red since red, last green in green; 30 commits between")

    def test_from_a_to_b(self):
        """What is red just since B, and was green in A, needs no words."""
        onset = Onset(replace(FIRST, id=9), replace(LAST, id=1), WAY)
        self.assertEqual(self.lines(onset), "")

    def test_never_green(self):
        """A test that no run saw green is told with the first run."""
        self.assertEqual(self.lines(Onset(FIRST)), "    red in every recorded run since red")

    def test_suspects_are_few(self):
        """Three suspects are shown with their reasons, the rest is counted."""
        suspects = tuple(Suspect(commit, "it imports a.py") for commit in WAY.commits[:5])
        lines = self.lines(Onset(FIRST, LAST, WAY, suspects)).splitlines()
        self.assertEqual(lines[1], "    suspected: 00000000 Commit 0 (it imports a.py)")
        self.assertEqual((len(lines), lines[-1]), (5, "    ... and 2 more suspected"))

    def test_a_metric(self):
        """A metric that is worse is dated by the run since which it is as in B."""
        change = MetricChange("loss", 0.1, 0.9, 0.8, None, Verdict.REGRESSED, "worse")
        text = text_of(metrics=(change,), metric_onsets={"loss": Onset(FIRST, LAST, WAY)})
        self.assertIn("  loss\n    as in B since red, last as in A in green; 30 commits between\n", text)


class Commits(unittest.TestCase):
    """The commits below the reason that they differ."""

    REASON = Reason("git", "commit", COMMIT, "b" * 40)

    def test_many(self):
        """Ten commits are listed, suspected ones first, and all are counted."""
        onset = Onset(FIRST, LAST, WAY, (Suspect(WAY.commits[11], "x"),))
        lines = text_of(why=(self.REASON,), way=WAY, onsets={(NAME, 0): onset}).partition("30 commits between\n")[2].splitlines()
        self.assertEqual(lines[0].split(), ["00000000", "suspected:", "Commit", "11"])
        self.assertEqual((len(lines), lines[-1].strip()), (11, "... and 20 more"))

    def test_nothing_is_suspected_of_what_is_not_worse(self):
        """A metric that merely differs, and a failure that is muted, make no commit suspected."""
        onset = Onset(FIRST, LAST, WAY, (Suspect(WAY.commits[0], "x"),))
        known = KnownResult(KnownFailure(NAME, "slow", "ann", WHEN.date(), WHEN), 0, Outcome.FAILED, KnownState.MUTED)
        for verdict, number in ((None, 0), (Verdict.IMPROVED, 0), (Verdict.UNCHANGED, 0), (Verdict.SUSPECTED, 1)):
            change = MetricChange("loss", 0.1, 0.2, 0.1, None, verdict, "x")
            diff = Diff(A, B, Verdict.UNCHANGED, metrics=(change,), metric_onsets={"loss": onset}, way=WAY)
            self.assertEqual(len(suspected_commits(diff)), number, verdict)
        self.assertEqual(suspected_commits(Diff(A, B, Verdict.UNCHANGED, known=(known,), onsets={(NAME, 0): onset})), set())

    def test_what_git_does_not_know(self):
        """A commit that is not in the clone is told with the cure; where nobody asked nothing stands there."""
        missing = CommitRange(Relation.UNKNOWN, reason="commit b is not in this clone; `git fetch` brings it")
        self.assertIn("commits between not known: commit b is not in this clone", text_of(why=(self.REASON,), way=missing))
        self.assertNotIn("not known", text_of(why=(self.REASON,)))


class Coverage(unittest.TestCase):
    """Lines of the coverage."""

    def test_ranges(self):
        """Adjacent lines are one range, and of very many the first are shown."""
        self.assertEqual(ranges((1, 2, 3, 5, 7, 8)), "1-3, 5, 7-8")
        self.assertTrue(ranges(tuple(range(0, 100, 2))).endswith("22, ..."))

    def test_files(self):
        """The file that lost most stands first, with both kinds of lines or with the reason why there are none."""
        few, most = UncoveredLines("few.py", note="not measured in A"), UncoveredLines("most.py", (1, 2), (9,))
        text = text_of(coverage=CoverageChange(90.0, 80.0, -10.0, ("few.py", "most.py"), (few, most)))
        self.assertIn(
            "  most.py\n    not covered any more: 1-2\n    new or changed, and not covered: 9\n  few.py\n    not measured in A\n",
            text,
        )


class Hostile(unittest.TestCase):
    """Texts from repositories that want to be more than texts."""

    def test_in_a_diff(self):
        """Subjects, paths, names and notes come out without an active character, within 80 columns, and as strict JSON."""
        commit = Commit(COMMIT, HOSTILE, (HOSTILE,))
        way = CommitRange(Relation.AHEAD, (commit,), 1)
        onset = Onset(replace(FIRST, name=HOSTILE), replace(LAST, name=HOSTILE), way, (Suspect(commit, HOSTILE),))
        diff = Diff(
            A, B, Verdict.REGRESSED, tests=TestChanges(newly_failing=(pair(),)), way=way, onsets={(NAME, 0): onset},
            why=(Reason("git", "commit", COMMIT, "b" * 40, HOSTILE),),
            coverage=CoverageChange(1.0, 1.0, 0.0, (HOSTILE,), (UncoveredLines(HOSTILE, (1,), note=HOSTILE),)),
        )  # fmt: skip
        text = diff_text(diff)
        self.assertEqual([sign for sign in text if not sign.isprintable() and sign != "\n"], [])
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        (test,) = strict_json(dumps(diff_document(diff)))["tests"]["newly_failing"]
        self.assertEqual(test["onset"]["suspects"][0]["subject"], HOSTILE)

    def test_in_a_bisection(self):
        """The lines of a bisection hold no active character either, and a step's line ends within 80 columns."""
        commit = Commit(COMMIT, HOSTILE * 9, (HOSTILE,))
        lines = [
            step_line("step 1", commit, 3),
            answer_line("bad", HOSTILE * 9),
            *commit_lines(commit),
            *possible_lines([commit] * 30),
        ]
        self.assertEqual([line for line in lines if not line.isprintable()], [])
        self.assertLessEqual(max(map(len, lines[:2])), 80)
        self.assertTrue(lines[0].endswith(" (about 3 steps left)"))


if __name__ == "__main__":
    unittest.main()
