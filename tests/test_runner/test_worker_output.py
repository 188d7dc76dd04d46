"""What tests write to the file descriptors 1 and 2 comes with their results, bounded, and dies with nobody."""

import subprocess
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import ClassVar

import registry
from runner import execute
from runner.events import Printed
from runner.execute.printed import KEPT_BYTES, PrintedFile
from runner.record import TestRecorder

from .suites import SuiteCase, run_suite, write_suite

BOUND = 2 * KEPT_BYTES + 100
MEASURING = """
    import resource, sys
    from pathlib import Path
    from runner import execute

    class Longest:
        output = 0
        def emit(self, event):
            self.output = max(self.output, len(getattr(event, "output", None) or ""))

    def peak_kib():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    sink = Longest()
    with execute.start(execute.Selection(), execute.WorkerOptions(working_directory=Path(sys.argv[1]))) as execution:
        before = peak_kib()
        execution.run(sink)
    print(peak_kib() - before, sink.output)
"""


class OutputTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_a_output.py": """
            import os, subprocess, sys, unittest
            print("at import")
            def setUpModule(): print("setUpModule")
            class Output(unittest.TestCase):
                @classmethod
                def setUpClass(cls): print("setUpClass")
                @classmethod
                def tearDownClass(cls): os.write(2, b"tearDownClass\\n")
                def test_a_silent(self): pass
                def test_b_python(self):
                    print("out")
                    print("err", file=sys.stderr)
                    print("no new line", end="")
                def test_c_descriptors(self):
                    os.write(1, b"one\\n")
                    os.write(2, b"two\\n")
                    subprocess.run(["echo", "three"])
                def test_d_fails(self):
                    print("seen before the failure")
                    self.fail("no")
                def test_e_skips(self):
                    print("seen before the skip")
                    self.skipTest("no")
                def test_f_bytes(self): os.write(1, b"\\xff\\xc3\\xa9 \\x1b[31m\\x00")
                def test_g_long(self): os.write(1, b"first\\n" + b"x" * 1_000_000 + b"\\nlast\\n")
                def test_h_surrogates(self): sys.stderr.write("\\udc80")
        """,
        "test_b_mischief.py": """
            import os, sys, unittest
            class Mischief(unittest.TestCase):
                def test_a_closes_1(self):
                    print("before")
                    sys.stdout.flush()
                    os.close(1)
                def test_b_leads_elsewhere(self):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
                    print("lost", file=sys.stderr)
                def test_c_passes(self): pass
            class Later(unittest.TestCase):
                def test_a_prints(self):
                    print("out again")
                    print("err again", file=sys.stderr)
                def test_b_closes_the_stream(self): sys.stdout.close()
            class Last(unittest.TestCase):
                def test_prints(self): print("out once more")
                def test_forks(self):
                    print("the parent's")
                    child = os.fork()
                    if child == 0: self.fail("in the child")
                    os.waitpid(child, 0)
        """,
        "test_c_deaths.py": """
            import atexit, ctypes, os, sys, unittest
            atexit.register(print, "at exit")
            class Deaths(unittest.TestCase):
                def test_a_segfault(self):
                    print("a line before")
                    ctypes.string_at(0)
                def test_b_exit(self):
                    sys.stdout.write("head\\n" + "x" * 200_000 + "\\n" + "the tail\\n")
                    os._exit(0)
            class Fixture(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    print("dying fixture")
                    os._exit(3)
                def test_never(self): pass
            class Raising(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    print("raising fixture")
                    raise OSError
                def test_never(self): pass
        """,
    }

    def output(self, name: str) -> str | None:
        return self.events.test(name).output

    def test_a_silent_test(self) -> None:
        """A test that writes nothing has no output."""
        self.assertIsNone(self.output("test_a_silent"))

    def test_what_python_prints(self) -> None:
        """Both streams come in the order of writing, and what stands before no line's end too."""
        self.assertEqual(self.output("test_b_python"), "out\nerr\nno new line")

    def test_what_others_write(self) -> None:
        """What is written past Python, by a child too, comes with the test."""
        self.assertEqual(self.output("test_c_descriptors"), "one\ntwo\nthree\n")

    def test_whatever_the_outcome(self) -> None:
        """Failed and skipped tests have their output, without the one's in the other's."""
        outputs = [self.output(name) for name in ("test_d_fails", "test_e_skips")]
        self.assertEqual(outputs, ["seen before the failure\n", "seen before the skip\n"])

    def test_what_is_no_text(self) -> None:
        """Bytes that are no UTF-8 are shown as escapes."""
        self.assertEqual(self.output("test_f_bytes"), "\\xff\u00e9 \x1b[31m\0")
        self.assertEqual(self.output("test_h_surrogates"), "\\udc80")

    def test_long_output(self) -> None:
        """Of much output head and tail are kept, with the number of bytes between them."""
        text = self.output("test_g_long") or ""
        self.assertLess(len(text), BOUND)
        self.assertTrue(text.startswith("first\n"), text[:100])
        self.assertRegex(text, r"(?m)^\.\.\. [\d,]+ bytes left out \.\.\.$")
        self.assertTrue(text.endswith("\nlast\n"), text[-100:])

    def test_fixtures_and_imports(self) -> None:
        """What fixtures and imports print is told with their place, before the tests that follow."""
        printed = [(event.place, event.text) for event in self.events.of(Printed)]
        self.assertEqual(printed[0], (None, "at import\n"))
        expected = [
            ("setUpModule (test_a_output)", "setUpModule\n"),
            ("setUpClass (test_a_output.Output)", "setUpClass\n"),
            ("tearDownClass (test_a_output.Output)", "tearDownClass\n"),
        ]
        self.assertEqual([event for event in printed if event[0]], expected)

    def test_a_fixture_that_raises(self) -> None:
        """A fixture that fails has its output."""
        self.assertEqual(self.events.fixture("setUpClass (test_c_deaths.Raising)").output, "raising fixture\n")

    def test_a_worker_that_dies(self) -> None:
        """A test or a fixture that kills the worker keeps what it wrote, bounded."""
        self.assertEqual(self.output("test_a_segfault"), "a line before\n")
        text = self.output("test_b_exit") or ""
        self.assertTrue(text.startswith("head\n") and text.endswith("the tail\n") and len(text) < BOUND, text[:100])
        self.assertEqual(self.events.fixture("setUpClass (test_c_deaths.Fixture)").output, "dying fixture\n")

    def test_exit_handlers(self) -> None:
        """What exit handlers print is told after the last test."""
        self.assertIn(Printed(None, "at exit\n"), self.events.all[-2:])

    def test_closed_descriptors(self) -> None:
        """A test that closes or redirects 1 and 2 loses what follows it in its class, and nothing else."""
        outcomes = {event[0]: event[2] for event in self.events.outcomes if "b_mischief" in event[0]}
        self.assertEqual(set(outcomes.values()), {"passed"}, outcomes)
        self.assertEqual(self.output("test_a_closes_1"), "before\n")
        self.assertEqual(self.output("Later.test_a_prints"), "out again\nerr again\n")
        self.assertEqual(self.output("Last.test_prints"), "out once more\n")

    def test_a_child_that_escapes(self) -> None:
        """A forked child that comes back into the runner takes nothing of what the test wrote."""
        self.assertEqual(self.output("test_forks"), "the parent's\n")


class PrintedByCTest(SuiteCase):
    files: ClassVar = {
        "test_c.py": """
            import ctypes, unittest
            class C(unittest.TestCase):
                def test_prints(self):
                    ctypes.CDLL(None).printf(b"from C\\n")
                def test_silent(self): pass
        """
    }
    changes: ClassVar = {"environment": {"PYTHONUNBUFFERED": ""}}

    def test_belongs_to_its_test(self) -> None:
        """What C code leaves in the C library's buffer comes with the test that printed it."""
        self.assertEqual([self.events.test(name).output for name in ("test_prints", "test_silent")], ["from C\n", None])


class BufferTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_buffer.py": """
            import os, unittest
            class Buffer(unittest.TestCase):
                def test_a_fails(self):
                    print("buffered")
                    os.write(1, b"beside the buffer\\n")
                    self.fail("no")
                def test_b_passes(self): print("buffered too")
        """
    }
    changes: ClassVar[dict[str, bool]] = {"buffer": True}

    def test_meaning_of_unittest(self) -> None:
        """--buffer puts what Python printed into the traceback, and what went past Python into the output."""
        test = self.events.test("test_a_fails")
        self.assertIn("Stdout:\nbuffered\n", test.traceback or "")
        self.assertEqual((test.output, self.events.test("test_b_passes").output), ("beside the buffer\n", None))


class CostTest(unittest.TestCase):
    def test_a_hundred_megabytes(self) -> None:
        """100 MB printed by one test cost this process less than 20 MB, and leave a bounded output."""
        suite = "import os, unittest\nclass A(unittest.TestCase):\n    def test_a(self):\n"
        suite += "        for _ in range(100): os.write(1, b'x' * 2**20)"
        with TemporaryDirectory() as folder:
            write_suite(folder, {"test_much.py": suite})
            command = [sys.executable, "-c", dedent(MEASURING), folder]
            result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        grown_kib, output = map(int, result.stdout.split())
        self.assertLess(grown_kib, 20 * 1024)
        self.assertTrue(KEPT_BYTES < output < BOUND, output)

    def test_nothing_is_left_open(self) -> None:
        """An execution gives back every descriptor that it took."""
        with TemporaryDirectory() as folder:
            write_suite(folder, {"test_one.py": "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): print(1)"})
            before = len(list(Path("/dev/fd").iterdir()))
            run_suite(folder)
            self.assertEqual(len(list(Path("/dev/fd").iterdir())), before)


class RegistryTest(unittest.TestCase):
    def test_a_hundred_megabytes(self) -> None:
        """100 MB printed by a test that fails make the registry grow by less than 2 MB."""
        suite = "import os, unittest\nclass A(unittest.TestCase):\n    def test_a(self):\n"
        suite += "        for _ in range(100): os.write(1, os.urandom(2**19).hex().encode())\n        self.fail()"
        with TemporaryDirectory() as folder:
            write_suite(folder, {"test_much.py": suite})
            path = Path(folder, "runs.db")
            with registry.open(path) as opened, opened.start_run("test", "x", code={}) as run:
                recorder = TestRecorder(run)
                with execute.start(execute.Selection(), execute.WorkerOptions(working_directory=Path(folder))) as execution:
                    execution.run(recorder)
            self.assertLess(path.stat().st_size, 2_000_000)


class PrintedFileTest(unittest.TestCase):
    def setUp(self) -> None:
        self.file = PrintedFile()
        self.addCleanup(self.file.close)

    def test_nothing(self) -> None:
        """An empty file has no output."""
        self.assertIsNone(self.file.read())

    def test_two_writers(self) -> None:
        """Two processes that write at the same time do not overwrite each other, whatever was read meanwhile."""
        writers = [subprocess.Popen(["seq", "500"], stdout=self.file.fileno()) for _ in range(2)]
        for writer in writers:
            self.assertEqual(writer.wait(), 0)
        numbers = sorted(map(int, (self.file.read() or "").split()))
        self.assertEqual(numbers, sorted([*range(1, 501)] * 2))

    def test_as_much_as_the_worker_keeps(self) -> None:
        """The worker and the parent keep equally much of long output."""
        source = Path(__file__).parents[2] / "runner" / "_worker" / "_runner_worker" / "capture.py"
        self.assertIn(f"_KEPT_BYTES = {KEPT_BYTES // 1024} * 1024\n", source.read_text(encoding="utf-8"))
