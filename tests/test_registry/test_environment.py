"""What surrounds a run: environment, code, git, and a command line without secrets."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import types
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import sqlalchemy

import registry
from registry import environment as surroundings
from registry.environment import capture_environment, capture_git, code_files, imported_code, project_root, redact_argv
from registry.records import GitState

from .factories import finish, python


class FolderCase(unittest.TestCase):
    def setUp(self):
        self.root = Path(self.enterContext(TemporaryDirectory(prefix="project-"))).resolve()

    def write(self, path: str, text: str = "") -> Path:
        """Write a file and the folders it lies in."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def git(self, *arguments: str) -> None:
        """Run git in the folder, with a set-up of its own."""
        who = (
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@example.org",
            "-c",
            "commit.gpgsign=false",
            "-c",
            "init.defaultBranch=main",
        )
        subprocess.run(["git", *who, *arguments], cwd=self.root, check=True, capture_output=True)

    def committed(self) -> None:
        """Make the folder a repository with one commit of all that is there."""
        self.git("init")
        self.git("add", "--all")
        self.git("commit", "--allow-empty", "-m", "first")

    def fake_git(self, script: str) -> None:
        """Put another program of that name before git."""
        folder = self.root / "bin"
        folder.mkdir()
        (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "git").chmod(0o755)
        self.enterContext(mock.patch.dict(os.environ, {"PATH": f"{folder}:{os.environ['PATH']}"}))


class EnvironmentFacts(unittest.TestCase):
    """Python, machine, packages, variables."""

    def test_python_and_packages(self):
        """The version of Python and the installed distributions are those of this interpreter."""
        found = capture_environment()
        self.assertEqual(found.python, ".".join(map(str, sys.version_info[:3])))
        self.assertEqual(found.packages["sqlalchemy"], sqlalchemy.__version__)

    def test_machine(self):
        """CPU model, cores and memory are told."""
        machine = capture_environment().machine
        self.assertTrue(machine["cpu"])
        self.assertGreaterEqual(int(machine["cores"]), 1)
        self.assertGreater(int(machine["memory_bytes"]), 2**20)

    def test_only_listed_variables(self):
        """Variables that decide numbers are recorded, and no other: no secret gets in."""
        planted = {
            "OMP_NUM_THREADS": "3",
            "MKL_CBWR": "AVX2",
            "PYTHONHASHSEED": "0",
            "AWS_SECRET_ACCESS_KEY": "hunter2",
            "HOME": "/x",
        }
        with mock.patch.dict(os.environ, planted):
            found = capture_environment()
        self.assertLessEqual({"OMP_NUM_THREADS": "3", "MKL_CBWR": "AVX2", "PYTHONHASHSEED": "0"}.items(), found.variables.items())
        self.assertNotIn("hunter2", repr(found))
        self.assertNotIn("HOME", found.variables)

    def test_it_is_quick(self):
        """Capturing takes less than 60 milliseconds, the best of five."""
        times = []
        for _ in range(5):
            began = time.perf_counter()
            capture_environment()
            times.append(time.perf_counter() - began)
        self.assertLess(min(times), 0.06)


class Roots(FolderCase):
    """The project's root."""

    def test_markers(self):
        """A pyproject.toml above goes before a nearer .git, which goes before the folder itself."""
        deep = self.root / "a" / "b"
        deep.mkdir(parents=True)
        (self.root / "a" / ".git").mkdir()
        self.assertEqual(project_root(deep), self.root / "a")
        self.write("pyproject.toml")
        self.assertEqual(project_root(deep), self.root)


