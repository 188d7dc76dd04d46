"""How the layers of a convolutional network change the size of an image."""

from __future__ import annotations


def convolved(size: int, *, kernel: int, padding: int = 0, stride: int = 1) -> int:
    """Return the side of a square image after a convolution, in pixels.

    Raises:
        ValueError: The kernel does not fit into the padded image.
    """
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"a kernel of {kernel} does not fit into {size} pixels with padding {padding}")
    return room // stride + 1


def pooled(size: int, *, window: int = 2) -> int:
    """Return the side after pooling without overlap; a rest that fills no window is dropped."""
    return size // window


def flattened_features(size: int, *, channels: int, padding: int) -> int:
    """Return what a linear layer sees after twice (3x3 convolution, 2x2 pooling)."""
    for _ in range(2):
        size = pooled(convolved(size, kernel=3, padding=padding))
    return channels * size * size
