"""The debugger in the terminal that the parent lends to this process: post mortem on the first problem, and breakpoint().

Imported only where it was asked for: pdb takes longer to load than many a suite to run.
"""

import os
import pdb  # noqa: T100 (this is the debugger)
import signal
import sys
from bdb import BdbQuit
from types import TracebackType

from .result import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .result import ExcInfo

__unittest = True

_TERMINAL = 0


def take_terminal() -> None:
    """Become the terminal's foreground, so that it is read from, and Ctrl-C arrives here and not at the parent."""
    # Who is in the background may not even ask for the foreground, unless it ignores the signal that says so.
    previous = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(_TERMINAL, os.getpgrp())
    signal.signal(signal.SIGTTOU, previous)
    # The shell knows nothing of this process, and could not wake it.
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)


class DebuggingResult(Result):
    """Stops at the first problem and looks at it."""

    def _problem(self, err: "ExcInfo", test: object) -> tuple[str, str]:
        is_first = not self.shouldStop
        message, text = super()._problem(err, test)
        self.stop()
        if is_first and not isinstance(err[1], BdbQuit):
            sys.stdout.write(f"\n{text}\n")
            sys.stdout.flush()
            pdb.post_mortem(own_frames(err[2]))
        return message, text


def own_frames(trace: "TracebackType | None") -> "TracebackType | None":
    """Return the traceback without unittest's frames and ours; as it is where nothing else is in it."""
    steps = []
    step = trace
    while step is not None:
        if "__unittest" not in step.tb_frame.f_globals:
            steps.append(step)
        step = step.tb_next
    own: TracebackType | None = None
    for step in reversed(steps):
        own = TracebackType(own, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return own or trace
