"""One night at a time in a project."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.errors import NightRunning


@contextmanager
def one_night(folder: Path) -> Iterator[None]:
    """Hold the lock of the project; the system gives it back however the process ends.

    Args:
        folder: The project's own folder, `.runner`; it exists.

    Raises:
        NightRunning: Another night holds it.
    """
    with (folder / "nightly.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            owner = file.read(32).strip() or "unknown"
            raise NightRunning(
                f"another night runs in this project (process {owner}), and two would disturb each other; wait until it has ended"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
