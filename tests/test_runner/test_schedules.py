"""The ready-made schedules: a systemd timer, a crontab line, a GitHub Actions workflow; each run as far as it can be here."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from .nightly import with_nights
from .projects import CONSOLE_SCRIPT, Project, ProjectCase

SCHEDULES = Path(__file__).resolve().parents[2] / "examples" / "schedules"
PINNED = re.compile(r"actions/[\w-]+(?:/\w+)?@[0-9a-f]{40}")


class Scheduled(ProjectCase):
    """A home with a project in it, as the schedules expect it."""

    def setUp(self):
        self.user = Path(self.enterContext(TemporaryDirectory(prefix="runner-home-"))).resolve()
        self.home = Project(self.user / "project")
        with_nights(self.home, tasks="")
        script = self.home.root / ".venv" / "bin" / "runner"
        script.parent.mkdir(parents=True)
        script.symlink_to(CONSOLE_SCRIPT)

    def shell(self, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command as cron does: by /bin/sh, with hardly an environment."""
        environment = {"HOME": str(self.user), "PATH": "/usr/bin:/bin", "LOGNAME": "you", "SHELL": "/bin/sh"}
        return subprocess.run(
            ["/bin/sh", "-c", command],
            env=environment | variables,
            cwd=self.user,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


class Crontab(Scheduled):
    """The line for cron."""

    def test_the_line(self):
        """The command is one that /bin/sh understands, holds no percent sign, and runs a night in cron's bare environment."""
        lines = (SCHEDULES / "crontab").read_text(encoding="utf-8").splitlines()
        (line,) = (line for line in lines if re.match(r"[\d*]", line))
        *times, command = line.split(None, 5)
        self.assertEqual([bool(re.fullmatch(r"\*|\d+", time)) for time in times], [True] * 5)
        self.assertNotIn("%", command)
        subprocess.run(["/bin/sh", "-n", "-c", command], check=True)
        done = self.shell(command)
        self.assertEqual((done.returncode, done.stderr), (5, ""), done.stdout)
        self.assertIn("there is no earlier night to compare with", done.stdout)
        self.assertTrue(self.home.registry.is_file())


class Systemd(Scheduled):
    """The units for systemd."""

    def test_verified(self):
        """Nothing in service and timer is complained of by systemd."""
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        units = [self.user / path.name for path in sorted(SCHEDULES.glob("runner-nightly.*"))]
        for unit in units:
            text = (SCHEDULES / unit.name).read_text(encoding="utf-8")
            unit.write_text(text.replace("%h", str(self.user)), encoding="utf-8")
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *map(str, units)], capture_output=True, text=True, check=False, timeout=60
        )
        told = [line for line in done.stderr.splitlines() if "runner-nightly" in line]
        self.assertEqual((len(units), told), (2, []), done.stderr)

    def test_the_command(self):
        """The command of the service runs a night, whose exit code 5 the service takes for success."""
        text = (SCHEDULES / "runner-nightly.service").read_text(encoding="utf-8").replace("%h", str(self.user))
        values = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
        done = self.shell(f"cd {shlex.quote(values['WorkingDirectory'])} && exec {values['ExecStart']}")
        self.assertEqual(done.returncode, int(values["SuccessExitStatus"]), done.stderr)


class GithubActions(Scheduled):
    """The workflow."""

    def workflow(self) -> dict[str, object]:
        """Return the workflow as YAML reads it."""
        if importlib.util.find_spec("yaml") is None:
            self.skipTest("PyYAML is not installed; `pip install -e '.[dev]'` brings it")
        import yaml

        return yaml.safe_load((SCHEDULES / "github-actions.yml").read_text(encoding="utf-8"))

    def test_pinned(self):
        """Each action is pinned by its full hash, and the token may only read."""
        workflow = self.workflow()
        steps = workflow["jobs"]["nightly"]["steps"]
        used = [step["uses"] for step in steps if "uses" in step]
        self.assertGreater(len(used), 4)
        self.assertEqual([one for one in used if not PINNED.fullmatch(one)], [])
        self.assertEqual(workflow["permissions"], {"contents": "read"})

    def test_the_registry_survives_a_red_night(self):
        """The registry is restored, and saved under a new key and uploaded also when the night was red."""
        steps = {step["uses"].partition("@")[0]: step for step in self.workflow()["jobs"]["nightly"]["steps"] if "uses" in step}
        restore, save, upload = (steps[f"actions/{name}"] for name in ("cache/restore", "cache/save", "upload-artifact"))
        self.assertEqual(restore["with"]["key"], save["with"]["key"])
        self.assertTrue(save["with"]["key"].startswith(restore["with"]["restore-keys"]))
        self.assertEqual([step["if"] for step in (save, upload)], ["always()", "always()"])
        self.assertEqual(restore["with"]["path"], self.home.registry.relative_to(self.home.root).as_posix())

    def test_the_commands(self):
        """The steps that run the night and write the summary work: a first night, a good one, a red one."""
        steps = self.workflow()["jobs"]["nightly"]["steps"]
        night, summary = (step["run"] for step in steps if "run" in step and "pip" not in step["run"])
        page = self.user / "summary.md"
        codes = []
        for suite in (None, None, "import unittest\nclass A(unittest.TestCase):\n    def test_a(self):\n        self.fail()\n"):
            if suite is not None:
                self.home.write("tests/test_suite.py", suite)
            variables = {"GITHUB_STEP_SUMMARY": str(page), "PATH": f"{self.home.root}/.venv/bin:{os.defpath}"}
            codes.append(self.shell(f"cd project && {{ {night}\n}}", **variables).returncode)
            self.assertEqual(self.shell(f"cd project && {{ {summary}\n}}", **variables).returncode, 0)
        self.assertEqual(codes, [0, 0, 1])
        self.assertIn("1 test newly failing", page.read_text(encoding="utf-8"))
