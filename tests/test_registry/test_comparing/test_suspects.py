"""Which commits are suspected, and in which order."""

from __future__ import annotations

import unittest
from dataclasses import replace
from datetime import UTC, datetime

from registry.comparing.suspects import Evidence, evidence_of, with_suspects
from registry.diff import compare_runs
from registry.origin import Commit, CommitRange, Onset, Relation, RunPoint, Sources, Trail, way_words
from registry.records import Environment, FixtureRecord, GitState, Outcome, RunDetails
from tests.test_registry.diff_factories import make_comparison, make_pair, make_run

TEST = "tests.test_shop.Basket.test_total"
WHEN = datetime(2026, 1, 2, tzinfo=UTC)
GOOD, BAD = RunPoint(1, "good", WHEN, "a" * 40, dirty=False), RunPoint(3, "bad", WHEN, "b" * 40, dirty=False)
TRACEBACK = """Traceback (most recent call last):
  File "/home/ci/build/tests/test_shop.py", line 7, in test_total
    self.assertEqual(basket().total(), 3)
  File "/home/ci/build/src/shop/basket.py", line 20, in total
    return numpy.sum(self.prices)
  File "/venv/lib/python3.11/site-packages/scikit_learn/core.py", line 1, in fit
ValueError: no
"""


def commit(number: int, *files: str) -> Commit:
    """Return a commit."""
    return Commit(f"{number:040}", f"Commit {number}", files)


def way(*commits: Commit, **facts) -> CommitRange:
    """Return a way forwards."""
    return CommitRange(Relation.AHEAD, commits, facts.pop("number", len(commits)), **facts)


class Frames(unittest.TestCase):
    """From a traceback to the files of the project."""

    def test_paths_of_another_machine(self):
        """Paths are told by their ends, the longest that is a file of the project, and installed packages by name."""
        known = {"src/shop/basket.py", "basket.py", "tests/test_shop.py", "core.py"}
        found = evidence_of(TEST, TRACEBACK, frozenset(), known)
        self.assertEqual(found.traced, {"src/shop/basket.py", "tests/test_shop.py"})
        self.assertEqual(found.packages, {"scikit-learn"})

    def test_own_file(self):
        """A test's own file is known by its dotted name, from whichever folder it was loaded."""
        for path, test_id in (
            ("tests/test_shop.py", TEST), ("tests/test_shop.py", "test_shop.Basket.test_total"),
            ("tests/test_shop/__init__.py", TEST), ("test_shop.py", "test_shop.B.t"),
        ):  # fmt: skip
            self.assertEqual(Evidence(test_id).reason(path), (1, f"{path} is its own file"))
        for path in ("tests/test_shopping.py", "tests/test_shop.txt", "shop.py"):
            self.assertIsNone(Evidence(TEST).reason(path), path)


class Suspects(unittest.TestCase):
    """The commits between two runs, ranked."""

    def suspects(self, commits: CommitRange, evidence: Evidence) -> list[tuple[str, str]]:
        """Return subject and reason of each suspect."""
        found = with_suspects(Onset(BAD, GOOD), evidence, {(str(GOOD.commit), str(BAD.commit)): commits})
        return [(suspect.commit.subject, suspect.because) for suspect in found.suspects]

    def test_the_packages_around_a_test(self):
        """The file of a package around a test's module is not the test's own."""
        for path in ("tests/__init__.py", "a/b/tests/__init__.py"):
            self.assertIsNone(Evidence("tests.test_shop.Basket.test_total").reason(path))
        self.assertIsNotNone(Evidence("tests.Basket.test_total").reason("tests/__init__.py"))

    def test_the_closest_first(self):
        """Code in the traceback goes before the test's own file, and that before what it imports; the rest is not suspected."""
        evidence = Evidence(TEST, frozenset({"src/a.py"}), imports=frozenset({"src/b.py"}))
        commits = way(commit(1, "README.md"), commit(2, "src/b.py"), commit(3, "tests/test_shop.py"), commit(4, "x", "src/a.py"))
        self.assertEqual(self.suspects(commits, evidence), [
            ("Commit 4", "src/a.py is in its traceback"), ("Commit 3", "tests/test_shop.py is its own file"),
            ("Commit 2", "it imports src/b.py"),
        ])  # fmt: skip

    def test_equally_close_ones(self):
        """Of two commits that touch the same file the newer one comes first."""
        commits = way(commit(2, "src/a.py"), commit(1, "src/a.py"))
        found = self.suspects(commits, Evidence(TEST, frozenset({"src/a.py"})))
        self.assertEqual([subject for subject, _ in found], ["Commit 2", "Commit 1"])

    def test_the_only_commit(self):
        """A single commit is suspected whatever it touches; one of two that touches nothing is not."""
        self.assertEqual(self.suspects(way(commit(1, "x")), Evidence(TEST)), [("Commit 1", "the only commit between")])
        self.assertEqual(self.suspects(way(commit(1, "x"), commit(2)), Evidence(TEST)), [])

    def test_no_good_run(self):
        """A test that never was green has no suspects."""
        self.assertEqual(with_suspects(Onset(BAD), Evidence(TEST), {}), Onset(BAD))


