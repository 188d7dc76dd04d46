"""Suites put together by hand: tests of other modules, the same test twice, and very many failures."""

from .case import Case

CASES = (
    Case(
        name="many-failures",
        why="an exit code is no number of failures: 256 of them would be 0",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase): pass
                for number in range(256):
                    setattr(Row, f"test_{number:03}", lambda self: self.fail("seen"))
            """
        },
        outcomes={f"test_row.Row.test_{number:03}": "failed" for number in range(256)},
        exit_code=1,
    ),
    Case(
        name="same-object-twice",
        why="one test object may be in a suite twice, and runs twice",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                class Row(unittest.TestCase):
                    def test_one(self): note("test")
                def load_tests(loader, tests, pattern):
                    test = Row("test_one")
                    return unittest.TestSuite([test, test, unittest.TestSuite([unittest.TestSuite([Row("test_one")])])])
            """
        },
        outcomes={"test_row.Row.test_one": ("passed", "passed", "passed")},
        notes={"test": 3},
        exit_code=0,
    ),
    Case(
        name="same-object-twice-in-a-suite-of-its-own",
        why="so it may be in a suite that has its own way to run",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                class Own(unittest.TestSuite):
                    def run(self, result, debug=False): return super().run(result, debug)
                class Row(unittest.TestCase):
                    def test_one(self): note("test")
                    def test_two(self): note("test")
                def load_tests(loader, tests, pattern):
                    test = Row("test_one")
                    return Own([test, Row("test_two"), test])
            """
        },
        outcomes={"test_row.Row.test_one": ("passed", "passed"), "test_row.Row.test_two": "passed"},
        notes={"test": 3},
        exit_code=0,
    ),
    Case(
        name="suites-that-hold-nothing-yet",
        why="a suite may make its tests only when it runs, as the last of all too",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_one(self): pass
                    def made(self): self.fail("ran")
                    def made_too(self): pass
                class Late(unittest.TestSuite):
                    def __init__(self, name):
                        super().__init__()
                        self.name = name
                    def run(self, result, debug=False):
                        Row(self.name)(result)
                        return result
                def load_tests(loader, tests, pattern):
                    return unittest.TestSuite([Late("made_too"), Late("made_too"), tests, Late("made_too"), Late("made")])
            """
        },
        beside_fine=False,
        outcomes={
            "test_row.Row.test_one": "passed",
            "test_row.Row.made": "failed",
            "test_row.Row.made_too": ("passed",) * 3,
        },
        exit_code=1,
    ),
    Case(
        name="nothing-but-a-suite-that-holds-nothing-yet",
        why="such a suite may be all there is",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def made(self): self.fail("ran")
                class Late(unittest.TestSuite):
                    def run(self, result, debug=False):
                        Row("made")(result)
                        return result
                def load_tests(loader, tests, pattern): return Late()
            """
        },
        beside_fine=False,
        outcomes={"test_row.Row.made": "failed"},
        exit_code=1,
    ),
    Case(
        name="fixtures-of-another-module",
        why="the fixtures are those of the module of the class, not of the module that was discovered",
        files={
            "elsewhere.py": """
                import unittest
                from diary import note
                def setUpModule(): note("elsewhere up")
                def tearDownModule(): note("elsewhere down")
                class Else(unittest.TestCase):
                    def test_one(self): note("test")
            """,
            "test_row.py": """
                import elsewhere, unittest
                from diary import note
                def setUpModule(): note("row up")
                class Row(unittest.TestCase):
                    def test_one(self): note("test")
                def load_tests(loader, tests, pattern):
                    tests.addTests(loader.loadTestsFromModule(elsewhere))
                    return tests
            """,
        },
        outcomes={"test_row.Row.test_one": "passed", "elsewhere.Else.test_one": "passed"},
        notes={"row up": 1, "elsewhere up": 1, "elsewhere down": 1, "test": 2},
        exit_code=0,
    ),
    Case(
        name="interleaved-modules",
        why="a suite that leaves a module and comes back to it runs its fixtures again",
        files={
            "elsewhere.py": """
                import unittest
                from diary import note
                def setUpModule(): note("elsewhere up")
                class Else(unittest.TestCase):
                    def test_one(self): note("test")
            """,
            "test_row.py": """
                import elsewhere, unittest
                from diary import note
                def setUpModule(): note("row up")
                def tearDownModule(): note("row down")
                class Row(unittest.TestCase):
                    def test_one(self): note("test")
                    def test_two(self): note("test")
                def load_tests(loader, tests, pattern):
                    return unittest.TestSuite([Row("test_one"), elsewhere.Else("test_one"), Row("test_two")])
            """,
        },
        outcomes={
            "test_row.Row.test_one": "passed",
            "test_row.Row.test_two": "passed",
            "elsewhere.Else.test_one": "passed",
        },
        notes={"row up": 2, "row down": 2, "elsewhere up": 1, "test": 3},
        in_order=True,
        exit_code=0,
    ),
    Case(
        name="inherited-fixtures",
        why="a fixture that a class inherits runs for each class, and with the class that inherits it",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                class Base:
                    @classmethod
                    def setUpClass(cls):
                        super().setUpClass()
                        note("up " + cls.__name__)
                class A(Base, unittest.TestCase):
                    def test_one(self): pass
                class B(A):
                    @classmethod
                    def setUpClass(cls):
                        super().setUpClass()
                        raise OSError("only B")
            """
        },
        outcomes={"test_row.A.test_one": "passed", "test_row.B.test_one": "not_run"},
        fixtures=("errored setUpClass (test_row.B)",),
        notes={"up A": 1, "up B": 1},
        exit_code=1,
    ),
    Case(
        name="subtests-around-a-test",
        why="a subtest in setUp or in a cleanup counts for its test",
        files={
            "test_row.py": """
                import unittest
                class SetUp(unittest.TestCase):
                    def setUp(self):
                        with self.subTest(where="setUp"): self.fail("before")
                    def test_one(self): pass
                class Cleanup(unittest.TestCase):
                    def clean(self):
                        with self.subTest(where="cleanup"): self.fail("after")
                    def test_one(self): self.addCleanup(self.clean)
            """
        },
        outcomes={"test_row.SetUp.test_one": "failed", "test_row.Cleanup.test_one": "failed"},
        shows=("(where='setUp')", "(where='cleanup')"),
        exit_code=1,
    ),
    Case(
        name="names-of-classes-and-modules",
        why="a class, a module and a method each select what they name, in that order",
        files={
            "inner/__init__.py": "",
            "inner/test_row.py": """
                import unittest
                class A(unittest.TestCase):
                    def test_one(self): pass
                class B(unittest.TestCase):
                    def test_one(self): self.fail("ran")
            """,
        },
        arguments=("inner.test_row.A", "test_zfine"),
        outcomes={"inner.test_row.A.test_one": "passed"},
        exit_code=0,
    ),
    Case(
        name="several-patterns",
        why="several -k select what any of them matches, as substring or as pattern",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_first(self): pass
                    def test_second(self): pass
                    def test_third(self): self.fail("ran")
            """
        },
        arguments=("-k", "first", "-k", "*Row.test_sec*"),
        beside_fine=False,
        outcomes={"test_row.Row.test_first": "passed", "test_row.Row.test_second": "passed"},
        exit_code=0,
    ),
    Case(
        name="pattern-of-files",
        why="-p chooses the files, and nothing else is imported",
        files={
            "check_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_one(self): pass
            """,
            "test_row.py": "raise RuntimeError('imported')",
        },
        arguments=("-p", "check*.py"),
        beside_fine=False,
        outcomes={"check_row.Row.test_one": "passed"},
        exit_code=0,
    ),
)
