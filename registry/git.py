"""Ask the git executable about a work tree, bounded in time and output, so that nothing a repository holds can stop a run."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from pathlib import Path

from registry.records import GitState

TIMEOUT_S = 2.0
"""How long one call of git may last."""

LONG_TIMEOUT_S = 60.0
"""How long it may last where the user asked for its answer."""

_OUTPUT_LIMIT_BYTES = 16 << 20
_NO_REPOSITORY = "the project lies in no git repository"
# Variables that point git at another repository, run programs, or write traces; the rest of the user's set-up stays.
_REDIRECTING = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_EXTERNAL_DIFF",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_WORK_TREE",
    }
)


def capture_git(root: Path) -> GitState:
    """Return commit, branch and dirtiness of the work tree that a folder lies in; untracked files make it dirty.

    Never an error: where git is absent, refuses, hangs or knows no repository, all is None and `reason` says why.
    """
    output, reason = ask_git(root, "status", "--porcelain=v2", "--branch")
    if output is None:
        return GitState(reason=_NO_REPOSITORY if reason and "not a git repository" in reason else reason)
    lines = output.decode("utf-8", "backslashreplace").splitlines()
    head = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch.") and " " in line[2:])
    commit, branch = head.get("branch.oid"), head.get("branch.head")
    dirty = any(not line.startswith("#") for line in lines)
    if commit is None or branch is None:
        return GitState(reason="git gave an answer that is not understood")
    if commit == "(initial)":
        return GitState(branch=branch, dirty=dirty, reason="the branch has no commit yet")
    return GitState(commit, None if branch == "(detached)" else branch, dirty)


def list_python_files(root: Path) -> list[str] | None:
    """Return the relative paths of the Python files that git tracks or does not ignore; None where git cannot tell."""
    output, _ = ask_git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.py")
    if output is None or not output.endswith(b"\0"):
        # An empty answer may mean that the whole folder is ignored; then walking it tells more.
        return None
    return list(dict.fromkeys(os.fsdecode(name) for name in output.split(b"\0") if name))


def changed_files(root: Path, commit: str) -> tuple[Path, list[str]] | str:
    """Return what differs between the work tree around a folder and a commit, untracked files too; or why git cannot tell.

    Returns:
        The work tree's top folder, and paths relative to it of files that were changed, added or removed.
    """
    answers = []
    for question in (["--show-toplevel"], ["--verify", "--end-of-options", f"{commit}^{{commit}}"]):
        output, reason = ask_git(root, "rev-parse", *question)
        if output is None:
            return str(reason)
        answers.append(os.fsdecode(output.rstrip(b"\n")))
    top, differing = Path(answers[0]), ["diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", answers[1], "--"]
    paths: list[str] = []
    for question in (differing, ["ls-files", "-z", "--others", "--exclude-standard"]):
        output, reason = ask_git(top, *question, timeout_s=LONG_TIMEOUT_S)
        if output is None:
            return str(reason)
        paths += [os.fsdecode(name) for name in output.split(b"\0") if name]
    return top, list(dict.fromkeys(paths))


def ask_git(root: Path, *arguments: str, timeout_s: float = TIMEOUT_S, given: bytes = b"") -> tuple[bytes | None, str | None]:
    """Return git's output, or None and a reason; nothing is asked of a remote.

    Args:
        root: The folder to ask in.
        arguments: What is typed after `git`.
        timeout_s: How long it may last.
        given: What git reads on its standard input.
    """
    # core.fsmonitor would run a program that the repository names.
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotePath=true", *arguments]
    variables = {
        name: value for name, value in os.environ.items() if name not in _REDIRECTING and not name.startswith("GIT_TRACE")
    }
    variables |= {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    # Files, not pipes: a program that git leaves behind may hold a pipe open for ever.
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        asked.write(given)
        asked.seek(0)
        try:
            process = subprocess.Popen(
                command, cwd=root, env=variables, stdin=asked, stdout=output, stderr=errors, start_new_session=True
            )
        except OSError as error:
            return None, f"git cannot be started: {error.strerror or error}"
        code = _wait(process, timeout_s)
        if code is None:
            return None, f"git did not answer within {timeout_s:g} s"
        output.seek(0)
        errors.seek(0)
        if code:
            said = errors.read(4_096).decode("utf-8", "backslashreplace").strip().splitlines()
            return None, f"git refused: {said[0].removeprefix('fatal: ')}" if said else f"git ended with {code}"
        answer = output.read(_OUTPUT_LIMIT_BYTES + 1)
    return (answer, None) if len(answer) <= _OUTPUT_LIMIT_BYTES else (None, "git's answer is too long")


def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> int | None:
    """Return the exit code; a process that outlasts the limit is ended with all that it started."""
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
