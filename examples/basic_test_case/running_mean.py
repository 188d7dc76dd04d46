"""The mean of values that arrive one batch at a time."""

from __future__ import annotations


class RunningMean:
    """Add the mean of each batch with its size; `value` is the mean over all examples, not over batches."""

    def __init__(self) -> None:
        self._total = 0.0
        self._count = 0

    def add(self, batch_mean: float, batch_size: int) -> None:
        """Take the mean of one more batch.

        Raises:
            ValueError: The batch holds no example.
        """
        if batch_size < 1:
            raise ValueError(f"a batch of {batch_size} examples has no mean; leave empty batches out")
        self._total += batch_mean * batch_size
        self._count += batch_size

    @property
    def value(self) -> float:
        """The mean so far; 0 before the first batch."""
        return self._total / self._count if self._count else 0.0
