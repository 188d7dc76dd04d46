"""The JSON of a diff and of a report, checked against the schemas in the documentation."""

from __future__ import annotations

import json
import unittest
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from registry.comparing.facts import ChangedPair, RunComparison
from registry.diff import compare_runs
from registry.records import Coverage, Outcome, RunDetails
from runner.report.formats import rendered
from runner.report.page import Page, Section
from runner.report.sentence import page_of
from tests.test_registry.diff_factories import MNIST, make_checkpoint, make_metric, make_training

from .hostile import TEXTS, hostile_page

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schemas"


@cache
def validator(name: str) -> Draft202012Validator:
    """Return the validator of a schema, which may refer to the others in its folder."""
    schemas = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")}
    registry = Registry().with_resources((key, Resource.from_contents(schema)) for key, schema in schemas.items())
    Draft202012Validator.check_schema(schemas[name])
    return Draft202012Validator(schemas[name], registry=registry)


def document(page: Page) -> Any:
    """Return a report as another program reads it."""
    return json.loads(rendered(page, "json"))


def trainings() -> Page:
    """Return the diff of two trainings in which as much as possible differs."""
    pairs = tuple(ChangedPair(f"t{n}", 0, a, b, cause_b="c") for n, (a, b) in enumerate(every_transition()))
    sides = (
        RunDetails(
            make_training(name, id=number, seed=number, started_at=datetime(2026, 1, number, tzinfo=UTC)),
            metrics=(make_metric("test_accuracy", accuracy), make_metric("loss", loss)),
            checkpoints=(make_checkpoint(name, content_hash=name),),
            dataset=MNIST,
            coverage=Coverage(50.0 + number),
        )
        for name, number, accuracy, loss in (("a", 1, 0.99, 0.1), ("b", 2, 0.9, float("nan")))
    )
    return page_of(Section(compare_runs(RunComparison(*sides, pairs, 3))))


def every_transition() -> list[tuple[Outcome | None, Outcome | None]]:
    """Return every pair of outcomes, absent included."""
    states = (None, *Outcome)
    return [(a, b) for a in states for b in states]


class Schemas(unittest.TestCase):
    """What the schemas take, and what they refuse."""

    def test_a_diff(self):
        """The diff of two runs in which everything differs is what diff.schema.json describes."""
        self.assertEqual([error.message for error in validator("diff.schema.json").iter_errors(document(trainings()))], [])

    def test_hostile_reports(self):
        """Reports that hold a hostile text everywhere are what report.schema.json describes."""
        for text in TEXTS[:-2]:
            errors = validator("report.schema.json").iter_errors(document(hostile_page(text)))
            self.assertEqual([error.message[:300] for error in errors], [], text)

    def test_further_keys(self):
        """A key that a later release adds is no error."""
        self.assertTrue(validator("diff.schema.json").is_valid(document(trainings()) | {"later": 1}))

    def test_what_is_missing(self):
        """A document that lacks one of its keys, or has a verdict that nobody knows, is refused."""
        whole = document(trainings())
        for key in validator("diff.schema.json").schema["required"]:
            self.assertFalse(
                validator("diff.schema.json").is_valid({**whole, key: None} if key == "verdict" else without(whole, key))
            )

    def test_every_key_is_described(self):
        """Each key of the document has its place in the schema."""
        whole, schema = document(trainings()), validator("diff.schema.json").schema
        self.assertLessEqual(set(whole), set(schema["properties"]))
        self.assertLessEqual(set(whole["a"]), set(schema["$defs"]["run"]["properties"]))
        self.assertLessEqual(set(whole["tests"]["newly_failing"][0]), set(schema["$defs"]["test"]["properties"]))
        self.assertLessEqual(set(whole["metrics"][0]), set(schema["$defs"]["metric"]["properties"]))


def without(document: Any, key: str) -> Any:
    """Return a document without one of its keys."""
    return {name: value for name, value in document.items() if name != key}


if __name__ == "__main__":
    unittest.main()
