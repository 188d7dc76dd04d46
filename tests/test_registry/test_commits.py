"""The commits between two runs, from real repositories."""

from __future__ import annotations

import subprocess
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from registry.commits import LISTED, commits_between, files_at
from registry.origin import CommitRange, Relation

from .repositories import Repository


class RepositoryCase(unittest.TestCase):
    """A test case with a repository of three commits, the last of which is `new`."""

    @classmethod
    def setUpClass(cls):
        cls.root = Path(cls.enterClassContext(TemporaryDirectory(prefix="registry-git-"))).resolve()
        cls.repository = Repository(cls.root)
        cls.old = cls.repository.commit("First", a_py="1\n", sub__b_py="1\n")
        cls.middle = cls.repository.commit("Change \x1b[31mé", sub__b_py="2\n", **{"with space.txt": "x"})
        cls.new = cls.repository.commit("Remove nothing", a_py="2\n")


class Ways(RepositoryCase):
    """How two commits stand to each other."""

    def test_forwards(self):
        """From an ancestor to its descendant the commits are listed, the newest first, with subjects and files."""
        way = commits_between(self.root, self.old, self.new)
        self.assertEqual((way.relation, way.number), (Relation.AHEAD, 2))
        self.assertEqual([commit.id for commit in way.commits], [self.new, self.middle])
        self.assertEqual(way.commits[1].subject, "Change \x1b[31mé")
        self.assertEqual(set(way.commits[1].files), {"sub/b.py", "with space.txt"})

    def test_backwards(self):
        """Where B is the older one, the commits that it lacks are listed."""
        way = commits_between(self.root, self.new, self.old)
        self.assertEqual((way.relation, way.number, len(way.commits)), (Relation.BEHIND, 2, 2))

    def test_the_same(self):
        """A commit and itself have nothing between them."""
        self.assertEqual(commits_between(self.root, self.new, self.new), CommitRange(Relation.SAME, number=0))

    def test_parted(self):
        """Where neither is the other's ancestor, the commits of B's side are listed and those of A's counted."""
        self.repository.git("checkout", "--quiet", "-b", "side", self.old)
        side = self.repository.commit("On the side", side_py="1\n")
        self.repository.git("checkout", "--quiet", "main")
        way = commits_between(self.root, self.new, side)
        self.assertEqual((way.relation, way.number, way.apart), (Relation.DIVERGED, 1, 2))
        self.assertEqual([commit.subject for commit in way.commits], ["On the side"])

    def test_a_merge_and_what_it_brings(self):
        """The commits that a merge brings are listed with the merge, which touches nothing of its own."""
        self.repository.git("checkout", "--quiet", "-b", "feature", self.old)
        self.repository.commit("A feature", feature_py="1\n")
        self.repository.git("checkout", "--quiet", "-b", "merging", self.new)
        self.repository.git("merge", "--quiet", "--no-ff", "-m", "Merge it", "feature")
        merge = self.repository.git("rev-parse", "HEAD")
        self.repository.git("checkout", "--quiet", "main")
        listed = {commit.subject: commit.files for commit in commits_between(self.root, self.new, merge).commits}
        self.assertEqual(listed, {"Merge it": (), "A feature": ("feature.py",)})

    def test_paths_are_relative_to_the_project(self):
        """In a project below the repository's top, paths are those of the project, and others lead out of it."""
        (own,), _ = (commit.files for commit in commits_between(self.root / "sub", self.old, self.new).commits)
        self.assertEqual(own, "../a.py")
        touched = commits_between(self.root / "sub", self.old, self.middle).commits[0].files
        self.assertEqual(set(touched), {"b.py", "../with space.txt"})

    def test_a_long_way(self):
        """Of very many commits the newest are listed, and all are counted."""
        entry = "commit refs/heads/long\ncommitter n <e> {0} +0000\ndata 1\nx{1}\n"
        first = f"\nfrom {self.new}"
        text = "".join(entry.format(1_700_000_000 + number, first if number == 0 else "") for number in range(LISTED + 5))
        self.import_commits(text)
        way = commits_between(self.root, self.new, self.repository.git("rev-parse", "long"))
        self.assertEqual((len(way.commits), way.number), (LISTED, LISTED + 5))

    def import_commits(self, text: str) -> None:
        """Make many commits at once."""
        path = self.root / ".git" / "commits"
        path.write_text(text, encoding="utf-8")
        with path.open("rb") as stream:
            subprocess.run(["git", "fast-import", "--quiet"], cwd=self.root, stdin=stream, check=True)


