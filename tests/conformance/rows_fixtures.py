"""Class and module fixtures that break or skip."""

from .case import Case, Plain

_SKIP_OF_A_FIXTURE = "unittest reports the skip of the fixture and says nothing about the tests behind it"
_NOTHING_RAN = (
    "where a broken fixture prevented every test, 3.12 counts none run and exits with 5, until 3.13 was mended (cpython#136442)"
)

CASES = (
    Case(
        name="set-up-class-raises",
        why="the tests behind it never run; unittest-parallel at level test, trial, zope and concurrencytest call that green",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                class Row(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls):
                        note("set up")
                        cls.addClassCleanup(note, "class cleanup")
                        raise OSError("no disk")
                    @classmethod
                    def tearDownClass(cls): note("never")
                    def test_one(self): note("never")
                    def test_two(self): note("never")
            """
        },
        outcomes={"test_row.Row.test_one": "not_run", "test_row.Row.test_two": "not_run"},
        fixtures=("errored setUpClass (test_row.Row)",),
        notes={"set up": 1, "class cleanup": 1},
        exit_code=1,
    ),
    Case(
        name="set-up-module-raises",
        why="one error and not one a class: with a worker a class, others set the module up again and report it again",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                def setUpModule():
                    note("set up")
                    unittest.addModuleCleanup(note, "module cleanup")
                    raise OSError("no net")
                def tearDownModule(): note("never")
                class A(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): note("never")
                    def test_one(self): note("never")
                class B(unittest.TestCase):
                    def test_one(self): note("never")
            """
        },
        outcomes={"test_row.A.test_one": "not_run", "test_row.B.test_one": "not_run"},
        fixtures=("errored setUpModule (test_row)",),
        notes={"set up": 1, "module cleanup": 1},
        exit_code=1,
    ),
    Case(
        name="tear-down-class-raises",
        why="every test passed, and yet the run is red",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    @classmethod
                    def tearDownClass(cls): raise OSError("late")
                    def test_one(self): pass
            """
        },
        outcomes={"test_row.Row.test_one": "passed"},
        fixtures=("errored tearDownClass (test_row.Row)",),
        exit_code=1,
    ),
    Case(
        name="class-cleanup-raises",
        why="a class cleanup is a fixture, and both of two broken ones are shown",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls):
                        cls.addClassCleanup(lambda: 1 / 0)
                        cls.addClassCleanup(lambda: {}["gone"])
                    def test_one(self): pass
            """
        },
        outcomes={"test_row.Row.test_one": "passed"},
        fixtures=("errored tearDownClass (test_row.Row)", "errored tearDownClass (test_row.Row)"),
        exit_code=1,
    ),
    Case(
        name="tear-down-module-raises",
        why="the last fixture of a module is in nobody's test",
        files={
            "test_row.py": """
                import unittest
                def tearDownModule(): raise OSError("late")
                class Row(unittest.TestCase):
                    def test_one(self): pass
            """
        },
        outcomes={"test_row.Row.test_one": "passed"},
        fixtures=("errored tearDownModule (test_row)",),
        exit_code=1,
    ),
    Case(
        name="module-cleanup-raises",
        why="pytest never runs module cleanups (pytest#14958)",
        files={
            "test_row.py": """
                import unittest
                def setUpModule(): unittest.addModuleCleanup(lambda: 1 / 0)
                class Row(unittest.TestCase):
                    def test_one(self): pass
            """
        },
        outcomes={"test_row.Row.test_one": "passed"},
        fixtures=("errored tearDownModule (test_row)",),
        exit_code=1,
    ),
    Case(
        name="only-a-broken-set-up-class",
        why="nothing ran because of a failure, which is 1 and not 5",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): raise OSError("no disk")
                    def test_one(self): pass
            """
        },
        beside_fine=False,
        outcomes={"test_row.Row.test_one": "not_run"},
        fixtures=("errored setUpClass (test_row.Row)",),
        exit_code=1,
        plain=Plain(why=_NOTHING_RAN, exit_codes={"3.12": (5,), "3.13": (1, 5)}),
    ),
    Case(
        name="set-up-class-skips",
        why="SkipTest in setUpClass arrives with a holder that is no test (nose2#252, green#159)",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                class Row(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls):
                        note("set up")
                        raise unittest.SkipTest("no camera")
                    def test_one(self): note("never")
                    def test_two(self): note("never")
            """
        },
        outcomes={"test_row.Row.test_one": "skipped", "test_row.Row.test_two": "skipped"},
        fixtures=("skipped setUpClass (test_row.Row)",),
        notes={"set up": 1},
        exit_code=0,
        plain=Plain(why=_SKIP_OF_A_FIXTURE, outcomes={"test_row.Row.test_one": None, "test_row.Row.test_two": None}),
    ),
    Case(
        name="set-up-module-skips",
        why="SkipTest in setUpModule skips every class of the module",
        files={
            "test_row.py": """
                import unittest
                def setUpModule(): raise unittest.SkipTest("not here")
                class A(unittest.TestCase):
                    def test_one(self): self.fail("ran")
                class B(unittest.TestCase):
                    def test_one(self): self.fail("ran")
            """
        },
        outcomes={"test_row.A.test_one": "skipped", "test_row.B.test_one": "skipped"},
        fixtures=("skipped setUpModule (test_row)",),
        exit_code=0,
        plain=Plain(why=_SKIP_OF_A_FIXTURE, outcomes={"test_row.A.test_one": None, "test_row.B.test_one": None}),
    ),
    Case(
        name="tear-down-class-skips",
        why="SkipTest after the tests is a skip of the fixture and changes no test",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    @classmethod
                    def tearDownClass(cls): raise unittest.SkipTest("nothing to do")
                    def test_one(self): pass
            """
        },
        outcomes={"test_row.Row.test_one": "passed"},
        fixtures=("skipped tearDownClass (test_row.Row)",),
        exit_code=0,
    ),
    Case(
        name="several-broken-fixtures",
        why="green shows two of the four errors, and two tests appear nowhere",
        files={
            "test_row.py": """
                import unittest
                class A(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): raise OSError("a")
                    def test_one(self): pass
                class B(unittest.TestCase):
                    @classmethod
                    def tearDownClass(cls): raise OSError("b")
                    def test_one(self): pass
                class C(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): cls.addClassCleanup(lambda: 1 / 0)
                    def test_one(self): pass
                class D(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): raise OSError("d")
                    def test_one(self): pass
            """
        },
        outcomes={
            "test_row.A.test_one": "not_run",
            "test_row.B.test_one": "passed",
            "test_row.C.test_one": "passed",
            "test_row.D.test_one": "not_run",
        },
        fixtures=(
            "errored setUpClass (test_row.A)",
            "errored tearDownClass (test_row.B)",
            "errored tearDownClass (test_row.C)",
            "errored setUpClass (test_row.D)",
        ),
        exit_code=1,
    ),
    Case(
        name="set-up-class-and-its-cleanup-raise",
        why="the second error must not hide the first",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls):
                        cls.addClassCleanup(lambda: 1 / 0)
                        raise OSError("first")
                    def test_one(self): pass
            """
        },
        outcomes={"test_row.Row.test_one": "not_run"},
        fixtures=("errored setUpClass (test_row.Row)", "errored setUpClass (test_row.Row)"),
        exit_code=1,
    ),
    Case(
        name="set-up-class-is-no-classmethod",
        why="a forgotten decorator is an error of the fixture, not of the runner",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def setUpClass(self): pass
                    def test_one(self): pass
            """
        },
        outcomes={"test_row.Row.test_one": "not_run"},
        fixtures=("errored setUpClass (test_row.Row)",),
        exit_code=1,
    ),
    Case(
        name="fixture-calls-sys-exit",
        why="SystemExit in a fixture is an error of that fixture, and the rest runs",
        files={
            "test_row.py": """
                import sys, unittest
                class Row(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): sys.exit(0)
                    def test_one(self): pass
            """,
            "test_rowmodule.py": """
                import sys, unittest
                def tearDownModule(): sys.exit(0)
                class Row(unittest.TestCase):
                    def test_one(self): pass
            """,
        },
        outcomes={"test_row.Row.test_one": "not_run", "test_rowmodule.Row.test_one": "passed"},
        fixtures=("errored setUpClass (test_row.Row)", "errored tearDownModule (test_rowmodule)"),
        exit_code=1,
        plain=Plain(why="unittest catches Exception only: the process ends, with the exit code 0", survives=False, exit_code=0),
    ),
)
