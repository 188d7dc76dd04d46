"""What two workers gain: a suite that only computes, and a suite whose every module imports torch. Whole processes.

    python benchmarks/parallel.py [--pairs 3] [--torch-only]

Computing: 200 tests of pure Python at -j 1 and -j 2, against what two bare processes gain over one that does the same work; the
four run in turn, so that whatever else the machine does meets all of them. The bound for the quotient of the gains is 0.92.

torch: 8 modules of tests that multiply matrices for a while. The bound for -j 2 is 1.15 times (the import once + half of the time
that the tests take at -j 1); the import and the tests are timed by themselves in the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

_TESTS, _CLASSES, _LOOPS = 200, 40, 600_000
_BURN = "for _ in range({loops}): number = (number * 1103515245 + 12345) % 2147483648"
_MODULES, _SECONDS = 8, 0.5


def write_computing(folder: Path) -> None:
    """Write 40 classes of 5 tests that compute."""
    burn = f"        number = 1\n        {_BURN.format(loops=_LOOPS)}\n"
    tests = "".join(f"    def test_{number}(self):\n{burn}" for number in range(_TESTS // _CLASSES))
    classes = "".join(f"\nclass Test{number:02}(unittest.TestCase):\n{tests}" for number in range(_CLASSES))
    (folder / "test_computing.py").write_text(f"import unittest\n{classes}")


def write_torch(folder: Path) -> None:
    """Write modules whose tests multiply matrices for half a second each."""
    text = f"""
import time, unittest
import torch

class Multiplying(unittest.TestCase):
    def setUp(self):
        torch.set_num_threads(1)

    def test_some(self):
        end = time.process_time() + {_SECONDS}
        while time.process_time() < end:
            torch.ones(200, 200) @ torch.ones(200, 200)

    test_more = test_some
"""
    for number in range(_MODULES):
        (folder / f"test_{number}.py").write_text(text)


def timed(*commands: list[str], folder: Path) -> float:
    """Run commands beside each other and return the seconds until all are done; one that fails ends the benchmark."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    processes = [
        subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for command in commands
    ]
    for process in processes:
        errors = process.communicate()[1]
        if process.returncode:
            raise SystemExit(f"{process.args} ended with {process.returncode}:\n{errors.decode()[-2000:]}")
    return time.perf_counter() - start


def runner(*arguments: str) -> list[str]:
    """Return the command of a run."""
    return [sys.executable, "-m", "runner", "test", *arguments]


def burner(share: int) -> list[str]:
    """Return the command of a bare process that does one part of the work of all tests."""
    return [sys.executable, "-c", f"number = 1\n{_BURN.format(loops=_LOOPS * _TESTS // share)}"]


def compare_computing(folder: Path, pairs: int) -> None:
    """Print the gains."""
    write_computing(folder)
    timed(runner("-j", "2"), folder=folder)
    rows = []
    for _ in range(pairs):
        one, two = timed(burner(1), folder=folder), timed(burner(2), burner(2), folder=folder)
        ours = timed(runner("-j", "1"), folder=folder), timed(runner("-j", "2"), folder=folder)
        rows.append((one / two, ours[0] / ours[1], *ours))
    bare, gain, j1, j2 = (median(row[column] for row in rows) for column in range(4))
    share = median(row[1] / row[0] for row in rows)
    print(f"computing: -j 1 {j1:.2f} s, -j 2 {j2:.2f} s, gain {gain:.2f}; two bare processes gain {bare:.2f}")
    print(f"computing: share of the bare gain {share:.3f} (median of {pairs} rounds, bound 0.92)")


def compare_torch(folder: Path, pairs: int) -> None:
    """Print the time of two workers against the import and half of the tests."""
    write_torch(folder)
    timed(runner("-j", "2"), folder=folder)
    rows = []
    for _ in range(pairs):
        imported = timed([sys.executable, "-c", "import torch"], folder=folder)
        tests = tests_of(folder)
        two = timed(runner("-j", "2"), folder=folder)
        rows.append((two / (imported + tests / 2), two, imported, tests))
    ratio, two, imported, tests = (median(row[column] for row in rows) for column in range(4))
    print(f"torch: -j 2 {two:.2f} s, import {imported:.2f} s, tests at -j 1 {tests:.2f} s, ratio {ratio:.3f} (bound 1.15)")


def tests_of(folder: Path) -> float:
    """Return the sum of the durations of all tests at -j 1."""
    done = subprocess.run(runner("-j", "1", "--format", "json"), cwd=folder, capture_output=True, text=True, check=True)
    events = map(json.loads, done.stdout.splitlines())
    return sum(event["duration_s"] for event in events if event.get("event") == "finished")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=3, help="rounds of which the median is taken")
    parser.add_argument("--torch-only", action="store_true")
    arguments = parser.parse_args()
    for compare in (compare_computing, compare_torch)[arguments.torch_only :]:
        with tempfile.TemporaryDirectory() as name:
            compare(Path(name), arguments.pairs)


if __name__ == "__main__":
    main()