class Unknown(RepositoryCase):
    """What git cannot tell."""

    def test_a_commit_of_another_clone(self):
        """A commit that is not in this clone is named, with what may bring it."""
        way = commits_between(self.root, "0" * 40, self.new)
        self.assertEqual((way.relation, way.commits), (Relation.UNKNOWN, ()))
        self.assertIn("commit 00000000 is not in this clone; `git fetch`", str(way.reason))

    def test_a_shallow_clone(self):
        """Where a clone lacks the commits between, two of its commits are not said to have parted."""
        with TemporaryDirectory() as name:
            clone = Repository(Path(name))
            for commit in (self.old, self.new):
                self.repository.git("branch", "--force", f"shallow-{commit[:8]}", commit)
                clone.git("fetch", "--quiet", "--depth=1", self.root.as_uri(), f"shallow-{commit[:8]}")
            way = commits_between(clone.root, self.old, self.new)
        self.assertEqual((way.relation, way.commits), (Relation.UNKNOWN, ()))
        self.assertIn("this clone is shallow; `git fetch --unshallow`", str(way.reason))

    def test_a_commit_that_a_shallow_clone_lacks(self):
        """Where a pipeline fetched one commit only, the other is said to be missing for that, with what brings it."""
        with TemporaryDirectory() as name:
            clone = Repository(Path(name))
            clone.git("fetch", "--quiet", "--depth=1", self.root.as_uri(), "HEAD")
            way = commits_between(clone.root, self.old, clone.git("rev-parse", "FETCH_HEAD"))
        self.assertIn(f"commit {self.old[:8]} is not in this clone, which is shallow; `git fetch --unshallow`", str(way.reason))

    def test_no_common_commit(self):
        """In a whole clone commits without a common ancestor have parted."""
        other = self.repository.git("commit-tree", "-m", "Other root", f"{self.old}^{{tree}}")
        self.assertEqual(commits_between(self.root, other, self.old).relation, Relation.DIVERGED)

    def test_a_hash_that_is_none(self):
        """What stands in a registry in the place of a hash never becomes an option of git."""
        self.assertIn("is no hash", str(commits_between(self.root, "--output=x", self.new).reason))
        self.assertFalse((self.root / "x").exists())

    def test_no_repository(self):
        """Outside every repository that is said."""
        with TemporaryDirectory() as folder:
            self.assertIn("no git repository", str(commits_between(Path(folder), self.old, self.new).reason))


class Contents(RepositoryCase):
    """Files as a commit has them."""

    def test_files(self):
        """Files are read by their paths in the project; one that the commit lacks is left out."""
        self.assertEqual(files_at(self.root, self.old, ["a.py", "gone.py", "sub/b.py"]), {"a.py": b"1\n", "sub/b.py": b"1\n"})
        self.assertEqual(files_at(self.root / "sub", self.middle, ["b.py"]), {"b.py": b"2\n"})

    def test_nothing_to_ask(self):
        """Without a known commit, or with a name that cannot be asked for, there is nothing."""
        self.assertEqual(files_at(self.root, "0" * 40, ["a.py"]), {})
        self.assertEqual(files_at(self.root, self.old, ["a\n.py"]), {})


if __name__ == "__main__":
    unittest.main()
