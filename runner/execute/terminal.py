"""The terminal, lent to a worker in which somebody debugs: Ctrl-C then arrives there, and comes back to us at the end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from runner.errors import UsageError

_INPUT, _OUTPUT = 0, 1


@contextmanager
def terminal_lent() -> Iterator[None]:
    """Take the terminal back at the end of the block, in which a worker takes it.

    Raises:
        UsageError: There is no terminal, or we are in its background.
    """
    if not (os.isatty(_INPUT) and os.isatty(_OUTPUT) and _is_foreground()):
        raise UsageError("--pdb needs a terminal to debug in, as standard input and output; leave it out, or start it in one")
    # Who is in the background is stopped when it asks for the foreground, or writes where the terminal is set so.
    previous = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        yield
    finally:
        os.tcsetpgrp(_INPUT, os.getpgrp())
        signal.signal(signal.SIGTTOU, previous)


def _is_foreground() -> bool:
    try:
        return os.tcgetpgrp(_INPUT) == os.getpgrp()
    except OSError:  # a terminal, but not the one that controls us
        return False
