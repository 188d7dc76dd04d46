"""The configuration of a training as one frozen, validated value. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass

from mnist.errors import InvalidConfig

DEVICES = ("auto", "cpu", "cuda")
MAX_THREADS = 1024
"""Far more are asked of the OpenMP library than it can start, and it ends the process."""
MAX_LEARNING_RATE = 1e6


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that decides a training but the data and the machine; whole numbers must be of the type int.

    Attributes:
        seed: Root seed, 0 to 2**63 - 1; the seeds of initialisation and shuffling are derived from it.
        epochs: Passes over the training set, at least 1.
        batch_size: Images per optimiser step, at least 1.
        learning_rate: Peak learning rate of the big weights, above 0 and at most 1e6; the others keep their ratio to it.
            None takes the tuned one, 0.02 at a batch size of 128.
        device: "auto" takes CUDA where there is a usable GPU.
        threads: Threads of one operation on the CPU, 1 to 1024; None leaves torch's own choice, which is recorded.
        validation_fraction: Share of the 60,000 training images that is held out, between 0 and 1, both excluded.

    Raises:
        InvalidConfig: A value is out of its range or of another type; the message names it.
    """

    seed: int = 42
    epochs: int = 2
    batch_size: int = 128
    learning_rate: float | None = None
    device: str = "auto"
    threads: int | None = None
    validation_fraction: float = 0.1

    def __post_init__(self) -> None:
        _require(_is_whole(self.seed) and 0 <= self.seed < 2**63, "seed", self.seed, "a whole number from 0 to 2**63 - 1")
        _require(_is_whole(self.epochs) and self.epochs >= 1, "epochs", self.epochs, "a whole number of at least 1")
        _require(
            _is_whole(self.batch_size) and self.batch_size >= 1, "batch-size", self.batch_size, "a whole number of at least 1"
        )
        rate = self.learning_rate
        _require(rate is None or 0 < rate <= MAX_LEARNING_RATE, "lr", rate, f"above 0 and at most {MAX_LEARNING_RATE:g}")
        _require(self.device in DEVICES, "device", self.device, "one of " + ", ".join(DEVICES))
        threads = self.threads
        wanted = f"a whole number from 1 to {MAX_THREADS}"
        _require(threads is None or (_is_whole(threads) and 1 <= threads <= MAX_THREADS), "threads", threads, wanted)
        _require(0 < self.validation_fraction < 1, "validation-fraction", self.validation_fraction, "between 0 and 1")


def _is_whole(value: object) -> bool:
    # Not isinstance: True is an int, and no number of anything.
    return type(value) is int


def _require(holds: bool, name: str, value: object, wanted: str) -> None:
    if not holds:
        raise InvalidConfig(f"{name} is {value}; it must be {wanted}")
