"""`runner nightly` and `runner report`, end to end: real processes, real SQLite, trainings of no cost."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3

from .nightly import night, variables, with_nights
from .projects import GREEN_SUITE, SLEEPING_SUITE, Answer, Project, ProjectCase, finish, strict_json

FORMATS = ("html", "markdown", "json", "text")
RED_SUITE = GREEN_SUITE.replace("2 * 3, 6)", "2 * 3, 7)")
FAILING_TRAINING = '{task = "mnist", seeds = [0], lr = 2}, {task = "mnist", seeds = [1]}'


def rows(project: Project, statement: str) -> list[tuple[object, ...]]:
    """Return what a query finds in a project's registry."""
    with sqlite3.connect(project.registry) as connection:
        return connection.execute(statement).fetchall()


class Nights(ProjectCase):
    """Three nights: the first, one that is as good, one with a bug; and their reports."""

    first: Answer
    second: Answer
    third: Answer

    @classmethod
    def setUpClass(cls):
        cls.home = with_nights(cls.class_project(), formats=FORMATS)
        cls.first, cls.second = night(cls.home), night(cls.home)
        cls.home.write("tests/test_suite.py", RED_SUITE)
        cls.third = night(cls.home)
        cls.answers = cls.home.together(
            text=("report",),
            json=("report", "--format", "json"),
            html=("report", "latest:nightly", "--format", "html", "--output", "night.html"),
            against=("report", "--against", "nightly-1"),
            overview=("report", "--nights", "10"),
            list=("report", "--nights", "10", "--format", "json"),
            page=("report", "--nights", "10", "--format", "html"),
            table=("report", "--nights", "2", "--format", "markdown"),
            pair=("report", "nightly-4/suite-tests", "--against", "nightly-7/suite-tests"),
            alone=("report", "nightly-4/suite-tests"),
            both=("report", "--nights", "2", "--against", "nightly-1"),
            diff=("diff", "nightly-1", "nightly-4"),
        )

    def test_the_first_night(self):
        """The first night has nothing to compare with: it ends with 5 and says so."""
        self.assertEqual((self.first.code, self.first.errors), (5, ""), self.first.output)
        self.assertEqual(self.first.lines[-1], "INSUFFICIENT DATA: there is no earlier night to compare with")

    def test_each_part_has_a_line(self):
        """A night names itself and tells of each part, then the paths of its reports."""
        self.assertEqual(self.second.code, 0, self.second.output + self.second.errors)
        self.assertEqual(self.second.lines[0], "recording as nightly-4 (run 4) in .runner/registry.db")
        self.assertRegex(self.second.lines[1], r"^suite tests +2 passed, 0 failed, 0 skipped ")
        self.assertRegex(self.second.lines[2], r"^mnist seed 0 +test_accuracy 99.00% ")
        self.assertEqual(
            self.second.lines[3:7], [f".runner/reports/nightly-4/report.{suffix}" for suffix in ("html", "md", "json", "txt")]
        )
        self.assertRegex(self.second.lines[7], r"^UNCHANGED: ")

    def test_a_bug(self):
        """A newly failing test makes the night red: 1, and the sentence says why."""
        self.assertEqual((self.third.code, self.third.errors), (1, ""))
        self.assertTrue(self.third.lines[-1].startswith("RED: 1 test newly failing from 1 cause"), self.third.lines[-1])

    def test_the_parts_are_recorded(self):
        """Each part is a run of its own with a role that is equal from night to night, and the night keeps what it found."""
        self.assertEqual(
            rows(
                self.home,
                "SELECT parent_id, seq, role, run.name, kind FROM run_part JOIN run ON run.id = run_id WHERE parent_id = 4",
            ),
            [
                (4, 0, "suite tests", "nightly-4/suite-tests", "test"),
                (4, 1, "mnist seed 0", "nightly-4/mnist-seed-0", "train"),
            ],
        )
        self.assertEqual(
            rows(self.home, "SELECT run_id, verdict, reference, green FROM night JOIN run ON run.id = run_id"),
            [(1, "insufficient_data", None, 1), (4, "unchanged", "nightly-1", 1), (7, "regressed", "nightly-4", 0)],
        )

    def test_a_night_again(self):
        """`runner report` makes the report of the last night again, from the registry alone."""
        self.assertEqual(self.answers["text"].code, 0)
        self.assertEqual(self.answers["text"].output, (self.home.root / ".runner/reports/nightly-7/report.txt").read_text())
        self.assertIn("=== suite tests", self.answers["text"].lines)

    def test_the_document(self):
        """The document of a night has a schema, the verdict, and a diff for each part."""
        document = strict_json(self.answers["json"].output)
        self.assertEqual((document["schema"], document["verdict"], document["title"]), (1, "regressed", "nightly-7"))
        self.assertEqual([section["role"] for section in document["sections"]], ["suite tests", "mnist seed 0"])
        self.assertEqual(document, json.loads((self.home.root / ".runner/reports/nightly-7/report.json").read_text()))

    def test_a_page(self):
        """The page is written to a file, and its first line is the verdict."""
        self.assertTrue(self.answers["html"].lines[0].startswith("RED: "), self.answers["html"])
        found = re.search("<title>(.*)</title>", (self.home.root / "night.html").read_text())
        self.assertEqual(found and found[1], "Red: nightly-7")

    def test_against_another_night(self):
        """--against compares with another night than that of the time."""
        self.assertIn("  nightly-1: nightly-1", self.answers["against"].lines)
        self.assertIn("REGRESSED: nightly-1/suite-tests -> nightly-7/suite-tests", self.answers["against"].lines)

    def test_an_overview(self):
        """--nights lists the nights with verdict and counts, newest first, below a sparkline a metric."""
        lines = self.answers["overview"].lines
        self.assertEqual(lines[0], "3 nights: 2 green, 1 red")
        self.assertIn("▅▅▅  mnist test_accuracy, last 99.00%", lines[2])
        self.assertRegex(lines[5], r"^nightly-7 +\d{4}-\d\d-\d\d \d\d:\d\d +RED +1 +1 +0$")

    def test_an_overview_in_other_formats(self):
        """The overview is a document, a page and a table too."""
        document = self.answers["list"].document
        self.assertEqual([night["verdict"] for night in document["nights"]], ["regressed", "unchanged", "insufficient_data"])
        self.assertEqual(document["nights"][0]["metrics"]["tests_failed"], 1.0)
        self.assertIn('<tr class="bad"><th scope="row">nightly-7</th>', self.answers["page"].output)
        self.assertNotIn("<script", self.answers["page"].output)
        self.assertIn("| <code>nightly&#45;7</code> |", self.answers["table"].output)

    def test_any_two_runs(self):
        """--against compares any two runs; without it, a run that is no night is refused."""
        self.assertEqual(self.answers["pair"].lines[0], "IMPROVED: nightly-7/suite-tests -> nightly-4/suite-tests")
        self.assert_refused(self.answers["alone"], 2, "usage", "is no night", "--against")
        self.assert_refused(self.answers["both"], 2, "usage", "--nights")

    def test_diff_sends_to_report(self):
        """`runner diff` of two nights names the command that compares them."""
        self.assert_refused(self.answers["diff"], 5, "nothing-to-compare", "runner report nightly-4 --against nightly-1")


