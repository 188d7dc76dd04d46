"""A git work tree of its own for a bisection: the user's tree, branches and bisections stay as they are."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from registry.git import ask_git
from registry.origin import Commit
from runner.commands.surroundings import signals_held
from runner.errors import NothingToBisect, UsageError

if TYPE_CHECKING:
    from runner.report.bisection import Word

TIMEOUT_S = 600.0
"""How long git may take to write a work tree."""


# A hook of the user's would run at each step.
_QUIETLY = ("-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false")
_FOUND = re.compile(r"^# first bad commit: \[([0-9a-f]+)\]", re.MULTILINE)
_POSSIBLE = re.compile(r"^# possible first bad commit: \[([0-9a-f]+)\]", re.MULTILINE)
_STEPS = re.compile(r"\(roughly (\d+) steps?\)")


@dataclass(frozen=True, slots=True)
class Stand:
    """How far a bisection is.

    Attributes:
        commit: What to test next; None where it has ended.
        first_bad: The commit that was found, or those among which it is where the others could not be tested.
        steps_left: About how many steps are left after this one.
    """

    commit: str | None
    first_bad: tuple[str, ...] = ()
    steps_left: int = 0


class Worktree:
    """A work tree in a temporary folder, with a bisection of its own.

    Attributes:
        folder: Its top.
    """

    def __init__(self, folder: Path, top: Path) -> None:
        self.folder = folder
        self._top = top

    def check_out(self, commit: str) -> None:
        """Make the tree what a commit holds, submodules included, and nothing else."""
        self._clean()
        self._git("checkout", "--quiet", "--detach", commit)
        # A submodule that this commit does not have is left by git.
        self._clean()
        self._fill_submodules()

    def start(self, good: str, bad: str) -> Stand:
        """Start the bisection."""
        self._clean()
        return self._asked("start", bad, good)

    def tell(self, word: Word) -> Stand:
        """Tell what the commit that is checked out is."""
        self._clean()
        return self._asked(word)

    def describe(self, commit: str) -> Commit:
        """Return subject and files of a commit; of a merge what it brings."""
        subject = self._git("log", "-1", "--no-show-signature", "--encoding=UTF-8", "--format=%s", commit).strip()
        names = self._git("diff-tree", "--root", "-r", "-m", "--first-parent", "--no-commit-id", "--name-only", "-z", commit)
        return Commit(commit, subject, tuple(name for name in names.split("\0") if name))

    def _asked(self, *words: str) -> Stand:
        output, reason = ask_git(self.folder, *_QUIETLY, "bisect", *words, timeout_s=TIMEOUT_S)
        # Where only commits are left that could not be tested git ends with a code of its own, and its log tells which.
        log = self._git("bisect", "log")
        found = _FOUND.findall(log) or _POSSIBLE.findall(log)
        if found:
            return Stand(None, tuple(found))
        if output is None and "merge base" in str(reason):
            raise NothingToBisect(
                "the commit from which both runs come is bad already, so it was mended in the good one and not broken in the bad "
                "one; name an older run with --good"
            )
        if output is None:
            raise NothingToBisect(f"git cannot go on with the bisection: {reason}; look at these commits by hand")
        steps = _STEPS.search(os.fsdecode(output))
        return Stand(self._git("rev-parse", "HEAD").strip(), steps_left=int(steps[1]) if steps else 0)

    def _fill_submodules(self) -> None:
        """Fill the submodules from the user's own copies of them: nothing is asked of a remote.

        One that cannot be filled stays empty, and what needs it cannot be tested.
        """
        listed, _ = ask_git(self.folder, "config", "-z", "--file", ".gitmodules", "--get-regexp", r"^submodule\..*\.path$")
        for entry in filter(None, os.fsdecode(listed or b"").split("\0")):
            key, _, path = entry.partition("\n")
            own = self._top / path
            if (own / ".git").exists():
                local = ("-c", f"{key.removesuffix('.path')}.url={own}", "-c", "protocol.file.allow=always")
                update = ("submodule", "--quiet", "update", "--init", "--force", "--", path)
                ask_git(self.folder, *_QUIETLY, *local, *update, timeout_s=TIMEOUT_S)

    def _clean(self) -> None:
        """Take away what tests left: it could keep git from going on, and old byte code could be taken for new."""
        self._git("reset", "--hard", "--quiet")
        self._git("clean", "-ffdx", "--quiet")

    def _git(self, *arguments: str) -> str:
        output, reason = ask_git(self.folder, *_QUIETLY, *arguments, timeout_s=TIMEOUT_S)
        if output is None:
            raise NothingToBisect(f"git cannot go on in the bisection's work tree: {reason}; mend that and try again")
        return os.fsdecode(output)


@contextmanager
def worktree(top: Path, commit: str) -> Iterator[Worktree]:
    """Give a work tree of a repository at a commit; it is removed at the end, however that comes.

    Raises:
        NothingToBisect: git cannot make one.
    """
    holder = Path(tempfile.mkdtemp(prefix="runner-bisect-")).resolve()
    # Git knows its work trees by the names of their folders.
    folder = holder / holder.name
    try:
        _, reason = ask_git(top, *_QUIETLY, "worktree", "add", "--quiet", "--detach", str(folder), commit, timeout_s=TIMEOUT_S)
        if reason is not None:
            raise NothingToBisect(f"git cannot make a work tree for the bisection: {reason}; mend that and try again")
        yield Worktree(folder, top)
    finally:
        with signals_held():
            _remove(top, holder, folder)


def _remove(top: Path, holder: Path, folder: Path) -> None:
    remove = ("worktree", "remove", "--force", "--force", str(folder))
    _, reason = ask_git(top, *_QUIETLY, *remove, timeout_s=TIMEOUT_S)
    shutil.rmtree(holder, ignore_errors=True)
    if reason is not None:
        # A tree that git would not take away it forgets once the folder is gone.
        ask_git(top, *_QUIETLY, *remove)


def repository_top(folder: Path) -> Path:
    """Return the top of the repository around a folder.

    Raises:
        UsageError: There is none.
    """
    output, reason = ask_git(folder, "rev-parse", "--show-toplevel")
    if output is None:
        why = "this folder lies in no git repository" if "not a git repository" in str(reason) else str(reason)
        raise UsageError(f"there are no commits to bisect: {why}; run it in the repository whose tests were recorded")
    return Path(os.fsdecode(output.rstrip(b"\n"))).resolve()
