"""All rows, by subject."""

from . import (
    rows_asynchronous,
    rows_fixture_counts,
    rows_fixtures,
    rows_loading,
    rows_outcomes,
    rows_output,
    rows_processes,
    rows_suites,
    zoo_processes,
    zoo_state,
    zoo_texts,
    zoo_waiting,
)
from .case import Case

ROWS: tuple[Case, ...] = (
    *rows_fixtures.CASES,
    *rows_fixture_counts.CASES,
    *rows_outcomes.CASES,
    *rows_loading.CASES,
    *rows_asynchronous.CASES,
    *rows_output.CASES,
    *rows_processes.CASES,
    *rows_suites.CASES,
)
ZOO: tuple[Case, ...] = (*zoo_processes.CASES, *zoo_state.CASES, *zoo_texts.CASES, *zoo_waiting.CASES)
