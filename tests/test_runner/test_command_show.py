"""`runner show`, end to end."""

from __future__ import annotations

from typing import Any

from .projects import GREEN_SUITE, MIXED_SUITE, Answer, ProjectCase

DOCUMENT = {
    "schema",
    "answers",
    "run",
    "counts",
    "results",
    "fixtures",
    "pollution",
    "metrics",
    "checkpoints",
    "dataset",
    "flaky",
    "coverage",
}
RUN = {"id", "uid", "name", "kind", "status", "green", "seed", "started_at", "duration_s", "argv", "tags", "git", "environment"}
RESULT = {"id", "ordinal", "attempt", "outcome", "duration_s", "message", "traceback", "worker", "seed", "subtests"}


class Show(ProjectCase):
    """One recorded run, as text and as JSON."""

    text: Answer
    document: Any

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_mixed=MIXED_SUITE)
        cls.home.run("test", "--record", "--name", "night")
        cls.answers = cls.home.together(
            text=("show", "night"),
            json=("show", "latest", "--format", "json"),
            coloured=("--color", "always", "show", "night"),
            unknown=("show", "nihgt"),
        )
        cls.text, cls.document = cls.answers["text"], cls.answers["json"].document

    def test_the_keys_are_the_contract(self):
        """The document holds the keys of the interface, and says which version of it."""
        self.assertEqual((set(self.document), self.document["schema"]), (DOCUMENT, 1))
        self.assertLessEqual(RUN | {"fingerprint"}, set(self.document["run"]))

    def test_a_result_has_its_keys(self):
        """Each result holds the keys of the interface; a fixture those of a fixture."""
        for result in self.document["results"]:
            self.assertLessEqual(RESULT, set(result))
        self.assertEqual(set(self.document["fixtures"][0]), {"id", "outcome", "message", "traceback", "output"})

    def test_a_subtest_has_its_keys(self):
        """Each listed subtest holds its parameters, its outcome and its message."""
        subtests = [subtest for result in self.document["results"] for subtest in result["subtests"]]
        self.assertEqual(len(subtests), 1)
        self.assertLessEqual({"params", "outcome", "message"}, set(subtests[0]))

    def test_a_failure_has_its_traceback(self):
        """A failed test holds its message on one line and its traceback; one that passed holds neither."""
        results = {result["id"].rpartition(".")[2]: result for result in self.document["results"]}
        self.assertIn("6 != 7", results["test_product"]["message"])
        self.assertIn("self.assertEqual(2 * 3, 7)", results["test_product"]["traceback"])
        self.assertIsNone(results["test_sum"]["traceback"])

    def test_git_has_its_keys(self):
        """The git state holds commit, branch and dirty."""
        self.assertLessEqual({"commit", "branch", "dirty"}, set(self.document["run"]["git"]))

    def test_status_and_green_stand_side_by_side(self):
        """A red run that came to its end is finished, and not green."""
        run = self.document["run"]
        self.assertEqual((run["status"], run["green"], run["kind"]), ("finished", False, "test"))

    def test_the_counts_are_those_of_the_results(self):
        """The counts by outcome add up to the number of results."""
        self.assertEqual(sum(self.document["counts"].values()), len(self.document["results"]))
        self.assertEqual(self.document["counts"]["not_run"], 1)

    def test_text_shows_what_failed(self):
        """The text names the run, what was typed, the failed tests and the fixture, and not the ones that passed."""
        self.assertEqual((self.text.code, self.text.errors), (0, ""))
        self.assertIn("night (run 1, test): red", self.text.lines[0])
        self.assertIn("FAILED: test_mixed.Arithmetic.test_product", self.text.output)
        self.assertIn("the fixture is broken", self.text.output)
        self.assertNotIn("test_sum", self.text.output)

    def test_colour_only_where_asked(self):
        """A pipe gets no escape codes, unless with --color always."""
        self.assertNotIn("\x1b", self.text.output)
        self.assertIn("\x1b[", self.answers["coloured"].output)

    def test_an_unknown_run(self):
        """A run that is not there gives 2 and is named."""
        self.assert_refused(self.answers["unknown"], 2, "run-not-found", "'nihgt'")
        self.assertEqual(self.answers["unknown"].output, "")


class NoRegistry(ProjectCase):
    """A project in which nothing was recorded yet."""

    def test_reading_makes_no_registry(self):
        """`runner show` and `runner runs` say that there is no registry, and make none."""
        home = self.project(test_green=GREEN_SUITE)
        for command, answer in home.together(show=("show", "latest"), runs=("runs",)).items():
            with self.subTest(command=command):
                self.assert_refused(answer, 3, "registry-unreachable", str(home.registry))
        self.assertFalse((home.root / ".runner").exists())
