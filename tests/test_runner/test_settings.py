"""[tool.runner] of pyproject.toml."""

from __future__ import annotations

import unittest
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.errors import ExitCode, SettingsError
from runner.settings import Settings, find_root, read_settings


class Project(unittest.TestCase):
    """A folder of its own, with what a test writes into it."""

    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()

    def read(self, text: str | bytes) -> Settings:
        (self.root / "pyproject.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_settings(self.root)

    def refusal(self, text: str | bytes) -> str:
        with self.assertRaises(SettingsError) as caught:
            self.read(text)
        self.assertIn(str(self.root / "pyproject.toml"), str(caught.exception))
        return str(caught.exception)


class ReadSettings(Project):
    """What is there is taken, what is not known is refused."""

    def test_no_file_and_no_table(self):
        """Without a pyproject.toml, without the table and with an empty one, the defaults hold."""
        defaults = Settings(self.root)
        (self.root / ".git").mkdir()
        self.assertEqual(read_settings(self.root), defaults)
        for text in ("", "[tool.ruff]\nline-length = 80\n", "[tool.runner]\n"):
            self.assertEqual(self.read(text), defaults)

    def test_every_key(self):
        """Each key is read under its name with hyphens."""
        text = """
            [tool.runner]
            registry = "sqlite:///runs.db"
            record = true
            start-directory = "tests"
            pattern = "check_*.py"
            top-level-directory = "."
            source = ["pkg", "other"]
            data-dir = "data"
            checkpoint-dir = "checkpoints"
            retries = 2
            jobs = "auto"
            timeout = 30
            seed = 42
            shuffle = true
            pollution = "test"
        """
        settings = self.read(text)
        suite = ("tests", "check_*.py", ".", ("pkg", "other"))
        folders = ("data", "checkpoints")
        expected = Settings(
            self.root, "sqlite:///runs.db", True, *suite, *folders, "auto", 30.0, 2, seed=42, shuffle=True, pollution="test"
        )
        self.assertEqual(settings, expected)
        self.assertEqual(text.count(" = "), len(fields(Settings)) - 1)

    def test_an_unknown_key(self):
        """An unknown key is an error of usage that names the nearest known one."""
        self.assertIn(
            "unknown key 'start_directory'; did you mean 'start-directory'?", self.refusal("[tool.runner]\nstart_directory = 'x'")
        )
        self.assertEqual(SettingsError.exit_code, ExitCode.USAGE)

    def test_a_key_like_no_other(self):
        """Where no key is near, all are named; the root is none of them."""
        for key in ("zzz", "root"):
            words = self.refusal(f"[tool.runner]\n{key} = 'x'")
            known = (
                "checkpoint-dir",
                "data-dir",
                "jobs",
                "nightly",
                "pattern",
                "pollution",
                "record",
                "registry",
                "retries",
                "seed",
            )
            self.assertIn(f"known keys are {', '.join(known)}, ", words)

    def test_wrong_values(self):
        """A value of another type is refused with the key, the value and what it must be."""
        cases = (
            ("record = 1", "record", "1", "true or false"),
            ("record = 'true'", "record", "'true'", "true or false"),
            ("pattern = ['a']", "pattern", "['a']", "a string"),
            ("registry = true", "registry", "True", "a string"),
            ("source = 'pkg'", "source", "'pkg'", "a list of strings"),
            ("retries = true", "retries", "True", "a whole number, 0 or more"),
            ("retries = -1", "retries", "-1", "a whole number, 0 or more"),
            ("jobs = 0", "jobs", "0", 'a whole number from 1, or "auto"'),
            ("jobs = true", "jobs", "True", 'a whole number from 1, or "auto"'),
            ("timeout = 0", "timeout", "0", "a number above 0"),
            ('timeout = "3 s"', "timeout", "'3 s'", "a number above 0"),
            ("seed = 'x'", "seed", "'x'", "a whole number, 0 or more"),
            ("pollution = 'always'", "pollution", "'always'", "'class' or 'test' or 'off'"),
            ("source = ['pkg', 1]", "source", "['pkg', 1]", "a list of strings"),
        )
        for line, key, value, wanted in cases:
            with self.subTest(line=line):
                words = self.refusal(f"[tool.runner]\n{line}")
                self.assertTrue(words.startswith(f"{key} in [tool.runner] of "), words)
                self.assertTrue(words.endswith(f" is {value}; it must be {wanted}"), words)

    def test_no_table(self):
        """A `runner`, or a `tool`, that is no table is refused."""
        for text in ("tool = 3", "[tool]\nrunner = 'x'", "[[tool.runner]]\nrecord = true"):
            self.assertIn("is not a table", self.refusal(text))

    def test_damaged_files(self):
        """What is not TOML, or not UTF-8, is refused with the place of the error."""
        self.assertIn("is not valid TOML (", self.refusal("[tool.runner\n"))
        self.assertIn("at line 2", self.refusal("[tool.runner]\nrecord = maybe\n"))
        self.assertIn("is not valid TOML (", self.refusal(b"[tool.runner]\npattern = '\xff'\n"))

    def test_a_file_that_cannot_be_read(self):
        """A file whose reading fails is refused with the system's reason."""
        unreadable = Path("/proc/self/mem")
        if not unreadable.is_file():
            self.skipTest("this system has no file that exists and cannot be read from its start")
        (self.root / "pyproject.toml").symlink_to(unreadable)
        with self.assertRaises(OSError):
            (self.root / "pyproject.toml").read_text(encoding="utf-8")
        with self.assertRaisesRegex(SettingsError, r"cannot be read \(Input/output error\)"):
            read_settings(self.root)


class FindRoot(Project):
    """The nearest folder upwards with a pyproject.toml, else with .git, else the folder itself."""

    def make(self, *folders: str) -> Path:
        deepest = self.root.joinpath(*folders)
        deepest.mkdir(parents=True)
        return deepest

    def test_the_nearest_pyproject(self):
        """The nearest pyproject.toml wins, from the folder itself upwards."""
        deep = self.make("outer", "inner", "deep")
        for folder in (self.root, self.root / "outer"):
            (folder / "pyproject.toml").touch()
        self.assertEqual(find_root(deep), self.root / "outer")
        (deep / "pyproject.toml").touch()
        self.assertEqual(find_root(deep), deep)

    def test_a_pyproject_further_up_beats_git(self):
        """A pyproject.toml is looked for all the way up before .git is."""
        deep = self.make("outer", "inner")
        (self.root / "pyproject.toml").touch()
        (self.root / "outer" / ".git").mkdir()
        self.assertEqual(find_root(deep), self.root)

    def test_git(self):
        """Without a pyproject.toml the nearest .git decides; it is a file in a work tree."""
        deep = self.make("outer", "inner")
        (self.root / "outer" / ".git").touch()
        self.assertEqual(find_root(deep), self.root / "outer")

    def test_neither(self):
        """Without either, the folder itself is the root, with its links resolved."""
        deep = self.make("outer")
        (self.root / "link").symlink_to(deep)
        if any((folder / mark).exists() for folder in deep.parents for mark in ("pyproject.toml", ".git")):
            self.skipTest("the temporary folder lies inside a project")
        self.assertEqual(find_root(self.root / "link"), deep)

    def test_settings_come_from_the_root(self):
        """From a deep folder, the settings of the project are read, and the root is theirs."""
        deep = self.make("outer", "inner")
        (self.root / "pyproject.toml").write_text("[tool.runner]\nrecord = true\n", encoding="utf-8")
        self.assertEqual(read_settings(deep), Settings(self.root, record=True))


if __name__ == "__main__":
    unittest.main()
