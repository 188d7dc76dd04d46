"""Tests that probably have another name now. Pure, and cautious: a test that is gone must not hide behind one that is new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher

from registry.comparing.facts import ChangedPair

ALIKE = 0.6
"""How much of two names must be the same, as difflib counts it."""

_Places = Mapping[str, Mapping[tuple[str, int], ChangedPair]]


def with_renames(pairs: Iterable[ChangedPair]) -> list[ChangedPair]:
    """Return the pairs, with one in the place of two where a test that is gone and one that is new are probably the same.

    That is so where a class lost exactly one test and got exactly one, and their names are alike or they fail for the same
    cause; and where all tests that a class lost appear under the same names in one other class, and in one only.
    """
    pairs = list(pairs)
    removed = _by_place(pair for pair in pairs if pair.a is not None and pair.b is None)
    added = _by_place(pair for pair in pairs if pair.a is None and pair.b is not None)
    earlier = {new.key: old for old, new in [*_in_a_class(removed, added), *_moved(removed, added)]}
    gone = {old.key for old in earlier.values()}
    return [
        _joined(earlier[pair.key], pair) if pair.key in earlier else pair
        for pair in pairs
        if pair.b is not None or pair.key not in gone
    ]


def _by_place(pairs: Iterable[ChangedPair]) -> _Places:
    """Return the tests of each class, or module of functions, by method and ordinal."""
    places: defaultdict[str, dict[tuple[str, int], ChangedPair]] = defaultdict(dict)
    for pair in pairs:
        place, _, method = pair.test_id.rpartition(".")
        places[place][method, pair.ordinal] = pair
    return places


def _in_a_class(removed: _Places, added: _Places) -> Iterator[tuple[ChangedPair, ChangedPair]]:
    for place in removed.keys() & added.keys():
        if len(removed[place]) == len(added[place]) == 1:
            ((old_name, _), old), ((new_name, _), new) = *removed[place].items(), *added[place].items()
            is_same_failure = old.cause_a is not None and old.cause_a == new.cause_b
            if old.ordinal == new.ordinal and (is_same_failure or _are_alike(old_name, new_name)):
                yield old, new


def _moved(removed: _Places, added: _Places) -> Iterator[tuple[ChangedPair, ChangedPair]]:
    homes: defaultdict[frozenset[tuple[str, int]], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, places in enumerate((removed, added)):
        for place, tests in places.items():
            homes[frozenset(tests)][side].append(place)
    for methods, (before, after) in homes.items():
        if len(before) == len(after) == 1 and (len(methods) > 1 or _last(before[0]) == _last(after[0])):
            yield from ((removed[before[0]][method], added[after[0]][method]) for method in methods)


def _are_alike(a: str, b: str) -> bool:
    # Every name begins like this, which makes no two of them alike.
    before, after = (name.removeprefix("test").strip("_") for name in (a, b))
    return SequenceMatcher(None, before, after, autojunk=False).ratio() >= ALIKE


def _last(place: str) -> str:
    return place.rpartition(".")[2]


def _joined(old: ChangedPair, new: ChangedPair) -> ChangedPair:
    return replace(new, a=old.a, duration_a_s=old.duration_a_s, cause_a=old.cause_a, renamed_from=old.test_id)
