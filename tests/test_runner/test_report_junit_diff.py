"""A report as JUnit: a gate that holds only what is newly broken."""

from __future__ import annotations

import unittest
from typing import Any
from xml.etree import ElementTree as ET

from registry.comparing.facts import ChangedPair
from registry.comparing.metrics import MetricChange
from registry.comparing.transitions import TestChanges
from registry.diff import Diff
from registry.records import Outcome
from registry.regress import Judgement, Verdict
from runner.report.formats import rendered
from runner.report.page import Finding, Page, Section
from tests.test_registry.diff_factories import make_fixture, make_run


def pair(name: str, a: Outcome | None, b: Outcome | None, **facts: Any) -> ChangedPair:
    """Return one test on both sides."""
    return ChangedPair(f"m.C.{name}", 0, a, b, f"about {name}", **facts)


def report(*findings: Finding, **facts: Any) -> ET.Element:
    """Return the root of the report on one pair of runs."""
    section = Section(Diff(make_run("a"), make_run("b"), Verdict.REGRESSED, **facts), "suite")
    return ET.fromstring(rendered(Page("t", Verdict.REGRESSED, "RED: x", findings, (section,)), "junit"))


def results(root: ET.Element) -> dict[str, list[str]]:
    """Return the tags of the results by the name of their test case."""
    return {str(case.get("name")): [child.tag for child in case] for case in root.iter("testcase")}


class Results(unittest.TestCase):
    """What fails, what is skipped, and what passes."""

    def test_transitions(self):
        """What is newly red fails as its outcome says, what was red before or does not run is skipped, the rest passes."""
        passed, failed = Outcome.PASSED, Outcome.FAILED
        root = report(
            tests=TestChanges(
                newly_failing=(pair("new", passed, failed), pair("died", passed, Outcome.CRASHED)),
                still_failing_new_cause=(pair("other", failed, Outcome.ERRORED),),
                still_failing=(pair("still", failed, failed),),
                fixed=(pair("fixed", failed, passed),),
                removed=(pair("gone", passed, None),),
                added=(pair("added", None, passed),),
                newly_skipped=(pair("skipped", passed, Outcome.SKIPPED),),
                slower=(pair("slow", passed, passed),),
                unchanged=99,
            ),
            paces={("m.C.slow", 0): Judgement(Verdict.REGRESSED, "n = 9")},
        )
        expected = {"new": ["failure"], "died": ["error"], "other": ["error"], "slow": ["failure"]}
        expected |= {"still": ["skipped"], "gone": ["skipped"], "skipped": ["skipped"], "fixed": [], "added": []}
        self.assertEqual(results(root), expected)
        for element in (root, root[0]):
            counts = [element.get(name) for name in ("tests", "failures", "errors", "skipped")]
            self.assertEqual(counts, ["9", "2", "2", "3"])

    def test_what_it_says(self):
        """A failure tells what became of the test, and its message; the suite which runs were compared."""
        root = report(tests=TestChanges(newly_failing=(pair("new", Outcome.PASSED, Outcome.FAILED),)))
        (failure,) = root.iter("failure")
        self.assertEqual(failure.get("message"), "newly failing: passed -> failed: about new")
        self.assertEqual([one.get("name") for one in root.iter("property")], ["a", "b"])

    def test_beside_the_tests(self):
        """Fixtures, metrics that are judged, lost determinism and findings are test cases of their own."""
        metrics = (
            MetricChange("accuracy", 0.9, 0.8, -0.1, verdict=Verdict.REGRESSED, evidence="p = 1e-9"),
            MetricChange("loss", 0.1, 0.2, 0.1, verdict=Verdict.SUSPECTED),
            MetricChange("speed", 1.0, 2.0, 1.0),
        )
        root = report(Finding(Verdict.REGRESSED, "no night"), fixtures=(make_fixture("setUpModule (m)"),), metrics=metrics)
        expected = {"no night": ["failure"], "setUpModule (m)": ["error"], "accuracy": ["failure"], "loss": ["skipped"]}
        self.assertEqual(results(root), expected)


if __name__ == "__main__":
    unittest.main()
