"""The file into which a worker's tests print, as the parent sees it."""

import os
import sys
import unittest

from runner.execute.printed import KEPT_BYTES, PrintedFile


@unittest.skipUnless(sys.platform == "linux", "only Linux frees the middle of a file")
class EndlessTest(unittest.TestCase):
    def setUp(self) -> None:
        self.file = PrintedFile()
        self.addCleanup(self.file.close)
        os.write(self.file.fileno(), b"first line\n")
        for _ in range(100):
            os.write(self.file.fileno(), b"x" * 999_999 + b"\n")
        os.write(self.file.fileno(), b"last line\n")

    def held(self) -> int:
        return os.fstat(self.file.fileno()).st_blocks * 512

    def test_memory(self) -> None:
        """Of a hundred megabytes the parent lets the two ends stay in memory."""
        self.assertGreater(self.held(), 90_000_000)
        self.file.forget_middle()
        self.assertLess(self.held(), 3 * KEPT_BYTES)

    def test_ends(self) -> None:
        """What is told of a worker that died is the same, whether the middle was freed or not."""
        before = self.file.read() or ""
        self.file.forget_middle()
        self.assertEqual(self.file.read(), before)
        self.assertTrue(before.startswith("first line\n") and before.endswith("last line\n"))
        self.assertRegex(before, r"100,\d{3},\d{3} bytes left out")
