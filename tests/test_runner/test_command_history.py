"""`runner history` and `runner flaky`, end to end."""

from __future__ import annotations

from .projects import ProjectCase
from .training import FAKE

SUITE = """
import pathlib, unittest

class Dice(unittest.TestCase):
    def test_fair(self):
        self.assertTrue(True)

    def test_loaded(self):
        state = pathlib.Path("state")
        again = state.exists()
        state.touch()
        self.assertFalse(again, "the file of the last run is still there")
"""
LOADED = "test_dice.Dice.test_loaded"


class Past(ProjectCase):
    """Two runs of the same code, of which the second is red, and two trainings."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_dice=SUITE)
        script = str(cls.home.write("fake.py", FAKE))
        for name in ("one", "two"):
            cls.home.run("test", "--record", "--seed", "1", "--name", name)
        cls.home.run("train", "--seed", "1", script=script)
        cls.home.run("train", "--seed", "2", "--lr", "1", script=script)
        cls.answers = cls.home.together(
            test=("history", LOADED),
            end=("history", "test_loaded", "--format", "json", "--limit", "1"),
            metric=("history", "test_accuracy"),
            document=("history", "test_accuracy", "--format", "json"),
            unknown=("history", "test_accurcy"),
            both=("history", "x", "--test", "--metric"),
            flaky=("flaky",),
            list=("flaky", "--format", "json"),
            diff=("diff", "one", "two", "--format", "json"),
        )
        cls.ascii = cls.home.run("history", "test_accuracy", PYTHONIOENCODING="ascii")

    def test_a_test(self):
        """The history of a test shows its outcomes oldest first, and a row a run, newest first."""
        lines = self.answers["test"].lines
        self.assertEqual(lines[:2], [f"{LOADED}: 2 results, 1 red", "  .F  outcomes"])
        self.assertEqual([line.split()[0] for line in lines[-2:]], ["two", "one"])

    def test_the_end_of_an_id(self):
        """The end of an id is enough, and the limit holds."""
        document = self.answers["end"].document
        self.assertEqual((document["kind"], document["name"], len(document["entries"])), ("test", LOADED, 1))
        self.assertTrue(document["entries"][0]["cause"])

    def test_a_metric(self):
        """The history of a metric shows its values as bars, oldest first; in ASCII where the terminal lacks blocks."""
        self.assertEqual(self.answers["metric"].lines[1], "  █▁  90.00% to 99.00%, oldest first")
        self.assertEqual(self.ascii.lines[1], "  #_  90.00% to 99.00%, oldest first")
        self.assertEqual([entry["value"] for entry in self.answers["document"].document["entries"]], [0.9, 0.99])

    def test_refusals(self):
        """An unknown name is refused with near ones, two kinds at once too."""
        self.assert_refused(self.answers["unknown"], 2, "test-not-found", "near ones are test_accuracy")
        self.assert_refused(self.answers["both"], 2, "usage", "--test and --metric")

    def test_flaky(self):
        """What was green and red with the same code, environment and seed is proven flaky, with both runs."""
        self.assertEqual(self.answers["flaky"].lines[0], "proven flaky (1)")
        (test,) = self.answers["list"].document["proven"]
        self.assertEqual((test["id"], test["contradictions"]), (LOADED, [{"green": "one", "red": "two"}]))

    def test_a_diff_calls_nothing_flaky(self):
        """In a diff the same failure is newly failing and regressed: no history makes it less."""
        document = self.answers["diff"].document
        self.assertEqual([pair["id"] for pair in document["tests"]["newly_failing"]], [LOADED])
        self.assertEqual((document["verdict"], document["tests"]["flaky"]), ("regressed", []))
