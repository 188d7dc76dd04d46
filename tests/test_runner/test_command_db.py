"""`runner db`, end to end."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

from .projects import GREEN_SUITE, Project, ProjectCase


class Database(ProjectCase):
    """A registry with one run."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_green=GREEN_SUITE)
        cls.home.run("test", "--record")
        cls.answers = cls.home.together(info=("db", "info"), json=("db", "info", "--format", "json"), check=("db", "check"))

    def test_info_says_where_and_what(self):
        """`db info` names the file, its size and its schema revision."""
        self.assertEqual((self.answers["info"].code, self.answers["info"].errors), (0, ""))
        self.assertIn(str(self.home.registry), self.answers["info"].output)

    def test_info_for_programs(self):
        """`db info --format json` is one strict document whose revision is the newest."""
        document = self.answers["json"].document
        self.assertEqual(document["schema"], 1)
        self.assertEqual(document["revision"], document["head"])

    def test_upgrade_has_nothing_to_do(self):
        """`db upgrade` of a registry at the newest revision says so and makes no backup."""
        before = sorted(path.name for path in self.home.registry.parent.glob("*.db*"))
        answer = self.home.run("db", "upgrade")
        self.assertEqual(answer.code, 0, answer.errors)
        self.assertIn("nothing to do", answer.output)
        self.assertEqual(sorted(path.name for path in self.home.registry.parent.glob("*.db*")), before)

    def test_check_of_a_sound_registry(self):
        """`db check` of a sound registry says so and ends with 0."""
        answer = self.answers["check"]
        self.assertEqual((answer.code, answer.output), (0, "no problems found\n"), answer.errors)

    def test_registry_by_variable(self):
        """RUNNER_REGISTRY leads to a registry from any folder."""
        other = self.project()
        answer = other.run("db", "check", RUNNER_REGISTRY=str(self.home.registry))
        self.assertEqual((answer.code, answer.output), (0, "no problems found\n"), answer.errors)


class DamagedDatabase(ProjectCase):
    """A registry that was damaged, or is of another release."""

    origin: Project

    @classmethod
    def setUpClass(cls):
        cls.origin = cls.class_project(test_green=GREEN_SUITE)
        cls.origin.run("test", "--record")

    def setUp(self):
        self.home = self.project(test_green=GREEN_SUITE)
        shutil.copytree(self.origin.registry.parent, self.home.registry.parent)

    def test_check_finds_damage(self):
        """`db check` of a registry whose rows lost what they refer to names the problem and ends with 3."""
        with closing(sqlite3.connect(self.home.registry)) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            self.assertGreater(connection.execute("DELETE FROM run").rowcount, 0)
            connection.commit()
        answer = self.home.run("db", "check")
        self.assertEqual(answer.code, 3, answer.output)
        self.assertTrue(answer.output.strip())

    def test_a_newer_schema_is_refused(self):
        """A registry of a newer release is refused with 3 and one sentence, by reading and by recording commands."""
        with closing(sqlite3.connect(self.home.registry)) as connection:
            self.assertEqual(connection.execute("UPDATE registry_version SET version_num = '9999'").rowcount, 1)
            connection.commit()
        answers = self.home.together(runs=("runs",), test=("test", "--record", "--name", "later"))
        for command, answer in answers.items():
            with self.subTest(command=command):
                self.assert_refused(answer, 3, "schema-too-new")
