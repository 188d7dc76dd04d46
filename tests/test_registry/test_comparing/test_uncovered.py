"""Lines that lost their coverage, and changed lines that never had it."""

from __future__ import annotations

import random
import time
import unittest

from registry.comparing.uncovered import (
    CoverageChange,
    UncoveredLines,
    changed_files,
    coverage_change,
    moved_files,
    shared_lines,
)
from registry.origin import Texts
from registry.records import Coverage, FileCoverage
from tests.test_registry.diff_factories import make_run

OLD = [b"one", b"two", b"three", b"four", b"five"]


def change(a: dict, b: dict, *, codes: tuple[dict, dict] = ({}, {}), blocks=None, moved=None) -> CoverageChange:
    """Compare two coverages, given as path to missing lines."""
    sides = [Coverage(50.0, tuple(FileCoverage(path, 10, lines) for path, lines in side.items())) for side in (a, b)]
    runs = [make_run(code=code) for code in codes]
    return coverage_change((runs[0], sides[0]), (runs[1], sides[1]), Texts(blocks or {}, moved or {}))


class Lines(unittest.TestCase):
    """One file on both sides."""

    def lines(self, missing_a: tuple[int, ...], new: list[bytes], missing_b: tuple[int, ...]) -> UncoveredLines | None:
        """Return what is told of a file that was changed to new lines."""
        codes = {"m.py": "1"}, {"m.py": "2"}
        found = change({"m.py": missing_a}, {"m.py": missing_b}, codes=codes, blocks={"m.py": shared_lines(OLD, new)})
        return found.lines[0] if found.lines else None

    def test_moved_lines_are_not_newly_uncovered(self):
        """A line that was missing before and only stands elsewhere now is not told."""
        self.assertIsNone(self.lines((4,), [b"zero", b"zero and a half", *OLD], (6,)))

    def test_a_covered_line_that_moved_and_lost_its_test(self):
        """A line that was covered is told by its number in B."""
        self.assertEqual(self.lines((4,), [b"zero", *OLD], (3, 5)), UncoveredLines("m.py", newly_uncovered=(3,)))

    def test_changed_lines_without_a_test(self):
        """New and changed lines that no test covers are told apart from those that lost their test."""
        found = self.lines((), [b"one", b"2", b"three", b"four", b"five", b"six"], (2, 4, 6))
        self.assertEqual(found, UncoveredLines("m.py", (4,), (2, 6)))

    def test_a_file_that_did_not_change(self):
        """Where the hashes are equal, the numbers are compared without anybody's help."""
        found = change({"m.py": (1,)}, {"m.py": (1, 3)}, codes=({"m.py": "1"}, {"m.py": "1"}))
        self.assertEqual((found.files, found.lines), (("m.py",), (UncoveredLines("m.py", (3,)),)))

    def test_a_source_that_is_not_at_hand(self):
        """Where the file changed and one version is not at hand, no line is called newly uncovered, and that is said."""
        found = change({"m.py": (1,)}, {"m.py": (1, 3)}, codes=({"m.py": "1"}, {"m.py": "2"}))
        self.assertEqual((found.lines[0].newly_uncovered, found.lines[0].changed_uncovered), ((), ()))
        self.assertIn("cannot be compared", str(found.lines[0].note))

    def test_a_new_file(self):
        """In a file that was added all missing lines are new; one that was not measured before says so."""
        found = change({}, {"new.py": (2, 3), "old.py": (1,)}, codes=({"old.py": "1"}, {"new.py": "1", "old.py": "1"}))
        self.assertEqual(found.lines, (UncoveredLines("new.py", (), (2, 3)), UncoveredLines("old.py", note="not measured in A")))

    def test_a_file_that_was_moved(self):
        """A file under another name is compared with what it was; only what lost its test or changed is told."""
        codes = {"old.py": "1"}, {"new.py": "1"}
        found = change({"old.py": (4,)}, {"new.py": (4, 5)}, codes=codes, moved={"new.py": "old.py"})
        self.assertEqual((found.files, found.lines), (("new.py",), (UncoveredLines("new.py", (5,)),)))
        codes = {"old.py": "1"}, {"new.py": "2"}
        blocks = {"new.py": shared_lines(OLD, [b"zero", *OLD])}
        found = change({"old.py": (4,)}, {"new.py": (1, 5)}, codes=codes, blocks=blocks, moved={"new.py": "old.py"})
        self.assertEqual(found.lines, (UncoveredLines("new.py", (), (1,)),))

    def test_a_file_that_was_deleted(self):
        """A file that is gone has no missing lines any more: it is told only where it had some."""
        codes = {"a.py": "1", "b.py": "1"}, {}
        self.assertEqual(change({"a.py": (), "b.py": (2,)}, {}, codes=codes).files, ("b.py",))

    def test_which_file_was_moved(self):
        """A new file is taken for the one that is gone with which it shares most lines, if more than half; and each only once."""
        gone = {"a.py": OLD, "b.py": [b"six", b"seven"]}
        new = {"a2.py": [*OLD, b"zero"], "b2.py": [b"six", b"eight", b"nine"], "a3.py": OLD[:4]}
        self.assertEqual(moved_files(gone, new), {"a2.py": "a.py"})
        self.assertEqual(moved_files({"a.py": []}, {"b.py": []}), {})

    def test_many_files_that_were_moved(self):
        """Twenty long files that are gone and as many new ones are told apart at once, and not by their blank lines."""
        texts = [[b"line %d of %d" % (line % 700, one) if line % 3 else b"" for line in range(3_000)] for one in range(20)]
        gone = {f"old{number:02}.py": lines for number, lines in enumerate(texts)}
        new = {f"new{number:02}.py": lines[50:] for number, lines in enumerate(texts)}
        began = time.process_time()
        self.assertEqual(moved_files(gone, new), {f"new{number:02}.py": f"old{number:02}.py" for number in range(20)})
        self.assertLess(time.process_time() - began, 2)

    def test_nothing_changed(self):
        """Two equal coverages have no lines to tell."""
        found = change({"m.py": (1,)}, {"m.py": (1,)}, codes=({"m.py": "1"}, {"m.py": "1"}))
        self.assertEqual((found.delta, found.files, found.lines), (0, (), ()))

    def test_files_whose_text_is_needed(self):
        """Only files with missing lines that are not known to be unchanged are looked at."""
        a, b = make_run(code={"same.py": "1", "new.py": "1"}), make_run(code={"same.py": "1", "new.py": "2"})
        files = tuple(FileCoverage(path, 5, lines) for path, lines in (("same.py", (1,)), ("new.py", (1,)), ("full.py", ())))
        self.assertEqual(list(changed_files(a, b, Coverage(1.0, files))), ["new.py"])


class Shared(unittest.TestCase):
    """The lines that two versions share."""

    def test_blocks_are_equal_lines_in_order(self):
        """In 200 random pairs every block holds equal lines, blocks never cross, and equal texts are one block."""
        chance = random.Random(5)
        for _ in range(200):
            a, b = ([bytes([chance.randrange(97, 101)]) for _ in range(chance.randrange(12))] for _ in range(2))
            blocks = shared_lines(a, b)
            for block in blocks:
                start_a, start_b = block.a - 1, block.b - 1
                self.assertEqual(a[start_a : start_a + block.length], b[start_b : start_b + block.length])
            ends = [(block.a + block.length, block.b + block.length) for block in blocks]
            for (end_a, end_b), block in zip(ends, blocks[1:], strict=False):
                self.assertTrue(end_a <= block.a and end_b <= block.b)
            self.assertEqual(sum(block.length for block in shared_lines(a, a)), len(a))


if __name__ == "__main__":
    unittest.main()
