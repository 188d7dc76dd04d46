"""One of several parts of a suite, cut so that each machine finds its own part without asking the others.

Classes stay whole. Where durations are recorded, the parts take about the same time, and every machine must know the same ones;
without them each class goes where a hash of its name says, whatever other classes there are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from registry.encoding import key_text
from runner.choose.chain import Chain, class_of
from runner.errors import UsageError
from runner.events import TestKey

_FORM = re.compile(r"(\d{1,5})/(\d{1,5})")
_PLAN_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `index` of `count`; the first is 1."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def parse_shard(text: str) -> Shard:
    """Return what `--shard I/N` means.

    Raises:
        UsageError: It is no I/N with 1 <= I <= N.
    """
    match = _FORM.fullmatch(text)
    shard = Shard(int(match[1]), int(match[2])) if match else None
    if shard is None or not 1 <= shard.index <= shard.count:
        raise UsageError(f"a shard is I/N with I from 1 to N, and {text!r} is not; write --shard 2/3, say")
    return shard


class OneShard:
    """The step of --shard.

    Attributes:
        plan: Hash of the whole cut, known once the suite was loaded: shards of one suite belong together where it is equal.
    """

    def __init__(self, shard: Shard, durations: Mapping[TestKey, float]) -> None:
        self._shard = shard
        self._durations = durations
        self.plan = ""

    def __call__(self, keys: Sequence[TestKey], positions: Sequence[int]) -> tuple[list[int], str]:
        """Keep the tests of the shard, in the order they are in."""
        seconds = self._seconds(keys, positions)
        cut = _balanced(seconds, self._shard.count) if seconds else _hashed(keys, positions, self._shard.count)
        text = "\n".join(f"{owner} {part}" for owner, part in sorted(cut.items()))
        self.plan = hashlib.sha256(f"{self._shard.count}\n{text}".encode("utf-8", "backslashreplace")).hexdigest()[:_PLAN_DIGITS]
        kept = [position for position in positions if cut[class_of(keys[position][0])] == self._shard.index]
        how = "balanced by recorded durations" if seconds else "cut by the names of classes, for no durations are recorded"
        return kept, f"shard {self._shard}: {len(kept)} of {len(positions)} tests, {how} (plan {self.plan})"

    def _seconds(self, keys: Sequence[TestKey], positions: Sequence[int]) -> dict[str, float]:
        """Return how long each class will take, a test of which nothing is known as long as the median; empty without any."""
        known = [self._durations.get((key_text(keys[position][0]), keys[position][1])) for position in positions]
        measured = [seconds for seconds in known if seconds is not None]
        if not measured:
            return {}
        from statistics import median

        usual = median(measured)
        sums: dict[str, float] = {}
        for position, seconds in zip(positions, known, strict=True):
            owner = class_of(keys[position][0])
            sums[owner] = sums.get(owner, 0.0) + (usual if seconds is None else seconds)
        return sums


def plan_of(chain: Chain | None) -> str | None:
    """Return the plan of the shard among the steps; None where there is none or nothing was loaded."""
    plans = [step.plan for step in chain.steps if isinstance(step, OneShard)] if chain else []
    return plans[0] if plans and plans[0] else None


def _balanced(seconds: Mapping[str, float], count: int) -> dict[str, int]:
    """Give each class, the longest first, to the part that has least to do."""
    loads = [(0.0, 0)] * count  # seconds, and classes where these are too short to tell
    cut = {}
    for owner in sorted(seconds, key=lambda name: (-seconds[name], name)):
        part = loads.index(min(loads))
        loads[part] = (loads[part][0] + seconds[owner], loads[part][1] + 1)
        cut[owner] = part + 1
    return cut


def _hashed(keys: Sequence[TestKey], positions: Sequence[int], count: int) -> dict[str, int]:
    owners = {class_of(keys[position][0]) for position in positions}
    return {owner: int(hashlib.sha256(owner.encode("utf-8", "backslashreplace")).hexdigest(), 16) % count + 1 for owner in owners}
