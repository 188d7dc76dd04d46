"""Flaky or not: proof, suspicion, and neither."""

from __future__ import annotations

import time
import unittest

from registry.past.flaky import LOOKED_AT
from registry.past.reliability import Contradiction, Reliability, Trial, rate_interval, reliability
from registry.records import GitState, NewRun, Outcome, RunKind, RunStatus
from tests.test_registry.factories import ENVIRONMENT, RegistryCase, result

PASSED, FAILED, SKIPPED, NOT_RUN = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.NOT_RUN


def judged(*trials: str | tuple[str, object]) -> Reliability:
    """Judge a test; a trial is its letters (an attempt each: P, F, S or N), with its conditions where they are known."""
    letters = {"P": PASSED, "F": FAILED, "S": SKIPPED, "N": NOT_RUN}
    made = []
    for number, trial in enumerate(trials, 1):
        words, conditions = (trial, None) if isinstance(trial, str) else trial
        made.append(Trial(number, f"r{number}", conditions, tuple(letters[letter] for letter in words)))
    return reliability("t", 0, made)


class Proof(unittest.TestCase):
    def test_the_same_conditions(self):
        """Green and red under the same conditions is a proof, and the newest pair of runs is named."""
        found = judged(("P", 1), ("F", 1), ("P", 2), ("P", 1))
        self.assertEqual((found.is_proven, found.contradictions), (True, (Contradiction("r4", "r2"),)))

    def test_the_newest_pair_is_the_last(self):
        """Of several pairs that prove it the one that was completed last stands last, whenever its conditions were first met."""
        found = judged(("P", 1), ("P", 2), ("F", 2), ("F", 1))
        self.assertEqual(found.contradictions, (Contradiction("r2", "r3"), Contradiction("r1", "r4")))

    def test_other_conditions(self):
        """Green and red under other conditions, or under unknown ones, prove nothing."""
        self.assertFalse(judged(("P", 1), ("F", 2)).is_proven)
        self.assertFalse(judged("P", "F").is_proven)

    def test_green_when_tried_again(self):
        """Red, and green when it was tried again in the same run, is a proof by itself, and counts as a red run."""
        found = judged("FP", "P")
        self.assertEqual((found.is_proven, found.retried, found.red, found.runs), (True, ("r1",), 1, 2))

    def test_red_on_every_attempt(self):
        """A test that is red on each attempt is broken, and not flaky."""
        self.assertFalse(judged("FF", "FFF").is_proven)

    def test_skips_tell_nothing(self):
        """Skipped and not run is neither green nor red."""
        found = judged(("S", 1), ("F", 1), ("N", 1))
        self.assertEqual((found.is_proven, found.runs, found.red), (False, 1, 1))


class Suspicion(unittest.TestCase):
    def test_a_new_failure(self):
        """A new failure is neither proven nor suspected, however long the history; nor is one break that was mended."""
        for history in ("P" * 19 + "F", "P" * 10 + "F" * 10, "PPFFFPP"):
            found = judged(*history)
            self.assertEqual((found.is_proven, found.is_suspected, found.flips), (False, False, 1), history)

    def test_the_transition_count(self):
        """Changes from green to red are counted, and divided by the window whatever the number of results."""
        for history, flips in (("PFPFF", 2), ("PPFFF", 1), ("FFFFF", 0), ("PF", 1), ("FPPPP", 0)):
            found = judged(*history)
            self.assertEqual((found.flips, found.score), (flips, flips / 20), history)

    def test_flips(self):
        """A test that flipped twice in the window is suspected; flips before the window are forgotten."""
        self.assertTrue(judged(*"PFPF").is_suspected)
        self.assertFalse(judged(*("PFPF" + "P" * 20)).is_suspected)

    def test_the_interval(self):
        """The interval of the rate is Wilson's: 3 of 40 is 2.6 to 19.9 %, and nothing is known of no run."""
        low, high = rate_interval(3, 40)
        self.assertEqual((round(low, 3), round(high, 3), rate_interval(0, 0)), (0.026, 0.199, (0.0, 1.0)))


