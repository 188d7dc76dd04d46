"""Lines that no test covers any more, and lines that were changed and that no test covers. Pure."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from registry.origin import LineBlock, Texts
from registry.records import Coverage, FileCoverage, Run

_QUICKLY = 5_000
_MOVED = 0.5


@dataclass(frozen=True, slots=True)
class UncoveredLines:
    """One file's lines, by their numbers in B.

    Attributes:
        newly_uncovered: Lines that are as they were, wherever they stood, that were covered in A and are not in B.
        changed_uncovered: Lines that were added or changed since A and are not covered in B.
        note: Why the lines cannot be compared, where they cannot.
    """

    path: str
    newly_uncovered: tuple[int, ...] = ()
    changed_uncovered: tuple[int, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class CoverageChange:
    """How coverage changed.

    Attributes:
        a: Percentage (0-100), None where it was not measured; likewise `b`.
        files: The files whose missing lines differ.
        lines: Of the files that lost covered lines or have changed lines without a test, which lines those are.
    """

    a: float | None
    b: float | None
    delta: float | None
    files: tuple[str, ...] = ()
    lines: tuple[UncoveredLines, ...] = ()


def coverage_change(a: tuple[Run, Coverage | None], b: tuple[Run, Coverage | None], texts: Texts) -> CoverageChange | None:
    """Compare the coverage of two runs; None where neither measured it.

    Args:
        a: The reference and its coverage.
        b: The other run and its coverage.
        texts: What changed files share with what they were, and which of them were moved.
    """
    (run_a, before), (run_b, after) = a, b
    if before is None or after is None:
        percent_a, percent_b = (side.percent if side else None for side in (before, after))
        return CoverageChange(percent_a, percent_b, None) if before or after else None
    files_a, files_b = ({file.path: file for file in side.files} for side in (before, after))
    was = {path: texts.moved.get(path, path) for path in sorted(files_b)}
    gone = files_a.keys() - was.values()
    differing = [path for path in was if _missing(files_a, was[path]) != _missing(files_b, path)]
    differing += [path for path in gone if _missing(files_a, path)]
    found = (_lines(files_b[path], files_a.get(earlier), (run_a, run_b), texts.lines.get(path)) for path, earlier in was.items())
    told = tuple(one for one in found if one.newly_uncovered or one.changed_uncovered or (one.note and one.path in differing))
    return CoverageChange(before.percent, after.percent, after.percent - before.percent, tuple(sorted(differing)), told)


def _missing(files: Mapping[str, FileCoverage], path: str) -> tuple[int, ...]:
    return files[path].missing if path in files else ()


def _lines(
    b: FileCoverage, a: FileCoverage | None, runs: tuple[Run, Run], blocks: tuple[LineBlock, ...] | None
) -> UncoveredLines:
    path, before, after = b.path, runs[0].code.get(a.path if a else b.path), runs[1].code.get(b.path)
    if not b.missing:
        return UncoveredLines(path)
    if a is None:
        is_new = bool(runs[0].code) and before is None
        return UncoveredLines(path, (), b.missing) if is_new else UncoveredLines(path, note="not measured in A")
    if before is not None and before == after:
        return UncoveredLines(path, tuple(sorted(set(b.missing) - set(a.missing))))
    if blocks is None:
        return UncoveredLines(path, note="changed, and the source of one side is not at hand, so its lines cannot be compared")
    earlier = dict(_pairs(blocks))
    was_missing = set(a.missing)
    kept = (line for line in b.missing if line in earlier and earlier[line] not in was_missing)
    return UncoveredLines(path, tuple(kept), tuple(line for line in b.missing if line not in earlier))


def _pairs(blocks: Iterable[LineBlock]) -> Iterator[tuple[int, int]]:
    """Yield for each line of B that is in A its number there."""
    for block in blocks:
        yield from ((block.b + offset, block.a + offset) for offset in range(block.length))


def changed_files(a: Run, b: Run, coverage: Coverage | None) -> Iterator[str]:
    """Yield the files with missing lines in B whose text is not known to be as it was, and may be needed to compare them."""
    for file in coverage.files if coverage else ():
        before, after = a.code.get(file.path), b.code.get(file.path)
        if file.missing and (before is None or before != after):
            yield file.path


def moved_files(gone: Mapping[str, Sequence[bytes]], new: Mapping[str, Sequence[bytes]]) -> dict[str, str]:
    """Return for new files which of those that are gone they were: they share most of their lines, and more than half."""
    before, after = (
        {path: Counter(filter(None, map(bytes.strip, lines))) for path, lines in side.items()} for side in (gone, new)
    )
    # Lines are counted, not matched in their order, which for every file against every other would take minutes.
    shares = [
        ((before[earlier] & after[path]).total() / max(before[earlier].total(), after[path].total(), 1), path, earlier)
        for path in after
        for earlier in before
    ]
    found: dict[str, str] = {}
    for share, path, earlier in sorted(shares, reverse=True):
        if share > _MOVED and path not in found and earlier not in found.values():
            found[path] = earlier
    return found


def shared_lines(a: Sequence[bytes], b: Sequence[bytes]) -> tuple[LineBlock, ...]:
    """Return the lines that two versions of a file share, in their order."""
    start = _alike(a, b)
    end = _alike(a[start:][::-1], b[start:][::-1])
    middle_a, middle_b = a[start : len(a) - end], b[start : len(b) - end]
    # Frequent lines are passed over in long files only: looking at each pair of them would take its time.
    matcher = difflib.SequenceMatcher(None, middle_a, middle_b, autojunk=max(len(middle_a), len(middle_b)) > _QUICKLY)
    found = [LineBlock(one.a + start + 1, one.b + start + 1, one.size) for one in matcher.get_matching_blocks()]
    blocks = (LineBlock(1, 1, start), *found, LineBlock(len(a) - end + 1, len(b) - end + 1, end))
    return tuple(block for block in blocks if block.length)


def _alike(a: Sequence[bytes], b: Sequence[bytes]) -> int:
    shorter = min(len(a), len(b))
    return next((index for index in range(shorter) if a[index] != b[index]), shorter)
