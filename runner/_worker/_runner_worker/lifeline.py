"""End with the parent, even while a test holds the interpreter's lock.

The parent holds the only writing end of a pipe on which nothing is ever written. On Linux the kernel itself is asked to send
SIGKILL to the whole process group when that end closes: no thread (which tests that fork or count threads would notice), and
strays of the tests go with us. Elsewhere a thread waits for the end of the file.
"""

import _thread
import fcntl
import os
import signal

from .wire import CHANNEL_LOST, out_of_reach

__unittest = True


def die_with_parent(descriptor: int) -> None:
    """Tie this process group's life to the pipe's writing end."""
    lifeline = out_of_reach(descriptor)
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)
        _leave_if_closed(lifeline)
    else:
        _thread.start_new_thread(_wait_for_end, (lifeline,))


def _leave_if_closed(lifeline: int) -> None:
    """The parent may have died before the kernel was asked."""
    try:
        os.read(lifeline, 1)
    except BlockingIOError:
        return
    os._exit(CHANNEL_LOST)


def _wait_for_end(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(os.getpgrp(), signal.SIGKILL)