class RedNight(ProjectCase):
    """A first night in which all goes wrong at once, and a second one that is only told."""

    told: Answer

    @classmethod
    def setUpClass(cls):
        suites = "suites = ['absent', 'empty', 'tests']"
        cls.home = with_nights(cls.class_project(), suites, tasks=FAILING_TRAINING, suite=RED_SUITE)
        cls.home.write("empty/test_nothing.py", "")
        cls.answer, cls.told = night(cls.home), night(cls.home, "--fail-on", "never", "--against", "rolling:3")

    def test_a_red_first_night(self):
        """A first night with a failing test ends with 1."""
        self.assertEqual(self.answer.code, 1, self.answer.output)
        self.assertIn("1 test of suite tests is red", self.answer.output.replace("\n", " "))

    def test_an_empty_suite(self):
        """A suite without a test is red."""
        self.assertRegex(self.answer.output, r"(?m)^suite empty +0 passed, 0 failed, 0 skipped")
        self.assertIn("suite empty holds no test", self.answer.output.replace("\n", " "))

    def test_a_folder_that_is_not_there(self):
        """A suite that cannot start is red, with its own last words."""
        self.assertRegex(self.answer.output, r"(?m)^suite absent +0 passed, 0 failed, 0 skipped .* failed$")
        self.assertRegex(self.answer.output, r"the\s+start\s+directory\s+\S*/absent\s+cannot\s+be\s+loaded")

    def test_a_training_that_fails(self):
        """A training that breaks makes the night red, with its own last words; the next one runs, whatever failed before."""
        self.assertIn("mnist seed 0 did not come to its end: failed", self.answer.output.replace("\n", " "))
        self.assertIn("train-images is damaged", self.answer.output)
        self.assertRegex(self.answer.output, r"mnist seed 1 +test_accuracy 99.00%")

    def test_never_fail(self):
        """With fail-on never, a red night is told, is not green, and ends with 0 where there is a night to compare with."""
        self.assertEqual(self.told.code, 0, self.told.output)
        self.assertIn("\nRED: suite absent did not come to its end", self.told.output)
        self.assertEqual(rows(self.home, "SELECT DISTINCT green FROM run WHERE kind = 'nightly'"), [(0,)])

    def test_never_green(self):
        """Where no night was green yet, the night before is compared with."""
        lines = self.home.run("report").lines
        self.assertIn("  night before, none was green yet: nightly-1", lines)
        self.assertIn("  rolling:3: mnist seed 1 with run nightly-1/mnist-seed-1", lines)


