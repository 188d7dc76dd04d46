"""Tests and fixtures that end their process, and what comes of all others."""

from .case import Case, Plain

_DIES = "unittest runs everything in one process, which this test takes with it"

CASES = (
    Case(
        name="exit-with-0",
        why="a process that ends is no test that passed: unittest says 0, and five runners wait for ever",
        files={
            "test_row.py": """
                import os, unittest
                class Row(unittest.TestCase):
                    def test_a(self): pass
                    def test_b(self): os._exit(0)
                    def test_c(self): pass
            """
        },
        outcomes={"test_row.Row.test_a": "passed", "test_row.Row.test_b": "crashed", "test_row.Row.test_c": "passed"},
        shows=("exited with code 0",),
        exit_code=1,
        plain=Plain(why=_DIES + ", with the exit code 0", survives=False, exit_code=0),
    ),
    Case(
        name="killed",
        why="as the kernel kills what takes too much memory; others hang, or lose the rest of that worker's tests",
        files={
            "test_row.py": """
                import os, signal, unittest
                class Row(unittest.TestCase):
                    def test_a(self): pass
                    def test_b(self): os.kill(os.getpid(), signal.SIGKILL)
                    def test_c(self): pass
            """
        },
        outcomes={"test_row.Row.test_a": "passed", "test_row.Row.test_b": "crashed", "test_row.Row.test_c": "passed"},
        shows=("SIGKILL",),
        exit_code=1,
        plain=Plain(why=_DIES, survives=False, exit_code=-9),
    ),
    Case(
        name="segmentation-fault",
        why="the signal is named, and the stack of the test is kept",
        files={
            "test_row.py": """
                import ctypes, unittest
                class Row(unittest.TestCase):
                    def test_a(self): ctypes.string_at(0)
                    def test_b(self): pass
            """
        },
        outcomes={"test_row.Row.test_a": "crashed", "test_row.Row.test_b": "passed"},
        shows=("SIGSEGV", "in test_a"),
        exit_code=1,
        plain=Plain(why=_DIES, survives=False, exit_code=-11),
    ),
    Case(
        name="set-up-class-exits",
        why="a fixture that ends the process prevents its own tests and no others",
        files={
            "test_row.py": """
                import os, unittest
                class Row(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): os._exit(0)
                    def test_one(self): pass
                class Other(unittest.TestCase):
                    def test_one(self): pass
            """
        },
        outcomes={"test_row.Row.test_one": "not_run", "test_row.Other.test_one": "passed"},
        fixtures=("crashed setUpClass (test_row.Row)",),
        exit_code=1,
        plain=Plain(why=_DIES + ", with the exit code 0", survives=False, exit_code=0),
    ),
    Case(
        name="tear-down-module-exits",
        why="a fixture that ends the process after the last test must not look like the end",
        files={
            "test_row.py": """
                import os, unittest
                def tearDownModule(): os._exit(0)
                class Row(unittest.TestCase):
                    def test_one(self): pass
            """
        },
        outcomes={"test_row.Row.test_one": "passed"},
        fixtures=("crashed tearDownModule (test_row)",),
        exit_code=1,
        plain=Plain(why=_DIES + ", with the exit code 0", survives=False, exit_code=0),
    ),
    Case(
        name="import-exits",
        why="a module that ends the process while it is imported costs itself and no other",
        files={
            "test_row.py": "import os; os._exit(0)",
        },
        outcomes={},
        fixtures=("crashed import (test_row)",),
        exit_code=1,
        plain=Plain(why=_DIES + ", with the exit code 0", survives=False, exit_code=0),
    ),
    Case(
        name="every-worker-dies",
        why="a test that ends its process is never run again, so that a suite of such tests ends",
        files={
            "test_row.py": """
                import os, unittest
                from diary import note
                class Row(unittest.TestCase): pass
                for number in range(6):
                    def method(self):
                        note("test")
                        os._exit(number)
                    setattr(Row, f"test_{number}", method)
            """
        },
        outcomes={f"test_row.Row.test_{number}": "crashed" for number in range(6)},
        notes={"test": 6},
        exit_code=1,
        plain=Plain(why=_DIES, survives=False, exit_code=5),
    ),
    Case(
        name="keyboard-interrupt",
        why="it ends the run with 130 and never with 0, and no test is lost",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_a(self): pass
                    def test_b(self): raise KeyboardInterrupt
                    def test_c(self): pass
            """
        },
        beside_fine=False,
        outcomes={"test_row.Row.test_a": "passed", "test_row.Row.test_b": "not_run", "test_row.Row.test_c": "not_run"},
        in_order=True,
        exit_code=130,
        plain=Plain(why="the interpreter ends itself by the signal", survives=False, exit_code=-2),
    ),
    Case(
        name="keyboard-interrupt-in-a-fixture",
        why="it ends the run wherever it comes from",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): raise KeyboardInterrupt
                    def test_a(self): pass
            """
        },
        beside_fine=False,
        outcomes={"test_row.Row.test_a": "not_run"},
        exit_code=130,
        plain=Plain(why="the interpreter ends itself by the signal", survives=False, exit_code=-2),
    ),
    Case(
        name="ctrl-c",
        why="after Ctrl-C green and Django say OK, though two of six tests never ran",
        files={
            "test_row.py": """
                import time, unittest
                from diary import note
                class Row(unittest.TestCase):
                    def test_a(self): pass
                    def test_b(self):
                        time.sleep(0.5)
                        note("waits")
                        time.sleep(60)
                    def test_c(self): pass
            """
        },
        beside_fine=False,
        interrupt_after="waits",
        outcomes={"test_row.Row.test_a": "passed", "test_row.Row.test_b": "not_run", "test_row.Row.test_c": "not_run"},
        notes={"waits": 1},
        in_order=True,
        exit_code=130,
        plain=Plain(why="nobody presses Ctrl-C there", runs=False),
    ),
    Case(
        name="fork-that-fails-in-the-child",
        why="the child escapes from the test and would go on with the suite: others hang, or print everything twice",
        files={
            "test_row.py": """
                import os, unittest
                class Row(unittest.TestCase):
                    def test_a(self):
                        child = os.fork()
                        if child == 0: self.fail("in the child")
                        os.waitpid(child, 0)
                    def test_b(self): pass
            """
        },
        outcomes={"test_row.Row.test_a": "passed", "test_row.Row.test_b": "passed"},
        exit_code=0,
        plain=Plain(why="the child runs the rest of the suite as well, and says so", survives=False, exit_code=0),
    ),
    Case(
        name="fork-that-returns-in-the-child",
        why="a child that comes back from the test must not report it, nor run the next",
        files={
            "test_row.py": """
                import os, unittest
                from diary import note
                class Row(unittest.TestCase):
                    def test_a(self):
                        child = os.fork()
                        if child: os.waitpid(child, 0)
                    def test_b(self): note("test")
            """
        },
        outcomes={"test_row.Row.test_a": "passed", "test_row.Row.test_b": "passed"},
        notes={"test": 1},
        exit_code=0,
        plain=Plain(why="the child runs the rest of the suite as well", survives=False, exit_code=0),
    ),
    Case(
        name="suite-with-a-run-of-its-own-exits",
        why="such a suite cannot be resumed, and what it did not run says so",
        files={
            "test_row.py": """
                import os, unittest
                class Own(unittest.TestSuite):
                    def run(self, result, debug=False): return super().run(result, debug)
                class Row(unittest.TestCase):
                    def test_a(self): pass
                    def test_b(self): os._exit(0)
                    def test_c(self): pass
                def load_tests(loader, tests, pattern): return Own([Row("test_a"), Row("test_b"), Row("test_c")])
            """
        },
        outcomes={"test_row.Row.test_a": "passed", "test_row.Row.test_b": "crashed", "test_row.Row.test_c": "not_run"},
        exit_code=1,
        plain=Plain(why=_DIES + ", with the exit code 0", survives=False, exit_code=0),
    ),
)
