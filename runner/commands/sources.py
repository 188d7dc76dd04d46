"""What git and the work tree tell about the code of two runs, read for a diff, which itself is pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commits import commits_between, files_at
from registry.comparing.suspects import metric_onset, wanted_ways
from registry.comparing.uncovered import changed_files, moved_files, shared_lines
from registry.git import list_python_files
from registry.origin import Sources, Texts

if TYPE_CHECKING:
    from registry.comparing.facts import RunComparison
    from registry.origin import CommitRange, Onset
    from registry.records import Run
    from runner.choose.imports import Project

WAYS = 10
"""Pairs of commits that git is asked about."""

MODULES = 20
"""Test modules whose imports are followed."""

PARSED = 400
"""Files that are read for it."""

COMPARED = 200
"""Files whose lines are compared for the coverage."""

MOVED = 20
"""New files for which an earlier name is looked for, and files that are gone among which it is."""


def read_sources(root: Path, comparison: RunComparison) -> Sources:
    """Return what can be told about the code of two runs; where git or a file is not at hand, less.

    Args:
        root: The project's root, to which recorded paths are relative.
        comparison: What the registry says about both runs.
    """
    ways = dict(_ways(root, comparison))
    imports = _imports(root, comparison) if any(way.commits for way in ways.values()) else {}
    return Sources(ways, imports, _lines(root, comparison))


def _ways(root: Path, comparison: RunComparison) -> Iterator[tuple[tuple[str, str], CommitRange]]:
    a, b = comparison.a.run.git.commit, comparison.b.run.git.commit
    onsets: list[Onset] = [*comparison.trail.onsets.values()]
    onsets += [onset for series in comparison.trail.series.values() if (onset := metric_onset(series)) is not None]
    own = [(a, b)] if a and b and a != b else []
    pairs = list(dict.fromkeys([*own, *wanted_ways(onsets)]))[:WAYS]
    for pair in pairs:
        yield pair, commits_between(root, *pair)


def _imports(root: Path, comparison: RunComparison) -> dict[str, frozenset[str]]:
    """Return the files that the modules of failing tests import, as the work tree's own text tells."""
    from runner.choose.chain import class_of
    from runner.choose.imports import Project

    files = list_python_files(root)
    if files is None:
        return {}
    project, uses = Project(root, files), dict[str, set[str]]()
    found: dict[str, frozenset[str]] = {}
    owners: dict[str, frozenset[str]] = {}
    for test_id, _ in comparison.trail.onsets:
        owner = class_of(test_id)
        if owner not in owners and len(owners) < MODULES:
            owners[owner] = frozenset(_reached(project, project.files_of(owner), uses))
        found[test_id] = owners.get(owner, frozenset())
    return found


def _reached(project: Project, start: Iterable[str], uses: dict[str, set[str]]) -> set[str]:
    reached, waiting = set[str](), list(start)
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        if path not in uses:
            if len(uses) >= PARSED:
                continue
            uses[path] = project.uses(path).files
        waiting += uses[path]
    return reached


def _lines(root: Path, comparison: RunComparison) -> Texts:
    if comparison.a.coverage is None or comparison.b.coverage is None:
        return Texts()
    a, b = comparison.a.run, comparison.b.run
    paths = list(changed_files(a, b, comparison.b.coverage))[:COMPARED]
    new = [path for path in paths if path not in a.code][:MOVED]
    gone = [file.path for file in comparison.a.coverage.files if file.path not in b.code][:MOVED]
    texts_a, texts_b = _texts(root, a, [*paths, *gone] if new else paths), _texts(root, b, paths)
    lines_a, lines_b = ({path: text.splitlines() for path, text in texts.items()} for texts in (texts_a, texts_b))
    moved = moved_files(_only(lines_a, gone), _only(lines_b, new))
    pairs = ((path, moved.get(path, path)) for path in paths)
    blocks = {path: shared_lines(lines_a[was], lines_b[path]) for path, was in pairs if was in lines_a and path in lines_b}
    return Texts(blocks, moved)


def _only(lines: dict[str, list[bytes]], paths: Iterable[str]) -> dict[str, list[bytes]]:
    return {path: lines[path] for path in paths if path in lines}


def _texts(root: Path, run: Run, paths: Iterable[str]) -> dict[str, bytes]:
    """Return files as the run had them: from its commit or the work tree, where the recorded hash says that it is the same."""
    committed = files_at(root, run.git.commit, paths) if run.git.commit else {}
    found = {}
    for path in paths:
        if path in committed and _is_as_recorded(run, path, committed[path]):
            found[path] = committed[path]
        elif path in run.code and (current := _current(root / path)) is not None and _is_as_recorded(run, path, current):
            found[path] = current
    return found


def _is_as_recorded(run: Run, path: str, text: bytes) -> bool:
    recorded = run.code.get(path)
    return run.git.dirty is False if recorded is None else hashlib.sha256(text).hexdigest() == recorded


def _current(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        # What is gone or closed to us is not at hand, which the diff says.
        return None
