"""Output, warnings and the state that a test may rely on or leave behind."""

from .case import Case, Plain

CASES = (
    Case(
        name="deprecation-warning",
        why="a warning of a test is shown, which every other parallel runner loses",
        files={
            "test_row.py": """
                import unittest, warnings
                class Row(unittest.TestCase):
                    def test_one(self): warnings.warn("old name", DeprecationWarning)
            """
        },
        outcomes={"test_row.Row.test_one": "passed"},
        shows=("DeprecationWarning: old name",),
        exit_code=0,
    ),
    Case(
        name="file-left-open",
        why="what was written to a file that nobody closes is in it in the end, as the interpreter sees to",
        files={
            "test_row.py": """
                import os, unittest
                left_open = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "diary.txt"), "a")
                class Row(unittest.TestCase):
                    def test_one(self): left_open.write("late\\n")
            """
        },
        outcomes={"test_row.Row.test_one": "passed"},
        notes={"late": 1},
        exit_code=0,
    ),
    Case(
        name="printed-by-c",
        why="what C code prints waits in a buffer of the C library, and belongs to its test all the same",
        files={
            "test_row.py": """
                import ctypes, unittest
                class Row(unittest.TestCase):
                    def test_one(self):
                        ctypes.CDLL(None).printf(b"from C\\n")
                        self.fail("below it")
            """
        },
        outcomes={"test_row.Row.test_one": "failed"},
        shows=("from C",),
        exit_code=1,
    ),
    Case(
        name="warnings-are-errors",
        why="a runner that cannot take durations warns (3.12), and where warnings are errors it breaks the next test",
        files={
            "test_row.py": """
                import unittest, warnings
                class Row(unittest.TestCase):
                    def test_a(self): warnings.simplefilter("error")
                    def test_b(self): pass
                    def test_c(self):
                        with self.subTest(): pass
            """
        },
        outcomes={"test_row.Row.test_a": "passed", "test_row.Row.test_b": "passed", "test_row.Row.test_c": "passed"},
        exit_code=0,
    ),
    Case(
        name="buffered-output",
        why="with -b what a failed test printed stands below its traceback, and a test may read what it printed",
        files={
            "test_row.py": """
                import sys, unittest
                class Row(unittest.TestCase):
                    def test_failed(self):
                        print("to stdout")
                        print("to stderr", file=sys.stderr)
                        self.fail("seen")
                    def test_read(self):
                        print("again")
                        self.assertEqual(sys.stdout.getvalue(), "again\\n")
            """
        },
        arguments=("-b",),
        outcomes={"test_row.Row.test_failed": "failed", "test_row.Row.test_read": "passed"},
        shows=("Stdout:\\nto stdout", "Stderr:\\nto stderr"),
        exit_code=1,
    ),
    Case(
        name="buffered-stream-restored",
        why="with -b a test may put the real stream back, which breaks unittest's own buffering (yamllint#620)",
        files={
            "test_row.py": """
                import sys, unittest
                class Row(unittest.TestCase):
                    def test_a(self): sys.stdout = sys.__stdout__
                    def test_b(self): self.fail("seen")
                    def test_c(self): sys.stdout.close()
                    def test_d(self): print("fine")
            """
        },
        arguments=("-b",),
        outcomes={
            "test_row.Row.test_a": "passed",
            "test_row.Row.test_b": "failed",
            "test_row.Row.test_c": "passed",
            "test_row.Row.test_d": "passed",
        },
        exit_code=1,
        plain=Plain(
            why="unittest reads the stream that the test put there, and ends with a traceback", survives=False, exit_code=1
        ),
    ),
    Case(
        name="output-below-python",
        why="what C code or a child writes to the descriptors belongs to its test; nobody else but pytest takes it",
        files={
            "test_row.py": """
                import os, unittest
                class Row(unittest.TestCase):
                    def test_one(self):
                        os.write(1, b"below stdout")
                        os.write(2, b"below stderr")
                        os.system("echo from a child")
                        self.fail("seen")
            """
        },
        outcomes={"test_row.Row.test_one": "failed"},
        shows=("below stdout", "below stderr", "from a child"),
        exit_code=1,
    ),
    Case(
        name="streams-replaced",
        why="a test may replace the streams, and nobody's report goes astray",
        files={
            "test_row.py": """
                import io, sys, unittest
                class Row(unittest.TestCase):
                    def test_a(self): sys.stdout = sys.stderr = io.StringIO()
                    def test_b(self): self.fail("seen")
            """
        },
        outcomes={"test_row.Row.test_a": "passed", "test_row.Row.test_b": "failed"},
        shows=("AssertionError: seen",),
        exit_code=1,
    ),
    Case(
        name="output-that-cannot-be-encoded",
        why="lone surrogates, NUL and escape codes in a message",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_one(self): self.fail("lone \\udc80 surrogate \\x00 \\x1b[31m \\ufffe")
            """
        },
        outcomes={"test_row.Row.test_one": "failed"},
        exit_code=1,
        plain=Plain(why="unittest cannot print the message, and ends with a traceback", survives=False, exit_code=1),
    ),
    Case(
        name="output-that-looks-like-a-report",
        why="what a test prints is never taken for a result",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_a(self): print('["p",1,0.0]\\n{"event": "finished", "outcome": "passed"}')
                    def test_b(self): self.fail("seen")
            """
        },
        outcomes={"test_row.Row.test_a": "passed", "test_row.Row.test_b": "failed"},
        exit_code=1,
    ),
    Case(
        name="modules-of-the-user",
        why="a suite may have modules that are called as the runner's own are",
        files={
            "test_row.py": """
                import unittest
                NAMES = ("registry", "mnist", "runner", "worker", "wire", "process", "loading", "events")
                class Row(unittest.TestCase):
                    def test_one(self):
                        for name in NAMES:
                            with self.subTest(name): self.assertEqual(__import__(name).OWNER, "user")
            """,
            **dict.fromkeys(
                (f"{name}.py" for name in ("registry", "mnist", "runner", "worker", "wire", "process", "loading", "events")),
                "OWNER = 'user'",
            ),
        },
        outcomes={"test_row.Row.test_one": "passed"},
        exit_code=0,
    ),
    Case(
        name="surroundings",
        why="a test finds the current folder, the path and the handlers that unittest gives it, and no terminal",
        files={
            "test_row.py": """
                import os, signal, sys, threading, unittest
                class Row(unittest.TestCase):
                    def test_folder(self): self.assertTrue(os.path.samefile(os.getcwd(), os.path.dirname(__file__)))
                    def test_path(self): self.assertTrue(os.path.samefile(os.getcwd(), sys.path[0]))
                    def test_interrupt(self): self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)
                    def test_threads(self): self.assertEqual(threading.active_count(), 1)
                    def test_terminal(self): self.assertEqual(sys.stdin.read(), "")
                    def test_arguments(self): self.assertEqual(sys.argv[0].split()[-2:], ["-m", "unittest"])
            """
        },
        outcomes={
            f"test_row.Row.test_{name}": "passed" for name in ("folder", "path", "interrupt", "threads", "terminal", "arguments")
        },
        exit_code=0,
    ),
    Case(
        name="processes-of-multiprocessing",
        why="a test may start processes with each method, also a spawned one that imports the test module again",
        files={
            "test_row.py": """
                import multiprocessing, unittest
                def double(value): return 2 * value
                class Row(unittest.TestCase):
                    def ask(self, method):
                        with multiprocessing.get_context(method).Pool(1) as pool:
                            self.assertEqual(pool.map(double, [1, 2]), [2, 4])
                    def test_fork(self): self.ask("fork")
                    def test_spawn(self): self.ask("spawn")
                    def test_forkserver(self): self.ask("forkserver")
            """
        },
        outcomes={f"test_row.Row.test_{method}": "passed" for method in ("fork", "spawn", "forkserver")},
        exit_code=0,
    ),
)
