"""The 70,000 images: unpacked from the package, checked byte by byte, split, and handed out in batches from memory."""

from __future__ import annotations

import hashlib
import lzma
import math
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from mnist.errors import DataDamaged, DataUnavailable, InputMismatch, InvalidConfig

MEAN: Final = 0.1307
STD: Final = 0.3081
SPLIT_SEED: Final = 42
EMBEDDED: Final = Path(__file__).parent / "dataset"
SHA256: Final[Mapping[str, str]] = MappingProxyType(
    {
        "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    }
)
"""Sums of the unpacked files, as in dataset/LICENSE.md."""


@dataclass(frozen=True, slots=True)
class ImageSplit:
    """Images and their labels, in order.

    Attributes:
        images: (N, 28, 28) uint8, 0 is paper and 255 ink.
        labels: (N,) int64, 0-9.
    """

    images: Tensor
    labels: Tensor

    def normalised(self) -> TensorDataset:
        """Return the images ready for the model, (N, 1, 28, 28) float32 in channels_last, and the labels."""
        images = normalize_image(self.images.unsqueeze(1).to(torch.float32).div_(255))
        return TensorDataset(images.contiguous(memory_format=torch.channels_last), self.labels)

    def take(self, indices: Tensor) -> ImageSplit:
        """Return the examples at these positions, (K,) int64, in their order."""
        return ImageSplit(self.images[indices], self.labels[indices])


@dataclass(frozen=True, slots=True)
class MnistTensors:
    """The three parts that a training needs."""

    train: ImageSplit
    validation: ImageSplit
    test: ImageSplit

    def fingerprint(self) -> str:
        """Return the sha256, in hexadecimal, over all images and labels in order, part by part: the bytes and the split."""
        digest = hashlib.sha256(b"mnist-tensors-v1\0")
        for part in (self.train, self.validation, self.test):
            digest.update(len(part.labels).to_bytes(8, "little"))
            digest.update(part.images.contiguous().numpy().data)
            digest.update(part.labels.to(torch.uint8).numpy().data)
        return digest.hexdigest()


class TensorLoader:
    """Batches cut out of tensors in memory, with no Python per image; iterates like `torch.utils.data.DataLoader`.

    Iterating never touches the global random state: with a generator the order is new in each pass, without one it is the
    order of the data. The last batch may be smaller.

    Args:
        dataset: Images and labels of equal length.
        batch_size: Examples of one batch, at least 1.
        generator: Shuffles the training set; None for evaluation.
    """

    def __init__(self, dataset: TensorDataset, batch_size: int, generator: torch.Generator | None = None) -> None:
        if batch_size < 1:
            raise InvalidConfig(f"batch-size is {batch_size}; it must be at least 1")
        self.dataset = dataset
        self.batch_size = batch_size
        self.generator = generator

    def __len__(self) -> int:
        return math.ceil(len(self.dataset) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        images, labels = self.dataset.tensors
        order = None if self.generator is None else torch.randperm(len(labels), generator=self.generator).to(labels.device)
        for start in range(0, len(labels), self.batch_size):
            batch = slice(start, start + self.batch_size)
            chosen = batch if order is None else order[batch]
            yield images[chosen], labels[chosen]


def normalize_image(image: Tensor) -> Tensor:
    """Shift and scale pixels to the mean 0 and standard deviation 1 of the training set.

    Args:
        image: Floating point, any shape, ink from 0 to 1.

    Raises:
        InputMismatch: Not floating point: raw bytes, 0-255, would be scaled wrongly without a word.
    """
    if not image.is_floating_point():
        raise InputMismatch(
            f"normalize_image got dtype {image.dtype}; it takes floating point from 0 to 1: divide bytes by 255 first"
        )
    return (image - MEAN) / STD


def denormalize_image(image: Tensor) -> Tensor:
    """Undo `normalize_image`: pixels from 0 to 1 again, up to rounding."""
    return image * STD + MEAN


def create_dummy_data(num_samples: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return noise in the shape of MNIST, equal for equal seeds; the global random state stays as it is.

    Args:
        num_samples: At least 0.
        seed: Of a generator of its own.

    Returns:
        Images (num_samples, 1, 28, 28) float32 of mean 0 and standard deviation 1, and labels (num_samples,) int64 in 0-9.
    """
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(num_samples, 1, 28, 28, generator=generator)
    return images, torch.randint(0, 10, (num_samples,), generator=generator)


def split_indices(count: int, fraction: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Deal the positions 0 to count - 1 at random into training and validation; at least one goes to each.

    Args:
        count: Number of examples, at least 2.
        fraction: Share that is held out, between 0 and 1, both excluded.
        generator: Decides who goes where.

    Raises:
        InvalidConfig: A value is out of its range.
    """
    if count < 2 or not 0 < fraction < 1:  # noqa: PLR2004 - one for each side
        raise InvalidConfig(f"validation-fraction is {fraction} of {count} examples; it must be between 0 and 1, of at least 2")
    held_out = min(max(round(count * fraction), 1), count - 1)
    order = torch.randperm(count, generator=generator)
    return order[held_out:], order[:held_out]


def load_mnist_tensors(
    data_dir: str | Path, val_split: float = 0.1, *, split_seed: int = SPLIT_SEED, download: bool = False
) -> MnistTensors:
    """Read the four files through torchvision and split the 60,000 training images.

    Args:
        data_dir: Folder for torchvision's `MNIST/raw`; filled from the package where it is empty.
        val_split: Share of the training images that is held out, between 0 and 1, both excluded.
        split_seed: Decides the split and nothing else, so that trainings with other seeds stay comparable; 0 to 2**63 - 1.
        download: Let torchvision fetch files that are neither there nor embedded.

    Raises:
        DataDamaged: A file is truncated or altered.
        DataUnavailable: A file cannot be had, or the folder not be written.
        InvalidConfig: `val_split` or `split_seed` is out of its range.
    """
    if not 0 <= split_seed < 2**63:
        raise InvalidConfig(f"the seed is {split_seed}; it must be a whole number from 0 to 2**63 - 1")
    training, test = _read_checked(Path(data_dir), download=download)
    train_indices, validation_indices = split_indices(len(training.labels), val_split, torch.Generator().manual_seed(split_seed))
    return MnistTensors(training.take(train_indices), training.take(validation_indices), test)


def load_mnist_data(
    data_dir: str | Path, val_split: float = 0.1, batch_size: int = 64, seed: int = 42, *, download: bool = False
) -> tuple[TensorLoader, TensorLoader, TensorLoader]:
    """Return loaders of the training (shuffled), validation and test images: 54,000, 6,000 and 10,000 by default.

    Args:
        data_dir: As `load_mnist_tensors`.
        val_split: As `load_mnist_tensors`.
        batch_size: Examples of one batch, at least 1.
        seed: Decides the split and the shuffling, through generators of their own; 0 to 2**63 - 1.
        download: As `load_mnist_tensors`.

    Raises:
        DataDamaged: As `load_mnist_tensors`, likewise the others.
    """
    data = load_mnist_tensors(data_dir, val_split, split_seed=seed, download=download)
    # Hashed, for a generator with the seed of the split would shuffle with the very numbers that split.
    shuffle_seed = hashlib.sha256(f"{seed}/shuffle".encode()).digest()[:8]
    generator = torch.Generator().manual_seed(int.from_bytes(shuffle_seed, "little") >> 1)
    return (
        TensorLoader(data.train.normalised(), batch_size, generator),
        TensorLoader(data.validation.normalised(), batch_size),
        TensorLoader(data.test.normalised(), batch_size),
    )


def ensure_mnist(data_dir: Path, *, download: bool = False, embedded: Path = EMBEDDED) -> None:
    """Make sure that the four files lie in `data_dir`/MNIST/raw and are the originals, byte by byte.

    Missing files are unpacked from `embedded`, whole or not at all: any number of processes may do it at once.

    Raises:
        DataDamaged: A file, in the folder or embedded, is truncated or altered.
        DataUnavailable: A file is neither there nor embedded and cannot be downloaded, or cannot be read or written.
    """
    raw, processed = data_dir / "MNIST" / "raw", data_dir / "MNIST" / "processed"
    if (processed / "training.pt").exists():
        raise DataDamaged(
            f"{processed} holds files of an old torchvision, which it would read instead of the checked ones; remove it"
        )
    missing = [name for name in SHA256 if not (raw / name).exists()]
    for name in missing:
        if (embedded / f"{name}.xz").exists():
            _unpack(embedded / f"{name}.xz", raw / name)
        elif download:
            _download(data_dir)
        else:
            raise DataUnavailable(
                f"{raw / name} is missing and {embedded} does not hold it; fetch it with download=True or reinstall the package"
            )
    for name in SHA256:
        _check_sum(name, _read(raw / name), raw / name, f"delete it, and it is unpacked again from {embedded}")


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file that is whole or not there: temporary file in the same folder, fsync, rename, fsync of the folder.

    Raises:
        OSError: It could not be written; what was at `path` is still there, and the temporary file is not.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_checked(data_dir: Path, *, download: bool) -> tuple[ImageSplit, ImageSplit]:
    from torchvision.datasets import MNIST

    ensure_mnist(data_dir, download=download)
    training, test = MNIST(data_dir, train=True), MNIST(data_dir, train=False)
    return ImageSplit(training.data, training.targets), ImageSplit(test.data, test.targets)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataUnavailable(f"{path} cannot be read ({error.strerror or error}); remove it or choose another folder") from error


def _unpack(packed: Path, target: Path) -> None:
    try:
        data = lzma.decompress(packed.read_bytes())
    except (lzma.LZMAError, EOFError) as error:
        raise DataDamaged(f"{packed} cannot be unpacked ({error}); reinstall the package") from error
    _check_sum(target.name, data, packed, "reinstall the package")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, data)
    except OSError as error:
        raise DataUnavailable(f"{target} cannot be written ({error.strerror or error}); choose another data folder") from error


def _check_sum(name: str, data: bytes, path: Path, cure: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256[name]:
        raise DataDamaged(f"{path} has the sha256 {found} ({len(data):,} bytes), but {SHA256[name]} was expected; {cure}")


def _download(data_dir: Path) -> None:
    from torchvision.datasets import MNIST

    try:
        MNIST(data_dir, download=True)
    except (RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataUnavailable(
            f"the MNIST files could not be downloaded into {data_dir} ({reason}); is there a network?"
        ) from error
