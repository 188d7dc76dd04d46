"""The wheel and the sdist, built once from a clean copy of the checkout, and the wheel at work in another folder."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
import unittest
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import runner

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ("registry", "mnist", "runner", "alembic", "tests", "examples", "benchmarks", "docs", "tools", ".ci")
SUITE = """
import unittest

class Arithmetic(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(1 + 1, 2)

    def test_product(self):
        self.assertEqual(2 * 3, 6)
"""
ORIGINS = """
import json, mnist.config, registry.schema, registry.store, runner._worker, runner.cli, sys

print(json.dumps({name: module.__file__ for name, module in sys.modules.items() if name in ("mnist", "registry", "runner")}))
"""


class Built:
    """The folder in which everything is made, and what was made in it."""

    wheel: ClassVar[Path]
    sdist: ClassVar[Path]
    second_wheel: ClassVar[Path]
    site: ClassVar[Path]
    folder: ClassVar[Path]


def setUpModule():
    """Build the sdist and the wheel, then a wheel from the sdist, and install the first wheel into a folder of its own."""
    for tool in ("hatchling", "pip"):
        if importlib.util.find_spec(tool) is None:
            raise unittest.SkipTest(f"{tool} is not installed; `pip install -e '.[dev]'` brings what builds the wheel")
    folder = Path(unittest.enterModuleContext(TemporaryDirectory(prefix="runner-packaging-"))).resolve()
    Built.folder, Built.site = folder, folder / "site"
    copy_checkout(folder / "checkout")
    build(folder / "checkout", folder / "dist", "sdist", "wheel")
    (Built.sdist,) = (folder / "dist").glob("*.tar.gz")
    (Built.wheel,) = (folder / "dist").glob("*.whl")
    with tarfile.open(Built.sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    build(next((folder / "unpacked").iterdir()), folder / "again", "wheel")
    (Built.second_wheel,) = (folder / "again").glob("*.whl")
    offline = ("--no-deps", "--no-index", "--no-compile", "--quiet", "--disable-pip-version-check")
    python("-m", "pip", "install", *offline, "--target", str(Built.site), str(Built.wheel), cwd=folder)


def copy_checkout(target: Path) -> None:
    """Copy what git tracks or would track; where there is no git, as in an sdist, the folders that are shipped."""
    asked = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False)
    for name in [os.fsdecode(name) for name in asked.stdout.split(b"\0") if name] or walked():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)


def walked() -> Iterator[str]:
    """Yield the files of the checkout as git would list them."""
    yield from (path.name for path in ROOT.iterdir() if path.is_file())
    for folder in SHIPPED:
        paths = (ROOT / folder).rglob("*")
        yield from (path.relative_to(ROOT).as_posix() for path in paths if path.is_file() and path.suffix != ".pyc")


def build(source: Path, target: Path, *kinds: str) -> None:
    """Build with hatchling itself: no isolation, no network."""
    python("-m", "hatchling", "build", "-d", str(target), *(word for kind in kinds for word in ("-t", kind)), cwd=source)


def python(*arguments: str, cwd: Path, site: Path | None = None) -> str:
    """Run this interpreter, with the installed wheel before the checkout where a folder is given, and return its output."""
    # A measured copy in a temporary folder would be looked for, in vain, by the report of `make coverage`.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("COVERAGE_", "RUNNER_", "PYTHONPATH"))}
    environment |= {"PYTHONPATH": str(site)} if site else {}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        raise AssertionError(f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


class Wheel(unittest.TestCase):
    """What is in the wheel, and what is not."""

    names: set[str]
    texts: dict[str, bytes]

    @classmethod
    def setUpClass(cls):
        with zipfile.ZipFile(Built.wheel) as archive:
            cls.names = set(archive.namelist())
            cls.texts = {name.partition(".dist-info/")[2]: archive.read(name) for name in cls.names if ".dist-info/" in name}

    def test_it_carries_the_migrations(self):
        """The migrations lie in registry/migrations: env.py, the template and every version of the checkout."""
        versions = {f"registry/migrations/versions/{path.name}" for path in (ROOT / "alembic" / "versions").glob("*.py")}
        self.assertTrue(versions)
        self.assertLessEqual({"registry/migrations/env.py", "registry/migrations/script.py.mako", *versions}, self.names)

    def test_it_carries_the_data_with_their_licence(self):
        """The four files of MNIST are in the wheel, byte by byte, beside their licence and attribution."""
        data = {f"mnist/dataset/{path.name}" for path in (ROOT / "mnist" / "dataset").glob("*.xz")}
        self.assertEqual(len(data), 4)
        self.assertLessEqual({*data, "mnist/dataset/LICENSE.md"}, self.names)
        with zipfile.ZipFile(Built.wheel) as archive:
            self.assertEqual([name for name in sorted(data) if archive.read(name) != (ROOT / name).read_bytes()], [])

    def test_it_carries_every_module(self):
        """Every module of the three packages is in the wheel, also those that are found by path and never imported."""
        folders = (ROOT / name for name in ("registry", "mnist", "runner"))
        modules = {path.relative_to(ROOT).as_posix() for folder in folders for path in folder.rglob("*.py")}
        by_path = {"runner/_worker/__main__.py", "runner/_recorder/__main__.py", "runner/dropin/unittest_registry/recording.py"}
        self.assertLessEqual({*by_path, "registry/storage/database.py"}, modules)
        self.assertLessEqual(modules, self.names)

    def test_it_carries_the_templates(self):
        """The templates and the style sheet of the HTML report are in the wheel."""
        templates = {path.relative_to(ROOT).as_posix() for path in (ROOT / "runner" / "report" / "templates").iterdir()}
        self.assertLessEqual({f"runner/report/templates/{name}" for name in ("page.html", "style.css")}, templates)
        self.assertLessEqual(templates, self.names)

    def test_it_is_typed(self):
        """Each package says with py.typed that its hints are meant."""
        self.assertLessEqual({f"{package}/py.typed" for package in ("registry", "mnist", "runner")}, self.names)

    def test_nothing_else_is_at_its_top(self):
        """Three packages and nothing else: no tests, and no `alembic`, which would be installed into the library's own folder."""
        tops = {name.partition("/")[0] for name in self.names}
        self.assertEqual({top for top in tops if not top.endswith(".dist-info")}, {"registry", "mnist", "runner"})

    def test_it_carries_no_leftovers(self):
        """No byte code, no database and no file of a test run came along."""
        self.assertEqual([name for name in self.names if name.endswith((".pyc", ".db", ".pt")) or "/.runner/" in name], [])

    def test_it_installs_the_command(self):
        """The entry point `runner` is the function that `python -m runner` calls."""
        self.assertIn("[console_scripts]\nrunner = runner.__main__:main", self.texts["entry_points.txt"].decode())

    def test_its_metadata(self):
        """Name, version and licence are those of the project, and the licence file is there."""
        facts = Parser().parsestr(self.texts["METADATA"].decode())
        self.assertEqual(
            (facts["Name"], facts["Version"], facts["License-Expression"]),
            ("unittest-registry", runner.__version__, "Apache-2.0"),
        )
        self.assertEqual(self.texts["licenses/LICENSE"], (ROOT / "LICENSE").read_bytes())
        self.assertIn(b"Apache License", self.texts["licenses/LICENSE"])


class SourceDistribution(unittest.TestCase):
    """The sdist is enough to build, test and develop."""

    names: set[str]

    @classmethod
    def setUpClass(cls):
        with tarfile.open(Built.sdist) as archive:
            cls.names = {name.partition("/")[2] for name in archive.getnames()}

    def test_it_carries_the_whole_project(self):
        """Migrations, tests, data, Makefile, constraints, licence and the project file are in the sdist."""
        wanted = {
            "Makefile",
            "constraints.txt",
            "pyproject.toml",
            "LICENSE",
            "README.md",
            "alembic/env.py",
            "alembic/script.py.mako",
        }
        wanted |= {"tests/test_packaging.py", "mnist/dataset/train-images-idx3-ubyte.xz", "mnist/dataset/LICENSE.md", ".ci/run"}
        self.assertLessEqual(wanted, self.names)

    def test_it_carries_every_module(self):
        """No Python file of the packages, the migrations, the tests and the examples was left out."""
        folders = (ROOT / folder for folder in ("registry", "mnist", "runner", "alembic", "tests", "examples"))
        modules = {path.relative_to(ROOT).as_posix() for folder in folders for path in folder.rglob("*.py")}
        self.assertEqual(modules - self.names, set())

    def test_a_wheel_can_be_built_from_it(self):
        """The wheel built from the unpacked sdist holds the same files as the one built from the checkout."""
        names = [zipfile.ZipFile(path).namelist() for path in (Built.wheel, Built.second_wheel)]
        self.assertEqual(set(names[0]), set(names[1]))


class InstalledWheel(unittest.TestCase):
    """The wheel, installed into a folder and used from another one, does the job without the checkout."""

    project: Path
    recorded: str

    @classmethod
    def setUpClass(cls):
        cls.project = Built.folder / "project"
        (cls.project / "tests").mkdir(parents=True)
        (cls.project / "tests" / "test_arithmetic.py").write_text(SUITE, encoding="utf-8")
        (cls.project / "pyproject.toml").write_text("[project]\nname = 'demo'\n", encoding="utf-8")
        cls.recorded = cls.runner("test", "-s", "tests", "--record", "--name", "first")

    @classmethod
    def runner(cls, *arguments: str, flags: tuple[str, ...] = ()) -> str:
        """Run the installed program in the project."""
        return python(*flags, "-m", "runner", *arguments, cwd=cls.project, site=Built.site)

    def test_our_modules_are_the_installed_ones(self):
        """registry, mnist and runner come from the installed wheel, not from the checkout of an editable install."""
        origins = json.loads(python("-c", ORIGINS, cwd=self.project, site=Built.site))
        self.assertEqual(origins, {name: str(Built.site / name / "__init__.py") for name in ("mnist", "registry", "runner")})

    def test_it_records_a_suite(self):
        """`runner test --record` in a new project makes the registry through the installed migrations."""
        self.assertEqual(self.recorded.splitlines()[-1], "2 passed, 0 failed, 0 skipped")
        self.assertTrue((self.project / ".runner" / "registry.db").is_file())
        self.assertFalse((Built.site / "alembic").exists())

    def test_it_reads_what_it_recorded(self):
        """`runner runs` lists the run."""
        (run,) = json.loads(self.runner("runs", "--format", "json"))["runs"]
        self.assertEqual((run["name"], run["green"]), ("first", True))

    def test_it_writes_a_page(self):
        """`runner diff --format html` finds its templates in the wheel."""
        self.assertTrue(self.runner("diff", "first", "first", "--format", "html").startswith("<!DOCTYPE html>"))

    def test_it_looks_after_its_registry(self):
        """`runner db info` and `runner db check` find the registry sound and at the newest revision."""
        self.assertIn(str(self.project / ".runner" / "registry.db"), self.runner("db", "info"))
        self.assertEqual(self.runner("db", "check"), "no problems found\n")

    def test_it_records_a_program(self):
        """A program that runs unittest with the drop-in is recorded by the recorder of the wheel."""
        program = self.project / "tests" / "test_arithmetic.py"
        drop_in = f"import sys, unittest, runner; sys.path.insert(0, {str(program.parent)!r}); unittest.main('test_arithmetic',"
        drop_in += " testRunner=runner.RecordingTestRunner.with_options(name='program', registry='program.db'))"
        python("-c", drop_in, cwd=self.project, site=Built.site)
        (run,) = json.loads(self.runner("runs", "--format", "json", "--registry", "program.db"))["runs"]
        self.assertEqual((run["name"], run["green"]), ("program", True))

    def test_it_works_optimised(self):
        """`python -O -m runner` does the same: nothing of ours hangs on an assert statement."""
        answer = self.runner("test", "-s", "tests", "--record", "--registry", "optimised.db", flags=("-O",))
        self.assertEqual(answer.splitlines()[-1], "2 passed, 0 failed, 0 skipped")
        self.assertTrue((self.project / "optimised.db").is_file())

    def test_the_console_script(self):
        """The script `runner` that pip wrote prints the version."""
        answer = python(str(Built.site / "bin" / "runner"), "--version", cwd=self.project, site=Built.site)
        self.assertEqual(answer, f"runner {runner.__version__}\n")
