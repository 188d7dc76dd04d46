"""Standard output of a run that is recorded."""

from __future__ import annotations

import io
import unittest

from runner.report.outlet import Outlet


class Encoding(unittest.TestCase):
    """What whoever draws asks of it."""

    def test_that_of_the_stream(self):
        """It has the encoding of the stream behind it, so that a bar is drawn of characters that the terminal has."""
        self.assertEqual(Outlet(io.TextIOWrapper(io.BytesIO(), "latin-1")).encoding, "latin-1")
