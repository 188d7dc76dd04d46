"""Which of the commits between two runs touch what a failing test ran: the suspects. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from registry.comparing.facts import RunComparison
from registry.origin import Commit, CommitRange, Onset, Relation, RunPoint, Sources, Suspect, TestKey, way_between
from registry.records import FixtureRecord, Run

_FRAME = re.compile(r'^[\s|+]*File "([^"\n]*)", line \d+', re.MULTILINE)
_PACKAGE = re.compile(r"/(?:site|dist)-packages/([A-Za-z0-9_]+)")
_PLACE = re.compile(r"\(([^()]+)\)$")
_CLASS_AND_METHOD = -2
_LONGEST_TRACEBACK = 100_000


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the code that a failing test, or a training, ran.

    Attributes:
        test_id: The test, whose own file is known by its dotted name; None for a metric.
        traced: Files of the project through which the traceback leads, relative to its root.
        packages: Installed packages through which it leads, their names normalised as those of distributions are.
        imports: Files that the test's module imports, or that the training loaded.
    """

    test_id: str | None = None
    traced: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()

    def reason(self, path: str) -> tuple[int, str] | None:
        """Return how closely a file belongs to the test, 0 being closest, and in what way; None where it does not."""
        if self.test_id is not None and _is_module_of(path, self.test_id):
            return 1, f"{path} is its own file"
        if path in self.traced:
            return 0, f"{path} is in its traceback"
        if path in self.imports:
            return 2, f"it imports {path}"
        return None


def evidence_of(test_id: str, traceback: str, imports: frozenset[str], known: AbstractSet[str]) -> Evidence:
    """Return the evidence that a failure left.

    Args:
        test_id: The test.
        traceback: Its text, with the paths of the machine on which it ran.
        imports: Files that the test's module imports.
        known: All files that may be meant, relative to the project's root.
    """
    frames = {path.replace("\\", "/") for path in _FRAME.findall(traceback[-_LONGEST_TRACEBACK:])}
    installed = {match[1] for frame in frames if (match := _PACKAGE.search(frame))}
    packages = frozenset(re.sub(r"[-_.]+", "-", name).lower() for name in installed)
    traced = (_known_end(frame, known) for frame in frames if not _PACKAGE.search(frame))
    return Evidence(test_id, frozenset(path for path in traced if path is not None), packages, imports)


def _known_end(frame: str, known: AbstractSet[str]) -> str | None:
    parts = frame.split("/")
    return next((end for start in range(len(parts)) if (end := "/".join(parts[start:])) in known), None)


def with_suspects(onset: Onset, evidence: Evidence, ways: Mapping[tuple[str, str], CommitRange]) -> Onset:
    """Return an onset with the commits of its time and those among them that are suspected."""
    if onset.last_good is None:
        return onset
    way = way_between(onset.last_good, onset.first_bad, ways)
    return replace(onset, way=way, suspects=tuple(_suspects(way, evidence)))


def _suspects(way: CommitRange, evidence: Evidence) -> Iterator[Suspect]:
    closest = [(min(reasons), commit) for commit in way.commits if (reasons := list(_reasons(commit, evidence)))]
    # Sorting is stable: of equally close ones the newest stays first.
    for (_, because), commit in sorted(closest, key=lambda one: one[0][0]):
        yield Suspect(commit, because)
    if not closest and way.relation is Relation.AHEAD and way.number == 1:
        yield Suspect(way.commits[0], "the only commit between")


def _reasons(commit: Commit, evidence: Evidence) -> Iterator[tuple[int, str]]:
    return (reason for reason in map(evidence.reason, commit.files) if reason is not None)


def _is_module_of(path: str, test_id: str) -> bool:
    """Tell whether a test can lie in a file: the id starts with the file's dotted name, or with an end of it."""
    file = PurePosixPath(path)
    if file.suffix != ".py":
        return False
    parts = list(file.with_suffix("").parts)
    if parts[-1] == "__init__":
        # Of a package only what is followed by class and method at once; else a module of it is meant.
        package = test_id.split(".")[:_CLASS_AND_METHOD]
        return any(parts[start:-1] == package for start in range(len(parts) - 1))
    return any(test_id.startswith(".".join(parts[start:]) + ".") for start in range(len(parts)))


def metric_onset(series: Sequence[tuple[RunPoint, float]]) -> Onset | None:
    """Return since when a metric is nearer to its value in B than to that in A; None where one of the two lacks it.

    Args:
        series: Runs from A to B, both included, and their values; NaN is near to nothing but NaN.
    """
    if len(series) < 2:  # noqa: PLR2004 - A and B
        return None
    (_, good), (first_bad, bad) = series[0], series[-1]
    for point, value in reversed(series[:-1]):
        if not is_bad(value, good, bad):
            return Onset(first_bad, point)
        first_bad = point
    return None


def is_bad(value: float, good: float, bad: float) -> bool:
    """Tell whether a value is nearer to the bad one than to the good one; exactly between them it is not."""
    if value != value or bad != bad:  # noqa: PLR0124 - NaN alone is unequal to itself
        return value != value and bad != bad  # noqa: PLR0124
    # Of two infinities the difference is no number.
    return good != good or value == bad or abs(value - bad) < abs(value - good)  # noqa: PLR0124


def wanted_ways(onsets: Iterable[Onset]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of unequal commits between which something broke, the most frequent first."""
    pairs: dict[tuple[str, str], int] = {}
    for onset in onsets:
        if onset.last_good is not None and onset.last_good.commit and onset.first_bad.commit:
            pair = (onset.last_good.commit, onset.first_bad.commit)
            if pair[0] != pair[1]:
                pairs[pair] = pairs.get(pair, 0) + 1
    yield from sorted(pairs, key=lambda pair: -pairs[pair])


def dated(comparison: RunComparison, sources: Sources) -> tuple[dict[TestKey, Onset], dict[TestKey, Evidence]]:
    """Return since when the red tests of B are red, with their suspects, and what is known of the code that each ran."""
    trail = comparison.trail
    touched = {file for way in sources.ways.values() for commit in way.commits for file in commit.files}
    known, nothing = touched | set(comparison.b.run.code) | set(comparison.a.run.code), frozenset[str]()
    evidence = {
        key: evidence_of(
            key[0],
            trail.tracebacks.get(key) or _fixture_text(key[0], comparison.b.fixtures),
            sources.imports.get(key[0], nothing),
            known,
        )
        for key in trail.onsets
    }
    return {key: with_suspects(onset, evidence[key], sources.ways) for key, onset in trail.onsets.items()}, evidence


def _fixture_text(test_id: str, fixtures: Iterable[FixtureRecord]) -> str:
    """Return how the fixtures failed that kept a test from running: those of its class and of its module."""
    failed = ((fixture.traceback, _PLACE.search(fixture.fixture_id)) for fixture in fixtures if fixture.outcome.is_red)
    return "\n".join(text for text, place in failed if text and place and test_id.startswith(f"{place[1]}."))


def metrics_dated(comparison: RunComparison, sources: Sources) -> dict[str, Onset]:
    """Return since when the metrics that differ are as they are in B, with the commits that touch what the training loaded."""
    loaded = Evidence(imports=frozenset(comparison.b.run.code))
    onsets = ((name, metric_onset(series)) for name, series in comparison.trail.series.items())
    return {name: with_suspects(onset, loaded, sources.ways) for name, onset in onsets if onset is not None}


def point_of(run: Run) -> RunPoint:
    """Return a run as a place in time."""
    return RunPoint(run.id, run.name, run.started_at, run.git.commit, run.git.dirty)
