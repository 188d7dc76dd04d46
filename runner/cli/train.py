"""The command line of `runner train`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from runner.cli.options import Color, Debug, Name, Registry, Tags, exit_with, given_globals, pairs


class Device(StrEnum):
    """Where to train."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def train(
    ctx: typer.Context,
    task: Annotated[str, typer.Argument(metavar="TASK", help="What to train.")] = "mnist",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Root seed, recorded.")] = 42,
    epochs: Annotated[int | None, typer.Option("--epochs", metavar="N", help="Passes over the training set.")] = None,
    batch_size: Annotated[int | None, typer.Option("--batch-size", metavar="N", help="Images per step.")] = None,
    lr: Annotated[float | None, typer.Option("--lr", metavar="X", help="Peak learning rate.")] = None,
    device: Annotated[Device, typer.Option("--device", help="Where to train.")] = Device.AUTO,
    threads: Annotated[int | None, typer.Option("--threads", metavar="N", help="CPU threads of one operation.")] = None,
    name: Name = None,
    tag: Tags = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", metavar="DIR", help="Folder of the data ('.runner/data').")
    ] = None,
    checkpoint_dir: Annotated[
        Path | None, typer.Option("--checkpoint-dir", metavar="DIR", help="Folder of the checkpoints.")
    ] = None,
    record: Annotated[bool, typer.Option("--record/--no-record", help="Keep the run in the registry.")] = True,
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
) -> None:
    """Train a task and record its metrics, seed, data and checkpoints."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from mnist.config import TrainConfig
        from runner.commands.train import TrainRequest, run_training

        options: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size, "learning_rate": lr, "threads": threads}
        config = TrainConfig(seed=seed, device=device, **{key: value for key, value in options.items() if value is not None})
        return run_training(
            TrainRequest(
                config=config,
                task=task,
                name=name,
                tags=pairs(tag),
                data_dir=data_dir,
                checkpoint_dir=checkpoint_dir,
                record=record,
                registry=given.registry,
            )
        )

    exit_with(command, debug=given.debug)
