"""Interrupt a small recorded suite at random moments, and look at what each interrupt leaves.

    python tools/interrupt_often.py [--times 150] [--seed 0] [--signal INT|TERM] [--jobs N]

Each round starts `runner test --record` and sends the signal after 0 to 600 ms. The exit code must be 130 (143 for TERM), or 0
where the run was at its end already; no traceback may be seen, of the workers neither; and afterwards no run may be `running`.
Until Python has come to the first line of the program, nobody but Python itself can answer: those rounds count as too early.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

_SPREAD_S = 0.6
_TOO_EARLY = "too early"
_SUITE = """
import time, unittest

class Slow(unittest.TestCase):
    def _wait(self):
        time.sleep(0.02)

    test_a = test_b = test_c = test_d = test_e = test_f = test_g = test_h = test_i = test_j = _wait

class Other(Slow):
    pass
"""


def interrupted(folder: Path, jobs: str, delay_s: float, number: signal.Signals) -> tuple[int, str, str]:
    """Interrupt one run after a delay; return its exit code and what it wrote."""
    command = [sys.executable, "-m", "runner", "test", "--record", "-j", jobs]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(delay_s)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


def what_is_wrong(code: int, output: str, errors: str, expected: int) -> str | None:
    """Name what must not be, if anything."""
    if "runner/" not in errors and (code == -signal.SIGINT or "KeyboardInterrupt" in errors):
        return _TOO_EARLY
    if code not in {expected, 0}:
        return f"exit code {code}"
    if "Traceback" in output + errors or "Exception ignored" in errors:
        return "a traceback"
    return None


def main() -> None:
    """Interrupt, count, and end with 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--signal", choices=("INT", "TERM"), default="INT")
    parser.add_argument("--jobs", default="1")
    arguments = parser.parse_args()
    number = signal.Signals[f"SIG{arguments.signal}"]
    moments = random.Random(arguments.seed)
    codes: Counter[int] = Counter()
    wrong = early = 0
    with tempfile.TemporaryDirectory(prefix="runner-interrupts-") as name:
        folder = Path(name)
        (folder / "pyproject.toml").touch()
        (folder / "test_slow.py").write_text(_SUITE)
        subprocess.run([sys.executable, "-m", "runner", "test", "--record"], cwd=folder, check=True, capture_output=True)
        for _ in range(arguments.times):
            delay_s = moments.random() * _SPREAD_S
            code, output, errors = interrupted(folder, arguments.jobs, delay_s, number)
            codes[code] += 1
            problem = what_is_wrong(code, output, errors, 128 + number)
            early += problem == _TOO_EARLY
            if problem not in {None, _TOO_EARLY}:
                wrong += 1
                print(f"{problem} after {delay_s * 1000:.0f} ms:\n{output}{errors}")
        listed = subprocess.run(
            [sys.executable, "-m", "runner", "runs", "--format", "json"], cwd=folder, check=True, capture_output=True, text=True
        )
    statuses = Counter(run["status"] for run in json.loads(listed.stdout)["runs"])
    print(f"exit codes {dict(codes)}, runs {dict(statuses)}, {early} too early, {wrong} wrong")
    raise SystemExit(bool(wrong) or bool(set(statuses) - {"finished", "interrupted"}))


if __name__ == "__main__":
    main()