class Words(unittest.TestCase):
    """A way between two runs in words."""

    def test_each_relation(self):
        """Ancestors, descendants, parted ones, equal ones and unknown ones are told apart."""
        for given, words in (
            (way(commit(1)), "1 commit between"),
            (way(number=1200), "1,200 commits between"),
            (CommitRange(Relation.SAME, number=0), "no commit between"),
            (CommitRange(Relation.BEHIND, number=2), "bad is 2 commits behind good"),
            (CommitRange(Relation.DIVERGED, number=2, apart=1), "good is no ancestor: 2 commits only in bad, 1 only in good"),
            (CommitRange(Relation.UNKNOWN, reason="no git"), "commits between not known: no git"),
        ):
            self.assertEqual(way_words(GOOD, BAD, given), words)

    def test_uncommitted_changes(self):
        """A run with uncommitted changes is named."""
        words = way_words(GOOD, replace(BAD, dirty=True), way(commit(1)))
        self.assertEqual(words, "1 commit between; uncommitted changes in bad")


class InADiff(unittest.TestCase):
    """What a diff makes of it."""

    def setUp(self):
        code = {"src/shop/basket.py": "1", "other.py": "1"}
        surroundings = Environment("3.11", "Linux", packages={"scikit-learn": "1", "torch": "1"})
        self.a = make_run("good", id=1, code=code, environment=surroundings, git=GitState(GOOD.commit))
        changed = Environment("3.12", "Linux", packages={"scikit-learn": "2", "torch": "2"})
        self.b = make_run("bad", id=3, code=dict.fromkeys(code, "2"), environment=changed, git=GitState(BAD.commit))
        self.pair = make_pair(Outcome.PASSED, Outcome.FAILED, TEST)

    def diff(self, a, b, **given):
        """Compare two runs of which a test broke."""
        comparison = make_comparison(self.pair, a=RunDetails(a), b=RunDetails(b))
        trail = Trail({(TEST, 0): Onset(BAD, GOOD)}, {(TEST, 0): TRACEBACK})
        return compare_runs(replace(comparison, trail=trail), **given)

    def test_what_the_test_ran_comes_first(self):
        """The file and the package of the traceback come before all else, with the reason; then the groups, Python first."""
        why = self.diff(self.a, self.b).why
        self.assertEqual([(reason.key, reason.because) for reason in why], [
            ("src/shop/basket.py", f"in the traceback of {TEST}"), ("scikit-learn", f"in the traceback of {TEST}"),
            ("other.py", None), ("commit", None), ("torch", None), ("python", None),
        ])  # fmt: skip

    def test_commits_and_suspects(self):
        """The diff has the way from A to B, and the onset its suspects."""
        between = way(commit(2, "README.md"), commit(1, "src/shop/basket.py"))
        diff = self.diff(self.a, self.b, sources=Sources({(GOOD.commit, BAD.commit): between}))
        self.assertEqual(diff.way, between)
        self.assertEqual([suspect.commit.subject for suspect in diff.onsets[TEST, 0].suspects], ["Commit 1"])

    def test_a_fixture_that_keeps_a_test_from_running(self):
        """Of a test that did not run, the traceback of its class's fixture tells what it ran; that of another class does not."""
        for place, because in (("tests.test_shop.Basket", f"in the traceback of {TEST}"), ("tests.test_shop.Bask", None)):
            fixture = FixtureRecord(f"setUpClass ({place})", Outcome.ERRORED, "no", TRACEBACK)
            pair = make_pair(Outcome.PASSED, Outcome.NOT_RUN, TEST)
            comparison = make_comparison(pair, a=RunDetails(self.a), b=RunDetails(self.b, fixtures=(fixture,)))
            diff = compare_runs(replace(comparison, trail=Trail({(TEST, 0): Onset(BAD, GOOD)})))
            (reason,) = (one for one in diff.why if one.key == "src/shop/basket.py")
            self.assertEqual(reason.because, because)

    def test_nothing_recorded_changed(self):
        """A lost test although nothing recorded differs is told as a finding, with a hint at flakiness."""
        (_, sentence) = self.diff(self.a, replace(self.a, name="again")).reasons
        self.assertIn("nothing that was recorded changed: a test may be flaky", sentence)

    def test_what_was_not_recorded(self):
        """Where the code was not recorded, the finding says so."""
        bare = replace(self.a, code={})
        self.assertIn("changed (code not recorded)", self.diff(bare, bare).reasons[1])

    def test_without_surroundings_nothing_is_claimed(self):
        """Where no environment was recorded, nobody says that nothing changed."""
        bare = replace(self.a, environment=None)
        self.assertEqual(len(self.diff(bare, bare).reasons), 1)


if __name__ == "__main__":
    unittest.main()
