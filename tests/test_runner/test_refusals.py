"""Command lines of `runner test` that contradict themselves or name what is not there: 2, and one sentence."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from .projects import GREEN_SUITE, ProjectCase

TELLTALE_SUITE = "import pathlib\npathlib.Path('imported').touch()\n" + GREEN_SUITE


class Refusals(ProjectCase):
    """All in one project, side by side."""

    imported: bool

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_telltale=TELLTALE_SUITE)
        cls.home.write("known/__init__.py", "")
        cls.home.write("known/part.py", "")
        cls.answers = cls.home.together(
            alone=("test", "--source", "known"),
            unknown=("test", "--coverage", "--source", "known,nowhere"),
            part=("test", "--coverage", "--source", "known.nowhere"),
            file=("test", "--coverage", "--source", "known/part.py"),
            twice=("test", "--record", "--tag", "a=1", "--tag", "a=2"),
            device=("test", "--record", "--registry", "/dev/null"),
        )
        cls.imported = (cls.home.root / "imported").exists()

    def test_a_source_needs_coverage(self):
        """--source without --coverage would measure nothing, and is refused."""
        self.assert_refused(self.answers["alone"], 2, "usage", "--source", "add --coverage")

    def test_an_unknown_source(self):
        """A source that is neither folder nor package is refused beside one that is, and so is a part that its package lacks."""
        self.assert_refused(self.answers["unknown"], 2, "usage", "'nowhere'")
        self.assertNotIn("'known'", self.answers["unknown"].errors)
        self.assert_refused(self.answers["part"], 2, "usage", "'known.nowhere'")

    def test_a_file_as_source(self):
        """A file as source is refused, with the module that it is."""
        self.assert_refused(self.answers["file"], 2, "usage", "'known/part.py'", "known.part")

    def test_a_tag_given_twice(self):
        """Two values for one tag are refused, and both are named."""
        self.assert_refused(self.answers["twice"], 2, "usage", "'a'", "'1'", "'2'")

    def test_a_device_as_registry(self):
        """/dev/null is no file, and nobody is told to remove it."""
        self.assert_refused(self.answers["device"], 3, "registry-unreachable", "/dev/null", "no regular file")
        self.assertNotIn("remove", self.answers["device"].errors)

    def test_the_suite_was_not_even_imported(self):
        """All this is found out before the user's code is touched."""
        self.assertFalse(self.imported)


class RefusedRegistry(ProjectCase):
    """A registry that cannot take the run, without --name."""

    def test_it_is_refused_before_the_suite_is_imported(self):
        """Damaged, of a newer release, or impossible to make: 3, and the user's code is not touched."""
        home = self.project(test_telltale=TELLTALE_SUITE)
        home.run("test", "--record", "--registry", "newer.db", "-k", "nothing")
        (home.root / "imported").unlink()
        with closing(sqlite3.connect(home.root / "newer.db")) as connection, connection:
            connection.execute("UPDATE registry_version SET version_num = '9999'")
        home.write("notes.txt", "no database\n" * 1000)
        answers = home.together(
            **{name: ("test", "--record", "--registry", name) for name in ("newer.db", "notes.txt", "notes.txt/runs.db")}
        )
        slugs = {"newer.db": "schema-too-new", "notes.txt": "registry-damaged", "notes.txt/runs.db": "registry-unreachable"}
        for name, slug in slugs.items():
            self.assert_refused(answers[name], 3, slug, name)
        self.assertFalse((home.root / "imported").exists())


class TopLevelDirectory(ProjectCase):
    """-t that names no folder."""

    def test_it_is_blamed_itself(self):
        """The sentence names the top-level directory and not the start directory, be that a package or not."""
        home = self.project(test_green=GREEN_SUITE)
        home.write("package/__init__.py", "")
        answers = home.together(
            plain=("test", "-s", "tests", "-t", "nope"),
            package=("test", "-s", "package", "-t", "nope"),
            file=("test", "-s", "package", "-t", "pyproject.toml"),
        )
        for name, top in (("plain", "nope"), ("package", "nope"), ("file", "pyproject.toml")):
            self.assert_refused(answers[name], 2, "usage", f"the top-level directory {top}")
            self.assertNotIn("start directory", answers[name].errors)
