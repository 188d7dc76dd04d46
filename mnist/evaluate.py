"""Loss and accuracy of a model on a set of examples, without a trace in the model or in the random numbers of the training."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mnist.errors import InputMismatch
from mnist.model import evaluating


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came out.

    Attributes:
        loss: Mean cross-entropy per example.
        accuracy: Share of right answers, 0-1.
        examples: How many there were, at least 1.
        right: Which were answered rightly: a bit an example in the order of the loader, highest bit of a byte first, as
            `numpy.packbits` has it; the bits that are left over are 0.
    """

    loss: float
    accuracy: float
    examples: int
    right: bytes


def evaluate(model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]], device: torch.device) -> Evaluation:
    """Compare the model's answers with the labels; weights, mode and random state are afterwards what they were.

    The random state is that of the global generators of Python, NumPy and torch, and of the loader and its sampler.

    Args:
        model: Gives logits (N, classes) for a batch of images.
        loader: Gives batches of images and labels (N,) int64, such as a `DataLoader`; they are moved to `device`.
        device: Where the model is.

    Raises:
        InputMismatch: The loader gave no example.
    """
    examples, answers = 0, list[Tensor]()
    loss = torch.zeros((), dtype=torch.float64, device=device)
    correct = torch.zeros((), dtype=torch.int64, device=device)
    with evaluating(model), _kept_random_state(loader, device):
        for batch_images, batch_labels in loader:
            images, labels = batch_images.to(device, non_blocking=True), batch_labels.to(device, non_blocking=True)
            logits = model(images)
            loss += functional.cross_entropy(logits, labels, reduction="sum")
            right = logits.argmax(dim=1) == labels
            correct += right.sum()
            answers.append(right)
            examples += len(labels)
    if examples == 0:
        raise InputMismatch("the loader gave no example; an accuracy needs at least one")
    bits = np.packbits(torch.cat(answers).cpu().numpy()).tobytes()
    return Evaluation(loss.item() / examples, correct.item() / examples, examples, bits)


@contextmanager
def _kept_random_state(loader: object, device: torch.device) -> Iterator[None]:
    """Put back the global random states and the loader's own.

    A `DataLoader` draws from torch's even where it does not shuffle, and its data set from any where it augments.
    """
    owners = (loader, getattr(loader, "sampler", None))
    found = (getattr(owner, "generator", None) for owner in owners)
    own = [(generator, generator.get_state()) for generator in found if isinstance(generator, torch.Generator)]
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the legacy global state is what others draw from
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002
            for generator, state in own:
                generator.set_state(state)