class Baselines(ProjectCase):
    """The baseline that a night is held to."""

    def test_a_baseline(self):
        """Only in the first night a baseline may be absent; a loss is told against it, once for all seeds that lose the same."""
        seeds = '{task = "mnist", seeds = [0, 1]}'
        home = with_nights(self.project(), 'baseline = "baseline:main"', tasks=seeds)
        self.assertEqual(night(home).code, 5)
        refused = night(home)
        self.assertEqual((refused.code, rows(home, "SELECT count(*) FROM run WHERE kind = 'nightly'")), (2, [(1,)]))
        self.assertIn("baseline", refused.errors)
        self.assertEqual(home.run("baseline", "set", "main", "nightly-1").code, 0)
        with_nights(home, 'baseline = "baseline:main"\nfail-on = "never"', tasks=seeds.replace("}", ", lr = 1}"))
        answer = night(home, "--fail-on", "regressed")
        self.assertEqual(answer.code, 1, answer.output)
        self.assertEqual(answer.output.replace("\n", " ").count(" test_accuracy 99.00% -> 90.00%"), 1, answer.output)
        self.assertIn("  baseline:main: nightly-1", home.run("report").lines)
        kept = "SELECT value FROM run_param WHERE key = 'barred_by' UNION ALL SELECT value FROM run_param WHERE key = 'known'"
        self.assertEqual(rows(home, kept), [('"baseline:main"',), ("[]",), ("[]",)])


class Refused(ProjectCase):
    """What is wrong is told before there is a night."""

    def test_before_the_night(self):
        """A key that is not known gives 2, a folder that takes no report 3; nothing is recorded."""
        home = with_nights(self.project(), "kep = 3")
        self.assert_refused(night(home), 2, "settings", "unknown key 'kep'; did you mean 'keep'?")
        with_nights(home, "output = 'pyproject.toml/reports'")
        self.assert_refused(night(home), 3, "report-unwritable", "output in [tool.runner.nightly]")
        self.assertEqual(rows(home, "SELECT count(*) FROM run"), [(0,)])

    def test_a_failing_notice(self):
        """A command that fails to tell is one sentence on standard error; verdict, paths and exit code stay."""
        home = with_nights(self.project(), "notify-command = ['/absent/program', '{sentence}']", tasks="")
        answer = night(home)
        self.assertEqual((answer.code, answer.lines[-1]), (5, "INSUFFICIENT DATA: there is no earlier night to compare with"))
        self.assertRegex(answer.errors, r"^runner: notify-command /absent/program failed: .* \[notify-failed\]\n$")


