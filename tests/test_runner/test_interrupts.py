"""Ctrl-C and SIGTERM at every stage of a command: no traceback, the right exit code, and nothing lost that had ended."""

from __future__ import annotations

from typing import Any

from .projects import Answer, ProjectCase

# Imports are what a command does before it works; each is a moment at which a signal may come.
STRUCK = """
import os, signal, sys, time

class Strike:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            while {wait!r} and not os.path.exists({wait!r}):
                time.sleep(0.01)
            for number in {numbers!r}:
                os.kill(os.getpid(), number)
            time.sleep(0.01)

sys.meta_path.insert(0, Strike())
sys.argv = ["runner", *{arguments!r}]
import runner.__main__
runner.__main__.main()
"""
ENDING = """
import atexit, os, sys

class Last:
    def __del__(self):
        os.write(2, b"taken apart")

last = Last()
atexit.register(print, "exit handler", flush=True)
{prelude}
sys.argv = ["runner", "--version"]
import runner.__main__
runner.__main__.main()
"""
QUICK_SUITE = """
import pathlib, time, unittest

class Quick(unittest.TestCase):
    def test_a_quick(self):
        pass

    def test_b_quick(self):
        pass

    def test_c_long(self):
        pathlib.Path("asleep").touch()
        time.sleep(60)
"""


class StruckCase(ProjectCase):
    def struck(self, module: str, *arguments: str, numbers: tuple[int, ...] = (2,), wait: str = "") -> Answer:
        """Run the program, which gets signals where it imports a module, once a file is there."""
        text = STRUCK.format(module=module, numbers=numbers, wait=wait, arguments=arguments)
        return self.home.run(script=str(self.home.write(f"struck_{module}.py", text)))

    def runs(self) -> list[Any]:
        """Return what the registry says of the runs."""
        return self.home.run("runs", "--format", "json").document["runs"]


class BeforeTheWork(StruckCase):
    """Nothing was started yet."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_quick=QUICK_SUITE)

    def test_ctrl_c_while_modules_are_imported(self):
        """From the first import on Ctrl-C is 130 and one sentence, which does not speak of anything recorded."""
        for module in ("typing", "runner.cli", "typer", "runner.boundary", "runner.commands", "runner.settings"):
            with self.subTest(module=module):
                answer = self.struck(module, "test", "--record")
                self.assertEqual((answer.code, answer.output, answer.errors), (130, "", "runner: interrupted [interrupted]\n"))
        self.assertFalse(self.home.registry.exists())

    def test_sigterm_while_modules_are_imported(self):
        """SIGTERM is 143 and one sentence."""
        answer = self.struck("typer", "test", numbers=(15,))
        self.assertEqual((answer.code, answer.output, answer.errors), (143, "", "runner: terminated by SIGTERM [terminated]\n"))

    def test_a_reading_command(self):
        """A command that only reads ends at once."""
        answer = self.struck("sqlalchemy", "runs")
        self.assertEqual((answer.code, answer.errors), (130, "runner: interrupted [interrupted]\n"))


class TheEnd(ProjectCase):
    """After the last line of output no signal finds the interpreter half taken apart."""

    def ending(self, prelude: str) -> Answer:
        """Run `runner --version` after some lines of Python."""
        home = self.project()
        return home.run(script=str(home.write("ending.py", ENDING.format(prelude=prelude))))

    def test_exit_handlers_run_and_nothing_else(self):
        """Exit handlers run, the output is written, and the modules are not taken apart one by one."""
        answer = self.ending("")
        self.assertRegex(answer.output, r"^runner \d.*\nexit handler\n$")
        self.assertEqual((answer.code, answer.errors), (0, ""))

    def test_a_profiler_gets_its_own_end(self):
        """Where something measures the program, the interpreter ends as it always does."""
        self.assertIn("taken apart", self.ending("sys.setprofile(str().format)").errors)


class WhileTheRegistryIsOpened(StruckCase):
    """The worker runs ahead of a program that still loads its database."""

    def setUp(self):
        self.home = self.project(test_quick=QUICK_SUITE)
        # The registry exists, or it would be made before the worker is started.
        self.home.run("test", "--record", "-k", "quick.Quick.test_a")

    def test_what_had_ended_is_kept(self):
        """Tests that ended meanwhile are recorded, the one that ran and the rest are not_run, and the run is interrupted."""
        answer = self.struck("sqlalchemy", "test", "--record", wait="asleep")
        self.assertEqual(answer.code, 130, answer.errors)
        self.assertNotIn("Traceback", answer.errors)
        shown = self.home.run("show", "latest", "--format", "json").document
        self.assertEqual(shown["run"]["status"], "interrupted")
        outcomes = [result["outcome"] for result in shown["results"]]
        self.assertEqual((len(outcomes), outcomes[:2]), (3, ["passed", "passed"]))

    def test_a_second_ctrl_c_does_not_wait(self):
        """Who presses twice is not kept waiting for the database: 130, and no run is left as running."""
        answer = self.struck("sqlalchemy", "test", "--record", numbers=(2, 2))
        self.assertEqual((answer.code, answer.errors), (130, "runner: interrupted [interrupted]\n"))
        self.assertEqual([run["status"] for run in self.runs()], ["finished"])
