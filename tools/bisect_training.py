"""Does `runner bisect` find the commit that broke a real training? Four commits, the third one learns nothing any more.

    python tools/bisect_training.py

A throw-away repository holds a copy of the program whose `mnist/` takes the first thousand images of each part. Its first and
its last commit are trained and recorded by `runner train`, and the bisection trains again, with torch, what lies between. It
takes about half a minute of processor time; the exit code is 0 only if the third commit is named.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
IMAGES = 1_000
LOADED = "load_mnist_tensors(data_dir, config.validation_fraction)"
FEW = f"MnistTensors(*(part.take(torch.arange({IMAGES})) for part in (data.train, data.validation, data.test)))"
LEARNS = "    loss.backward()  # type: ignore[no-untyped-call]\n"
WHO = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")


def changed(path: Path, old: str, new: str) -> None:
    """Change a text in a file, which must be there."""
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise SystemExit(f"{path.name} does not hold {old.strip()!r} any more; change this script with it")
    path.write_text(text.replace(old, new), encoding="utf-8")


def commit(folder: Path, subject: str) -> None:
    """Commit everything."""
    variables = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for command in (("add", "--all"), ("commit", "--quiet", "--allow-empty", "-m", subject)):
        subprocess.run(["git", *WHO, *command], cwd=folder, env=variables, check=True)


def runner(folder: Path, *arguments: str) -> str:
    """Return what the copy of the program prints."""
    command = [sys.executable, "-m", "runner", *arguments]
    variables = {**os.environ, "PYTHONPATH": str(folder)}
    answer = subprocess.run(command, cwd=folder, env=variables, stdout=subprocess.PIPE, text=True, check=True)
    return answer.stdout


def train(folder: Path, name: str) -> None:
    """Record a training of one pass."""
    runner(folder, "train", "--seed", "3", "--epochs", "1", "--batch-size", "32", "--lr", "0.05", "--name", name)


def main() -> int:
    """Make the repository, record both ends, bisect, and say whether the right commit was found."""
    with tempfile.TemporaryDirectory(prefix="bisect-training-") as name:
        folder = Path(name).resolve()
        for package in ("mnist", "registry", "runner", "alembic"):
            shutil.copytree(TREE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / ".gitignore").write_text(".runner/\n__pycache__/\n", encoding="utf-8")
        module = folder / "mnist" / "train.py"
        changed(module, f"    return train_on({LOADED}", f"    data = {LOADED}\n    return train_on({FEW}")
        subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(folder)], check=True)
        commit(folder, "Train on a few images")
        train(folder, "good")
        commit(folder, "Change nothing")
        changed(module, LEARNS, "")
        commit(folder, "Forget the gradient")
        commit(folder, "Change nothing again")
        train(folder, "bad")
        start = time.monotonic()
        answer = runner(folder, "bisect", "test_accuracy", "--good", "good", "--bad", "bad")
        sys.stdout.write(f"{answer}bisected in {time.monotonic() - start:.0f} s\n")
        return 0 if "\n  Forget the gradient\n    mnist/train.py\n" in answer else 1


if __name__ == "__main__":
    sys.exit(main())
