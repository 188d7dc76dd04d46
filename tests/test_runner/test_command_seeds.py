"""Seeds, order, output and pollution from the command line to the registry, end to end."""

from __future__ import annotations

import json
import re
import shlex

from junitparser import xunit2

from .projects import ProjectCase

SEEDED_SUITE = """
import os, random, unittest

class Lottery(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print("drum roll")

    def test_a_lucky(self):
        print("drawn", random.random(), hash("text"))
        self.assertLess(random.random(), 0.5)

    def test_b_never(self):
        print("\\x1b[31mred")
        self.fail("never")

    def test_c_green(self):
        print("green")
        os.environ["LEFT"] = "secret"
"""
DRAWN = re.compile(r"drawn ([\d.]+ -?\d+)")


class Seeds(ProjectCase):
    """One suite under several seeds, and the command under a failure."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_lottery=SEEDED_SUITE)
        cls.answers = cls.home.together(
            sweep=("test", "--seeds", "3", "--record", "--name", "night"),
            one=("test", "--seed", "2"),
            document=("test", "--seed", "2", "--format", "json"),
            buffered=("test", "--seed", "2", "-b"),
            shuffled=("test", "--shuffle", "-v", "--no-record"),
            shuffled_document=("test", "--shuffle", "--format", "json"),
        )
        cls.shown = cls.home.run("show", "night-seed-2", "--format", "json").document
        cls.runs = cls.home.run("runs", "--format", "json").document["runs"]

    def test_some_and_all(self):
        """What fails for some seeds is told from what fails for all, and the last line is for programs."""
        lines = self.answers["sweep"].lines
        self.assertEqual(self.answers["sweep"].code, 1)
        self.assertRegex("\n".join(lines), r"fails for some seeds: test_lottery\.Lottery\.test_a_lucky: \d of 3 \(seeds? ")
        self.assertIn("fails for all 3 seeds: test_lottery.Lottery.test_b_never", lines)
        self.assertEqual(lines[-1], "1 passed, 2 failed, 0 skipped")

    def test_a_run_a_seed(self):
        """Each seed is a recorded run with its own name, and all share a tag."""
        self.assertEqual(sorted(run["name"] for run in self.runs), [f"night-seed-{seed}" for seed in range(3)])
        self.assertEqual(sorted(run["seed"] for run in self.runs), list(range(3)))
        self.assertEqual(len({run["tags"]["seeds"] for run in self.runs}), 1)

    def test_recorded(self):
        """Each result has its seed, a red one its output, and the run the seed of the hashes."""
        results = {result["id"].rpartition(".")[2]: result for result in self.shown["results"]}
        self.assertEqual([result["id"] for result in results.values() if result["seed"] is None], [])
        self.assertEqual(results["test_b_never"]["output"], "\x1b[31mred\n")
        self.assertIsNone(results["test_c_green"]["output"])
        self.assertEqual(self.shown["run"]["environment"]["variables"]["PYTHONHASHSEED"], "2")
        place = "test_lottery.Lottery"
        self.assertEqual(self.shown["pollution"], [{"place": place, "what": "environment", "change": "LEFT added"}])

    def test_the_same_again(self):
        """The same seed gives the same numbers and the same hashes, in every run and format."""
        drawn = {name: DRAWN.search(self.answers[name].output) for name in ("one", "document")}
        self.assertIn("run 3 of 3\nseed 2\n", self.answers["sweep"].output)
        sweep = DRAWN.search(self.answers["sweep"].output.partition("run 3 of 3\n")[2])
        self.assertEqual({match and match[1] for match in (*drawn.values(), sweep)}, {sweep and sweep[1]})

    def test_output_is_passed_on(self):
        """What tests print appears before their mark, harmless, and again below what failed."""
        text = self.answers["one"].output
        self.assertRegex(text, r"(?s)^seed 2\ndrum roll\ndrawn [^\n]*\n[.F]\u241b\[31mred\nFgreen\n\.\n=")
        self.assertIn("captured output:\n\u241b[31mred\n", text)
        self.assertNotIn("\x1b", text)

    def test_output_is_hidden(self):
        """With --buffer nothing is passed on, and the traceback holds what was printed."""
        text = self.answers["buffered"].output
        self.assertNotIn("green\n", text)
        self.assertIn("Stdout:\n\u241b[31mred\n", text)

    def test_a_document(self):
        """With --format json what tests print is in their events, and standard output holds documents alone."""
        events = self.answers["document"].documents
        outputs = [event["output"] for event in events if event.get("event") == "finished"]
        self.assertEqual(outputs[1:], ["\x1b[31mred\n", "green\n"])
        printed = {"schema": 1, "event": "printed", "place": "setUpClass (test_lottery.Lottery)", "text": "drum roll\n"}
        self.assertIn(printed, events)
        self.assertEqual((self.answers["document"].errors, events[-1]["run"]["seed"]), ("", 2))

    def test_pollution_is_told(self):
        """What a class left changed is named at the end, without its value."""
        text = self.answers["one"].output
        self.assertIn("left changed by tests, and put right:\n  test_lottery.Lottery: environment, LEFT added\n", text)
        self.assertNotIn("secret", text)

    def test_the_command_under_a_failure(self):
        """The command under a failure, typed as it stands, runs that test alone with that seed."""
        (command,) = {line for line in self.answers["one"].lines if line.startswith("again: ") and "b_never" in line}
        again = self.home.run(*shlex.split(command)[2:])
        self.assertEqual(again.lines[-1], "0 passed, 1 failed, 0 skipped")
        self.assertEqual(again.lines[0], "seed 2")

    def test_a_drawn_order(self):
        """--shuffle alone draws an order and tells its number, and the command under a failure holds it."""
        text = self.answers["shuffled"].output
        (order,) = re.findall(r"^shuffled by --shuffle-seed (\d+)$", text, re.MULTILINE)
        self.assertRegex(text, rf"again: runner test .*test_b_never' --shuffle-seed {order}\n")

    def test_an_order_seeds_no_test(self):
        """--shuffle alone leaves the random generators alone: the run and its results have no seed."""
        shown = json.loads(self.answers["shuffled_document"].lines[-1])
        self.assertEqual({shown["run"]["seed"], *(result["seed"] for result in shown["results"])}, {None})
        self.assertGreater(len(shown["results"]), 1)

    def test_an_order_given_and_forbidden(self):
        """--shuffle-seed beside --no-shuffle is a contradiction in the command line."""
        answer = self.home.run("test", "--shuffle-seed", "3", "--no-shuffle")
        self.assertEqual(answer.code, 2)
        self.assertIn("--shuffle-seed names a random order, and --no-shuffle wants none", answer.errors)


class Report(ProjectCase):
    """The JUnit report of many seeds."""

    def test_a_suite_a_seed(self):
        """One file holds a suite for each seed, named after it, with sums that readers find again in its test cases."""
        home = self.project(test_lottery=SEEDED_SUITE)
        home.run("test", "--seeds", "3", "--junit-xml", "report.xml", "-q")
        report = xunit2.JUnitXml.fromfile(str(home.root / "report.xml"))
        suites = list(report)
        self.assertEqual([suite.name for suite in suites], [f"runner-seed-{seed}" for seed in range(3)])
        told = (report.tests, report.failures, report.errors, report.skipped)
        report.update_statistics()
        self.assertEqual(told, (report.tests, report.failures, report.errors, report.skipped))
        self.assertEqual([case.classname for suite in suites for case in suite], ["test_lottery.Lottery"] * 9)
        self.assertEqual(len({case.name for case in suites[2]}), 3)

    def test_of_an_interrupted_sweep(self):
        """Seeds that ran before Ctrl-C are in the report."""
        stop = "import os, signal, unittest\nclass Stop(unittest.TestCase):\n    def test_a(self):\n"
        stop += "        if os.environ['PYTHONHASHSEED'] == '2': os.kill(os.getpid(), signal.SIGINT)\n"
        home = self.project(test_stop=stop)
        self.assertEqual(home.run("test", "--seeds", "4", "--junit-xml", "report.xml").code, 130)
        report = xunit2.JUnitXml.fromfile(str(home.root / "report.xml"))
        self.assertEqual([suite.name for suite in report], [f"runner-seed-{seed}" for seed in range(3)])


class LastFailed(ProjectCase):
    """Many seeds of what failed last."""

    def test_the_choice_stays(self):
        """What is recorded under one seed changes no choice for the next, and the exit code is that of the worst."""
        home = self.project(test_lottery=SEEDED_SUITE)
        home.run("test", "--record", "--seed", "1", "-k", "lucky")  # fails
        answer = home.run("test", "--seeds", "4", "--last-failed", "--record", "-q")
        self.assertEqual((answer.code, answer.lines[-1]), (1, "0 passed, 1 failed, 0 skipped"))
        self.assertRegex(answer.output, r"fails for some seeds: test_lottery\.Lottery\.test_a_lucky: \d of 4 ")


class Refusals(ProjectCase):
    """What cannot be meant."""

    def test_what_is_refused(self):
        """A name that is in use, a report that cannot be written, and a setting that is none are refused before anything runs."""
        home = self.project(test_lottery=SEEDED_SUITE)
        home.run("test", "--record", "--name", "n-seed-1", "-k", "green")
        answers = home.together(
            name=("test", "--record", "--name", "n", "--seeds", "2"),
            report=("test", "--seeds", "2", "--record", "--junit-xml", "tests"),
            negative=("test", "--seed", "-1"),
        )
        self.assert_refused(answers["name"], 2, "name-in-use", "n-seed-1")
        self.assert_refused(answers["report"], 3, "report-unwritable", "--junit-xml")
        self.assertEqual(answers["negative"].code, 2)
        self.assertEqual(len(home.run("runs", "--format", "json").document["runs"]), 1)

    def test_settings(self):
        """Seed, order and pollution may stand in the settings; flags beat them."""
        home = self.project(test_lottery=SEEDED_SUITE)
        home.write("pyproject.toml", "[tool.runner]\nstart-directory = 'tests'\nseed = 5\nshuffle = true\npollution = 'off'\n")
        answers = home.together(plain=("test",), flags=("test", "--seed", "6", "--no-shuffle", "--pollution", "test"))
        self.assertIn("seed 5, shuffled\n", answers["plain"].output)
        self.assertNotIn("left changed", answers["plain"].output)
        self.assertIn("seed 6\n", answers["flags"].output)
        self.assertIn("  test_lottery.Lottery.test_c_green: environment, LEFT added\n", answers["flags"].output)