class Code(FolderCase):
    """The project's Python files."""

    def setUp(self):
        super().setUp()
        for path in (
            "a.py",
            "pkg/b.py",
            "notes.txt",
            ".venv/c.py",
            "env/d.py",
            "node_modules/e.py",
            ".hidden/f.py",
            "pkg/__pycache__/g.py",
        ):
            self.write(path, path)
        self.write("env/pyvenv.cfg")
        (self.root / "link.py").symlink_to(self.root / "a.py")

    def test_by_walking(self):
        """Outside a repository the folder is walked; environments, hidden folders and links are left out."""
        self.assertIsNotNone(capture_git(self.root).reason, "the folder lies in no repository")
        expected = {path: hashlib.sha256(path.encode()).hexdigest() for path in ("a.py", "pkg/b.py")}
        self.assertEqual(code_files(self.root), expected)

    def test_by_git(self):
        """In a repository untracked files count, and ignored or deleted ones do not."""
        self.write(".gitignore", "env/\nignored.py\n")
        self.committed()
        for path in ("new.py", "ignored.py", "größe.py"):
            self.write(path)
        (self.root / "pkg" / "b.py").unlink()
        self.assertEqual(list(code_files(self.root)), ["a.py", "größe.py", "new.py"])

    def test_a_folder_that_git_ignores(self):
        """A project inside an ignored folder of another repository is walked."""
        self.write(".gitignore", "*\n")
        self.git("init")
        self.assertIn("pkg/b.py", code_files(self.root))

    def test_too_many_files(self):
        """Past the limit nothing is recorded, rather than a part."""
        with mock.patch.object(surroundings, "CODE_FILES_LIMIT", 1):
            self.assertEqual(code_files(self.root), {})

    def test_imported_files(self):
        """Of the imported modules those below the root count, virtual environments and built-in ones left out."""
        paths = {"a": "a.py", "b": "pkg/b.py", "c": ".venv/c.py", "gone": "gone.py", "outside": "../x.py"}
        modules = {"sys": sys, "none": types.ModuleType("none")}
        for name, path in paths.items():
            modules[name] = types.ModuleType(name)
            modules[name].__file__ = str(self.root / path)
        found = imported_code(self.root, modules)
        self.assertEqual(found, {path: hashlib.sha256(path.encode()).hexdigest() for path in ("a.py", "pkg/b.py")})


class Git(FolderCase):
    """What git tells, and what it cannot."""

    def test_a_clean_tree(self):
        """Commit and branch are told, and a clean tree is not dirty."""
        self.write("a.py")
        self.committed()
        found = capture_git(self.root)
        self.assertRegex(found.commit, "^[0-9a-f]{40}$")
        self.assertEqual((found.branch, found.dirty, found.reason), ("main", False, None))

    def test_dirty_trees(self):
        """A changed file and an untracked file each make the tree dirty, seen from a folder below too."""
        self.write("pkg/a.py")
        self.committed()
        new = self.write("new.py")
        self.assertIs(capture_git(self.root).dirty, True)
        new.unlink()
        self.write("pkg/a.py", "changed")
        self.assertIs(capture_git(self.root / "pkg").dirty, True)

    def test_a_detached_head(self):
        """On a detached head the commit is told and no branch."""
        self.committed()
        self.git("checkout", "--detach")
        found = capture_git(self.root)
        self.assertEqual((found.branch, found.reason, len(found.commit)), (None, None, 40))

    def test_no_commit_yet(self):
        """On an unborn branch the reason says so."""
        self.git("init")
        found = capture_git(self.root)
        self.assertEqual((found.commit, found.branch), (None, "main"))
        self.assertIn("no commit", found.reason)

    def test_no_repository(self):
        """Outside a repository all is None, and the reason is a sentence of ours."""
        self.assertEqual(capture_git(self.root), GitState(reason="the project lies in no git repository"))

    def test_a_repository_that_git_refuses(self):
        """What git says of a repository that it does not enter is quoted as git's."""
        self.fake_git("echo 'fatal: detected dubious ownership in repository' >&2; exit 128")
        self.assertEqual(capture_git(self.root).reason, "git refused: detected dubious ownership in repository")

    def test_no_git(self):
        """Without the program, or without the folder, the reason says so."""
        with mock.patch.dict(os.environ, {"PATH": str(self.root)}):
            self.assertIn("cannot be started", capture_git(self.root).reason)
        self.assertIn("cannot be started", capture_git(self.root / "none").reason)

    def test_a_git_that_hangs(self):
        """A git that hangs, with a child that holds its output, is given up after two seconds."""
        self.fake_git("sleep 60 & sleep 60")
        began = time.perf_counter()
        self.assertIn("did not answer", capture_git(self.root).reason)
        self.assertLess(time.perf_counter() - began, 4)

    def test_a_git_that_floods(self):
        """A git that prints without end, or rubbish, gives a reason and no error."""
        for script in ("head -c 40000000 /dev/zero", "printf '\\377\\376\\n'", "printf 'broken\\377' >&2; exit 128"):
            with self.subTest(script=script), TemporaryDirectory() as folder:
                self.root = Path(folder)
                self.fake_git(script)
                self.assertIsNotNone(capture_git(self.root).reason)

    def test_the_repository_runs_nothing(self):
        """A repository whose configuration names a monitor program does not get it run, and nobody's variables redirect git."""
        marker = self.root / "ran"
        program = self.write("monitor.sh", f"#!/bin/sh\ntouch {marker}\n")
        program.chmod(0o755)
        self.committed()
        self.git("config", "core.fsmonitor", str(program))
        self.git("status")
        self.assertTrue(marker.exists(), "the monitor works where it is let")
        marker.unlink()
        with mock.patch.dict(os.environ, {"GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/nowhere"}):
            self.assertIsNotNone(capture_git(self.root).commit)
        self.assertFalse(marker.exists())

    def test_it_takes_no_locks(self):
        """Asking changes nothing in the repository's own folder."""
        self.write("a.py")
        self.committed()
        os.utime(self.root / "a.py", (1, 1))
        index = (self.root / ".git" / "index").read_bytes()
        self.assertIs(capture_git(self.root).dirty, False)
        self.assertEqual((self.root / ".git" / "index").read_bytes(), index)


