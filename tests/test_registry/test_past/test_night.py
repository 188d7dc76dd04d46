"""The dead-man checks: nothing ran, something did not end, a night is missing."""

from __future__ import annotations

import unittest
from datetime import UTC, datetime, timedelta

from registry.past.night import ENDED_AFTER, Part, Watch, dead_man_findings, usual_gap
from registry.records import Outcome, Run, RunKind, RunStatus
from registry.regress import Verdict
from tests.test_registry.diff_factories import make_run, make_training

TONIGHT = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


def nights(*days_ago: float, **facts) -> list[Run]:
    """Return earlier nights, newest first."""
    return [
        make_run(f"nightly-{number}", kind=RunKind.NIGHTLY, started_at=TONIGHT - timedelta(days=days), **facts)
        for number, days in enumerate(days_ago)
    ]


def suite(passed: int = 3, role: str = "suite tests", **counts: int) -> Part:
    """Return a suite of which some tests passed."""
    numbers = {Outcome.PASSED: passed} | {Outcome[name.upper()]: number for name, number in counts.items()}
    return Part(role, make_run("suite"), {outcome: number for outcome, number in numbers.items() if number})


def findings(*parts: Part, planned: tuple[str, ...] = ("suite tests",), **facts) -> list[tuple[Verdict, str]]:
    """Return what the checks say of a night."""
    run = make_run("tonight", kind=RunKind.NIGHTLY, started_at=TONIGHT)
    return list(dead_man_findings(Watch(run, planned, parts, **facts)))


class NothingRan(unittest.TestCase):
    """A night in which nothing ran is red, however quiet it is."""

    def test_a_good_night(self):
        """A night in which all ran says nothing."""
        self.assertEqual(findings(suite(), before=(suite(),), earlier=nights(1, 2, 3, 4)), [])

    def test_a_part_that_recorded_nothing(self):
        """A suite of which there is no run is red."""
        self.assertEqual(findings(), [(Verdict.REGRESSED, "suite tests recorded nothing")])

    def test_an_empty_suite(self):
        """A suite without a test, and one whose tests were all skipped, are red."""
        self.assertEqual(findings(suite(0)), [(Verdict.REGRESSED, "suite tests holds no test")])
        self.assertEqual(findings(suite(0, skipped=1200)), [(Verdict.REGRESSED, "suite tests ran none of its 1,200 tests")])

    def test_a_training_that_did_not_finish(self):
        """A training that failed, crashed or was interrupted is red."""
        for status in (RunStatus.FAILED, RunStatus.CRASHED, RunStatus.INTERRUPTED):
            part = Part("mnist seed 0", make_training(status=status))
            self.assertEqual(
                findings(part, planned=("mnist seed 0",)),
                [(Verdict.REGRESSED, f"mnist seed 0 did not come to its end: {status}")],
            )

    def test_a_part_that_took_too_long(self):
        """A part that was ended is red, and the sentence names the limit, whatever status it had come to."""
        for status in (RunStatus.INTERRUPTED, RunStatus.CRASHED, RunStatus.FINISHED):
            part = Part("mnist seed 0", make_training(status=status, tags={ENDED_AFTER: "12 h"}))
            expected = "mnist seed 0 took longer than 12 h, `part-timeout` in [tool.runner.nightly], and was ended"
            self.assertEqual(findings(part, planned=("mnist seed 0",)), [(Verdict.REGRESSED, expected)])

    def test_fewer_tests(self):
        """A suite that holds fewer tests than in the night before is red, one with more is not."""
        expected = [(Verdict.REGRESSED, "suite tests holds 39 tests, 40 the night before")]
        self.assertEqual(findings(suite(39), before=(suite(40),)), expected)
        self.assertEqual(findings(suite(4), before=(suite(3),)), [])

    def test_fewer_that_run(self):
        """Tests that are there and no longer run are suspected, and red from more than a tenth on."""
        expected = [(Verdict.SUSPECTED, "36 tests of suite tests ran, 40 the night before")]
        self.assertEqual(findings(suite(36, skipped=4), before=(suite(40),)), expected)
        self.assertEqual(findings(suite(35, skipped=5), before=(suite(40),))[0][0], Verdict.REGRESSED)

    def test_a_part_that_is_gone(self):
        """A suite of the night before that is planned no more is red; a second measurement is no part of that kind."""
        before = (suite(), suite(role="suite slow"), suite(role="suite tests again"))
        self.assertEqual(
            findings(suite(), before=before), [(Verdict.REGRESSED, "suite slow was in the night before and is not in this one")]
        )


class MissingNights(unittest.TestCase):
    """The night that did not happen can only be seen from the next one."""

    def test_the_usual_gap(self):
        """The usual gap is the median, and takes four nights to be known; a clock that went back tells nothing."""
        self.assertEqual(usual_gap(nights(1, 2, 3, 7)), timedelta(days=1))
        self.assertIsNone(usual_gap(nights(1, 2, 3)))
        self.assertIsNone(usual_gap(nights(4, 3, 2, 1)))

    def test_a_gap(self):
        """Two days where it is usually one: a night is missing."""
        expected = "a night is missing: the last one began 48 h before this one, usually 24 h"
        self.assertEqual(findings(suite(), earlier=nights(2, 3, 4, 5, 6)), [(Verdict.REGRESSED, expected)])

    def test_a_gap_before_the_usual_one_is_known(self):
        """The second night already knows that one is missing, after a day and a half; the first night ever misses none."""
        expected = (
            "a night is missing: the last one began 37 h before this one, and a nightly run is expected within 36 h; "
            "`max-gap` in [tool.runner.nightly] sets the limit"
        )
        self.assertEqual(findings(suite(), earlier=nights(37 / 24)), [(Verdict.REGRESSED, expected)])
        self.assertEqual(findings(suite(), earlier=nights(37 / 24, 38 / 24, 39 / 24)), [(Verdict.REGRESSED, expected)])
        self.assertEqual(findings(suite(), earlier=nights(1.5)), [])
        self.assertEqual(findings(suite()), [])

    def test_tried_by_hand(self):
        """Nights that somebody starts one after the other are no schedule that a night could be missing from."""
        minute = 1 / 24 / 60
        self.assertEqual(findings(suite(), earlier=nights(5 * minute, 6 * minute, 7 * minute, 8 * minute, 9 * minute)), [])

    def test_a_set_limit(self):
        """A limit that was set holds from the second night on, beats what is usual, and makes the night red."""
        expected = "a night is missing: the last one began 48 h before this one, 30 h at most"
        self.assertEqual(findings(suite(), earlier=nights(2), max_gap_h=30), [(Verdict.REGRESSED, expected)])
        self.assertEqual(findings(suite(), earlier=nights(2, 3, 4, 5, 6), max_gap_h=50), [])

    def test_a_night_that_did_not_end(self):
        """A night before that crashed is red, one that somebody stopped is told."""
        for status, verdict in ((RunStatus.CRASHED, Verdict.REGRESSED), (RunStatus.INTERRUPTED, Verdict.SUSPECTED)):
            expected = f"the night before, nightly-0, did not come to its end: {status}"
            self.assertEqual(findings(suite(), earlier=nights(1, status=status)), [(verdict, expected)])
