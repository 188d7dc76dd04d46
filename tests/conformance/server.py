"""Run `runner test` many times: load the command line once, then fork for each; a script that reads JSON and answers in JSON.

A row costs a tenth of what a new interpreter would. Each is marked in its environment, by which what it leaves behind is found.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SETTLING_S = 2.0


def main() -> None:
    """Answer the one question that stands in standard input."""
    from runner.cli import main as command_line
    from runner.commands import test as _test  # noqa: F401 (loaded before the forks)

    question = json.load(sys.stdin)
    orders: list[dict[str, Any]] = question["orders"]
    codes: dict[int, int | None] = {}
    waiting = list(enumerate(orders))
    running: dict[int, tuple[int, float]] = {}
    while waiting or running:
        while waiting and len(running) < question["at_once"]:
            number, order = waiting.pop(0)
            running[_start(order, question["mark"], command_line)] = number, time.monotonic() + question["hang_s"]
        for pid in list(running):
            number, deadline = running[pid]
            _interrupt(pid, orders[number])
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                codes[number] = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > deadline:
                codes[number] = None
                os.killpg(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            else:
                continue
            del running[pid]
        time.sleep(0.005)
    left = _left(question["mark"], [order["folder"] for order in orders])
    answers = [{"exit_code": codes[number], "left": left.get(order["folder"], [])} for number, order in enumerate(orders)]
    json.dump(answers, sys.stdout)


def _start(order: dict[str, Any], mark: str, command_line: Any) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.setpgid(0, 0)
        os.environ[mark] = order["folder"]
        os.chdir(order["folder"])
        for descriptor, name in ((0, os.devnull), (1, "ours.jsonl"), (2, "screen.txt")):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC), descriptor)
        sys.argv[:] = order["arguments"]
        command_line()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _interrupt(pid: int, order: dict[str, Any]) -> None:
    """Send Ctrl-C once the diary holds the line."""
    line = order["interrupt_after"]
    diary = Path(order["folder"], "diary.txt")
    if line is not None and diary.exists() and line in diary.read_text().splitlines():
        order["interrupt_after"] = None
        os.kill(pid, signal.SIGINT)


def _left(mark: str, folders: list[str]) -> dict[str, list[str]]:
    """Find, and end, processes that a row left behind; one that was killed a moment ago has some time to go."""
    deadline = time.monotonic() + _SETTLING_S
    while (found := list(_marked(mark, folders))) and time.monotonic() < deadline:
        time.sleep(0.05)
    left: dict[str, list[str]] = {}
    for pid, folder, command in found:
        os.kill(pid, signal.SIGKILL)
        left.setdefault(folder, []).append(command)
    return left


def _marked(mark: str, folders: list[str]) -> Iterator[tuple[int, str, str]]:
    own = set(folders)
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:  # gone, or somebody else's
            continue
        for variable in environment:
            name, _, folder = os.fsdecode(variable).partition("=")
            if name == mark and folder in own:
                yield int(entry.name), folder, command


if __name__ == "__main__":
    main()
