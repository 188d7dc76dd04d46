"""Train seeds 0 to 4 through `mnist.train` and print accuracy, wall time and content hash of each, and the mean.

    python benchmarks/mnist_seeds.py [--seeds 0 1 2 3 4] [--epochs N] [--data-dir .runner/data]

The wall time is that of the whole call: reading and checking the data, every pass, validation, checkpoints and the test.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from mnist.config import TrainConfig
from mnist.events import EventList
from mnist.train import train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--epochs", type=int, default=TrainConfig().epochs)
    parser.add_argument("--data-dir", type=Path, default=Path(".runner/data"))
    options = parser.parse_args()
    accuracies: list[float] = []
    print(f"{options.epochs} passes each\nseed  test accuracy  validation  wall     content hash", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for seed in options.seeds:
            started = time.perf_counter()
            summary = train(TrainConfig(seed=seed, epochs=options.epochs), options.data_dir, Path(folder), EventList())
            wall_s = time.perf_counter() - started
            accuracies.append(summary.test.accuracy)
            line = f"{seed:<5} {summary.test.accuracy:<14.2%} {summary.validation.accuracy:<11.2%} {wall_s:<6.1f} s "
            print(f"{line}{summary.checkpoint.content_hash}", flush=True)
    print(f"mean  {statistics.mean(accuracies):.3%}")


if __name__ == "__main__":
    main()
