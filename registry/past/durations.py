"""How long a test will probably take: the median of what was recorded last."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import ColumnElement, Connection, FromClause, select

from registry import models
from registry.encoding import decoding, outcome_code
from registry.intake.merging import TAG
from registry.records import Outcome

SAMPLES = 5
"""Results of a test that count: few enough to follow a change of the code, enough to outvote one slow day."""

_MOST_RESULTS = 250_000
_RAN = (
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.ERRORED,
    Outcome.EXPECTED_FAILURE,
    Outcome.UNEXPECTED_SUCCESS,
    Outcome.TIMED_OUT,
)


def expected_durations(connection: Connection, *, of_whole_runs: bool = False) -> dict[tuple[str, int], float]:
    """Return (id, ordinal) of each test that ran lately to its seconds, the median of its last results.

    What was skipped, crashed or never ran says nothing about a duration. "Lately" is a number of results, a few for each test
    that the registry knows: a hundred runs of one test hide none of the others, and the cost does not grow with the number of
    runs.

    Args:
        connection: A connection.
        of_whole_runs: Leave out runs that were shards, so that one shard knows no other durations than the next.
    """
    test, result = models.test, models.test_result
    known = connection.execute(select(test.c.id, test.c.name, test.c.ordinal)).all()
    newest_first = (result.c.run_id.desc(), result.c.test_id.desc(), result.c.attempt.desc())  # the primary key, backwards
    statement = (
        select(result.c.test_id, result.c.duration_s)
        .where(result.c.outcome.in_([outcome_code(outcome) for outcome in _RAN]), result.c.duration_s.is_not(None))
        .where(*[~_is_shard(result)] if of_whole_runs else [])
        .order_by(*newest_first)
        .limit(min(SAMPLES * len(known), _MOST_RESULTS))
    )
    latest: defaultdict[int, list[float]] = defaultdict(list)
    with decoding("the list of durations"):
        for test_id, duration_s in connection.execute(statement):
            if len(samples := latest[test_id]) < SAMPLES:
                samples.append(float(duration_s))
    from statistics import median

    return {(name, ordinal): median(latest[test_id]) for test_id, name, ordinal in known if test_id in latest}


def _is_shard(result: FromClause) -> ColumnElement[bool]:
    tag = models.run_tag
    return select(tag.c.run_id).where(tag.c.run_id == result.c.run_id, tag.c.key == TAG).exists()
