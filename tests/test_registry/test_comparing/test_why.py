"""What was recorded around two runs and differs."""

from __future__ import annotations

import unittest
from dataclasses import replace

from registry.comparing.why import Reason, Situation, ranked_differences, recorded_differences
from registry.records import GitState, RunDetails, RunKind
from tests.test_registry.diff_factories import MNIST, make_environment, make_run


def differences(a: dict, b: dict) -> list[Reason]:
    """Return the reasons between two runs of which only some facts are given."""
    return list(recorded_differences(RunDetails(make_run(**a)), RunDetails(make_run(**b))))


class RecordedDifferences(unittest.TestCase):
    """Only what differs is told, the likeliest cause first."""

    def test_equal_runs(self):
        """Two runs with the same surroundings give no reason."""
        facts = {"code": {"m.py": "1"}, "seed": 1, "params": {"lr": 0.1}, "environment": make_environment()}
        self.assertEqual(differences(facts, facts), [])

    def test_code(self):
        """Changed, added and removed files are told in order of path."""
        a, b = {"b.py": "1", "gone.py": "2", "same.py": "3"}, {"b.py": "9", "a.py": "4", "same.py": "3"}
        expected = [("a.py", None, "4"), ("b.py", "1", "9"), ("gone.py", "2", None)]
        self.assertEqual(differences({"code": a}, {"code": b}), [Reason("code", *reason) for reason in expected])

    def test_code_that_was_not_recorded(self):
        """Where one side recorded no code, not every file is called new."""
        self.assertEqual(differences({"code": {}}, {"code": {"a.py": "1"}}), [])

    def test_git(self):
        """Commit, branch and uncommitted changes are told, the reason why git could not tell is not."""
        a, b = GitState("c1", "main", dirty=False), GitState("c2", "main", dirty=True)
        expected = [Reason("git", "commit", "c1", "c2"), Reason("git", "dirty", "False", "True")]
        self.assertEqual(differences({"git": a}, {"git": b}), expected)
        self.assertEqual(differences({"git": GitState(reason="no git")}, {"git": GitState(reason="no repository")}), [])

    def test_git_on_one_side(self):
        """Where git knew nothing about one side, only the commit is told."""
        expected = [Reason("git", "commit", "c1", None)]
        self.assertEqual(differences({"git": GitState("c1", "main", dirty=False)}, {"git": GitState(reason="no git")}), expected)

    def test_seed(self):
        """Another seed is told, also where one side has none; 0 is a seed."""
        self.assertEqual(differences({"seed": None}, {"seed": 0}), [Reason("seed", "seed", None, "0")])

    def test_config(self):
        """Parameters that differ are told as text, those on one side only with None."""
        a, b = {"lr": 0.1, "epochs": 2, "same": [1]}, {"lr": 0.2, "deep": {"x": 1}, "same": [1]}
        expected = [("deep", None, "{'x': 1}"), ("epochs", "2", None), ("lr", "0.1", "0.2")]
        self.assertEqual(differences({"params": a}, {"params": b}), [Reason("config", *reason) for reason in expected])

    def test_what_reads_the_same_is_no_reason(self):
        """NaN against NaN, 1 against 1.0 and None against nothing are no differences."""
        a, b = {"x": float("nan"), "y": 1, "z": None}, {"x": float("nan"), "y": 1.0}
        self.assertEqual(differences({"params": a}, {"params": b}), [])

    def test_command_line(self):
        """Words of a test run's command line that may change a result are told; names, outputs and what is shown are not."""
        a = ("runner", "test", "--record", "--name", "a", "--timeout", "5", "-v")
        b = ("/other/runner", "test", "--record", "--name=b", "--tag", "k=v", "--timeout", "9", "-b", "--junit-xml", "x.xml")
        self.assertEqual(differences({"argv": a}, {"argv": b}), [Reason("config", "argv", "5", "9 -b")])
        self.assertEqual(differences({"argv": a}, {"argv": a[:3]}), [Reason("config", "argv", "--timeout 5", None)])
        self.assertEqual(differences({"argv": a}, {"argv": ()}), [])

    def test_command_line_of_a_training(self):
        """The flags of a training are its configuration already."""
        sides = ({"argv": ("runner", "train", "--lr", rate), "kind": RunKind.TRAIN} for rate in ("1", "2"))
        self.assertEqual(differences(*sides), [])

    def test_environment(self):
        """Packages, machine, variables and numerics are told, each in its group."""
        a = make_environment(packages={"torch": "2.10"}, machine={"cpu": "x"}, numerics={"threads": "2"})
        b = make_environment(
            python="3.12.0", packages={"torch": "2.11"}, variables={"OMP_NUM_THREADS": "1"}, numerics={"threads": "1"}
        )
        expected = [
            Reason("package", "torch", "2.10", "2.11"),
            Reason("environment", "OMP_NUM_THREADS", None, "1"),
            Reason("environment", "cpu", "x", None),
            Reason("environment", "python", "3.11.7", "3.12.0"),
            Reason("numerics", "threads", "2", "1"),
        ]
        self.assertEqual(differences({"environment": a}, {"environment": b}), expected)

    def test_environment_on_one_side(self):
        """Where one environment is unknown, nothing is said about it."""
        self.assertEqual(differences({"environment": make_environment()}, {"environment": None}), [])

    def test_dataset(self):
        """Each fact of the data set that differs is told; a side without one has None everywhere."""
        a, b = RunDetails(make_run(), dataset=MNIST), RunDetails(make_run(), dataset=replace(MNIST, train=5, fingerprint="e"))
        expected = [Reason("dataset", "fingerprint", "d" * 64, "e"), Reason("dataset", "train", "54000", "5")]
        self.assertEqual(list(recorded_differences(a, b)), expected)
        self.assertEqual(len(list(recorded_differences(a, replace(b, dataset=None)))), 5)

    def test_the_likeliest_cause_comes_first(self):
        """A lost test is explained by code first, a metric by the configuration, a duration by the machine."""
        a, b = (
            {
                "code": {"m.py": side}, "git": GitState(side), "seed": len(side), "params": {"lr": side},
                "environment": make_environment(python=side, packages={"p": side}, numerics={"n": side}),
            }
            for side in ("1", "22")
        )  # fmt: skip
        sides = RunDetails(make_run(**a)), RunDetails(make_run(**b))
        for situation, order in (
            (Situation.TESTS, ["code", "git", "package", "config", "seed", "environment", "numerics"]),
            (Situation.TRAINING, ["config", "code", "git", "seed", "package", "numerics", "environment"]),
            (Situation.DURATIONS, ["environment", "config", "numerics", "package", "code", "git", "seed"]),
        ):
            self.assertEqual([reason.what for reason in ranked_differences(*sides, (), situation)], order)

    def test_python_before_the_rest_of_the_environment(self):
        """Another Python comes before another variable."""
        a, b = make_environment(), make_environment(python="3.12.0", variables={"A": "1"})
        sides = (RunDetails(make_run(environment=one)) for one in (a, b))
        self.assertEqual([reason.key for reason in ranked_differences(*sides)], ["python", "A"])


if __name__ == "__main__":
    unittest.main()
