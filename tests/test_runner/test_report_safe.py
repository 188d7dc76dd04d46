"""Recorded text can never act upon a terminal."""

from __future__ import annotations

import unittest

from runner.report.safe import safe_line, safe_output, safe_text, width_of

from .factories import HOSTILE


class SafeText(unittest.TestCase):
    """What a terminal would act upon is shown instead."""

    def test_plain_text_stays(self):
        """Text of any script, with its lines and tabs, stays as it is."""
        for text in ("", "plain", "a\n\tb\n", "naïve 日本語 🧪", "family 👩\u200d👧"):
            self.assertEqual(safe_text(text), text)

    def test_control_characters_become_pictures(self):
        """NUL, escape, carriage return and delete become the pictures that Unicode has for them."""
        self.assertEqual(safe_text("\x00\x1b[31m\r\x0b\x0c\x7f"), "␀␛[31m␍␋␌␡")

    def test_other_active_characters_become_code_points(self):
        """C1 controls, direction marks, line separators and the byte order mark become code points."""
        self.assertEqual(safe_text("\x85\x9b\u202e\u2066\u200f\u061c\u2028\ufeff"), (
            "<U+0085><U+009B><U+202E><U+2066><U+200F><U+061C><U+2028><U+FEFF>"
        ))  # fmt: skip

    def test_lone_surrogates_become_escapes(self):
        """A lone surrogate is shown as an escape, so that the text can be encoded."""
        self.assertEqual(safe_text("x\udcff\ud800"), r"x\udcff\ud800")

    def test_windows_line_ends_are_line_ends(self):
        """A carriage return right before a new line is no more than that."""
        self.assertEqual(safe_text("a\r\nb\rc"), "a\nb␍c")

    def test_what_was_overwritten_is_left_out(self):
        """Of a progress bar the last state is shown, as on a terminal; line ends of every kind stay line ends."""
        self.assertEqual(safe_output("a\n 10%\r 20%\r100%\r\nb\r"), "a\n100%\nb")
        self.assertEqual(safe_output("::\x1b[2J\r\n"), "::\u241b[2J\n")

    def test_ci_commands(self):
        """What GitHub, Azure or TeamCity would act upon is broken by a space that nobody sees; what only looks alike stays."""
        for text in ("##[error]x", "a ##vso[task]x", "##teamcity[x]", "::error::x", "a\n \u2003::set-output name=a::b"):
            broken = safe_text(text)
            self.assertEqual((broken.replace("\u200b", ""), broken.count("\u200b")), (text, 1), text)
        for text in ("# [x]", "### head", "std::vector<int>::x", "::\n", ":: note", "a ::error::x", "::x"):
            self.assertEqual(safe_text(text), text)

    def test_a_long_line_of_output(self):
        """A megabyte on one line takes no time worth speaking of."""
        self.assertEqual(safe_output("x" * 2**20 + "\ry"), "y")

    def test_nothing_active_is_left(self):
        """Hostile text comes out encodable and without an active character, and a second pass changes nothing."""
        safe = safe_text(HOSTILE)
        self.assertEqual(set(safe.encode("utf-8")) & {0, 13, 27, 0x9B - 256}, set())
        self.assertEqual(safe_text(safe), safe)


class SafeLine(unittest.TestCase):
    """A line is one line, and never wider than asked for."""

    def test_one_line(self):
        """New lines are shown, tabs become spaces."""
        self.assertEqual(safe_line("a\nb\tc"), "a␤b c")
        self.assertEqual(len(safe_line(HOSTILE).splitlines()), 1)

    def test_cut_to_a_width(self):
        """What is too long is cut with an ellipsis; what fits is not."""
        self.assertEqual(safe_line("abcdef", 6), "abcdef")
        self.assertEqual(safe_line("abcdefg", 6), "abcde…")

    def test_tiny_widths(self):
        """A width of 1 leaves the ellipsis, one of 0 or less nothing."""
        self.assertEqual([safe_line("abc", width) for width in (1, 0, -5)], ["…", "", ""])
        self.assertEqual(safe_line("", 0), "")

    def test_wide_characters_take_two_columns(self):
        """A cut counts columns, not characters."""
        self.assertEqual(safe_line("日本語", 6), "日本語")
        self.assertEqual(safe_line("日本語", 5), "日本…")
        self.assertEqual(safe_line("日本語", 4), "日…")

    def test_every_width_is_kept(self):
        """Whatever the text, the line is not wider than asked for."""
        for text in (HOSTILE, "日本語 text", "e\u0301" * 9):
            for width in range(12):
                self.assertLessEqual(width_of(safe_line(text, width)), width)

    def test_a_megabyte(self):
        """A name of a megabyte is cut like any other."""
        self.assertEqual(safe_line("x" * 2**20, 10), "x" * 9 + "…")


class Width(unittest.TestCase):
    """Columns of a terminal."""

    def test_width(self):
        """Wide characters count two, combining and joining ones nothing."""
        for text, width in (("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0), ("ä", 1), ("…", 1)):
            self.assertEqual(width_of(text), width)


if __name__ == "__main__":
    unittest.main()
