"""The program, as `runner` and as `python -m runner`: quiet from its first line to its last when it is told to stop."""

from __future__ import annotations

import os
import sys

# The part that is built into the interpreter: `signal` and `typing` take milliseconds in which nobody would catch a Ctrl-C.
from _signal import SIG_IGN, SIGINT, SIGTERM, getsignal, signal  # type: ignore[import-not-found]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_TOLD = {SIGINT: b"runner: interrupted [interrupted]\n", SIGTERM: b"runner: terminated by SIGTERM [terminated]\n"}


def main() -> None:
    """Run the program.

    Until a command asks for something else, a signal ends the process at once: there is nothing yet to be kept, and an exception
    that comes up while modules are imported may vanish in them or turn into another.
    """
    for number in _TOLD:
        if getsignal(number) != SIG_IGN:
            signal(number, _leave)
    from runner.cli import main as run

    try:
        run()
    except SystemExit as end:
        if isinstance(end.code, int) and _is_alone():
            _end(end.code)
        raise


def _leave(number: int, _frame: FrameType | None) -> None:
    try:
        os.write(2, _TOLD[number])
    finally:
        os._exit(128 + number)


def _is_alone() -> bool:
    """Tell whether nobody waits for the interpreter's own end: another thread, a profiler, a debugger."""
    import threading

    return threading.active_count() == 1 and sys.gettrace() is None and sys.getprofile() is None


def _end(code: int) -> None:
    """End as the interpreter does, but for taking all modules apart, which takes time and leaves signals without a handler."""
    import atexit

    sys.stdout.flush()
    sys.stderr.flush()
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no other way to run them before os._exit
    os._exit(code)


if __name__ == "__main__":
    main()
