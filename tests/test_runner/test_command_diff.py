"""`runner diff`, end to end."""

from __future__ import annotations

from .projects import GREEN_SUITE, Answer, ProjectCase
from .training import FAKE

DOCUMENT = {"schema", "a", "b", "verdict", "reasons", "tests", "metrics", "checkpoints", "why", "coverage"}
TESTS = {"newly_failing", "still_failing", "still_failing_new_cause", "fixed", "added", "removed", "newly_skipped"}
TESTS |= {"no_longer_skipped", "slower", "faster", "flaky", "unchanged"}
PAIR = {"id", "ordinal", "a", "b", "message", "cluster", "duration_a_s", "duration_b_s", "attempts_b"}


class TestRuns(ProjectCase):
    """A green run, and one after a bug was planted."""

    text: Answer
    ascii: Answer

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_suite=GREEN_SUITE)
        cls.home.run("test", "--record", "--name", "run-a")
        cls.home.write("tests/test_suite.py", GREEN_SUITE.replace("2 * 3, 6)", "2 * 3, 7, 'größer')"))
        cls.home.run("test", "--record", "--name", "run-b")
        planted = ("diff", "run-a", "run-b")
        cls.answers = cls.home.together(
            text=planted,
            json=(*planted, "--format", "json"),
            never=(*planted, "--fail-on", "never"),
            back=("diff", "latest", "latest~1", "--format", "json"),
            itself=("diff", "1", "run-a"),
            unknown=("diff", "run-a", "run-z"),
        )
        cls.ascii = cls.home.run(*planted, PYTHONIOENCODING="ascii")
        cls.text, cls.answer = cls.answers["text"], cls.answers["json"]

    def test_a_newly_failing_test_is_a_regression(self):
        """The diff ends with 1, in text and in JSON."""
        self.assertEqual((self.text.code, self.answer.code), (1, 1), self.text.errors)
        self.assertTrue(self.text.lines[0].startswith("REGRESSED: run-a -> run-b"), self.text.lines[0])

    def test_text_names_the_test_and_the_changed_file(self):
        """The text says which test fails newly and why, and which file changed; nothing of what stayed the same."""
        self.assertIn("newly failing (1)", self.text.lines)
        self.assertIn("  test_suite.Arithmetic.test_product", self.text.lines)
        self.assertRegex(self.text.output, r"passed -> failed: .*6 != 7")
        self.assertRegex(self.text.output, r"(?m)^  code +tests/test_suite\.py +changed$")
        self.assertNotIn("test_sum", self.text.output)

    def test_a_terminal_without_the_characters(self):
        """Where standard output is ASCII, other characters are written as escapes."""
        self.assertEqual((self.ascii.code, self.ascii.errors), (1, ""))
        self.assertIn(r"gr\xf6\xdfer", self.ascii.output)
        self.assertIn("größer", self.text.output)

    def test_the_keys_are_the_contract(self):
        """The document holds the keys of the interface."""
        document = self.answer.document
        self.assertLessEqual(DOCUMENT, set(document))
        self.assertLessEqual(TESTS, set(document["tests"]))
        self.assertEqual((document["schema"], document["a"]["name"], document["b"]["name"]), (1, "run-a", "run-b"))

    def test_a_changed_pair(self):
        """The newly failing test stands in its list with both outcomes and the message."""
        (pair,) = self.answer.document["tests"]["newly_failing"]
        self.assertLessEqual(PAIR, set(pair))
        self.assertEqual((pair["id"], pair["a"], pair["b"]), ("test_suite.Arithmetic.test_product", "passed", "failed"))

    def test_what_stayed_is_only_counted(self):
        """The test that stayed as it was is a number."""
        self.assertEqual(self.answer.document["tests"]["unchanged"], 1)

    def test_why_names_the_file(self):
        """The reasons name the changed file, with its hash before and after."""
        changed = [reason for reason in self.answer.document["why"] if reason["what"] == "code"]
        self.assertEqual([reason["key"] for reason in changed], ["tests/test_suite.py"])
        self.assertNotEqual(changed[0]["a"], changed[0]["b"])

    def test_never_fail(self):
        """--fail-on never shows the regression and ends with 0."""
        self.assertEqual((self.answers["never"].code, self.answers["never"].output), (0, self.text.output))

    def test_back_again(self):
        """From the red run to the green one the test is fixed, and there is no regression."""
        answer = self.answers["back"]
        self.assertEqual(answer.code, 0)
        self.assertEqual([pair["id"] for pair in answer.document["tests"]["fixed"]], ["test_suite.Arithmetic.test_product"])

    def test_a_run_and_itself(self):
        """A run differs in nothing from itself."""
        self.assertEqual(self.answers["itself"].code, 0)
        self.assertIn("what changed: nothing that was recorded", self.answers["itself"].output)

    def test_an_unknown_run(self):
        """A run that is not there gives 2 and is named."""
        self.assert_refused(self.answers["unknown"], 2, "run-not-found", "'run-z'")


class Trainings(ProjectCase):
    """Two trainings, the second with a spoiled accuracy, and a test run."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_suite=GREEN_SUITE)
        script = str(cls.home.write("fake.py", FAKE))
        cls.home.run("train", "--seed", "1", "--name", "train-good", script=script)
        cls.home.run("train", "--seed", "1", "--lr", "1", "--name", "train-bad", script=script)
        cls.home.run("test", "--record", "--name", "suite")
        cls.answers = cls.home.together(
            json=("diff", "train-good", "train-bad", "--format", "json"), kinds=("diff", "suite", "train-good")
        )
        cls.answer = cls.answers["json"]

    def test_lost_accuracy_is_a_regression(self):
        """A fall of the test accuracy from 99 % to 90 % is regressed, with its evidence, and ends with 1."""
        self.assertEqual((self.answer.code, self.answer.document["verdict"]), (1, "regressed"))
        (change,) = (change for change in self.answer.document["metrics"] if change["name"] == "test_accuracy")
        self.assertEqual((change["a"], change["b"], change["direction"], change["verdict"]), (0.99, 0.90, "higher", "regressed"))
        self.assertAlmostEqual(change["delta"], -0.09)
        self.assertTrue(change["evidence"])

    def test_why_names_the_configuration(self):
        """The changed learning rate is among the reasons."""
        reasons = [(reason["key"], reason["b"]) for reason in self.answer.document["why"] if reason["what"] == "config"]
        self.assertEqual(len(reasons), 1)
        self.assertIn("learning_rate", reasons[0][0])

    def test_checkpoints_are_compared(self):
        """Equal content is said to be equal; determinism is judged only where the configuration is equal too."""
        checkpoints = self.answer.document["checkpoints"]
        self.assertEqual((checkpoints["same"], checkpoints["determinism"]), (True, "not_comparable"))

    def test_other_kinds_cannot_be_compared(self):
        """A test run against a training gives 5 and one sentence."""
        self.assert_refused(self.answers["kinds"], 5, "nothing-to-compare", "suite", "train-good")
