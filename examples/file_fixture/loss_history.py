"""Keep the losses of a training in a small text file, one number a line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def save_losses(path: Path, losses: Iterable[float]) -> None:
    """Write the losses, replacing what the file held; `repr` keeps every bit of a float."""
    path.write_text("".join(f"{loss!r}\n" for loss in losses), encoding="utf-8")


def load_losses(path: Path) -> list[float]:
    """Read the losses back, in order.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A line is not a number; the message names file and line.
    """
    losses = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            losses.append(float(line))
        except ValueError:
            raise ValueError(f"{path.name}, line {number}: {line!r} is not a number; the file is damaged") from None
    return losses
