"""Why a test is red, as a hash: equal where the failure is the same, whatever varies around it."""

from __future__ import annotations

import unittest

from registry.cause import DIGITS, cause_of, normalised
from registry.records import Outcome, SubtestRecord, TestRecord

HOME = "/home/ada/project"
LAYER = ("mnist/layers.py", 10, "forward", "return x @ self.weight")
MODULE = ("/usr/lib/python3.11/site-packages/torch/nn/modules/module.py", 1553, "_call_impl", "return forward_call(*args)")


def traceback(*frames: tuple[str, int, str, str], error: str = "ValueError: no", home: str = HOME) -> str:
    """Return a traceback as Python 3.11 prints it; relative paths are below a project's folder."""
    lines = ["Traceback (most recent call last):"]
    for path, line, function, source in frames:
        where = path if path.startswith(("/", "<")) else f"{home}/{path}"
        lines += [f'  File "{where}", line {line}, in {function}', f"    {source}", "    ^^^^^^^"]
    return "\n".join([*lines, error, ""])


def frame(method: str = "test_one", source: str = "check(1)", line: int = 7) -> tuple[str, int, str, str]:
    """Return the frame of a test method."""
    return ("tests/test_layers.py", line, method, source)


def cause(*frames, method: str = "test_one", outcome: Outcome = Outcome.ERRORED, error: str = "ValueError: no", home: str = HOME):
    """Return the cause of a test that failed in some frames."""
    text = traceback(*frames, error=error, home=home) if frames else None
    return cause_of(TestRecord(f"tests.test_layers.Case.{method}", outcome, message=error, traceback=text))


class Normalised(unittest.TestCase):
    def test_what_varies_is_left_out(self):
        """Addresses, numbers, folders, random names and digests do not count; names of things and NaN do."""
        for a, b in (
            ("KeyError: 'x' at 0x7f12", "KeyError: 'x' at 0x9abcdef0"),
            ("OSError: no /tmp/tmpab12cd8_/run/a.txt", "OSError: no /var/tmp/tmpzzzzzzz9/run/a.txt"),
            ("RuntimeError: shapes (64x10 and 12x10)", "RuntimeError: shapes (8x3 and 1x2)"),
            ("ValueError: loss 3.5e-7, -1 of 2_000", "ValueError: loss 12, 4 of 7"),
            ("E: 123e4567-e89b-12d3-a456-426614174000", "E: 00000000-aaaa-bbbb-cccc-0123456789ab"),
            ("E: checkpoint deadbeef01", "E: checkpoint 0123456789abcdef"),
        ):
            with self.subTest(a=a):
                self.assertEqual(normalised(a), normalised(b))
        for a, b in (("E: conv1.weight", "E: conv2.weight"), ("KeyError: 'a'", "KeyError: 'b'"), ("E: loss nan", "E: loss 0.5")):
            with self.subTest(a=a):
                self.assertNotEqual(normalised(a), normalised(b))

    def test_compared_values(self):
        """The values that an assertion compares do not count, the words that its author gave it do."""
        said = normalised("AssertionError: 'yes' != 'no' : weights {'a': 1} lost")
        self.assertEqual(said, normalised("AssertionError: 'maybe' != \"no\" : weights {'b': 2} lost"))
        self.assertIn("weights {} lost", said)
        self.assertEqual(normalised("AssertionError: Lists differ: [1, 2"), "AssertionError: Lists differ: []")

    def test_a_message_of_a_megabyte(self):
        """An endless message is cut before it is looked at."""
        self.assertLess(len(normalised("x" * 2**20)), 5_000)


