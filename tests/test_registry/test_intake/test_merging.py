"""The shards of a run as one run."""

from __future__ import annotations

import unittest
from datetime import timedelta

from registry.errors import InvalidValue
from registry.intake.merging import groups, merge, merged_uid, missing
from registry.records import Coverage, FileCoverage, FixtureRecord, Outcome, Run, RunDetails, RunKind, RunStatus
from tests.test_registry.diff_factories import make_run
from tests.test_registry.factories import result


def make_shard(index: int, count: int = 2, *, plan: str = "p", minutes: int = 0, **facts) -> Run:
    """Make one shard of a run."""
    tags = {"shard": f"{index}/{count}", "branch": "main"} | facts.pop("tags", {})
    run = make_run(
        uid=f"{index}{minutes}" * 16, tags=tags, params={"shard_plan": plan}, code_fingerprint="c", green=True, **facts
    )
    return Run(
        **{name: getattr(run, name) for name in Run.__slots__} | {"started_at": run.started_at + timedelta(minutes=minutes)}
    )


def make_details(index: int, *tests: str, **facts) -> RunDetails:
    """Make what is recorded about a shard."""
    run = {name: facts.pop(name) for name in ("green", "status", "duration_s", "argv", "name", "count") if name in facts}
    return RunDetails(make_shard_with(index, run), results=tuple(result(test) for test in tests), **facts)


def make_shard_with(index: int, facts: dict) -> Run:
    """Make a shard of which some facts are given."""
    shard = make_shard(index, facts.pop("count", 2))
    return Run(**{name: getattr(shard, name) for name in Run.__slots__} | facts)


class Groups(unittest.TestCase):
    """Which shards belong together."""

    def test_equal_code_cut_and_tags(self):
        """Shards of another plan, code, tag or number of shards are another run's; runs that are no shards are left out."""
        others = [make_shard(1, plan="q"), make_shard(1, 3), make_shard(1, tags={"branch": "b"}), make_shard(1)]
        others[-1] = make_shard_with(1, {"code_fingerprint": "d", "uid": "e" * 32})
        whole = [make_run(), make_run(kind=RunKind.TRAIN, tags={"shard": "1/2"}), make_run(tags={"shard": "one"})]
        found = groups([make_shard(2), *others, *whole, make_shard(1, minutes=1)])
        self.assertEqual(sorted(sorted(group) for group in found), [[1], [1], [1], [1], [1, 2]])

    def test_several_times(self):
        """Shards that ran twice make two runs, the earlier ones together."""
        found = groups([make_shard(index, minutes=minutes) for minutes in (5, 0) for index in (1, 2)])
        self.assertEqual([sorted(run.started_at.minute for run in group.values()) for group in found], [[4, 4], [9, 9]])

    def test_missing(self):
        """The indices that are not there are known."""
        (group,) = groups([make_shard(3, 4), make_shard(1, 4)])
        self.assertEqual(missing(group), [2, 4])

    def test_the_uid(self):
        """The uid depends on the shards and not on their order."""
        one, two = make_shard(1), make_shard(2)
        self.assertEqual(merged_uid([one, two]), merged_uid([two, one]))
        self.assertRegex(merged_uid([one]), r"^[0-9a-f]{32}$")
        self.assertNotEqual(merged_uid([one]), merged_uid([one, two]))


class Merged(unittest.TestCase):
    """What becomes of the facts."""

    def merged(self, *shards: RunDetails, is_complete: bool = True) -> RunDetails:
        """Merge shards."""
        return merge(shards, is_complete=is_complete)

    def test_everything_is_in_it(self):
        """Results and fixtures of all shards are in the run, whose command is that of the whole suite."""
        fixture = FixtureRecord("tearDownClass (m.A)", Outcome.ERRORED)
        argv = ("runner", "test", "--shard", "1/2", "-q", "--shard=1/2")
        run = self.merged(make_details(1, "m.A.t", argv=argv, fixtures=(fixture,)), make_details(2, "m.B.t", "m.C.t"))
        self.assertEqual([record.test_id for record in run.results], ["m.A.t", "m.B.t", "m.C.t"])
        self.assertEqual((run.fixtures, run.run.argv), ((fixture,), ("runner", "test", "-q")))
        self.assertEqual((run.run.tags, run.run.params), ({"branch": "main", "shards": "2"}, {}))

    def test_the_slowest_decides_the_duration(self):
        """Shards run side by side: the run took as long as the longest of them."""
        self.assertEqual(self.merged(make_details(1, duration_s=2.0), make_details(2, duration_s=5.0)).run.duration_s, 5.0)

    def test_the_name(self):
        """A name that all shards share is the run's."""
        self.assertEqual(self.merged(make_details(1, name="night"), make_details(2, name="night")).run.name, "night")
        self.assertEqual(self.merged(make_details(1, name="one"), make_details(2, name="two")).run.name, "")

    def test_green_and_status(self):
        """A red shard makes the run red, an empty one does nothing; the worst status stands; a missing shard interrupts."""
        cases = (
            ((True, True), (), True, (True, RunStatus.FINISHED)),
            ((True, None), (), True, (True, RunStatus.FINISHED)),
            ((True, False), (), True, (False, RunStatus.FINISHED)),
            ((True, True), (RunStatus.CRASHED, RunStatus.INTERRUPTED), True, (True, RunStatus.CRASHED)),
            ((True, True), (), False, (None, RunStatus.INTERRUPTED)),
            ((True, False), (), False, (False, RunStatus.INTERRUPTED)),
        )
        for greens, statuses, is_complete, expected in cases:
            with self.subTest(greens=greens, statuses=statuses, is_complete=is_complete):
                both = statuses or (RunStatus.FINISHED,) * 2
                shards = [make_details(n + 1, green=greens[n], status=both[n]) for n in range(2)]
                run = self.merged(*shards, is_complete=is_complete).run
                self.assertEqual((run.green, run.status), expected)

    def test_a_test_in_two_shards(self):
        """A test that two shards ran is refused: their cuts were different ones."""
        with self.assertRaisesRegex(InvalidValue, r"'m\.A\.t'.*not parts of one cut"):
            self.merged(make_details(1, "m.A.t"), make_details(2, "m.A.t"))

    def test_coverage(self):
        """A line is missing where every shard that loaded the file misses it, and the percentage is that of the lines."""
        one = Coverage(50.0, (FileCoverage("a.py", 4, (1, 2)), FileCoverage("b.py", 6, (5,))))
        two = Coverage(50.0, (FileCoverage("a.py", 4, (2, 3)),))
        found = self.merged(make_details(1, coverage=one), make_details(2, coverage=two)).coverage
        self.assertEqual(found, Coverage(80.0, (FileCoverage("a.py", 4, (2,)), FileCoverage("b.py", 6, (5,)))))
