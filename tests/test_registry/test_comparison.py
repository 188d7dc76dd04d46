"""Two runs side by side, against an oracle in plain Python."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable

from sqlalchemy import event

from registry.cause import cause_of
from registry.comparing.facts import ChangedPair
from registry.errors import RunNotFound
from registry.records import Coverage, FileCoverage, NewRun, Outcome, Run, RunKind, TestRecord
from registry.regress import DURATION_FLOOR_S, DURATION_RATIO

from .factories import RegistryCase, result

DURATIONS = (None, 0.0, 0.001, 0.2, 0.4, 0.5, 1.0, 1.2, 1.25, 1.3, 5.0, 7.0)


def random_results(chance: random.Random) -> list[TestRecord]:
    """Make the results of a run: repeated ids, several attempts, every outcome, durations around the floors."""
    records = []
    for number in range(60):
        for ordinal in range(chance.choice((1, 1, 2))):
            if chance.random() < 0.2:
                continue
            for attempt in range(1, chance.choice((1, 1, 1, 2, 3)) + 1):
                outcome = chance.choice((*Outcome, *[Outcome.PASSED] * 6))
                message = None if chance.random() < 0.5 else f"message {chance.random()}"
                facts = {"ordinal": ordinal, "attempt": attempt, "message": message, "duration_s": chance.choice(DURATIONS)}
                records.append(result(f"t{number:02}", outcome, **facts))
    chance.shuffle(records)
    return records


def last_attempts(records: Iterable[TestRecord]) -> dict[tuple[str, int], TestRecord]:
    """Return the last attempt at each test."""
    ordered = sorted(records, key=lambda record: record.attempt)
    return {(record.test_id, record.ordinal): record for record in ordered}


def expected(a: Iterable[TestRecord], b: Iterable[TestRecord]) -> tuple[tuple[ChangedPair, ...], int]:
    """Say in plain Python which pairs changed and how many did not."""
    before, after = last_attempts(a), last_attempts(b)
    changed = []
    for key in sorted(before.keys() | after.keys()):
        one, two = before.get(key), after.get(key)
        if not is_changed(one, two):
            continue
        changed.append(
            ChangedPair(
                *key,
                one and one.outcome,
                two and two.outcome,
                (two or one).message,
                one and one.duration_s,
                two and two.duration_s,
                two.attempt if two else 1,
                one and cause_of(one),
                two and cause_of(two),
            )
        )
    return tuple(changed), len(before.keys() | after.keys()) - len(changed)


def is_changed(one: TestRecord | None, two: TestRecord | None) -> bool:
    """Say whether a pair of last attempts is worth telling."""
    if one is None or two is None or one.outcome is not two.outcome or one.outcome.is_red or two.attempt > 1:
        return True
    if one.outcome is not Outcome.PASSED or one.duration_s is None or two.duration_s is None:
        return False
    short, long = sorted((one.duration_s, two.duration_s))
    return long - short > DURATION_FLOOR_S and long > DURATION_RATIO * short


class Pairs(RegistryCase):
    """The changed pairs."""

    def test_against_the_oracle(self):
        """Over 40 pairs of random runs, SQL and plain Python agree on every pair and on the number of unchanged tests."""
        chance = random.Random(11)
        runs = [(records, self.recorded(records)) for records in (random_results(chance) for _ in range(20))]
        for _ in range(40):
            (a, run_a), (b, run_b) = chance.choice(runs), chance.choice(runs)
            found = self.registry.compare(run_a, run_b)
            self.assertEqual((found.changed, found.unchanged), expected(a, b))

    def test_the_oracle_meets_every_case(self):
        """The random runs hold absent tests, both-red tests, slower, faster and unchanged ones."""
        chance = random.Random(11)
        a, b = random_results(chance), random_results(chance)
        changed, unchanged = expected(a, b)
        kinds = {(pair.a is None, pair.b is None, pair.a is pair.b) for pair in changed}
        self.assertEqual(kinds, {(True, False, False), (False, True, False), (False, False, False), (False, False, True)})
        timed = [pair for pair in changed if pair.a is pair.b is Outcome.PASSED]
        self.assertEqual({pair.duration_a_s < pair.duration_b_s for pair in timed}, {True, False})
        self.assertGreater(unchanged, 0)

    def test_a_run_with_itself(self):
        """Compared with itself a green run has changed nothing."""
        run = self.recorded(result(f"t{i}", duration_s=i) for i in range(30))
        found = self.registry.compare(run, run)
        self.assertEqual((found.changed, found.unchanged), ((), 30))

    def test_empty_runs(self):
        """A run without results lacks every test of the other."""
        full, empty = self.recorded([result()]), self.recorded()
        self.assertEqual([pair.b for pair in self.registry.compare(full, empty).changed], [None])
        self.assertEqual([pair.a for pair in self.registry.compare(empty, full).changed], [None])
        self.assertEqual(self.registry.compare(empty, empty).unchanged, 0)

    def test_a_run_that_is_not_there(self):
        """A run of another registry, whose id is unknown here, is refused."""
        run = self.recorded()
        with self.assertRaises(RunNotFound):
            self.registry.compare(run, Run(99, "", "", RunKind.TEST, run.status, run.started_at))


class Sides(RegistryCase):
    """What a comparison tells of each run."""

    def setUp(self):
        super().setUp()
        self.runs = [self.training(name) for name in ("a", "b")]
        self.statements: list[tuple[str, tuple[object, ...]]] = []
        engine = self.registry._database.engine
        event.listen(engine, "before_cursor_execute", lambda *call: self.statements.append((call[2], call[3])))

    def training(self, name: str) -> Run:
        """Record a run with results, metrics and coverage."""
        with self.registry.start(NewRun(RunKind.TRAIN, name)) as run:
            run.add_results(result(f"t{i}", traceback="long") for i in range(20))
            for step in range(500):
                run.log_metric("loss", 1 / (step + 1), step=step)
            run.set_coverage(Coverage(50.0, (FileCoverage("a.py", 2, (1,)),)))
        return self.registry.find_run(name)

    def test_facts_without_results(self):
        """Summaries and coverage are told; results, their counts and points stay in the database."""
        found = self.registry.compare(*self.runs)
        self.assertEqual((found.a.run.name, found.b.run.name), ("a", "b"))
        self.assertEqual((found.a.counts, found.a.results, found.a.points), ({}, (), {}))
        self.assertEqual((found.b.metrics[0].count, found.b.coverage.percent), (500, 50.0))

    def test_no_statement_reads_points(self):
        """No statement of a comparison touches metric_point, by its text or by SQLite's own plan."""
        self.registry.compare(*self.runs)
        statements, self.statements = self.statements, []
        plans = self.plans(statements)
        self.assertGreater(len(plans), 10)
        self.assertEqual([plan for plan in plans if "metric_point" in plan], [])

    def test_results_are_found_by_key(self):
        """The results of a comparison are searched by run, never scanned over all runs."""
        self.registry.compare(*self.runs)
        statements, self.statements = self.statements, []
        plans = self.plans(statements)
        self.assertTrue(any("SEARCH result_a USING PRIMARY KEY" in plan for plan in plans))
        self.assertEqual([plan for plan in plans if "SCAN result_" in plan or "SCAN test_result" in plan], [])

    def plans(self, statements) -> list[str]:
        """Return SQLite's plans of the statements."""
        with self.registry._database.reading() as connection:
            rows = [
                connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", parameters).all()
                for text, parameters in statements
                if text.startswith("SELECT")
            ]
        return [str(row[3]) for plan in rows for row in plan]

    def test_ten_thousand_tests_are_quick(self):
        """Comparing 10,000 tests of which one changed takes less than a second and gives one row."""
        big = [
            self.recorded(result(f"big{i}", Outcome.FAILED if i == bad else Outcome.PASSED) for i in range(10_000))
            for bad in (-1, 5)
        ]
        began = time.perf_counter()
        found = self.registry.compare(*big)
        self.assertLess(time.perf_counter() - began, 1.0)
        self.assertEqual(([pair.test_id for pair in found.changed], found.unchanged), (["big5"], 9_999))
