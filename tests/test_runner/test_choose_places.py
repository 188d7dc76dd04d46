"""Places on the command line as dotted names."""

from __future__ import annotations

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.choose.places import dotted_names
from runner.errors import UsageError

from .suites import write_suite

FILES = {
    "tests/test_x.py": """
        import unittest
        from base import Imported

        class Plain(unittest.TestCase):
            def test_one(self): pass

        class Derived(Imported):
            pass

        if True:
            class Branch(unittest.TestCase):
                class Inner(unittest.TestCase):
                    def test_deep(self): pass
        """,
    "tests/test_open.py": "import unittest\nglobals()['Made'] = type('Made', (unittest.TestCase,), {})\n",
    "tests/test_broken.py": "def (\n",
    "tests/deep/__init__.py": "",
    "tests/deep/test_y.py": "",
    "tests/deep/plain.py": "",
    "tests/data/test_not_reached.py": "",
    "with space/test_z.py": "class Z: pass\n",
    "v1.2/test_w.py": "",
}


class PlacesCase(unittest.TestCase):
    """A test case with a folder of test files."""

    folder: Path

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(TemporaryDirectory()))
        write_suite(cls.folder, FILES)

    def names(self, *tests: str) -> list[str]:
        """Return the dotted names."""
        return list(dotted_names(tests, self.folder, "test*.py"))


class Found(PlacesCase):
    """Places that are there."""

    def test_file_class_and_test(self):
        """A file, a class in it, a class in that class and a test become dotted names, mixed with others, in their order."""
        typed = ("a.b.C.t", "tests/test_x.py::Plain::test_one", "tests/test_x.py::Branch::Inner", "tests/test_x.py", "pkg")
        expected = ["a.b.C.t", "tests.test_x.Plain.test_one", "tests.test_x.Branch.Inner", "tests.test_x", "pkg"]
        self.assertEqual(self.names(*typed), expected)

    def test_a_folder(self):
        """A folder means the test files that discovery would find from it, in packages below it too."""
        self.assertEqual(self.names("tests/")[-1], "tests.deep.test_y")
        self.assertEqual(self.names("./tests/deep"), ["tests.deep.test_y"])
        self.assertEqual(list(dotted_names((".",), self.folder / "tests" / "deep", "test*.py")), ["test_y"])
        self.assertNotIn("tests.data.test_not_reached", self.names("tests/"))

    def test_absolute_and_spaces(self):
        """An absolute path and a folder with a space in its name are no obstacle."""
        self.assertEqual(self.names(f"{self.folder}/with space/test_z.py::Z"), ["with space.test_z.Z"])

    def test_what_only_the_import_can_tell(self):
        """Names that a base class, a call or a broken file may hold are left to the loader."""
        typed = ("tests/test_x.py::Derived::test_inherited", "tests/test_open.py::Made", "tests/test_broken.py::X")
        self.assertEqual(len(self.names(*typed)), len(typed))


class Missing(PlacesCase):
    """Places that are not there."""

    def assert_refused(self, test: str, *words: str) -> None:
        """Assert that a place is refused with one sentence that holds these words."""
        with self.assertRaises(UsageError) as caught:
            self.names(test)
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_a_file(self):
        """A file that is not there is named, with a near one."""
        self.assert_refused("tests/test_xx.py::Plain", "tests/test_xx.py", "test_x.py")
        self.assert_refused("nowhere/test_q.py", "nowhere/test_q.py")
        self.assert_refused("test_q.py", "test_q.py")
        self.assert_refused("tests/test_x::Plain", "no file tests/test_x")

    def test_a_class(self):
        """A class that the file does not hold is named, with a near one or those that are there."""
        self.assert_refused("tests/test_x.py::Plainn", "'Plainn'", "'Plain'")
        self.assert_refused("tests/test_x.py::Other", "it holds Plain, Derived")

    def test_a_test(self):
        """A test that its class does not hold is named with the place."""
        self.assert_refused("tests/test_x.py::Plain::test_two", "tests/test_x.py::Plain", "'test_two'")
        self.assert_refused("tests/test_x.py::Plain::nothing", "it holds test_one")

    def test_a_folder_without_tests(self):
        """A folder in which no file matches is refused with the pattern."""
        self.assert_refused("tests/data/../data/nothing/", "nothing")
        self.assert_refused("v1.2/", "cannot be imported")

    def test_outside(self):
        """A file outside the current folder cannot be imported from it."""
        with self.assertRaisesRegex(UsageError, "outside the current folder"):
            dotted_names((f"{self.folder}/tests/test_x.py::Plain",), self.folder / "tests" / "deep", "test*.py")
