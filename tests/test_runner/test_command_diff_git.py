"""`runner diff` in a git repository: commits, suspects, since when, and the lines of the coverage."""

from __future__ import annotations

from typing import Any

from .projects import ProjectCase
from .repositories import Repository

SHOP = """
def total(prices):
    return sum(prices)


def mean(prices):
    return total(prices) / len(prices)
"""
BROKEN = SHOP.replace("return sum(prices)", "return sum(prices) + 1")
MORE = BROKEN + "\n\ndef free(prices):\n    return not prices\n"
SUITE = """
import unittest

from shop import mean, total

class Shop(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([1, 2]), 3)

    def test_mean(self):
        self.assertEqual(mean([2, 2]), 2)

    def test_nothing(self):
        pass
"""
SETTINGS = "[tool.runner]\nstart-directory = 'tests'\ntop-level-directory = '.'\nsource = ['shop']\n"
TEST = "tests.test_shop.Shop.test_total"


class InARepository(ProjectCase):
    """Four recorded commits: good, only prose, a bug, more code and a lost test."""

    document: dict[str, Any]

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project()
        cls.repository = Repository(cls.home)
        cls.home.write("pyproject.toml", SETTINGS)
        start = {"shop.py": SHOP, "tests/__init__.py": "", "tests/test_shop.py": SUITE}
        commits = (
            ("Open the shop", start),
            ("Describe it", {"README.md": "A shop.\n"}),
            ("Count \x1b[31mone more", {"shop.py": BROKEN}),
            ("Give it away", {"shop.py": MORE, "tests/test_shop.py": SUITE.replace("mean([2, 2]), 2", "2, 2")}),
        )
        for number, (subject, files) in enumerate(commits):
            cls.repository.commit(subject, files)
            cls.home.run("test", "--record", "--coverage", "--name", f"night-{number}")
        cls.answers = cls.home.together(
            text=("diff", "night-0", "night-3"),
            json=("diff", "night-0", "night-3", "--format", "json"),
            back=("diff", "night-3", "night-0", "--format", "json"),
        )
        cls.document = cls.answers["json"].document

    def test_commits_between(self):
        """The document lists the commits from A to B with subjects and files, and says in words how the two stand."""
        commits = self.document["commits"]
        self.assertEqual((commits["relation"], commits["number"], commits["sentence"]), ("ahead", 3, "3 commits between"))
        self.assertEqual([commit["files"] for commit in commits["listed"]], [
            ["shop.py", "tests/test_shop.py"], ["shop.py"], ["README.md"],
        ])  # fmt: skip

    def test_since_when_and_the_suspect(self):
        """The failing test is red since the third run, and the commit that touched what its traceback names is suspected."""
        (test,) = self.document["tests"]["newly_failing"]
        onset = test["onset"]
        self.assertEqual((onset["last_good"]["name"], onset["first_bad"]["name"]), ("night-1", "night-2"))
        self.assertEqual((test["id"], onset["commits"]), (TEST, 1))
        self.assertEqual([suspect["because"] for suspect in onset["suspects"]], ["it imports shop.py"])

    def test_text(self):
        """The text says since when, by which commit, and what changed, with no active character."""
        text = self.answers["text"].output
        self.assertIn("    red since night-2, last green in night-1; 1 commit between\n", text)
        self.assertRegex(text, r"    suspected: [0-9a-f]{8} Count .*one more \(it imports shop.py\)\n")
        self.assertRegex(text, r"(?m)^  code +shop\.py +changed\n +imported by tests\.test_shop\.Shop\.test_total$")
        self.assertRegex(text, r"(?m)^ +3 commits between\n +[0-9a-f]{8} suspected: Count")
        self.assertNotIn("\x1b", text)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_lines_of_the_coverage(self):
        """A line that lost its test is told apart from new lines without one, and lines that only moved are not told."""
        (file,) = self.document["coverage"]["lines"]
        self.assertEqual(file, {"path": "shop.py", "newly_uncovered": [7], "changed_uncovered": [11], "note": None})
        self.assertIn("    not covered any more: 7\n    new or changed, and not covered: 11\n", self.answers["text"].output)

    def test_backwards(self):
        """From the newer run to the older one the commits are those that are taken back."""
        self.assertEqual(self.answers["back"].document["commits"]["sentence"], "night-0 is 3 commits behind night-3")
        self.assertEqual(self.answers["back"].code, 0)

    def test_a_commit_that_is_gone(self):
        """In a clone without the commits of the recorded runs the diff says so and goes on."""
        other = self.project()
        Repository(other).commit("Another one", {"a.py": ""})
        answer = other.run("diff", "night-0", "night-3", "--registry", str(self.home.registry))
        self.assertRegex(" ".join(answer.output.split()), r"commit [0-9a-f]{8} is not in this clone; `git fetch` brings it")
        self.assertEqual((answer.code, answer.errors), (1, ""))
