"""The JSON documents: their keys are a contract, and they are strict JSON whatever was recorded."""

from __future__ import annotations

import json
import unittest
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from registry.answers import Answers
from registry.comparing.facts import ChangedPair, RunComparison
from registry.diff import compare_runs
from registry.records import (
    Coverage,
    Direction,
    FileCoverage,
    Outcome,
    PollutionRecord,
    RunKind,
    SubtestRecord,
    TensorDigest,
)
from runner.events import Collected, Ended, Polluted, Printed, StateChange, SubtestProblem, TestStarted
from runner.report.diff_document import diff_document
from runner.report.document import dumps, event_document, run_document, runs_document, show_document

from .factories import (
    HOSTILE,
    MNIST,
    NAME,
    TRACEBACK,
    make_checkpoint,
    make_details,
    make_finished,
    make_fixture,
    make_fixture_event,
    make_metric,
    make_record,
    make_run,
    make_training,
)


def strict(text: str) -> Any:
    """Read JSON and refuse the words that are none."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def full_details(**facts: Any):
    """Return a run with something in every place."""
    subtest = SubtestRecord("(n=1)", Outcome.FAILED, "1 != 2", TRACEBACK)
    return make_details(
        make_training(tags={"who": "me"}),
        counts={Outcome.FAILED: 1},
        results=(make_record(message="1 != 2", traceback=TRACEBACK, subtests=(subtest,), subtests_passed=2, worker=0, seed=3),),
        fixtures=(make_fixture(),),
        pollution=(PollutionRecord("m.A", "sys.path", "one more"),),
        metrics=(make_metric("loss", float("nan"), minimum=None, maximum=float("inf"), direction=Direction.LOWER, unit="nats"),),
        points={"loss": ((1, float("inf")), (None, float("nan")))},
        checkpoints=(make_checkpoint(epoch=2, tensors=(TensorDigest("fc.weight", "F32", (2, 3), "c" * 64),)),),
        dataset=MNIST,
        coverage=Coverage(91.5, (FileCoverage("a.py", 10, (1,)),)),
        **facts,
    )


class Dumps(unittest.TestCase):
    """Strict JSON in ASCII."""

    def test_not_finite_numbers(self):
        """NaN and infinities are strings."""
        self.assertEqual(strict(dumps({"x": [float("nan"), float("-inf")]})), {"x": ["nan", "-inf"]})

    def test_hostile_text(self):
        """Any text comes back as it was, and the JSON itself is printable ASCII on one line."""
        text = dumps({HOSTILE: HOSTILE})
        self.assertTrue(text.isascii() and text.isprintable())
        self.assertEqual(strict(text), {HOSTILE: HOSTILE})


class Show(unittest.TestCase):
    """`runner show --format json`."""

    def test_the_keys_of_the_contract(self):
        """The document has the keys of the interface, in each of its parts."""
        document = strict(dumps(show_document(full_details())))
        top = ["schema", "run", "counts", "results", "flaky", "fixtures", "pollution", "metrics", "checkpoints"]
        self.assertEqual(list(document), [*top, "answers", "dataset", "coverage"])
        result = {
            "id",
            "ordinal",
            "attempt",
            "outcome",
            "duration_s",
            "message",
            "traceback",
            "worker",
            "seed",
            "output",
            "subtests",
        }
        self.assertLessEqual(result, document["results"][0].keys())
        self.assertEqual(document["fixtures"][0].keys(), {"id", "outcome", "message", "traceback", "output"})
        checkpoint = {"epoch", "path", "size_bytes", "file_sha256", "content_hash"}
        self.assertLessEqual(checkpoint, document["checkpoints"][0].keys())

    def test_values(self):
        """Outcomes are words, counts numbers, the data set and coverage as the interface says."""
        document = strict(dumps(show_document(full_details())))
        self.assertEqual((document["schema"], document["counts"], document["results"][0]["id"]), (1, {"failed": 1}, NAME))
        self.assertEqual(document["coverage"], {"percent": 91.5, "files": 1})
        self.assertEqual(document["pollution"], [{"place": "m.A", "what": "sys.path", "change": "one more"}])
        self.assertEqual(document["dataset"] | {"fingerprint": ""}, {
            "name": "mnist", "fingerprint": "", "train": 54_000, "validation": 6_000, "test": 10_000,
        })  # fmt: skip

    def test_metrics(self):
        """A metric has its summary and its points, with strings for what is not finite."""
        metric = strict(dumps(show_document(full_details())))["metrics"]["loss"]
        self.assertEqual(metric, {
            "last": "nan", "min": None, "max": "inf", "count": 2, "direction": "lower", "unit": "nats",
            "points": [[1, "inf"], [None, "nan"]],
        })  # fmt: skip

    def test_subtests_and_tensors(self):
        """Subtests that did not pass are listed with their outcome, tensors with their shape as a list."""
        document = strict(dumps(show_document(full_details())))
        (subtest,) = document["results"][0]["subtests"]
        self.assertEqual(subtest, {"params": "(n=1)", "outcome": "failed", "message": "1 != 2", "traceback": TRACEBACK})
        self.assertEqual(document["checkpoints"][0]["tensors"][0]["shape"], [2, 3])

    def test_an_empty_run(self):
        """A run of which nothing is known has the same keys, empty or null."""
        run = make_run(environment=None, duration_s=None, green=None)
        document = strict(dumps(show_document(make_details(run))))
        self.assertEqual(
            (document["results"], document["metrics"], document["dataset"], document["coverage"]), ([], {}, None, None)
        )
        self.assertIsNone(document["run"]["environment"])


class Runs(unittest.TestCase):
    """A run without its results, alone and in a list."""

    def test_the_keys_of_the_contract(self):
        """A run has the keys of the interface; its git state and environment are objects."""
        document = strict(dumps(run_document(make_training())))
        keys = {"id", "uid", "name", "kind", "status", "green", "seed", "started_at", "duration_s", "argv", "tags", "git"}
        self.assertLessEqual(keys | {"environment", "fingerprint"}, document.keys())
        self.assertLessEqual({"commit", "branch", "dirty"}, document["git"].keys())
        self.assertEqual((document["kind"], document["started_at"]), ("train", "2026-01-02T03:04:05+00:00"))

    def test_a_list_of_runs(self):
        """Runs stand in a list, in the order given."""
        document = strict(dumps(runs_document([make_run("b"), make_run("a")])))
        self.assertEqual((document["schema"], [run["name"] for run in document["runs"]]), (1, ["b", "a"]))

    def test_mappings_that_are_no_dict(self):
        """A mapping that cannot be copied is written like any other."""
        run = make_run()
        frozen = replace(run, environment=replace(run.environment, packages=MappingProxyType({"torch": "2.10"})))
        self.assertEqual(strict(dumps(run_document(frozen)))["environment"]["packages"], {"torch": "2.10"})


class DiffDocument(unittest.TestCase):
    """`runner diff --format json`."""

    def document(self, *pairs: ChangedPair) -> dict[str, Any]:
        a = full_details()
        b = replace(a, run=make_training("train-b", seed=1), metrics=(make_metric("loss", 1.0),), coverage=None)
        return strict(dumps(diff_document(compare_runs(RunComparison(a, b, pairs, 3)))))

    def test_the_keys_of_the_contract(self):
        """The document has the keys of the interface, in each of its parts."""
        document = self.document()
        top = {"schema", "a", "b", "verdict", "reasons", "tests", "metrics", "checkpoints", "why", "coverage"}
        self.assertLessEqual(top, document.keys())
        lists = ["newly_failing", "still_failing", "still_failing_new_cause", "fixed", "added", "removed", "newly_skipped"]
        lists += ["no_longer_skipped", "slower", "faster", "flaky", "unchanged"]
        self.assertLessEqual(set(lists), document["tests"].keys())
        self.assertEqual(document["checkpoints"].keys(), {"same", "first_difference", "max_abs_delta", "determinism", "parting"})
        self.assertEqual(document["flips"], [])

    def test_a_test(self):
        """A test has its outcomes as words, null where it was absent."""
        pair = ChangedPair(NAME, 1, None, Outcome.TIMED_OUT, "too long", None, 9.5, cause_b="c1")
        document = self.document(pair)
        self.assertEqual(document["tests"]["newly_failing"], [{
            "id": NAME, "ordinal": 1, "a": None, "b": "timed_out", "message": "too long", "cluster": "c1",
            "duration_a_s": None, "duration_b_s": 9.5, "attempts_b": 1, "renamed_from": None,
            "verdict": None, "evidence": None, "onset": None,
        }])  # fmt: skip
        self.assertEqual(
            document["clusters"], [{"cluster": "c1", "tests": 1, "is_new": True, "example": NAME, "message": "too long"}]
        )

    def test_metrics_and_reasons(self):
        """A metric has its values, a reason its two sides, and coverage on one side is null on the other."""
        document = self.document()
        self.assertEqual(document["metrics"], [{
            "name": "loss", "a": "nan", "b": 1.0, "delta": "nan", "direction": "lower",
            "verdict": "insufficient_data", "evidence": "not finite in A",
            "is_noise": False, "bar": None, "bar_run": None, "p": None, "onset": None,
        }])  # fmt: skip
        self.assertEqual(document["why"], [{"what": "seed", "key": "seed", "a": "42", "b": "1", "because": None}])
        self.assertEqual(document["coverage"], {"a": 91.5, "b": None, "delta": None, "files": [], "lines": []})

    def test_flips_and_partings(self):
        """Flipped examples are listed by part, as positions, and where the trainings parted stands with the checkpoints."""
        a, b = (
            make_details(
                make_training(),
                dataset=MNIST,
                answers=(Answers("test", 10, bits),),
                checkpoints=(make_checkpoint(epoch=1, content_hash=content, tensors=(), random_state="s"),),
            )
            for bits, content in ((b"\xff\xc0", "b"), (b"\x7f\x40", "c"))
        )
        document = strict(dumps(diff_document(compare_runs(RunComparison(a, b)))))
        self.assertEqual(document["flips"], [{"split": "test", "examples": 10, "lost": [0, 8], "gained": []}])
        parting = {"epoch": 1, "random_state": False, "weights": True, "tensor": None}
        self.assertEqual(document["checkpoints"]["parting"], parting)
        shown = strict(dumps(show_document(a)))["answers"]
        self.assertEqual(shown, {"test": {"examples": 10, "right": 10, "bits": "ffc0"}})

    def test_every_list_is_there_when_empty(self):
        """Two empty runs give all lists, empty, and no verdict that would say more."""
        empty = make_details(make_run(kind=RunKind.TEST))
        document = strict(dumps(diff_document(compare_runs(RunComparison(empty, empty)))))
        self.assertEqual(set(map(str, document["tests"].values())), {"[]", "0"})
        self.assertEqual((document["verdict"], document["coverage"]), ("insufficient_data", None))


class Events(unittest.TestCase):
    """The lines of `runner test --format json`."""

    def test_each_event(self):
        """Each kind of event has its name and its facts."""
        expected = (
            (Collected((("t", 0),)), {"event": "collected", "tests": [{"id": "t", "ordinal": 0}]}),
            (TestStarted(("t", 1), 2), {"event": "started", "id": "t", "ordinal": 1, "worker": 2}),
            (Ended(1.5, "SIGINT"), {"event": "ended", "duration_s": 1.5, "interrupted": "SIGINT"}),
            (
                make_fixture_event(),
                {"event": "fixture", "id": "setUpClass (pkg.test_mod.Case)", "outcome": "errored", "message": "OSError: no disk",
                 "traceback": None, "output": None},
            ),
            (Printed("setUpModule (m)", "x\n"), {"event": "printed", "place": "setUpModule (m)", "text": "x\n"}),
            (
                Polluted("m.A", (StateChange("sys.path", "one more"),)),
                {"event": "polluted", "place": "m.A", "changes": [{"what": "sys.path", "change": "one more"}]},
            ),
        )  # fmt: skip
        for event, document in expected:
            self.assertEqual(strict(dumps(event_document(event))), {"schema": 1, **document})

    def test_a_finished_test(self):
        """A finished test is one object with its identity, its outcome and its subtests."""
        event = make_finished(
            "failed", ordinal=1, subtests=(SubtestProblem("(n=1)", "failed", "m", "t"),), duration_s=float("inf")
        )
        document = strict(dumps(event_document(event)))
        self.assertEqual((document["event"], document["id"], document["ordinal"]), ("finished", NAME, 1))
        self.assertEqual(document["subtests"], [{"params": "(n=1)", "outcome": "failed", "message": "m", "traceback": "t"}])
        self.assertEqual((document["duration_s"], "key" in document), ("inf", False))


if __name__ == "__main__":
    unittest.main()