class SameTest(unittest.TestCase):
    """One test on two nights."""

    def test_moved_and_elsewhere(self):
        """In another folder, some lines further down, with another number, the cause is the same."""
        known = cause(frame(), LAYER, error="ValueError: 3 rows")
        moved = cause(frame(line=99), (*LAYER[:1], 44, *LAYER[2:]), error="ValueError: 5 rows", home="/ci/1234/src")
        self.assertEqual(known, moved)
        self.assertRegex(known, rf"^[0-9a-f]{{{DIGITS}}}$")

    def test_another_assertion(self):
        """Another assertion of the same test that fails is another cause, even with an equal message."""
        error = "AssertionError: 1 != 2"
        one, two = (cause(frame(source=source), error=error) for source in ("self.assertEqual(a, 2)", "self.assertEqual(b, 2)"))
        self.assertNotEqual(one, two)

    def test_another_exception(self):
        """Another exception at the same place is another cause."""
        self.assertNotEqual(cause(frame(), LAYER), cause(frame(), LAYER, error="TypeError: no"))

    def test_the_last_of_a_chain(self):
        """Of a chain of exceptions the one that the test ended with counts."""
        chain = traceback(frame(), LAYER, error="KeyError: 1") + "\nThe above exception was the direct cause of\n\n"
        record = TestRecord(
            "m.C.test_one", Outcome.ERRORED, message="ValueError: no", traceback=chain + traceback(frame(), MODULE)
        )
        self.assertEqual(cause_of(record), cause(frame(), MODULE))

    def test_time_is_up(self):
        """Where a test was when its time was up does not count."""
        nights = [cause(frame(), place, outcome=Outcome.TIMED_OUT, error="no end within 5 s") for place in (LAYER, MODULE)]
        self.assertEqual(nights[0], nights[1])

    def test_green_has_no_cause(self):
        """A test that passed, was skipped or failed as expected has no cause."""
        for outcome in (Outcome.PASSED, Outcome.SKIPPED, Outcome.EXPECTED_FAILURE):
            self.assertIsNone(cause(frame(), outcome=outcome))


class OtherTests(unittest.TestCase):
    """Several tests in one night."""

    def both(self, *below, **facts) -> tuple[str, str]:
        return tuple(
            cause(frame(method, f"check({method})"), *below, method=method, **facts) for method in ("test_one", "test_two")
        )

    def test_code_under_test(self):
        """Tests share a cause where the code under test raised, also through a library."""
        for below in ((LAYER,), (MODULE, LAYER), (LAYER, MODULE)):
            with self.subTest(below=below):
                one, two = self.both(*below)
                self.assertEqual(one, two)

    def test_the_tests_own_assertions(self):
        """What fails in the test itself, in a helper of the tests or in a library that it calls is each test's own cause."""
        for below in ((), (("tests/helpers.py", 3, "check", "raise ValueError"),), (MODULE,)):
            with self.subTest(below=below):
                one, two = self.both(*below)
                self.assertNotEqual(one, two)

    def test_set_up(self):
        """A setUp that fails is one cause for all tests of its class."""
        set_up = ("tests/test_layers.py", 3, "setUp", "self.model = Model()")
        self.assertEqual(cause(set_up, method="test_one"), cause(set_up, method="test_two"))

    def test_no_place_is_known(self):
        """Without a traceback a cause is the test's own, but one fixture that keeps tests from running is one cause."""
        one, two = (cause(method=method, outcome=Outcome.CRASHED, error="died") for method in ("test_one", "test_two"))
        self.assertNotEqual(one, two)
        kept = [cause(method=m, outcome=Outcome.NOT_RUN, error="setUpClass (m.C) failed") for m in ("test_one", "test_two")]
        self.assertEqual(kept[0], kept[1])

    def test_a_died_process(self):
        """Of a process that died the running thread counts, which faulthandler writes innermost first."""
        stacks = (
            'Thread 0x01 (most recent call first):\n  File "/usr/lib/python3.11/threading.py", line 5 in wait\n\n'
            'Current thread 0x02 (most recent call first):\n  File "{0}/mnist/layers.py", line 9 in forward\n'
            '  File "{0}/tests/test_layers.py", line 3 in test_{1}\n'
            '  File "/usr/lib/python3.11/unittest/case.py", line 1 in run\n'
        )
        records = [
            TestRecord(f"m.C.test_{name}", Outcome.CRASHED, message="died", traceback=stacks.format(home, name))
            for name, home in (("one", "/a"), ("two", "/b/c"))
        ]
        self.assertEqual(cause_of(records[0]), cause_of(records[1]))

    def test_subtests(self):
        """Subtests that fail at one place are one cause, however many there are; another place is another cause."""

        def record(*places: str) -> TestRecord:
            subtests = tuple(
                SubtestRecord(f"(i={i})", Outcome.FAILED, f"AssertionError: {i} != 1", traceback(frame(source=place)))
                for i, place in enumerate(places)
            )
            return TestRecord("m.C.test_one", Outcome.FAILED, message="(i=0) AssertionError: 0 != 1", subtests=subtests)

        self.assertEqual(cause_of(record("a")), cause_of(record("a", "a", "a")))
        self.assertNotEqual(cause_of(record("a")), cause_of(record("a", "b")))


if __name__ == "__main__":
    unittest.main()
