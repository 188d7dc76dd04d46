"""A suite or a training of a night, in a process of its own: `python -m runner._part test ...`.

Its standard input is a pipe that the night holds open, so that it ends when the night does, however that ends.
"""

from __future__ import annotations

import os
import signal
import threading
import time

from runner.__main__ import main
from runner.commands._night_parts import PATIENCE_S


def _end_with_the_night() -> None:
    while os.read(0, 1):
        pass
    # Like a SIGTERM from outside: what was recorded is kept, and marked as interrupted.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_S)
    # What hangs where no signal reaches it, as in a call into C, would run on for ever; the group is this part's own.
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_night, name="lifeline", daemon=True).start()
    main()
