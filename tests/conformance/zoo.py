"""How an animal of the zoo becomes a row: one hostile test, a peaceful one after it in its class, and four beside them."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import Any

from .case import Case, Plain

NOT_ASKED = Plain(why="unittest runs in one process and makes no promise about such tests", runs=False)


def animal(name: str, why: str, body: str, outcome: str = "passed", **fields: Any) -> Case:
    """Return the row of a hostile test, whose docstring is `why` and whose class goes on with a peaceful one."""
    row = {"test_row.Row.test_animal": outcome, "test_row.Row.test_next": "passed"}
    return Case(
        name=name,
        why=why,
        files={"test_row.py": _module(why, body)},
        outcomes={**row, **fields.pop("outcomes", {})},
        exit_code=fields.pop("exit_code", 0 if outcome == "passed" else 1),
        plain=NOT_ASKED,
        **fields,
    )


def _module(why: str, body: str) -> str:
    return (
        "import unittest\n"
        "from diary import note\n"
        "class Row(unittest.TestCase):\n"
        "    def test_animal(self):\n"
        f'        """{why[0].upper()}{why[1:]}."""\n'
        f"{indent(dedent(body).strip(), ' ' * 8)}\n"
        '    def test_next(self):\n        """Comes next, and passes."""\n        note("next")\n'
    )
