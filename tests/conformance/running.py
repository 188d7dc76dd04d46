"""Put rows before a runner and see what comes of them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from .case import Case, Results

HANG_S = 40.0
MARK = "CONFORMANCE_ROW"
_ORACLE = Path(__file__).with_name("oracle.py")
_SERVER = Path(__file__).with_name("server.py")
_PAIRS = os.cpu_count() or 2


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a row.

    Attributes:
        exit_code: None where it did not end in time; negative where a signal killed the runner.
        left: Command lines of processes that were still there after the end.
    """

    results: Results
    fixtures: tuple[str, ...]
    notes: Mapping[str, int]
    exit_code: int | None
    screen: str = ""
    left: tuple[str, ...] = field(default=())


def run_ours(cases: Sequence[Case], flags: Sequence[str] = (), *, at_once: int = _PAIRS) -> dict[str, Result]:
    """Run `runner test` on every row; one process that has loaded the command line is forked for each."""
    with TemporaryDirectory(prefix="conformance-") as top:
        folders = {case.name: Path(top) / case.name for case in cases}
        orders = []
        for case in cases:
            case.write(folders[case.name])
            limit = () if case.limit_s is None else ("--timeout", str(case.limit_s))
            arguments = ["runner", "test", "--format", "json", *flags, *limit, *case.arguments]
            orders.append({"folder": str(folders[case.name]), "arguments": arguments, "interrupt_after": case.interrupt_after})
        question = json.dumps({"at_once": at_once, "hang_s": HANG_S, "mark": MARK, "orders": orders})
        command = [sys.executable, str(_SERVER)]
        answer = subprocess.run(command, input=question, stdout=subprocess.PIPE, text=True, check=True, start_new_session=True)
        answers = json.loads(answer.stdout)
        return {
            case.name: _ours(folders[case.name], found["exit_code"], found["left"])
            for case, found in zip(cases, answers, strict=True)
        }


def run_plain(cases: Sequence[Case], interpreter: str = sys.executable, *, at_once: int = _PAIRS) -> dict[str, Result]:
    """Run plain unittest on every row that it survives."""

    def run(case: Case) -> tuple[str, Result]:
        with TemporaryDirectory(prefix="conformance-") as folder:
            case.write(Path(folder))
            log = Path(folder) / "plain.jsonl"
            arguments = case.arguments
            if not arguments or arguments[0].startswith("-"):
                arguments = ("discover", *arguments)
            code, screen = _finished([interpreter, str(_ORACLE), str(log), *arguments], folder)
            rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
            results = {(name, ordinal): outcome for name, ordinal, outcome in rows if ordinal is not None}
            fixtures = tuple(sorted(f"{outcome} {name}" for name, ordinal, outcome in rows if ordinal is None))
            return case.name, Result(results, fixtures, _diary(folder), code, screen)

    with ThreadPoolExecutor(at_once) as pool:
        return dict(pool.map(run, [case for case in cases if case.plain is None or case.plain.runs]))


def run_command(case: Case, command: Sequence[str], limit_s: float) -> Result:
    """Run any runner in the folder of the row: its exit code, None where it was killed at the limit, and what was noted."""
    with TemporaryDirectory(prefix="conformance-", ignore_cleanup_errors=True) as folder:
        case.write(Path(folder))
        code, screen = _finished(list(command), folder, limit_s, case.interrupt_after)
        return Result({}, (), _diary(folder), code, screen)


def _finished(
    command: list[str], folder: str, limit_s: float = HANG_S, interrupt_after: str | None = None
) -> tuple[int | None, str]:
    """Run a command in a session of its own; whatever is left of it is killed."""
    with Path(folder, "screen.txt").open("w+b") as screen:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=screen, stderr=screen, start_new_session=True
        )
        code = _awaited(process, folder, limit_s, interrupt_after)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        screen.seek(0)
        return code, screen.read().decode("utf-8", "replace")


def _awaited(process: subprocess.Popen[bytes], folder: str, limit_s: float, interrupt_after: str | None) -> int | None:
    """Wait for the end, and press Ctrl-C once the diary holds the line."""
    deadline = time.monotonic() + limit_s
    while interrupt_after is not None and time.monotonic() < deadline and process.poll() is None:
        if interrupt_after in _diary(folder):
            os.killpg(process.pid, signal.SIGINT)
            break
        time.sleep(0.02)
    try:
        return process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None


def _ours(folder: Path, exit_code: int | None, left: Iterable[str]) -> Result:
    results: Results = {}
    fixtures = []
    lines = (folder / "ours.jsonl").read_text(encoding="utf-8")
    for line in lines.splitlines():
        event = json.loads(line)
        if event.get("event") == "finished":
            key = (event["id"], event["ordinal"])
            results[key] = event["outcome"] if key not in results else f"{results[key]} and {event['outcome']}"
        elif event.get("event") == "fixture":
            fixtures.append(f"{event['outcome']} {event['id']}")
    screen = lines + (folder / "screen.txt").read_text(encoding="utf-8", errors="replace")
    return Result(results, tuple(sorted(fixtures)), _diary(folder), exit_code, screen, tuple(left))


def _diary(folder: str | Path) -> dict[str, int]:
    path = Path(folder) / "diary.txt"
    return dict(Counter(path.read_text().splitlines())) if path.exists() else {}