class Redaction(unittest.TestCase):
    """Secrets in a command line."""

    def test_secrets_are_masked(self):
        """By the option's name, after an equals sign, in URLs, and by the shape of known tokens."""
        argv = (
            *(
                "train.py",
                "--password",
                "hunter2",
                "--token=hunter2",
                "--api-key",
                "hunter2",
                "AUTH_TOKEN=hunter2",
                "--db-password=hunter2",
            ),
            *(
                "--registry",
                "postgresql://me:hunter2@host/runs",
                "https://hunter2@host/x",
                "https://host/x?access_token=hunter2&a=1",
            ),
            *("--tag", "secret=hunter2", "ghp_" + "hunter2" * 4, "AKIA" + "HUNTER2X" * 2),
        )
        found = redact_argv(argv)
        self.assertNotIn("hunter2", " ".join(found).lower())
        self.assertEqual(len(found), len(argv))
        self.assertIn("postgresql://me:***@host/runs", found)

    def test_spellings(self):
        """Names in one word, in humps and in capitals are known, and the token of a header."""
        for argv in (
            ("--accessToken", "abc"),
            ("--dbpassword=abc",),
            ("PGPASSWORD=abc",),
            ("--wandb-key", "abc"),
            ("--npm-token", "abc"),
            ("--header", "Authorization: Bearer abc"),
            ("--bearer", "abc"),
        ):
            with self.subTest(argv=argv):
                self.assertNotIn("abc", " ".join(redact_argv(argv)))

    def test_the_rest_is_kept(self):
        """What only resembles a secret stays as it is."""
        argv = (
            "runner",
            "test",
            "-k",
            "token",
            "--seed",
            "42",
            "tests.test_password",
            "--max-tokens",
            "5",
            "--max-token",
            "512",
            "--author=me",
            "a=b",
            "--token",
        )
        self.assertEqual(redact_argv(argv), argv)


class ClosedFolders(FolderCase):
    """Folders that may not be entered."""

    def test_they_are_passed_over(self):
        """A refusal to look into a folder is no failure; as root only a faked one can be had."""
        self.write("a.py")
        self.write("closed/b.txt")
        with mock.patch("os.stat", side_effect=PermissionError(13, "denied")):
            self.assertRaises(PermissionError, os.stat, self.root)
            self.assertEqual(list(surroundings._walk(self.root)), ["a.py"])


class Laziness(unittest.TestCase):
    """`import registry` costs nothing."""

    def test_nothing_heavy_is_loaded(self):
        """The names of the package are there, and neither SQLAlchemy nor SQLite is loaded until a registry is opened."""
        code = """
import sys
before = set(sys.modules)  # measuring coverage loads SQLite itself
import registry
assert "open" in dir(registry) and registry.check_name("x") is None and registry.Outcome.PASSED == "passed"
assert all(hasattr(registry, name) for name in registry.__all__ if name not in ("open", "ActiveRun", "Registry"))
assert issubclass(registry.RunNotFound, registry.RegistryError) and registry.Coverage and registry.Dataset
import registry.records, registry.errors, registry.storage.content, registry.environment, registry.naming
print([name for name in ("sqlalchemy", "sqlite3", "alembic") if name in set(sys.modules) - before])
"""
        self.assertEqual(finish(python(code)), (0, "[]\n", ""))

    def test_opening_loads_no_alembic_and_no_orm(self):
        """An existing registry is opened, written and read without Alembic and without SQLAlchemy's ORM."""
        with TemporaryDirectory() as folder:
            registry.open(f"{folder}/runs.db").close()
            code = """
import sys, registry
with registry.open(sys.argv[1]) as opened:
    with opened.start_run("test", code={}) as run:
        run.log_metric("x", 1)
    opened.details(opened.find_run("latest"))
print([name for name in ("alembic", "sqlalchemy.orm") if name in sys.modules])
"""
            self.assertEqual(finish(python(code, f"{folder}/runs.db")), (0, "[]\n", ""))

    def test_unknown_names(self):
        """A name that is not there raises what modules raise."""
        with self.assertRaisesRegex(AttributeError, "no attribute 'nothing'"):
            registry.nothing  # noqa: B018 - the look-up is what is tested
        self.assertLessEqual({"open", "Registry", "ActiveRun"}, set(dir(registry)))
