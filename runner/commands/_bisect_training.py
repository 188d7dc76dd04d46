"""Started as a program by a bisection: trains with the task's code of one commit and writes the last value of each metric.

Only the package of the task comes from that commit; the rest is this release, which knows the names of the metrics.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist.events import Event


def main(asked: dict[str, object]) -> None:
    """Train as asked: configuration, folder of the task's package, folder of the data, folder to write into."""
    # Before anything of ours: whoever imports mnist first decides which one it is.
    sys.path.insert(0, str(asked["source"]))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from mnist.config import TrainConfig
    from mnist.events import EpochFinished, StepsFinished, TrainingFinished
    from mnist.train import train

    sys.path.pop(0)
    from runner.record_training import metrics_of
    from runner.report.document import dumps

    values: dict[str, float] = {}

    class LastValues:
        """A sink that keeps the last value of each metric."""

        def emit(self, event: Event, /) -> None:
            if isinstance(event, StepsFinished | EpochFinished | TrainingFinished):
                values.update((metric.name, metric.value) for metric in metrics_of(event))

    out, config = Path(str(asked["out"])), asked["config"]
    if not isinstance(config, dict):
        raise TypeError("the configuration is no object")
    train(TrainConfig(**config), Path(str(asked["data"])), out / "checkpoints", LastValues())
    (out / "metrics.json").write_text(dumps(values), encoding="utf-8")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
