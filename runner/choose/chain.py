"""Steps that choose among the loaded tests, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runner.events import TestKey

Step = Callable[[Sequence[TestKey], Sequence[int]], tuple[list[int], str]]
"""Told every loaded test and the positions that are left, returns those to keep, in order, and a sentence about what it did."""


class Chain:
    """A chooser made of steps; see `runner.execute.Selection.choose`.

    Attributes:
        steps: The steps, in order.
        sentences: What each step did, in the order of the steps; empty before the suite was loaded.
        emptied_by: The sentence of the step that left nothing of what it was given.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(steps)
        self.sentences: list[str] = []
        self.emptied_by: str | None = None

    def __call__(self, keys: Sequence[TestKey]) -> list[int]:
        """Return the positions to run, in order."""
        self.sentences, self.emptied_by = [], None
        positions = list(range(len(keys)))
        for step in self.steps:
            if not positions:
                break
            positions, sentence = step(keys, positions)
            self.sentences.append(sentence)
            if not positions:
                self.emptied_by = sentence
        return positions


def class_of(test_id: str) -> str:
    """Return the part of an id that the tests of one class share."""
    return test_id.rpartition(".")[0]
