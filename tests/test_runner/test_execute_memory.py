"""A worker that the kernel kills because memory ran out: a real control group with a limit."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from uuid import uuid4

from .suites import write_suite

LIMIT_BYTES = 200_000_000
SUITE = """
    import unittest
    class Greedy(unittest.TestCase):
        def test_a_much(self): bytearray(2_000_000_000)
        def test_b_little(self): pass
"""
# It joins the group itself, so that nothing else is ever under the limit.
PARENT = """
    import json, os, sys
    from pathlib import Path
    Path(sys.argv[1], "cgroup.procs").write_text(str(os.getpid()))
    from runner import execute
    from runner.events import TestFinished
    class Sink:
        def emit(self, event):
            if isinstance(event, TestFinished):
                print(json.dumps([event.key[0], event.outcome, event.message]))
    with execute.start(execute.Selection(), execute.WorkerOptions(working_directory=Path(sys.argv[2]))) as execution:
        execution.run(Sink())
"""


class MemoryTest(unittest.TestCase):
    def setUp(self) -> None:
        version_1 = Path("/sys/fs/cgroup/memory/memory.limit_in_bytes").exists()
        top = Path("/sys/fs/cgroup/memory" if version_1 else "/sys/fs/cgroup")
        self.group = top / f"runner-{uuid4().hex}"
        self.limit = self.group / ("memory.limit_in_bytes" if version_1 else "memory.max")
        try:
            self.group.mkdir()
            self.addCleanup(self.group.rmdir)
            self.limit.write_text(str(LIMIT_BYTES))
        except OSError as error:
            self.skipTest(f"no control group with a memory limit can be made here: {error}")

    def test_out_of_memory(self) -> None:
        """A test for which there is not enough memory is named with that cause, and the next one runs."""
        self.assertLessEqual(int(self.limit.read_text()), LIMIT_BYTES)
        folder = self.enterContext(TemporaryDirectory())
        write_suite(folder, {"test_it.py": SUITE})
        command = [sys.executable, "-c", dedent(PARENT), str(self.group), folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=dict(os.environ))
        first, second = map(json.loads, done.stdout.splitlines())
        self.assertEqual(first[:2], ["test_it.Greedy.test_a_much", "crashed"])
        self.assertIn("killed by SIGKILL, for the system was out of memory", first[2])
        self.assertEqual(second[:2], ["test_it.Greedy.test_b_little", "passed"])