class Ends(ProjectCase):
    """However a night ends, the registry is consistent and nothing runs on."""

    def interrupted(self, number: int) -> tuple[Project, Answer]:
        home = with_nights(self.project(), tasks="", suite=SLEEPING_SUITE.replace('"asleep"', "__file__ + '.asleep'"))
        process = home.start("nightly", **variables(home))
        home.wait_for("tests/test_suite.py.asleep")
        os.kill(process.pid, number)
        return home, finish(process)

    def test_signals(self):
        """Ctrl-C and SIGTERM end a night with 130 and 143; night and part are marked interrupted, and linked."""
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(number=number):
                home, answer = self.interrupted(number)
                self.assertEqual(answer.code, code, answer.output + answer.errors)
                self.assertIn("what was recorded of nightly-1 is kept", answer.errors)
                self.assertEqual(
                    rows(home, "SELECT name, status FROM run ORDER BY id"),
                    [("nightly-1", "interrupted"), ("nightly-1/suite-tests", "interrupted")],
                )
                self.assertEqual(rows(home, "SELECT role FROM run_part"), [("suite tests",)])

    def test_sudden_death(self):
        """The part of a killed night ends by itself, as interrupted; the night reads as crashed, which turns the next one red."""
        home, _ = self.interrupted(signal.SIGKILL)
        home.wait_until(lambda: rows(home, "SELECT status FROM run WHERE kind = 'test'") == [("interrupted",)])
        self.assertIn("crashed", home.run("runs").output)
        with_nights(home, 'baseline = "baseline:main"', tasks="")
        answer = night(home)
        # Red for the night that died; that no night has set the baseline yet refuses nothing.
        self.assertEqual(answer.code, 1, answer.output + answer.errors)
        self.assertIn("the night before, nightly-1, did not come to its end: crashed", answer.output.replace("\n", " "))

    def test_nobody_reads_on(self):
        """A night whose output nobody takes any more comes to its end, is judged, and says by 3 that it could not tell."""
        home = with_nights(self.project(), tasks="", suite=RED_SUITE)
        with home.start("nightly", **variables(home)) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            self.assertIn("[stdout-closed]", process.stderr.read())
        self.assertEqual(process.returncode, 3)
        self.assertEqual(rows(home, "SELECT status FROM run ORDER BY id"), [("finished",), ("finished",)])
        self.assertEqual(rows(home, "SELECT verdict FROM night"), [("regressed",)])

    def test_a_suite_that_hangs(self):
        """A suite that takes longer than `part-timeout` is ended and makes the night red, which comes to its own end."""
        home = with_nights(self.project(), "part-timeout = 0.0005", tasks="", suite=SLEEPING_SUITE)
        answer = night(home)
        self.assertEqual((answer.code, answer.errors), (1, ""), answer.output)
        self.assertIn("it took longer than 0.0005 h, `part-timeout` in [tool.runner.nightly]", answer.output.replace("\n  ", " "))
        self.assertEqual(rows(home, "SELECT verdict FROM night"), [("regressed",)])

    def test_elsewhere(self):
        """From a folder below the project, parts are recorded where the night is, however that is said."""
        home = with_nights(self.project(), tasks="")
        home.write("below/notes.txt", "")
        answer = home.run("nightly", cwd="below", RUNNER_REGISTRY="sqlite:///nights.db?timeout=9", **variables(home))
        self.assertEqual(answer.code, 5, answer.output)
        self.assertFalse((home.root / "nights.db").exists())

    def test_two_nights_at_once(self):
        """A second night in a project is refused with one sentence while the first one runs, which has no report yet."""
        home = with_nights(self.project(), tasks="", suite=SLEEPING_SUITE.replace('"asleep"', "__file__ + '.asleep'"))
        process = home.start("nightly", **variables(home))
        home.wait_for("tests/test_suite.py.asleep")
        answer, report, overview = night(home), home.run("report"), home.run("report", "--nights", "3")
        os.kill(process.pid, signal.SIGTERM)
        finish(process)
        self.assert_refused(answer, 3, "night-running", str(process.pid))
        self.assert_refused(report, 5, "nothing-to-compare", "nightly-1 still runs")
        self.assertIn("1 night: 0 green, 0 red, 1 running", overview.output)
        self.assertRegex(overview.output, r"(?m)^nightly-1 .* RUNNING ")


class SlowTests(ProjectCase):
    """A test that is slower is measured again at once."""

    SUITE = """
import os, time, unittest

class Pace(unittest.TestCase):
    def test_one(self):
        time.sleep({0})

    def test_two(self):
        slow = {0} > 0.5 and not os.path.exists("seen")
        slow and open("seen", "w").close()
        time.sleep(1.2 if slow else 0.3)
"""

    def test_measured_again(self):
        """Slow in both measurements is regressed, slow in the first is suspected; the second one is a part of the night."""
        home = with_nights(self.project(), tasks="", suite=self.SUITE.format("0.3"))
        for _ in range(4):
            home.run("test", "--record", "-q")
        night(home)
        home.write("tests/test_suite.py", self.SUITE.format("1.2"))
        answer = night(home)
        self.assertEqual(answer.code, 1, answer.output)
        self.assertRegex(answer.output, r"(?m)^suite tests again +2 passed")
        self.assertRegex(answer.output, "RED: [12] tests? slower")
        (section,) = home.run("report", "--format", "json").document["sections"]
        verdicts = {test["id"].rpartition(".")[2]: test["verdict"] for test in section["tests"]["slower"]}
        self.assertEqual(verdicts, {"test_one": "regressed", "test_two": "suspected"})


class Keeping(ProjectCase):
    """`keep` bounds the nights."""

    def test_old_nights_go(self):
        """Of three nights the newest and the last green one stay, with their reports; the other is gone with its checkpoints."""
        home = with_nights(self.project(), "keep = 1")
        home.write(".runner/reports/nightly-99/report.html", "of another project")
        night(home)
        home.write("tests/test_suite.py", RED_SUITE)
        for _ in range(2):
            night(home)
        names = {f"nightly-{run}" for (run,) in rows(home, "SELECT id FROM run WHERE kind = 'nightly'")}
        self.assertEqual(names, {"nightly-1", "nightly-7"})
        self.assertEqual({path.name for path in (home.root / ".runner/reports").iterdir()}, {*names, "nightly-99"})
        self.assertEqual(len(list((home.root / ".runner/checkpoints").iterdir())), 2)
