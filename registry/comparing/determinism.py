"""The determinism ledger: did what decides the bits repeat them, and if not, where did two trainings part? Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from registry.records import Checkpoint, RunDetails, RunStatus


@dataclass(frozen=True, slots=True)
class Parting:
    """The first checkpoint at which two trainings were no longer the same.

    Attributes:
        epoch: After which it was written; None where that was not recorded.
        random_state: Whether the random generators had parted by then; None where a side did not record their states.
        weights: Whether the weights had parted by then; None where that cannot be known.
        tensor: The first tensor that differs there, in A's order; None where none does, or a side has no digests.
    """

    epoch: int | None
    random_state: bool | None
    weights: bool | None
    tensor: str | None = None


@dataclass(frozen=True, slots=True)
class CheckpointChange:
    """Whether the last checkpoints hold the same tensors.

    Attributes:
        same: None where one side has no checkpoint, or contents that cannot be compared.
        first_difference: The first tensor that differs, in A's order; None where a side has no digests of its tensors.
        max_abs_delta: Largest absolute difference over common tensors; None unless both files were read.
        determinism: "held", "lost" or "not_comparable".
        parting: Where two trainings of one seed parted; None where they did not, nothing is known, or the seeds differ.
    """

    same: bool | None = None
    first_difference: str | None = None
    max_abs_delta: float | None = None
    determinism: str = "not_comparable"
    parting: Parting | None = None


def checkpoint_change(a: RunDetails, b: RunDetails, max_abs_delta: float | None) -> CheckpointChange:
    """Compare the checkpoints of two runs, the last by what it holds and all by where they parted."""
    if not a.checkpoints or not b.checkpoints:
        return CheckpointChange()
    last_a, last_b = a.checkpoints[-1], b.checkpoints[-1]
    same = same_content(last_a, last_b)
    return CheckpointChange(
        same=same,
        first_difference=_first_difference(last_a, last_b) if same is False else None,
        max_abs_delta=max_abs_delta,
        determinism=_determinism(a, b, same=same),
        parting=_parting(a, b) if a.run.seed == b.run.seed else None,
    )


def same_content(a: Checkpoint, b: Checkpoint) -> bool | None:
    """Tell whether two checkpoints hold equal tensors; None where that cannot be known."""
    if a.content_hash is not None and b.content_hash is not None:
        return a.content_hash == b.content_hash
    # Unequal files may still hold equal tensors; only equality can be read off the file itself.
    return True if a.file_sha256 == b.file_sha256 else None


def same_conditions(a: RunDetails, b: RunDetails) -> bool:
    """Tell whether everything that decides the bits was recorded and is equal: code, numerics, seed, configuration and data."""
    deciding = [(run.code_fingerprint, run.fingerprint, run.seed, run.status) for run in (a.run, b.run)]
    complete = None not in deciding[0] and a.run.status is RunStatus.FINISHED and a.dataset is not None
    return complete and deciding[0] == deciding[1] and a.run.params == b.run.params and a.dataset == b.dataset


def told(parting: Parting) -> str:
    """Say in words where two trainings parted, and in what."""
    where = "at a checkpoint" if parting.epoch is None else f"in epoch {parting.epoch}"
    first = f" (first {parting.tensor})" if parting.tensor is not None else ""
    if parting.random_state and parting.weights:
        return f"random numbers and weights{first} parted {where}"
    if parting.random_state:
        return f"the random numbers parted {where}, the weights {'are unknown' if parting.weights is None else 'did not'}"
    numbers = "the random numbers were not recorded" if parting.random_state is None else "the random numbers did not"
    return f"the weights{first} parted {where}, {numbers}"


def _determinism(a: RunDetails, b: RunDetails, *, same: bool | None) -> str:
    if same is None or not same_conditions(a, b):
        return "not_comparable"
    return "held" if same else "lost"


def _first_difference(a: Checkpoint, b: Checkpoint) -> str | None:
    if not a.tensors or not b.tensors:
        return None
    digests = {tensor.name: tensor for tensor in b.tensors}
    different = (tensor.name for tensor in a.tensors if digests.get(tensor.name) != tensor)
    known = {tensor.name for tensor in a.tensors}
    return next(different, next((name for name in digests if name not in known), None))


def _parting(a: RunDetails, b: RunDetails) -> Parting | None:
    for before, after in _pairs(a, b):
        same = same_content(before, after)
        states = (before.random_state, after.random_state)
        has_drawn_otherwise = None if None in states else states[0] != states[1]
        if same is False or has_drawn_otherwise:
            tensor = _first_difference(before, after) if same is False else None
            return Parting(before.epoch, has_drawn_otherwise, None if same is None else not same, tensor)
    return None


def _pairs(a: RunDetails, b: RunDetails) -> Iterator[tuple[Checkpoint, Checkpoint]]:
    """Yield the checkpoints of equal epochs; where epochs were not recorded, those of equal place."""
    by_epoch = {checkpoint.epoch: checkpoint for checkpoint in b.checkpoints}
    if None in by_epoch or any(checkpoint.epoch is None for checkpoint in a.checkpoints):
        yield from zip(a.checkpoints, b.checkpoints, strict=False)
        return
    for checkpoint in a.checkpoints:
        if checkpoint.epoch in by_epoch:
            yield checkpoint, by_epoch[checkpoint.epoch]
