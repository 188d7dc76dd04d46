"""Whether two runs can be compared at all, and what of them cannot. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from registry.records import Dataset, Run, RunDetails

_FINGERPRINT_DIGITS = 8
_CHANCE = frozenset({"shuffle_seed"})  # mostly drawn: as little a condition as the seed itself


def comparability(a: RunDetails, b: RunDetails) -> Iterator[str]:
    """Yield a sentence for each thing that makes A and B hard to compare; nothing where both ran under equal conditions.

    What was not recorded on one side is unknown, not different.
    """
    yield from run_differences(a.run, b.run)
    yield from _data(a.dataset, b.dataset)


def run_differences(a: Run, b: Run) -> Iterator[str]:
    """Yield a sentence for another machine, another Python, another configuration."""
    before, after = a.environment, b.environment
    if before is not None and after is not None:
        machine = _differing(before.machine, after.machine)
        if machine:
            yield f"other machine ({_listed(machine)}): durations are not compared"
        if before.python != after.python:
            yield f"other Python: {before.python} -> {after.python}"
    config = [key for key in _differing(a.params, b.params) if key not in _CHANCE]
    if config:
        changes = [f"{key} {_text(a.params.get(key))} -> {_text(b.params.get(key))}" for key in config]
        yield f"other configuration: {_listed(changes)}"


def _data(a: Dataset | None, b: Dataset | None) -> Iterator[str]:
    if a is None or b is None or a == b:
        return
    if a.name != b.name:
        yield f"other data set: {a.name} -> {b.name}; metrics were measured on other examples"
        return
    sizes = [(part, getattr(a, part), getattr(b, part)) for part in ("train", "validation", "test")]
    moved = [f"{part} {before:,} -> {after:,}" for part, before, after in sizes if before != after]
    if moved:
        yield f"other split of {a.name}: {_listed(moved)} examples; metrics were measured on other examples"
    else:
        prints = " -> ".join(one.fingerprint[:_FINGERPRINT_DIGITS] for one in (a, b))
        yield f"other data in {a.name}, or another split: fingerprint {prints}; metrics were measured on other examples"


def _differing(a: Mapping[str, object], b: Mapping[str, object]) -> list[str]:
    # NaN is unequal to itself, and a difference that reads the same on both sides is none.
    return [key for key in sorted(a.keys() | b.keys()) if a.get(key) != b.get(key) and _text(a.get(key)) != _text(b.get(key))]


def _listed(words: list[str]) -> str:
    return ", ".join(words)


def _text(value: object) -> str:
    return "unset" if value is None else str(value)
