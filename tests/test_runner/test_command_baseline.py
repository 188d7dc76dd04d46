"""`runner baseline`, and diffs against baselines, end to end."""

from __future__ import annotations

from .projects import GREEN_SUITE, ProjectCase
from .training import FAKE


class Baselines(ProjectCase):
    """Two trainings, the second worse, and a baseline that moves from the one to the other."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_suite=GREEN_SUITE)
        script = str(cls.home.write("fake.py", FAKE))
        cls.home.run("train", "--seed", "1", "--name", "good", script=script)
        cls.home.run("train", "--seed", "1", "--lr", "1", "--name", "bad", script=script)
        cls.first = cls.home.run("baseline", "set", "main", "good")
        cls.bars = cls.home.run("baseline", "list", "--format", "json")
        cls.moved = cls.home.run("baseline", "set", "main", "bad")
        cls.answers = cls.home.together(
            text=("baseline", "list"),
            json=("baseline", "set", "main", "bad", "--format", "json"),
            diff=("diff", "baseline:main", "bad"),
            document=("diff", "baseline:main", "bad", "--format", "json"),
            caution=("diff", "good", "bad"),
            rolling=("diff", "rolling:3", "bad"),
            unknown=("diff", "baseline:mian", "bad"),
            name=("baseline", "set", "latest", "good"),
            gone=("baseline", "remove", "mian"),
        )

    def test_set_and_moved(self):
        """Setting a baseline says what it means; setting it again says from where to where it moved."""
        self.assertEqual((self.first.code, self.first.lines[0]), (0, "baseline main set to good (run 1)"), self.first.errors)
        self.assertEqual(self.moved.lines[0], "baseline main moved from good (run 1) to bad (run 2)")

    def test_the_bar_stays(self):
        """The bar of a metric that is worse in the new run stays, and how to lower it is said."""
        self.assertIn("test_accuracy: the bar stays at 99.00% of good (90.00% now)", self.moved.output)
        self.assertEqual(self.moved.lines[-1], "a bar falls only with --lower-bar")

    def test_list(self):
        """The list has a line a baseline, and what it is held to beyond its run."""
        lines = self.answers["text"].lines
        self.assertEqual(lines[1].split()[:3], ["main", "bad", "2"])
        self.assertIn("main holds test_accuracy to 99.00% of good", lines)
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_documents(self):
        """The documents tell baselines, bars and moves."""
        (baseline,) = self.bars.document["baselines"]
        self.assertIn({"metric": "test_accuracy", "value": 0.99, "run": "good"}, baseline["bars"])
        moves = {move["metric"]: move for move in self.answers["json"].document["bars"]}
        self.assertEqual((moves["test_accuracy"]["change"], moves["test_accuracy"]["reached"]), ("stays", 0.9))

    def test_a_diff_against_the_bar(self):
        """A run that is as the baseline is, but far below the bar, is regressed, in text and in JSON."""
        text, document = self.answers["diff"], self.answers["document"].document
        self.assertEqual((text.code, document["verdict"]), (1, "regressed"), text.errors)
        self.assertIn("although not worse than the baseline", " ".join(text.output.split()))
        (change,) = (change for change in document["metrics"] if change["name"] == "test_accuracy")
        self.assertEqual((change["bar"], change["bar_run"], change["delta"]), (0.99, "good", 0.0))

    def test_another_configuration_is_said_at_the_top(self):
        """Directly below the verdict stands what cannot be compared."""
        self.assertRegex(self.answers["caution"].lines[1], r"^CAUTION: other configuration: learning_rate unset -> 1\.0$")

    def test_refusals(self):
        """Unknown baselines, names like references and a window without runs are refused with 2."""
        self.assert_refused(self.answers["unknown"], 2, "baseline-not-found", "near names are main")
        self.assert_refused(self.answers["gone"], 2, "baseline-not-found", "near names are main")
        self.assert_refused(self.answers["name"], 2, "invalid-name", "'latest'")
        self.assert_refused(self.answers["rolling"], 2, "run-not-found", "rolling:3 means none")

    def test_remove(self):
        """A removed baseline is gone, and its run is named as one that stays; then the list says that there is none."""
        self.home.run("baseline", "set", "other", "good")
        removed = self.home.run("baseline", "remove", "other")
        self.assertEqual((removed.code, removed.output), (0, "baseline other removed; it meant good, which stays\n"))


class LastGreen(ProjectCase):
    """`last-green`, `branch` and `rolling` in a diff."""

    def test_before_the_other_side(self):
        """`runner diff last-green latest` compares with the last green run before that one, also where that is green."""
        home = self.project(test_suite=GREEN_SUITE)
        for name in ("one", "two"):
            home.run("test", "--record", "--name", name)
        answers = home.together(green=("diff", "last-green", "latest"), rolling=("diff", "rolling:5", "two", "--format", "json"))
        self.assertEqual((answers["green"].code, answers["green"].lines[0]), (0, "UNCHANGED: one -> two"))
        self.assertEqual(answers["rolling"].document["rolling"], ["one"])
