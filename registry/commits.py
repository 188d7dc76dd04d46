"""The commits between two runs, as the git executable tells them: bounded, and never an error."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from registry.git import ask_git
from registry.origin import SHORT_HASH, Commit, CommitRange, Relation

LISTED = 200
"""Commits that are read of one way; the rest is only counted."""

FILES = 1_000
"""Files that are kept of one commit."""

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LOG = ("log", "-c", "-z", "--name-only", "--no-renames", "--no-show-signature", "--encoding=UTF-8", "--format=%x01%H%x00%s%x00")


def commits_between(root: Path, a: str, b: str) -> CommitRange:
    """Return the commits from one to another, with their subjects and the files that they touch.

    Args:
        root: The folder to which the paths of the answer are relative; it lies in the repository.
        a: Full hash of the commit of the reference.
        b: Full hash of the other one.
    """
    missing = next((commit for commit in (a, b) if not has_commit(root, commit)), None)
    if missing is not None:
        return CommitRange(Relation.UNKNOWN, reason=_why_missing(root, missing))
    output, reason = ask_git(root, "rev-list", "--left-right", "--count", f"{a}...{b}", "--")
    numbers = (output or b"").split()
    if len(numbers) != 2:  # noqa: PLR2004 - only in A, only in B
        return CommitRange(Relation.UNKNOWN, reason=reason or "git gave an answer that is not understood")
    only_a, only_b = map(int, numbers)
    if not only_a and not only_b:
        return CommitRange(Relation.SAME, number=0)
    if only_a and only_b and _is_cut_off(root, a, b):
        return CommitRange(
            Relation.UNKNOWN, reason="this clone is shallow; `git fetch --unshallow` brings the commits that it lacks"
        )
    relation = Relation.DIVERGED if only_a and only_b else Relation.AHEAD if only_b else Relation.BEHIND
    way = f"{b}..{a}" if relation is Relation.BEHIND else f"{a}..{b}"
    return CommitRange(relation, _listed(root, way), only_b or only_a, only_a if only_b else 0)


def has_commit(root: Path, commit: str) -> bool:
    """Tell whether a full hash is a commit of the repository around a folder."""
    return bool(_HASH.fullmatch(commit)) and ask_git(root, "cat-file", "-e", f"{commit}^{{commit}}")[0] is not None


def _is_cut_off(root: Path, a: str, b: str) -> bool:
    """Tell whether two commits seem to have no common ancestor because a clone lacks it."""
    return _is_shallow(root) and ask_git(root, "merge-base", a, b)[0] is None


def _is_shallow(root: Path) -> bool:
    answer, _ = ask_git(root, "rev-parse", "--is-shallow-repository")
    return answer is not None and answer.strip() == b"true"


def _why_missing(root: Path, commit: str) -> str:
    if not _HASH.fullmatch(commit):
        return f"{commit[:40]} is no hash of a commit"
    _, reason = ask_git(root, "rev-parse", "--git-dir")
    if reason is not None:
        return "this folder lies in no git repository" if "not a git repository" in reason else reason
    if _is_shallow(root):
        return f"commit {commit[:SHORT_HASH]} is not in this clone, which is shallow; `git fetch --unshallow` brings it"
    return f"commit {commit[:SHORT_HASH]} is not in this clone; `git fetch` brings it where a remote still has it"


def _listed(root: Path, way: str) -> tuple[Commit, ...]:
    prefix, _ = ask_git(root, "rev-parse", "--show-prefix")
    output, _ = ask_git(root, *_LOG, f"--max-count={LISTED}", way, "--")
    # Where a list with all files is too long or takes too long, the subjects alone still say much.
    if output is None:
        output, _ = ask_git(root, *(word for word in _LOG if word != "--name-only"), "-s", f"--max-count={LISTED}", way, "--")
    return tuple(_parsed(output or b"", os.fsdecode((prefix or b"").rstrip(b"\n"))))


def _parsed(output: bytes, prefix: str) -> Iterator[Commit]:
    for entry in re.split(rb"(?:^|\0)\x01(?=[0-9a-f]{40})", output):
        commit, _, rest = entry.partition(b"\0")
        if not commit:
            continue
        subject, _, names = rest.partition(b"\0")
        files = [os.fsdecode(name.removeprefix(b"\n")) for name in names.split(b"\0")][: FILES + 2]
        yield Commit(
            commit.decode("ascii", "replace"),
            subject.decode("utf-8", "replace"),
            tuple(posixpath.relpath(name, prefix or ".") for name in files if name),
        )


def files_at(root: Path, commit: str, paths: Iterable[str]) -> dict[str, bytes]:
    """Return the contents of files as a commit has them; those that it lacks are left out.

    Args:
        root: The folder to which the paths are relative; it lies in the repository.
        commit: Full hash of the commit.
        paths: The files.
    """
    # The protocol is one line a question; a name with a new line in it cannot be asked for.
    asked = [path for path in paths if "\n" not in path]
    if not asked or not _HASH.fullmatch(commit):
        return {}
    questions = b"".join(os.fsencode(f"{commit}:./{path}\n") for path in asked)
    output, _ = ask_git(root, "cat-file", "--batch", given=questions)
    return dict(_contents(output or b"", asked))


def _contents(output: bytes, asked: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    position = 0
    for path in asked:
        end = output.find(b"\n", position)
        header = output[position:end].split(b" ")
        position = end + 1
        if end < 0 or not header[-1].isdigit():  # such as "... missing"
            continue
        size = int(header[-1])
        yield path, output[position : position + size]
        position += size + 1
