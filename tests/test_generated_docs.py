"""docs/cli.md and docs/schema.md say what the program says."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from registry.models import metadata

ROOT = Path(__file__).resolve().parent.parent
CURE = "is stale: run `python tools/generate_docs.py`"


def load_tool() -> ModuleType:
    """Import tools/generate_docs.py, which lies in no package."""
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "tools" / "generate_docs.py")
    assert spec is not None and spec.loader is not None, "the tool is part of every checkout and sdist"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class GeneratedDocs(unittest.TestCase):
    tool: Any
    documents: dict[str, str]

    @classmethod
    def setUpClass(cls):
        cls.tool = load_tool()
        cls.documents = cls.tool.documents()

    def test_cli_page_is_fresh(self):
        """docs/cli.md is the --help of today's commands."""
        pinned = dict(re.findall(r"^(\w+)==(\S+)", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE))["typer"]
        if importlib.metadata.version("typer") != pinned:
            self.skipTest(f"the page was made with typer {pinned}, and each typer words its help a little differently")
        written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
        self.assertEqual(written, self.documents["docs/cli.md"], f"docs/cli.md {CURE}")

    def test_schema_page_is_fresh(self):
        """docs/schema.md is made of today's tables."""
        written = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
        self.assertEqual(written, self.documents["docs/schema.md"], f"docs/schema.md {CURE}")

    def test_every_command_is_documented(self):
        """Each command has a heading, those of a group too."""
        headings = re.findall(r"^## `runner (.+)`$", self.documents["docs/cli.md"], re.MULTILINE)
        self.assertLessEqual({"test", "train", "diff", "show", "runs", "db", "db info", "db upgrade", "db check"}, set(headings))

    def test_every_table_is_documented(self):
        """Each table has a heading and each of its columns a row."""
        text = self.documents["docs/schema.md"]
        self.assertEqual(re.findall(r"^## `(.+)`$", text, re.MULTILINE), sorted(metadata.tables))
        rows = re.findall(r"^\| `\w+` \|", text, re.MULTILINE)
        self.assertEqual(len(rows), sum(len(table.columns) for table in metadata.tables.values()))

    def test_every_column_has_a_comment(self):
        """Each column of each table says what it means."""
        columns = [column for table in metadata.tables.values() for column in table.columns]
        self.assertEqual([str(column) for column in columns if not column.comment], [])

    def test_check_names_what_is_stale(self):
        """The check names a missing page and an altered one, and is silent about a fresh one."""
        with TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "docs").mkdir()
            self.assertEqual(self.tool.stale(root), ["docs/cli.md", "docs/schema.md"])
            for name, text in self.documents.items():
                (root / name).write_text(text, encoding="utf-8")
            self.assertEqual(self.tool.stale(root), [])
            (root / "docs" / "cli.md").write_text("old\n", encoding="utf-8")
            self.assertEqual(self.tool.stale(root), ["docs/cli.md"])
