"""Compare what came of a row with what must come of it, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from .case import Case, plain_exit_codes, plain_results
from .running import Result


def faults(case: Case, result: Result) -> list[str]:
    """Return what our runner did wrong; no sentence means that the row is right."""
    found = list(_common(case, result, (case.exit_code,)))
    if found and not result.results:
        return found  # it never began
    if result.results != case.results:
        found += list(_results(result.results, case.results))
    if list(result.fixtures) != sorted(case.fixtures):
        found.append(f"fixtures {list(result.fixtures)} instead of {sorted(case.fixtures)}")
    if result.notes != case.diary:
        found.append(f"the suite noted {dict(result.notes)} instead of {case.diary}")
    found += [f"{text!r} was not shown" for text in case.shows if text not in result.screen]
    found += [f"a process was left: {command}" for command in result.left]
    return found


def plain_faults(case: Case, result: Result, version: tuple[int, ...]) -> list[str]:
    """Return where plain unittest does something else than the row says of it."""
    plain = case.plain
    found = list(_common(case, result, plain_exit_codes(case, version)))
    if plain is not None and not plain.survives:
        return found
    if result.results != plain_results(case):
        found += list(_results(result.results, plain_results(case)))
    fixtures = case.fixtures if plain is None or plain.fixtures is None else plain.fixtures
    if list(result.fixtures) != sorted(fixtures):
        found.append(f"fixtures {list(result.fixtures)} instead of {sorted(fixtures)}")
    notes = case.diary if plain is None or plain.notes is None else plain.notes
    if result.notes != notes:
        found.append(f"the suite noted {dict(result.notes)} instead of {dict(notes)}")
    return found


def verdict(case: Case, result: Result) -> str:
    """Judge any runner by what can be seen of it from outside.

    Returns:
        "right"; "hung"; "green" or "red" where the exit code says so wrongly; "lost" where the exit code is right, but not
        everything ran exactly as often as it must.
    """
    if result.exit_code is None:
        return "hung"
    if (result.exit_code not in (0, 5)) != case.is_red:
        return "green" if case.is_red else "red"
    return "right" if result.notes == case.diary else "lost"


def _common(case: Case, result: Result, exit_codes: tuple[int, ...]) -> Iterator[str]:
    if result.exit_code is None:
        yield "it hung"
    elif result.exit_code not in exit_codes:
        yield f"exit code {result.exit_code} instead of {' or '.join(map(str, exit_codes))}"
        if result.exit_code not in (0, 1, 5):
            yield f"the screen ends with {result.screen[-600:]!r} ({case.name})"


def _results(found: dict[tuple[str, int], str], expected: dict[tuple[str, int], str]) -> Iterator[str]:
    for key in sorted({*found, *expected}):
        if found.get(key) != expected.get(key):
            yield f"{key[0]} #{key[1]} {found.get(key, 'is missing')} instead of {expected.get(key, 'nothing')}"
