"""The program, as `runner` and as `python -m runner`: quiet from its first line on when it is told to stop."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_TOLD = {signal.SIGINT: "interrupted [interrupted]", signal.SIGTERM: "terminated by SIGTERM [terminated]"}


def main() -> None:
    """Run the program.

    Until a command asks for something else, a signal ends the process at once: there is nothing yet to be kept, and an exception
    that comes up while modules are imported may vanish in them or turn into another.
    """
    for number in _TOLD:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)
    from runner.cli import main as run

    run()


def _leave(number: int, _frame: FrameType | None) -> None:
    try:
        os.write(2, f"runner: {_TOLD[signal.Signals(number)]}\n".encode())
    finally:
        os._exit(128 + number)


if __name__ == "__main__":
    main()
