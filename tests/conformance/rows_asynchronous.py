"""Asynchronous tests, and objects that cannot go through a pickle."""

from .case import Case

CASES = (
    Case(
        name="asynchronous",
        why="such a test holds a contextvars.Context, for which three runners lose the whole run",
        files={
            "test_row.py": """
                import contextvars, unittest
                from diary import note
                variable = contextvars.ContextVar("variable")
                class Row(unittest.IsolatedAsyncioTestCase):
                    def setUp(self): note("setUp")
                    async def asyncSetUp(self):
                        note("asyncSetUp")
                        variable.set("set")
                    async def asyncTearDown(self): note("asyncTearDown")
                    async def test_passed(self):
                        self.addAsyncCleanup(self.clean)
                        self.assertEqual(variable.get(), "set")
                    async def test_failed(self): self.fail("later")
                    async def test_skipped(self): self.skipTest("not now")
                    async def test_subtest(self):
                        with self.subTest(number=1): self.fail("inside")
                    def test_plain(self): pass
                    async def clean(self): note("cleanup")
            """
        },
        outcomes={
            "test_row.Row.test_passed": "passed",
            "test_row.Row.test_failed": "failed",
            "test_row.Row.test_skipped": "skipped",
            "test_row.Row.test_subtest": "failed",
            "test_row.Row.test_plain": "passed",
        },
        notes={"setUp": 5, "asyncSetUp": 5, "asyncTearDown": 5, "cleanup": 1},
        exit_code=1,
    ),
    Case(
        name="asynchronous-fixtures-raise",
        why="what breaks around an asynchronous test is an error of that test",
        files={
            "test_row.py": """
                import unittest
                class SetUp(unittest.IsolatedAsyncioTestCase):
                    async def asyncSetUp(self): raise OSError("no loop")
                    async def test_one(self): self.fail("never")
                class TearDown(unittest.IsolatedAsyncioTestCase):
                    async def asyncTearDown(self): raise OSError("late")
                    async def test_one(self): pass
            """
        },
        outcomes={"test_row.SetUp.test_one": "errored", "test_row.TearDown.test_one": "errored"},
        exit_code=1,
    ),
    Case(
        name="coroutine-in-a-plain-class",
        why="it never runs; unittest warns and passes, and so must everybody",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    async def test_one(self): self.fail("never")
            """
        },
        outcomes={"test_row.Row.test_one": "passed"},
        exit_code=0,
    ),
    Case(
        name="test-that-returns-something",
        why="a value is a warning, not an outcome",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_one(self): return 1
                    def test_two(self): yield self.fail("never")
            """
        },
        outcomes={"test_row.Row.test_one": "passed", "test_row.Row.test_two": "passed"},
        shows=("DeprecationWarning",),
        exit_code=0,
    ),
    Case(
        name="exception-that-cannot-be-pickled",
        why="nose2 loses the failure, and Django the run",
        files={
            "test_row.py": """
                import threading, unittest
                class Held(Exception):
                    def __init__(self):
                        super().__init__("held")
                        self.lock = threading.Lock()
                class Row(unittest.TestCase):
                    def test_one(self): raise Held
            """
        },
        outcomes={"test_row.Row.test_one": "errored"},
        shows=("Held: held",),
        exit_code=1,
    ),
    Case(
        name="exception-that-cannot-be-unpickled",
        why="it goes into a pickle and not out of it: nose2 dies, and a ProcessPoolExecutor with all that waits in it",
        files={
            "test_row.py": """
                import unittest
                class Two(Exception):
                    def __init__(self, first, second): super().__init__(f"{first} and {second}")
                class Row(unittest.TestCase):
                    def test_one(self): raise Two(1, 2)
            """
        },
        outcomes={"test_row.Row.test_one": "errored"},
        shows=("Two: 1 and 2",),
        exit_code=1,
    ),
    Case(
        name="test-that-cannot-be-pickled",
        why="a lock made in __init__ is nobody's business",
        files={
            "test_row.py": """
                import threading, unittest
                class Row(unittest.TestCase):
                    def __init__(self, name):
                        super().__init__(name)
                        self.lock = threading.Lock()
                        self.call = lambda: 1
                    def test_one(self):
                        with self.lock: self.assertEqual(self.call(), 2)
            """
        },
        outcomes={"test_row.Row.test_one": "failed"},
        exit_code=1,
    ),
    Case(
        name="group-of-exceptions",
        why="an ExceptionGroup is one error with a traceback that names all",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_one(self): raise ExceptionGroup("several", [ValueError("first"), KeyError("second")])
            """
        },
        outcomes={"test_row.Row.test_one": "errored"},
        shows=("ValueError: first", "KeyError: 'second'"),
        exit_code=1,
    ),
)
