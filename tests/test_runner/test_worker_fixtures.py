"""Fixtures that fail, skip or die: each is a row of its own, and the tests that it prevents say why they did not run."""

from typing import ClassVar

from .suites import SuiteCase, read_diary, run_plain


class BrokenFixturesTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_class.py": """
            import sys, unittest
            from diary import note
            class ASetUp(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    cls.addClassCleanup(note, "class cleanup")
                    raise OSError("no disk")
                def test_one(self): pass
                def test_two(self): pass
            class BTearDown(unittest.TestCase):
                @classmethod
                def tearDownClass(cls): raise ValueError("late")
                def test_one(self): pass
            class CCleanup(unittest.TestCase):
                @classmethod
                def setUpClass(cls): cls.addClassCleanup(lambda: 1 / 0)
                def test_one(self): pass
            class DSkips(unittest.TestCase):
                @classmethod
                def setUpClass(cls): raise unittest.SkipTest("no CUDA")
                def test_one(self): pass
            class EExits(unittest.TestCase):
                @classmethod
                def setUpClass(cls): sys.exit(2)
                def test_one(self): pass
            class FFine(unittest.TestCase):
                @classmethod
                def tearDownClass(cls): sys.exit(2)
                def test_one(self): pass
            class GFine(unittest.TestCase):
                @classmethod
                def setUpClass(cls): note("set up once")
                def test_one(self): pass
        """,
        "test_m1.py": """
            import unittest
            from diary import note
            def setUpModule():
                unittest.addModuleCleanup(note, "module cleanup")
                raise OSError("no net")
            class A(unittest.TestCase):
                def test_one(self): pass
            class B(unittest.TestCase):
                def test_one(self): pass
        """,
        "test_m2.py": """
            import unittest
            def setUpModule(): raise unittest.SkipTest("not here")
            class A(unittest.TestCase):
                def test_one(self): pass
        """,
        "test_m3.py": """
            import unittest
            def setUpModule(): unittest.addModuleCleanup(lambda: 1 / 0)
            class A(unittest.TestCase):
                def test_one(self): pass
        """,
        "test_m4.py": """
            import sys, unittest
            def tearDownModule(): sys.exit(1)
            class A(unittest.TestCase):
                def test_one(self): pass
        """,
        "test_m5.py": """
            import sys, unittest
            def setUpModule(): sys.exit(1)
            class A(unittest.TestCase):
                def test_one(self): pass
        """,
    }

    def test_fixture_rows(self) -> None:
        """Every fixture that fails is listed once with its name and outcome, a skipping one as skipped."""
        expected = [
            ("setUpClass (test_class.ASetUp)", "errored"),
            ("tearDownClass (test_class.BTearDown)", "errored"),
            ("tearDownClass (test_class.CCleanup)", "errored"),
            ("setUpClass (test_class.DSkips)", "skipped"),
            ("setUpClass (test_class.EExits)", "errored"),
            ("tearDownClass (test_class.FFine)", "errored"),
            ("setUpModule (test_m1)", "errored"),
            ("setUpModule (test_m2)", "skipped"),
            ("tearDownModule (test_m3)", "errored"),
            ("tearDownModule (test_m4)", "errored"),
            ("setUpModule (test_m5)", "errored"),
        ]
        self.assertEqual(self.events.fixtures, expected)
        self.assertEqual(self.summary.failed_fixtures, 9)

    def test_outcomes(self) -> None:
        """Tests behind a broken fixture are not run, behind a skipping one skipped; all others keep their outcome."""
        expected = {
            "not_run": {
                "class.ASetUp.test_one",
                "class.ASetUp.test_two",
                "class.EExits.test_one",
                "m1.A.test_one",
                "m1.B.test_one",
            },
            "skipped": {"class.DSkips.test_one", "m2.A.test_one"},
            "passed": {f"class.{name}.test_one" for name in ("BTearDown", "CCleanup", "FFine", "GFine")},
        }
        expected["not_run"].add("m5.A.test_one")
        expected["passed"] |= {"m3.A.test_one", "m4.A.test_one"}
        found = {outcome: {name[5:] for name, _, own in self.events.outcomes if own == outcome} for outcome in expected}
        self.assertEqual(found, expected)

    def test_causes(self) -> None:
        """A test that did not run names the fixture and its error, a skipped one the reason."""
        self.assertEqual(self.events.message("ASetUp.test_two"), "setUpClass (test_class.ASetUp) failed: OSError: no disk")
        self.assertEqual(self.events.message("m1.B.test_one"), "setUpModule (test_m1) failed: OSError: no net")
        self.assertEqual(self.events.message("DSkips.test_one"), "no CUDA")
        self.assertEqual(self.events.message("m2.A.test_one"), "not here")

    def test_traceback_of_a_fixture(self) -> None:
        """The traceback of a broken fixture is unittest's."""
        traceback = self.events.fixture("setUpModule (test_m1)").traceback or ""
        self.assertIn("no net", traceback)
        self.assertIn(traceback, run_plain(self.folder, "test_m1").stderr)

    def test_cleanups_run_once(self) -> None:
        """The cleanups of a broken fixture run, once, and the classes after it are set up once."""
        self.assertEqual(self.diary, ["class cleanup", "set up once", "module cleanup"])


class DyingFixturesTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_a.py": """
            import os, unittest
            class SetUp(unittest.TestCase):
                @classmethod
                def setUpClass(cls): os._exit(0)
                def test_one(self): pass
                def test_two(self): pass
            class TearDown(unittest.TestCase):
                @classmethod
                def tearDownClass(cls): os._exit(7)
                def test_one(self): pass
        """,
        "test_b.py": """
            import os, signal, unittest
            from diary import note
            def setUpModule(): os.kill(os.getpid(), signal.SIGKILL)
            class A(unittest.TestCase):
                def test_one(self): pass
            class B(unittest.TestCase):
                def test_one(self): pass
        """,
        "test_c.py": """
            import os, unittest
            class Last(unittest.TestCase):
                def test_one(self): pass
            def tearDownModule(): os._exit(0)
        """,
    }

    def test_outcomes(self) -> None:
        """A fixture that kills the worker prevents its own tests and no others."""
        expected = [
            ("test_a.SetUp.test_one", 0, "not_run"),
            ("test_a.SetUp.test_two", 0, "not_run"),
            ("test_a.TearDown.test_one", 0, "passed"),
            ("test_b.A.test_one", 0, "not_run"),
            ("test_b.B.test_one", 0, "not_run"),
            ("test_c.Last.test_one", 0, "passed"),
        ]
        self.assertEqual(self.events.outcomes, expected)

    def test_fixture_rows(self) -> None:
        """Each death is a crashed fixture that names how the worker ended."""
        rows = [(name, outcome, self.events.fixture(name).message) for name, outcome in self.events.fixtures]
        expected = [
            ("setUpClass (test_a.SetUp)", "crashed", "worker exited with code 0 in the fixture"),
            ("tearDownClass (test_a.TearDown)", "crashed", "worker exited with code 7 in the fixture"),
            ("setUpModule (test_b)", "crashed", "worker killed by SIGKILL in the fixture"),
            ("tearDownModule (test_c)", "crashed", "worker exited with code 0 in the fixture"),
        ]
        self.assertEqual(rows, expected)

    def test_cause(self) -> None:
        """A test that did not run names the fixture that crashed."""
        self.assertEqual(self.events.message("B.test_one"), "setUpModule (test_b) crashed: worker killed by SIGKILL")


class DyingImportTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_a.py": """
            import unittest
            class A(unittest.TestCase):
                def test_one(self): pass
        """,
        "test_b.py": "import os; os._exit(0)",
        "test_c/__init__.py": "import os; os._exit(9)",
        "test_c/test_inner.py": "import test_c",
        "test_d.py": """
            import unittest
            from diary import note
            note("imported")
            class D(unittest.TestCase):
                def test_one(self): pass
        """,
    }

    def test_others_run(self) -> None:
        """A module that kills the worker on import is named, and the tests of the others run."""
        self.assertEqual(self.events.outcomes, [("test_a.A.test_one", 0, "passed"), ("test_d.D.test_one", 0, "passed")])
        self.assertEqual(self.events.fixtures, [("import (test_b)", "crashed"), ("import (test_c)", "crashed")])

    def test_message(self) -> None:
        """The row says how the worker ended."""
        self.assertEqual(
            self.events.fixture("import (test_c)").message, "worker exited with code 9 while the module was imported"
        )

    def test_bounded(self) -> None:
        """Each such module costs one new worker and no more."""
        self.assertEqual(self.diary, ["imported"])
        self.assertEqual(read_diary(self.folder), [])
