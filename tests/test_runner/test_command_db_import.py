"""`runner test --shard` on several machines and `runner db import`: real processes, real SQLite."""

from __future__ import annotations

import json

from .projects import Answer, ProjectCase
from .test_command_test_choose import CHANGING_SUITE

MORE = "\n".join(f"class C{number}(unittest.TestCase):\n    def test_t(self):\n        pass\n" for number in range(6))


class ShardsOfARun(ProjectCase):
    """A suite in two shards, imported into one registry."""

    shards: dict[str, Answer]

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(__init__="", test_changing=CHANGING_SUITE, test_more=f"import unittest\n{MORE}")
        parts = {str(n): ("test", "tests/", "--record", "--shard", f"{n}/2", "--registry", f"{n}.db", "-v") for n in (1, 2)}
        cls.shards = cls.home.together(**parts)
        cls.answers = {
            "alone": cls.home.run("db", "import", "1.db", "--registry", "alone.db"),
            "both": cls.home.run("db", "import", "1.db", "2.db", "--name", "night", "--registry", "all.db"),
            "again": cls.home.run("db", "import", "2.db", "1.db", "--registry", "all.db", "--format", "json"),
        }

    def test_each_test_in_one_shard(self):
        """The shards together run each test once, and say which part of how many tests they are."""
        ran = [line.split(" ... ")[0] for answer in self.shards.values() for line in answer.lines if " ... " in line]
        self.assertEqual((len(ran), len(set(ran))), (10, 10))
        self.assertRegex(self.shards["1"].output, r"shard 1/2: \d+ of 10 tests, cut by the names of classes")

    def test_one_run(self):
        """The import makes one run with all results, of which `runner show` says how many shards it had."""
        answer = self.answers["both"]
        self.assertEqual(answer.code, 0, answer.errors)
        self.assertIn("imported night (run 1), 10 results, of the shards 1/2, 2/2", answer.lines)
        shown = self.home.run("show", "night", "--format", "json", "--registry", "all.db").document
        self.assertEqual((shown["counts"], shown["run"]["tags"]), ({"passed": 8, "failed": 2}, {"shards": "2"}))
        self.assertNotIn("--shard", shown["run"]["argv"])

    def test_again(self):
        """A second import changes nothing; as JSON it says what was there already."""
        document = json.loads(self.answers["again"].output)
        self.assertEqual((document["imported"], document["known"], document["running"]), ([], 1, []))

    def test_a_missing_shard(self):
        """Where a shard is missing the exit code is 1 and the line names it."""
        answer = self.answers["alone"]
        self.assertEqual(answer.code, 1, answer.errors)
        self.assertIn("MISSING in test-1: the shards 2/2;", answer.output)

    def test_what_balances(self):
        """With the merged run as history the shards are balanced by its durations; a shard's own durations change no cut."""
        shard = ("test", "tests/", "-q", "--shard", "1/2", "--registry")
        answers = self.home.together(whole=(*shard, "all.db"), part=(*shard, "1.db"))
        self.assertIn("balanced by recorded durations", answers["whole"].output)
        self.assertIn("cut by the names of classes", answers["part"].output)

    def test_refusals(self):
        """A shard that cannot be, a tag of that name and a file that is not there are refused."""
        answers = self.home.together(
            shard=("test", "--shard", "3/2"),
            tag=("test", "--shard", "1/2", "--tag", "shard=x", "--record"),
            file=("db", "import", "nothing.db", "--registry", "all.db"),
        )
        self.assert_refused(answers["shard"], 2, "usage", "'3/2'")
        self.assert_refused(answers["tag"], 2, "usage", "--shard", "--tag")
        self.assert_refused(answers["file"], 3, "registry-unreachable", "nothing.db")
