"""The choke point between Python's values and what both databases store."""

from __future__ import annotations

import math
import unittest

from registry.encoding import (
    Kind,
    clean,
    clean_line,
    decode_lines,
    decode_number,
    decode_step,
    decode_whole,
    encode_lines,
    encode_number,
    encode_step,
    encode_whole,
    from_json,
    key_text,
    outcome_code,
    to_json,
)
from registry.errors import InvalidValue
from registry.records import Outcome


class Texts(unittest.TestCase):
    """Every string can be stored, and what was replaced can be seen."""

    def test_plain_text_is_kept(self):
        """ASCII, umlauts, emoji, newlines and escape characters are stored as they are."""
        for text in ("", "plain", "grüße", "🙂\n\t\x1b[0m", "back\\slash"):
            with self.subTest(text=text):
                self.assertEqual(clean(text), text)

    def test_nul_is_shown(self):
        """NUL, which PostgreSQL refuses, becomes a visible escape."""
        self.assertEqual(clean("a\0b"), "a\\x00b")

    def test_surrogates_are_shown(self):
        """Lone surrogates, which no encoding takes, become visible escapes."""
        self.assertEqual(clean("a\udc80ü"), "a\\udc80ü")

    def test_long_texts_keep_both_ends(self):
        """Of a text past the limit the ends are kept, and the number of characters left out is told."""
        text = clean("a" * 100 + "b" * 1_000 + "c" * 100, limit=100)
        self.assertTrue(text.startswith("a" * 50) and text.endswith("c" * 50))
        self.assertIn("1100 characters left out", text)

    def test_long_lines_are_cut(self):
        """A message past the limit ends in three dots."""
        self.assertEqual(clean_line("abcdefgh", 6), "abc...")
        self.assertIsNone(clean_line(None))

    def test_messages_are_one_line(self):
        """Of a message with several lines the first that is not blank is kept."""
        self.assertEqual(clean_line("\r\nfirst\r\nsecond"), "first")

    def test_names_are_bounded_and_still_differ(self):
        """A name of a megabyte gets a key of at most 1,000 bytes, another one for each name."""
        first, second = key_text("ü" * 1_000_000), key_text("ü" * 999_999 + "x")
        self.assertLessEqual(len(first.encode()), 1_000)
        self.assertNotEqual(first, second)
        self.assertEqual(key_text("pkg.mod.Case.test_ü" * 20), "pkg.mod.Case.test_ü" * 20)


class Numbers(unittest.TestCase):
    """Numbers come back as they were, on both databases."""

    def test_special_values_carry_a_kind(self):
        """NaN, infinities and minus zero are stored without a value, and come back."""
        for number, kind in ((math.inf, Kind.PLUS_INFINITY), (-math.inf, Kind.MINUS_INFINITY), (-0.0, Kind.MINUS_ZERO)):
            self.assertEqual(encode_number("x", number), (None, kind))
            self.assertEqual(str(decode_number(None, kind)), str(number))
        self.assertTrue(math.isnan(decode_number(*encode_number("x", math.nan))))

    def test_finite_values_are_kept(self):
        """Finite numbers are stored as they are, down to the smallest."""
        for number in (0.0, 0.1, -1e308, 5e-324):
            self.assertEqual(decode_number(*encode_number("x", number)), number)

    def test_what_is_no_number(self):
        """A text, None and an integer past every double are refused with the metric's name."""
        for value in ("high", None, 10**400):
            with self.subTest(value=str(value)[:9]), self.assertRaisesRegex(InvalidValue, "'loss'"):
                encode_number("loss", value)

    def test_steps(self):
        """A step may be any whole number of 64 bits, or none."""
        for step in (None, 0, -1, 2**63 - 1, 1 - 2**63):
            self.assertEqual(decode_step(encode_step("x", step)), step)

    def test_steps_out_of_range(self):
        """A step past 64 bits, or with a fraction, is refused with the metric's name."""
        for step in (2**63, -(2**63), 1.5):
            with self.subTest(step=step), self.assertRaisesRegex(InvalidValue, "'loss'"):
                encode_step("loss", step)

    def test_whole_numbers_of_any_size(self):
        """A seed past 2**63 is stored as text and comes back."""
        for number in (None, 0, -5, 2**63, 10**50):
            self.assertEqual(decode_whole(encode_whole(number)), number)
        with self.assertRaises(InvalidValue):
            encode_whole(0.5)

    def test_line_numbers(self):
        """Line numbers are stored as ranges and come back."""
        self.assertEqual(encode_lines((1, 2, 3, 7, 9, 10)), "1-3,7,9-10")
        for lines in ((), (5,), (1, 2, 3, 7, 9, 10)):
            self.assertEqual(decode_lines(encode_lines(lines)), lines)


class Json(unittest.TestCase):
    """Parameters and other mappings as canonical JSON."""

    def test_types_are_kept(self):
        """Numbers, texts, truth values, None, lists and mappings come back with their types."""
        value = {"b": [1, 2.5, "x", True, None], "a": {"n": 2**70}}
        self.assertEqual(from_json(to_json(value)), value)

    def test_order_does_not_count(self):
        """Equal mappings have equal JSON, whatever their order."""
        self.assertEqual(to_json({"a": 1, "b": {3, 2}}), to_json({"b": {2, 3}, "a": 1}))

    def test_not_finite_numbers_are_words(self):
        """Numbers that strict JSON does not know become words."""
        self.assertEqual(to_json([math.nan, math.inf, -math.inf]), '["nan","inf","-inf"]')

    def test_odd_texts_come_back(self):
        """NUL and lone surrogates are escaped and come back."""
        self.assertEqual(from_json(to_json("a\0\udc80")), "a\0\udc80")

    def test_scalars_of_other_libraries_become_numbers(self):
        """What has `.item()`, as numpy's and torch's scalars have, is stored as Python's own number."""
        for value in (3, 0.5, True):
            scalar = type("Scalar", (), {"item": staticmethod(lambda value=value: value)})()
            self.assertIs(type(from_json(to_json(scalar))), type(value))

    def test_other_types_become_texts(self):
        """A value that JSON does not know is stored as its text."""
        self.assertEqual(to_json({"path": complex(1, 2)}), '{"path":"(1+2j)"}')


class Outcomes(unittest.TestCase):
    """Outcomes as numbers."""

    def test_codes_never_move(self):
        """The numbers that stand for outcomes are those of the first release."""
        codes = {str(outcome): outcome_code(outcome) for outcome in Outcome}
        order = "passed failed errored skipped expected_failure unexpected_success crashed timed_out not_run"
        self.assertEqual(codes, {name: number for number, name in enumerate(order.split())})

    def test_an_unknown_outcome(self):
        """A word that is no outcome is refused."""
        with self.assertRaisesRegex(InvalidValue, "'fine'"):
            outcome_code("fine")
