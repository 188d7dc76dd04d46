"""The main job, end to end, on the real MNIST: record, plant one silent bug in a copy, record again, and diff.

Run by `make demo`. The registry and the copy are made anew each time, under .runner/demo; the tree itself is never changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
DEMO = TREE / ".runner" / "demo"
COPY = DEMO / "copy"
REGISTRY = DEMO / "registry.db"
LEFT_OUT = shutil.ignore_patterns(".venv", ".runner", "__pycache__", ".mypy_cache", ".ruff_cache", "dist", "build", "*.egg-info")


@dataclass(frozen=True)
class SilentBug:
    """One replacement in one file after which the training still "trains"."""

    path: str
    before: str
    after: str
    story: str


BUG = SilentBug(
    path="mnist/model.py",
    before="        return logits\n",
    after="        return logits.softmax(dim=1)\n",
    story="forward() gives probabilities to a cross-entropy that wants logits",
)
SUITE = ("-s", "tests/test_mnist", "-t", ".")


def main() -> int:
    """Do the main job; the exit code is 0 only if both diffs find the planted bug."""
    started = time.perf_counter()
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir(parents=True)
    step(1, "Record the project's own MNIST suite as run-a")
    runner(TREE, 0, "test", "--record", "--name", "run-a", *SUITE)
    step(2, "Train with seed 42 as train-a")
    runner(TREE, 0, "train", "--seed", "42", "--name", "train-a")
    step(3, f"Plant one silent bug in a copy: {BUG.story}")
    plant(BUG)
    step(4, "Record the suite of the copy as run-b")
    runner(COPY, 1, "test", "--record", "--name", "run-b", *SUITE)
    step(5, "Train the copy with seed 42 as train-b; nothing crashes, the loss falls")
    runner(COPY, 0, "train", "--seed", "42", "--name", "train-b")
    step(6, "Ask what changed: runner diff run-a run-b, then runner diff train-a train-b")
    runner(TREE, 1, "diff", "run-a", "run-b")
    runner(TREE, 1, "diff", "train-a", "train-b")
    print(f"\nFound: both diffs are red and name {BUG.path}. The whole took {time.perf_counter() - started:.0f} s.")
    print(f"The registry is kept; look again with: .venv/bin/runner diff train-a train-b --registry {REGISTRY.relative_to(TREE)}")
    return 0


def step(number: int, words: str) -> None:
    """Say what comes next."""
    print(f"\n[{number}/6] {words}", flush=True)


def runner(folder: Path, expected: int, *arguments: str) -> None:
    """Run `runner` with the code of a folder, and stop where it ends otherwise than expected."""
    print(f"$ runner {' '.join(arguments)}", flush=True)
    # The folder comes first on the path, so that the copy runs the copy's code.
    environment = {**os.environ, "RUNNER_REGISTRY": str(REGISTRY), "PYTHONPATH": str(folder)}
    code = subprocess.run([sys.executable, "-m", "runner", *arguments], cwd=folder, env=environment, check=False).returncode
    if code != expected:
        sys.exit(f"demo: `runner {' '.join(arguments)}` ended with exit code {code}, expected {expected}")


def plant(bug: SilentBug) -> None:
    """Copy the tree and replace one line in the copy."""
    shutil.copytree(TREE, COPY, ignore=LEFT_OUT)
    path = COPY / bug.path
    source = path.read_text(encoding="utf-8")
    if source.count(bug.before) != 1:
        sys.exit(f"demo: {bug.path} no longer holds the line to break exactly once: {bug.before!r}")
    path.write_text(source.replace(bug.before, bug.after), encoding="utf-8")
    print(f"  {bug.path}\n  - {bug.before.strip()}\n  + {bug.after.strip()}")


if __name__ == "__main__":
    sys.exit(main())
