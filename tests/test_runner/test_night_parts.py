"""The parts of a night as processes: what hangs is ended."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from unittest import mock

from registry.past.night import ENDED_AFTER
from registry.records import NewRun, RunKind
from runner.commands._night_parts import Job, Parts, _stop
from tests.test_registry.factories import RegistryCase

DEAF = "trap '' TERM; sleep 60 & echo $!; wait; sleep 60"
"""A shell that no SIGTERM ends, and that has started something."""


class Shells(Parts):
    """Parts that are shells, which say nothing to a registry."""

    def _started(self, job: Job, name: str, log: int) -> subprocess.Popen[bytes]:  # noqa: ARG002 - a shell has no name
        return subprocess.Popen(["sh", "-c", *job.arguments], stdin=subprocess.PIPE, stdout=log, process_group=0)


class Limits(RegistryCase):
    """`part-timeout`."""

    def test_a_part_that_hangs(self):
        """A part that takes too long is ended, marked, and linked to its night, and the next one runs."""
        night = self.enterContext(self.registry.start(NewRun(RunKind.NIGHTLY))).run
        with self.registry.start(NewRun(RunKind.TRAIN, f"{night.name}/mnist-seed-0")):
            parts = Shells(self.registry, night, self.folder, None, self.folder / "logs")
            hanging = Job("mnist seed 0", ("sleep 60",), 0.0001)
            part = parts.run(hanging)
        self.assertEqual(part and part.run.tags, {ENDED_AFTER: "0.0001 h"})
        self.assertEqual(
            parts.last_words(hanging), "it took longer than 0.0001 h, `part-timeout` in [tool.runner.nightly], and was ended"
        )
        quick = Job("suite tests", ("echo done",), 1)
        self.assertIsNone(parts.run(quick))
        self.assertEqual(parts.last_words(quick), "done")

    def test_a_part_that_heeds_no_signal(self):
        """What SIGTERM does not end is killed, with all that it has started."""
        process = subprocess.Popen(["sh", "-c", DEAF], stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0)
        with mock.patch("runner.commands._night_parts.PATIENCE_S", 0.2), process:
            assert process.stdout is not None
            child = int(process.stdout.readline())
            _stop(process, 15)
        self.assertEqual(process.returncode, -9)
        limit = time.monotonic() + 10
        while not _is_gone(child):
            self.assertLess(time.monotonic(), limit, "what the part started runs on")
            time.sleep(0.01)


def _is_gone(pid: int) -> bool:
    """Tell whether a process is not there any more, or only until somebody asks how it ended."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return True
