"""Signals while a command works: held, or unwinding it."""

from __future__ import annotations

import os
import signal
import unittest
from contextlib import suppress
from time import sleep

from runner.commands.surroundings import kept_if_interrupted, signals_held, unwinding
from runner.errors import Terminated

from .factories import make_run


def strike(number: int) -> None:
    """Send this process a signal and wait until it is there."""
    os.kill(os.getpid(), number)
    sleep(5)


class Unwinding(unittest.TestCase):
    """Signals as exceptions."""

    def test_each_signal_has_its_exception(self):
        """Ctrl-C is a KeyboardInterrupt, and SIGTERM one that is told from it."""
        for number, expected in ((signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)):
            with self.assertRaises(KeyboardInterrupt) as caught, unwinding():
                strike(number)
            self.assertIs(type(caught.exception), expected)

    def test_one_that_vanished_comes_up_at_the_end(self):
        """An interrupt that was swallowed on its way is raised at the end of the block."""
        with self.assertRaises(Terminated), unwinding(), suppress(KeyboardInterrupt):
            strike(signal.SIGTERM)

    def test_one_that_became_another_error(self):
        """An error that an interrupt turned into is the interrupt again, with the error as its cause."""
        with self.assertRaises(KeyboardInterrupt) as caught, unwinding():
            try:
                strike(signal.SIGINT)
            except KeyboardInterrupt:
                raise AssertionError from None
        self.assertIsInstance(caught.exception.__cause__, AssertionError)

    def test_other_errors_stay(self):
        """Without a signal an error passes as it is."""
        with self.assertRaises(ZeroDivisionError), unwinding():
            raise ZeroDivisionError

    def test_the_handlers_are_put_back(self):
        """After the block the signals mean what they meant before, also after an interrupt."""
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        for raised in (None, KeyboardInterrupt()):
            with suppress(KeyboardInterrupt), unwinding():
                if raised is not None:
                    raise raised
            self.assertEqual([signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)], before)

    def test_what_is_kept_is_noted(self):
        """An interrupt that leaves a recorded run says so."""
        with self.assertRaises(KeyboardInterrupt) as caught, kept_if_interrupted(make_run("night-1")):
            raise KeyboardInterrupt
        self.assertEqual(caught.exception.__notes__, ["what was recorded of night-1 is kept"])


class Held(unittest.TestCase):
    """Signals that wait."""

    def test_a_signal_waits_for_the_end_of_the_block(self):
        """The block is done to its end, and then the signal arrives."""
        done = []
        with self.assertRaises(KeyboardInterrupt), signals_held():
            os.kill(os.getpid(), signal.SIGINT)
            done.append(True)
        self.assertEqual(done, [True])


if __name__ == "__main__":
    unittest.main()
