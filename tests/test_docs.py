"""What the pages say is true: every message has its entry, every link its target, every line of the tutorial its output."""

from __future__ import annotations

import ast
import doctest
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import unittest
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("registry", "mnist", "runner")
TUTORIAL = ROOT / "docs" / "tutorial.md"
MESSAGES = ROOT / "docs" / "messages.md"
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "examples/README.md")
PRINTED_WITHOUT_A_CLASS = {
    "internal-error",
    "interrupted",
    "no-tests",
    "notify-failed",
    "stdout-closed",
    "system-error",
    "terminated",
}
SECONDS = 60


def replay_tool() -> ModuleType:
    """Import tools/replay_tutorial.py, which lies in no package."""
    spec = importlib.util.spec_from_file_location("replay_tutorial", ROOT / "tools" / "replay_tutorial.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for themselves
    spec.loader.exec_module(module)
    return module


def pages() -> list[Path]:
    """Return the pages that people read, the generated ones included."""
    return [*(ROOT / name for name in PAGES), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str, language: str) -> Iterator[tuple[int, str]]:
    """Yield line number and content of each fenced block of a language."""
    for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, match.start()) + 2, match.group(1)


class Messages(unittest.TestCase):
    """docs/messages.md."""

    def setUp(self):
        self.text = MESSAGES.read_text(encoding="utf-8")
        self.entries = re.findall(r"^### `([\w-]+)`$", self.text, re.MULTILINE)

    def test_every_slug_has_an_entry(self):
        """Each slug of an error class, and each that is printed without one, has exactly one entry, and each entry a slug."""
        self.assertCountEqual(self.entries, set(class_slugs()) | PRINTED_WITHOUT_A_CLASS)

    def test_slugs_live_in_the_error_modules(self):
        """Error classes stand in the errors.py of their package, where the roots are."""
        places = {path.relative_to(ROOT).as_posix() for path in class_slugs().values()}
        self.assertEqual(places, {f"{package}/errors.py" for package in PACKAGES})

    def test_slugs_without_a_class_are_printed(self):
        """The slugs that no class has are written by the command line."""
        sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "runner").rglob("*.py"))
        self.assertEqual([slug for slug in PRINTED_WITHOUT_A_CLASS if not re.search(rf'["\[]{slug}["\]]', sources)], [])

    def test_every_entry_has_a_cure(self):
        """Each entry but those of the roots says what to do."""
        parts = dict(zip(self.entries, re.split(r"^### .*$", self.text, flags=re.MULTILINE)[1:], strict=True))
        self.assertEqual([slug for slug in self.entries if "**Cure:**" not in parts[slug]], ["registry", "mnist", "runner"])


class Links(unittest.TestCase):
    """The pages and what they refer to."""

    def test_every_link_has_a_target(self):
        """Each relative link leads to a file or folder of the repository, and each anchor to a heading."""
        self.assertEqual([broken for page in pages() for broken in broken_links(page)], [])

    def test_every_named_is_a_test(self):
        """Each test that the tutorial names is there."""
        named = set(re.findall(r"`((?:tests|examples)\.[\w.]+\.test_\w+)`", TUTORIAL.read_text(encoding="utf-8")))
        self.assertGreater(len(named), 10)
        self.assertEqual(sorted(name for name in named if not is_a_test(name)), [])


