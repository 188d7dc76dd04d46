"""How often class and module fixtures run."""

from .case import Case

CASES = (
    Case(
        name="module-cleanup-registered-at-import",
        why="a module may register its cleanups while it is imported, without any setUpModule",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                unittest.addModuleCleanup(note, "cleanup")
                class A(unittest.TestCase):
                    def test_one(self): note("test")
                class B(unittest.TestCase):
                    def test_one(self): note("test")
            """
        },
        outcomes={"test_row.A.test_one": "passed", "test_row.B.test_one": "passed"},
        notes={"test": 2, "cleanup": 1},
        exit_code=0,
    ),
    Case(
        name="class-skipped-by-decorator",
        why="one skip a test, and the fixtures of the class do not run",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                @unittest.skip("not now")
                class Row(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): note("never")
                    @classmethod
                    def tearDownClass(cls): note("never")
                    def test_one(self): note("never")
                    def test_two(self): note("never")
            """
        },
        outcomes={"test_row.Row.test_one": "skipped", "test_row.Row.test_two": "skipped"},
        exit_code=0,
    ),
    Case(
        name="fixtures-run-once",
        why="with two workers, others set this module up twice or three times, or every class twice, or nothing at all",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                def setUpModule(): note("module up")
                def tearDownModule(): note("module down")
                class Base(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): note("up " + cls.__name__)
                    @classmethod
                    def tearDownClass(cls): note("down " + cls.__name__)
                    def test_one(self): note("test")
                    def test_two(self): note("test")
                    def test_three(self): note("test")
                class A(Base): pass
                class B(Base): pass
                del Base
            """
        },
        outcomes={f"test_row.{kind}.test_{name}": "passed" for kind in "AB" for name in ("one", "two", "three")},
        notes={"module up": 1, "module down": 1, "up A": 1, "down A": 1, "up B": 1, "down B": 1, "test": 6},
        exit_code=0,
    ),
    Case(
        name="contexts-entered-once",
        why="enterClassContext and enterModuleContext are fixtures too",
        files={
            "test_row.py": """
                import contextlib, unittest
                from diary import note
                @contextlib.contextmanager
                def held(name):
                    note("enter " + name)
                    yield
                    note("leave " + name)
                def setUpModule(): unittest.enterModuleContext(held("module"))
                class A(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): cls.enterClassContext(held("class"))
                    def setUp(self): self.enterContext(held("test"))
                    def test_one(self): pass
                    def test_two(self): pass
                class B(unittest.TestCase):
                    def test_one(self): pass
            """
        },
        outcomes={"test_row.A.test_one": "passed", "test_row.A.test_two": "passed", "test_row.B.test_one": "passed"},
        notes={
            f"{what} {name}": 2 if name == "test" else 1 for what in ("enter", "leave") for name in ("module", "class", "test")
        },
        exit_code=0,
    ),
    Case(
        name="interleaved-classes",
        why="load_tests may leave a class and come back to it, which tears it down and sets it up again",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                class Base(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): note("up " + cls.__name__)
                    @classmethod
                    def tearDownClass(cls): note("down " + cls.__name__)
                    def test_one(self): note("test")
                    def test_two(self): note("test")
                class A(Base): pass
                class B(Base): pass
                def load_tests(loader, tests, pattern):
                    return unittest.TestSuite([A("test_one"), B("test_one"), A("test_two"), B("test_two")])
            """
        },
        outcomes={f"test_row.{kind}.test_{name}": "passed" for kind in "AB" for name in ("one", "two")},
        notes={"up A": 2, "down A": 2, "up B": 2, "down B": 2, "test": 4},
        in_order=True,
        exit_code=0,
    ),
    Case(
        name="fixtures-that-need-the-tests-before",
        why="a module fixture keeps its classes in one worker, in their order",
        files={
            "test_row.py": """
                import unittest
                state = []
                def setUpModule(): state.append("module")
                class A(unittest.TestCase):
                    def test_one(self): state.append("A")
                class B(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): state.append("B")
                    def test_one(self): self.assertEqual(state, ["module", "A", "B"])
            """
        },
        outcomes={"test_row.A.test_one": "passed", "test_row.B.test_one": "passed"},
        in_order=True,
        exit_code=0,
    ),
)
