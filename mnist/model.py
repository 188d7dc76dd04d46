"""The network: two convolutions and two linear layers from a 28x28 image to ten logits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from mnist.errors import InputMismatch

CLASSES: Final = 10
IMAGE_SHAPE: Final = (1, 28, 28)


class MNISTClassifier(nn.Module):
    """Two 3x3 convolutions, each with ReLU and 2x2 max-pooling, then two linear layers.

    Shapes on the way, after each pooling: (N, 1, 28, 28) -> (N, 32, 14, 14) -> (N, 64, 7, 7) -> (N, 128) -> (N, 10).

    Source: the architecture of the PyTorch MNIST example, https://github.com/pytorch/examples/tree/main/mnist, with padding
    instead of cropping and without dropout.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
        self.fc1 = nn.Linear(64 * 7 * 7, 128)
        self.fc2 = nn.Linear(128, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits.

        Args:
            images: Normalised images, (N, 1, 28, 28), in the dtype of the weights (float32 unless converted).

        Returns:
            Logits, (N, 10), of the same dtype; no softmax: the loss wants them raw.

        Raises:
            InputMismatch: Not such a tensor; the message tells what came and what was expected.
        """
        self._check(images)
        # ReLU after pooling gives the same values as before it, for both keep the order of numbers, on a quarter of them.
        hidden = functional.relu(functional.max_pool2d(self.conv1(images), 2))
        hidden = functional.relu(functional.max_pool2d(self.conv2(hidden), 2))
        hidden = functional.relu(self.fc1(hidden.flatten(1)))
        logits: Tensor = self.fc2(hidden)
        return logits

    def predict(self, images: Tensor) -> Tensor:
        """Return the most likely class of each image, (N,) int64 in 0-9; gradients and mode stay as they are.

        Raises:
            InputMismatch: As `forward`.
        """
        with evaluating(self):
            return self(images).argmax(dim=1)  # type: ignore[no-any-return]

    def predict_proba(self, images: Tensor) -> Tensor:
        """Return the probability of each class, (N, 10), each row summing to 1; gradients and mode stay as they are.

        Raises:
            InputMismatch: As `forward`.
        """
        with evaluating(self):
            return self(images).softmax(dim=1)  # type: ignore[no-any-return]

    def _check(self, images: object) -> None:
        expected = f"a tensor of shape (N, 1, 28, 28) and dtype {self.conv1.weight.dtype}"
        if not isinstance(images, Tensor):
            raise InputMismatch(f"MNISTClassifier got a {type(images).__name__}; it takes {expected}")
        if tuple(images.shape[1:]) != IMAGE_SHAPE or images.dtype != self.conv1.weight.dtype:
            came = f"a tensor of shape {tuple(images.shape)} and dtype {images.dtype}"
            raise InputMismatch(f"MNISTClassifier got {came}; it takes {expected}")


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put the model into evaluation mode without gradients, and every submodule back into its own mode afterwards."""
    training = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in training:
            module.training = mode