class Stored(RegistryCase):
    """Candidates found in SQL."""

    def night(self, *results, code: str = "a", **facts) -> str:
        """Record a test run of some code."""
        with self.registry.start(NewRun(RunKind.TEST, code={"a.py": code}, **({"environment": ENVIRONMENT} | facts))) as run:
            run.add_results(results)
            run.finish(RunStatus.FINISHED)
        return run.run.name

    def found(self) -> dict[str, str]:
        """Return each test that is told, as proven or suspected."""
        return {test.test_id: "proven" if test.is_proven else "suspected" for test in self.registry.unreliable_tests().tests}

    def test_proven_and_not(self):
        """Proven is what was green and red with the same code, environment and seed; another of them proves nothing."""
        self.night(result("flaky"), result("broken"), result("sound"), seed=1)
        self.night(result("flaky", FAILED), result("sound"), seed=1)
        self.night(result("broken", FAILED), code="b", seed=1)
        self.night(result("sound", FAILED), seed=2)
        self.assertEqual(self.found(), {"flaky": "proven"})
        (test,) = self.registry.unreliable_tests().tests
        self.assertEqual(test.contradictions, (Contradiction("test-1", "test-2"),))

    def test_unknown_conditions(self):
        """Runs of which the environment was not recorded prove nothing."""
        for outcome in (PASSED, FAILED):
            self.night(result("t", outcome), environment=None)
        self.assertEqual(self.found(), {})

    def test_another_commit(self):
        """Another commit of the same Python files may have changed a file that a test reads, and proves nothing."""
        for commit, outcome in (("1" * 40, PASSED), ("2" * 40, FAILED)):
            self.night(result("t", outcome), git=GitState(commit, "main", dirty=False))
        self.assertEqual(self.found(), {})
        self.night(result("t"), git=GitState("2" * 40, "main", dirty=False))
        self.assertEqual(self.found(), {"t": "proven"})

    def test_other_flags_of_python(self):
        """Flags of the interpreter such as -O, which takes assertions away, are conditions too; the workers' number is none."""
        self.night(result("t", FAILED), result("u", FAILED), params={"jobs": 2})
        self.night(result("t"), params={"python_flags": "-O"})
        self.night(result("u"))
        self.assertEqual(self.found(), {"u": "proven"})

    def test_other_orders(self):
        """Another random order is another condition: a test that needs the one before it is not called flaky."""
        order = {"shuffle": True, "shuffle_seed": 1}
        self.night(result("t"), result("u"), params=order)
        self.night(result("t", FAILED), params=order | {"shuffle_seed": 2})
        self.night(result("t", FAILED))
        self.night(result("u", FAILED), params=order)
        self.assertEqual(self.found(), {"u": "proven"})

    def test_retries(self):
        """A test that was green only when it was tried again is proven, in whatever run."""
        self.night(result("t", FAILED), result("t", attempt=2), result("u", FAILED), result("u", FAILED, attempt=2))
        self.assertEqual(self.found(), {"t": "proven"})

    def test_suspected(self):
        """A test that flips while the code changes is suspected, after those that are proven; one break is no suspicion."""
        for number, outcome in enumerate((PASSED, FAILED, PASSED, FAILED)):
            once = FAILED if number == 3 else PASSED
            self.night(result("flips", outcome), result("once", once), code=str(number))
        self.night(result("proven", FAILED), result("proven", attempt=2))
        self.assertEqual(list(self.found().items()), [("proven", "proven"), ("flips", "suspected")])

    def test_nothing_recorded(self):
        """In an empty registry nothing is flaky."""
        self.assertEqual(self.found(), {})

    def test_a_bad_night(self):
        """After a night that was red as a whole those tests are told that are red most often, and how many more there are."""
        for night in range(4):
            outcome = FAILED if night == 3 else PASSED
            flaky = result("flaky", FAILED if night in (1, 3) else PASSED)
            self.night(*(result(f"t{i:03}", outcome) for i in range(LOOKED_AT + 50)), flaky)
        found = self.registry.unreliable_tests()
        self.assertEqual((found.tests[0].test_id, len(found.tests), found.left_out), ("flaky", LOOKED_AT, 51))

    def test_many_results_are_quick(self):
        """Among 60,000 results, one night of them all red, the flaky test is found in under a second."""
        for night in range(12):
            outcome, code = (FAILED, "broken") if night == 5 else (PASSED, str(night // 2))
            flaky = result("flaky", FAILED if night == 1 else PASSED)
            self.night(*(result(f"t{i}", outcome) for i in range(5_000)), flaky, code=code)
        began = time.perf_counter()
        self.assertEqual(self.found(), {"flaky": "proven"})
        self.assertLess(time.perf_counter() - began, 1.0)
