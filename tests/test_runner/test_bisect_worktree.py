"""The work tree of a bisection, with real git."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from runner.commands._bisect_worktree import Worktree, repository_top, worktree
from runner.errors import NothingToBisect, UsageError

from .projects import Project, ProjectCase
from .repositories import Repository


class WorktreeCase(ProjectCase):
    """A test case with a repository of five commits on one line, whose numbers stand in a file."""

    home: Project
    repository: Repository
    hashes: list[str]

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project()
        cls.repository = Repository(cls.home)
        cls.hashes = [cls.repository.commit(f"Commit {number}", {"n": str(number)}) for number in range(5)]

    def setUp(self):
        temporary = self.enterContext(TemporaryDirectory(prefix="runner-empty-"))
        self.temporary = Path(temporary)
        self.enterContext(mock.patch("tempfile.tempdir", temporary))

    def search(self, tree: Worktree, good: str, bad: str, first_bad: int) -> list[int]:
        """Bisect by the number in the file, and return the numbers that were tried and the one that was found."""
        tried, stand = [], tree.start(good, bad)
        while stand.commit is not None:
            tree.check_out(stand.commit)
            tried.append(int((tree.folder / "n").read_text(encoding="utf-8")))
            stand = tree.tell("bad" if tried[-1] >= first_bad else "good")
        (found,) = stand.first_bad
        return [*tried, self.hashes.index(found)]


class Searching(WorktreeCase):
    """The way to the first bad commit."""

    def test_each_place(self):
        """Wherever the first bad commit is, it is found within two steps."""
        for first_bad in range(1, 5):
            with self.subTest(first_bad), worktree(self.home.root, self.hashes[-1]) as tree:
                *tried, found = self.search(tree, self.hashes[0], self.hashes[4], first_bad)
                self.assertEqual(found, first_bad)
                self.assertLessEqual(len(tried), 2)

    def test_neighbours(self):
        """Between two commits that follow each other nothing is to be tried."""
        with worktree(self.home.root, self.hashes[-1]) as tree:
            self.assertEqual(self.search(tree, self.hashes[2], self.hashes[3], 3), [3])

    def test_what_a_trial_leaves(self):
        """Files that a test changed, made, or hid from git neither stop the next step nor reach it."""
        with worktree(self.home.root, self.hashes[-1]) as tree:
            for path in ("n", "new.py", "__pycache__/n.pyc"):
                (tree.folder / path).parent.mkdir(exist_ok=True)
                (tree.folder / path).write_text("left", encoding="utf-8")
            tree.check_out(self.hashes[1])
            left = sorted(path.name for path in tree.folder.iterdir() if path.name != ".git")
            self.assertEqual(left, [".gitignore", "n", "pyproject.toml"])
            self.assertEqual((tree.folder / "n").read_text(encoding="utf-8"), "1")

    def test_the_common_ancestor_is_bad(self):
        """Where the good run mended what both come from, there is no commit that broke it, and that is said."""
        self.repository.git("checkout", "--quiet", "-b", "mended", self.hashes[2])
        mended = self.repository.commit("Mended", {"n": "0"})
        self.repository.git("checkout", "--quiet", "main")
        with worktree(self.home.root, self.hashes[-1]) as tree, self.assertRaisesRegex(NothingToBisect, "mended in the good one"):
            self.search(tree, mended, self.hashes[4], 1)

    def test_subject_and_files(self):
        """A commit is described by its subject and the files it touched, also the first one of all."""
        with worktree(self.home.root, self.hashes[-1]) as tree:
            self.assertEqual(tree.describe(self.hashes[3]).files, ("n",))
            self.assertEqual(tree.describe(self.hashes[0]).subject, "Commit 0")
            self.assertIn("pyproject.toml", tree.describe(self.hashes[0]).files)


class Submodules(WorktreeCase):
    """Repositories in the repository."""

    def test_as_each_commit_names_them(self):
        """A submodule is what each commit says, taken from the user's own copy; his configuration and tree stay as they are."""
        other = Repository(self.project())
        other.commit("One", {"part.py": "1"})
        allowed = ("-c", "protocol.file.allow=always")
        self.repository.git(*allowed, "submodule", "--quiet", "add", "--name", "odd name", str(other.project.root), "vendor/part")
        first = self.repository.commit("With part 1", {})
        inner = Repository.__new__(Repository)
        inner.project = Project(self.home.root / "vendor" / "part")
        inner.commit("Two, that no remote has", {"part.py": "2"})
        second = self.repository.commit("With part 2", {})
        before = (self.home.root / ".git" / "config").read_text(encoding="utf-8")
        with worktree(self.home.root, second) as tree:
            held = []
            for commit in (first, second, self.hashes[0], second):
                tree.check_out(commit)
                part = tree.folder / "vendor" / "part" / "part.py"
                held.append(part.read_text(encoding="utf-8") if part.exists() else None)
        self.assertEqual(held, ["1", "2", None, "2"])
        self.assertEqual((self.home.root / ".git" / "config").read_text(encoding="utf-8"), before)
        self.assertEqual(self.repository.git("status", "--porcelain"), "")
        self.assertEqual(len(self.repository.git("worktree", "list").splitlines()), 1)


class Leaving(WorktreeCase):
    """What is left afterwards."""

    def assert_gone(self) -> None:
        """Assert that neither the folder nor git's knowledge of it is left."""
        self.assertEqual(list(self.temporary.iterdir()), [])
        self.assertEqual(len(self.repository.git("worktree", "list").splitlines()), 1)
        self.assertEqual(self.repository.git("for-each-ref", "refs/bisect", "refs/worktree"), "")

    def test_after_an_error(self):
        """The tree is gone after an interrupt in the middle of a bisection."""
        with self.assertRaises(KeyboardInterrupt), worktree(self.home.root, self.hashes[-1]) as tree:
            tree.start(self.hashes[0], self.hashes[4])
            raise KeyboardInterrupt
        self.assert_gone()

    def test_a_tree_that_git_does_not_know_any_more(self):
        """A tree that lost its link to the repository is gone as well."""
        with worktree(self.home.root, self.hashes[-1]) as tree:
            (tree.folder / ".git").unlink()
        self.assert_gone()

    def test_a_bisection_of_the_users(self):
        """One that is going on in the user's own tree stays as it is, and the hooks of the repository do not run."""
        hook = self.home.root / ".git" / "hooks" / "post-checkout"
        hook.write_text(f"#!/bin/sh\ntouch {self.home.root}/hooked\n")
        self.repository.git("bisect", "start", self.hashes[4], self.hashes[1])
        hook.chmod(0o755)
        before = self.repository.git("bisect", "log")
        with worktree(self.home.root, self.hashes[-1]) as tree:
            self.search(tree, self.hashes[0], self.hashes[4], 2)
        self.assertEqual(self.repository.git("bisect", "log"), before)
        self.assertFalse((self.home.root / "hooked").exists())
        hook.unlink()
        self.repository.git("bisect", "reset")

    def test_a_commit_that_is_not_there(self):
        """A tree that cannot be made is a sentence, and leaves nothing."""
        with self.assertRaisesRegex(NothingToBisect, "cannot make a work tree"), worktree(self.home.root, "0" * 40):
            pass
        self.assert_gone()

    def test_no_repository(self):
        """Outside every repository there is no top."""
        with self.assertRaisesRegex(UsageError, "no git repository"):
            repository_top(self.temporary)
        self.assertEqual(os.fspath(repository_top(self.home.root)), os.fspath(self.home.root))