class Tutorial(unittest.TestCase):
    """The tutorial's lines, run."""

    maxDiff = None

    def setUp(self):
        self.text = TUTORIAL.read_text(encoding="utf-8")
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        # A copy: some commands leave files where they are started.
        self.folder = Path(folder.name)
        shutil.copytree(ROOT / "examples", self.folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))

    def test_python_lines(self):
        """Each line that begins with >>> answers what the tutorial says, from the first chapter to the last."""
        source = "\n".join(block for _, block in blocks(self.text, "pycon"))
        command = [sys.executable, "-c", DOCTEST, str(self.folder / "tutorial.txt")]
        (self.folder / "tutorial.txt").write_text(source, encoding="utf-8")
        result = subprocess.run(
            command, cwd=self.folder, env=clean_environment(), capture_output=True, text=True, timeout=SECONDS, check=False
        )
        self.assertEqual(result.stdout.splitlines()[-1:], ["failed: 0"], result.stdout + result.stderr)

    def test_the_python_lines_are_found(self):
        """The tutorial holds a good number of them, and all can be parsed."""
        examples = [one for _, block in blocks(self.text, "pycon") for one in doctest.DocTestParser().get_examples(block)]
        self.assertGreater(len(examples), 60)

    def test_commands(self):
        """Each command without `runner` prints what the tutorial shows, times apart."""
        for line, block in blocks(self.text, "console"):
            with self.subTest(line=line):
                self.assertEqual(without_times(self.replay(block)), without_times(block))

    def test_runner_commands(self):
        """Each `runner` command that records nothing prints what the tutorial shows, as far as every machine prints the same."""
        shutil.copy(ROOT / "pyproject.toml", self.folder)
        tool = replay_tool()
        blocks = [block for block in tool.marked(self.text) if block.command.startswith("test ") and "examples" in block.command]
        self.assertGreater(len(blocks), 1)
        for block in blocks:
            with self.subTest(command=block.command):
                printed = tool.replayed(block.command, self.folder)
                self.assertEqual(tool.comparable(printed), tool.comparable(block.output))

    def test_times_do_not_count(self):
        """Outputs that differ in their times alone are the same, whatever the units of these."""
        tool = replay_tool()
        outputs = [f"took {time}, then more" for time in ("740 ms", "43.69 s", "1 min 05 s", "2 h 03 min")]
        self.assertEqual({tool.comparable(output) for output in outputs}, {"took # s, then more"})

    def test_the_readme_shows_the_same(self):
        """A command that both pages show has the same output in both."""
        tool = replay_tool()
        tutorial = {block.command: block.output for block in tool.marked(self.text)}
        both = [block for block in tool.shown((ROOT / "README.md").read_text(encoding="utf-8")) if block.command in tutorial]
        self.assertGreater(len(both), 2)
        for block in both:
            with self.subTest(command=block.command):
                self.assertEqual(block.output, tutorial[block.command])

    def replay(self, block: str) -> str:
        """Run the commands of a block, one after the other, and return the block with what they print."""
        folder, written = self.folder, ""
        for command in re.findall(r"^\$ (.*)$", block, re.MULTILINE):
            written += f"$ {command}\n"
            program, *arguments = shlex.split(command)
            if program == "cd":
                folder /= arguments[0]
            else:
                self.assertEqual(program, "python", "only `cd` and `python` are run; leave a place for the output of `runner`")
                written += printed_by([sys.executable, *arguments], folder)
        return written


# In a process of its own: the lines seed torch and change sys.path.
DOCTEST = """
import doctest, sys
with open(sys.argv[1], encoding="utf-8") as file:
    test = doctest.DocTestParser().get_doctest(file.read(), {"__name__": "__main__"}, "tutorial", sys.argv[1], 0)
print("failed:", doctest.DocTestRunner().run(test).failed)
"""


def clean_environment() -> dict[str, str]:
    """Return this environment with plain output, without byte code, and without our own measuring of coverage."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    packages = os.pathsep.join(filter(None, (str(ROOT), kept.get("PYTHONPATH"))))
    plain = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "80", "PYTHONPATH": packages}
    return kept | plain


def printed_by(command: list[str], folder: Path) -> str:
    """Run a command and return what it writes to both its outputs, in order."""
    result = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return result.stdout


def without_times(text: str) -> str:
    """Return the text with every duration of unittest made equal."""
    return re.sub(r"(?<=tests in )[\d.]+s", "0.000s", text)


def class_slugs() -> dict[str, Path]:
    """Return each slug that a class of the packages sets, with the file of that class."""
    found: dict[str, Path] = {}
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))):
        for owner in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(owner, ast.ClassDef):
                found |= dict.fromkeys(slugs_of(owner), path)
    return found


def slugs_of(owner: ast.ClassDef) -> Iterator[str]:
    """Yield the text that a class assigns to `slug`, with or without an annotation."""
    for node in owner.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(ast.unparse(target) == "slug" for target in targets):
                yield str(node.value.value)


def broken_links(page: Path) -> Iterator[str]:
    """Yield the relative links of a page that lead nowhere."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            yield f"{page.relative_to(ROOT)}: {target}"


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_a_test(name: str) -> bool:
    """Tell whether a dotted name is that of a method of a class in a file."""
    *module, owner, method = name.split(".")
    path = ROOT.joinpath(*module).with_suffix(".py")
    if not path.is_file():
        return False
    classes = (node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef))
    methods = (node.name for found in classes if found.name == owner for node in found.body if isinstance(node, ast.FunctionDef))
    return method in methods
