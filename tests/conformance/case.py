"""A row: a tiny suite and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

Outcomes = Mapping[str, str | tuple[str, ...]]
"""Outcome by test id; a tuple where several tests have that id, in load order."""
Results = dict[tuple[str, int], str]
"""Outcome by (id, ordinal)."""

DIARY = """
    import os
    _path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "diary.txt")
    def note(line):
        with open(_path, "a") as file:
            file.write(line + "\\n")
"""
FINE = """
    import unittest
    from diary import note
    class Fine(unittest.TestCase):
        def test_1(self): note("fine")
        def test_2(self): note("fine")
        def test_3(self): note("fine")
        def test_4(self): note("fine")
"""
_FINE_OUTCOMES = {f"test_zfine.Fine.test_{number}": "passed" for number in range(1, 5)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """Where plain unittest says something else, and why that is wrong, or a matter of the version.

    Attributes:
        outcomes: Replaces those of the row; None where unittest says nothing about the test. What is `not_run` needs no entry.
        fixtures: Replaces those of the row, where it is not None.
        notes: Replaces those of the row, where it is not None.
        exit_codes: Those that are possible, by version, as "3.12"; several where it changed in the course of that version.
        survives: False where it dies or stops in between, so that nothing but the exit code can be compared.
        runs: False where it would hang.
    """

    why: str
    outcomes: Mapping[str, str | tuple[str, ...] | None] = field(default_factory=dict)
    fixtures: tuple[str, ...] | None = None
    notes: Mapping[str, int] | None = None
    exit_code: int | None = None
    exit_codes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    survives: bool = True
    runs: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row.

    Attributes:
        name: Unique, and a name for a folder.
        why: What goes wrong elsewhere, or which rule this is.
        files: Text by path.
        outcomes: What each test ends in; those of the four tests of `test_zfine.py` beside it need no mention.
        fixtures: Fixtures that did not succeed, as "errored setUpClass (mod.Class)", in any order.
        notes: How often each line was noted in the diary, whatever the number of workers.
        arguments: For the command line, with unittest's meanings; empty discovers.
        beside_fine: Whether a module with four tests that pass lies beside it.
        shows: What must be seen on the terminal, or in the document.
        interrupt_after: Line of the diary after which Ctrl-C comes.
        limit_s: Seconds that one test may take (`--timeout`); None sets no limit.
        in_order: Whether what must come of it holds in load order only, and not where the tests are shuffled.
        plain: Where plain unittest differs.
    """

    name: str
    why: str
    files: Mapping[str, str]
    outcomes: Outcomes
    exit_code: int
    fixtures: tuple[str, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    beside_fine: bool = True
    shows: tuple[str, ...] = ()
    interrupt_after: str | None = None
    limit_s: float | None = None
    in_order: bool = False
    plain: Plain | None = None

    @property
    def results(self) -> Results:
        """What each test must end in."""
        return spread({**self.outcomes, **(_FINE_OUTCOMES if self.beside_fine else {})})

    @property
    def diary(self) -> dict[str, int]:
        """How often each line must be noted, those of the four tests beside the row included."""
        return {**self.notes, **({"fine": 4} if self.beside_fine else {})}

    @property
    def is_red(self) -> bool:
        """Tell whether a runner must not say that all is well."""
        return self.exit_code not in (0, 5)

    def write(self, folder: Path) -> None:
        """Write the suite."""
        beside = {"test_zfine.py": FINE} if self.beside_fine else {}
        for name, text in {"diary.py": DIARY, **beside, **self.files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")


def spread(outcomes: Outcomes) -> Results:
    """Return the outcomes by (id, ordinal)."""
    several = ((name, (found,) if isinstance(found, str) else found) for name, found in outcomes.items())
    return {(name, ordinal): outcome for name, row in several for ordinal, outcome in enumerate(row)}


def plain_results(case: Case) -> Results:
    """Return what plain unittest says of each test: nothing of those that a fixture prevented."""
    replaced = case.plain.outcomes if case.plain else {}
    results = {key: outcome for key, outcome in case.results.items() if outcome != "not_run" and key[0] not in replaced}
    return results | spread({name: outcome for name, outcome in replaced.items() if outcome is not None})


def plain_exit_codes(case: Case, version: tuple[int, ...]) -> tuple[int, ...]:
    """Return what plain unittest may exit with on a version of Python."""
    plain = case.plain
    if plain is None:
        return (case.exit_code,)
    otherwise = case.exit_code if plain.exit_code is None else plain.exit_code
    return plain.exit_codes.get(f"{version[0]}.{version[1]}", (otherwise,))
