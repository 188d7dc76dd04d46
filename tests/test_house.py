"""The house rules that no linter knows: ceilings, names, what may not stand in the packages, and what every test must have."""

from __future__ import annotations

import ast
import unittest
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("registry", "mnist", "runner")
ELSEWHERE = ("alembic", "tests", "examples", "benchmarks", "tools")
LINES_A_MODULE, LINES_A_FUNCTION, PARAMETERS = 400, 60, 6
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}

# A command of typer has a parameter, and mostly a line, an option.
COMMAND_LINE = {
    f"runner/cli/{name}.py"
    for name in ("__init__", "test", "train", "reading", "bisect", "baseline", "known", "memory", "nightly", "db", "plugins")
}
# Typer is told of its commands, and SQLAlchemy of its tables, while their modules are read.
DECLARATIVE = {*COMMAND_LINE, "runner/cli/options.py", "registry/models.py"}
PURE_CALLS = {
    "frozenset",
    "tuple",
    "enumerate",
    "range",
    "TypeVar",
    "Path",
    "MappingProxyType",
    "timedelta",
    "re.compile",
    "struct.Struct",
    "fields",
    "Transition",
    "Room",
    "HookspecMarker",
    "HookimplMarker",
}
UNSAFE_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
UNSAFE_CALLS = {"eval", "exec", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load", "torch.load"}
UNSAFE_ARGUMENTS = {("shell", True), ("weights_only", False)}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Node = TypeVar("Node", bound=ast.AST)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.ClassDef, *FUNCTIONS)


@cache
def parsed(path: Path) -> ast.Module:
    """Return a module, read once."""
    return ast.parse(path.read_text(encoding="utf-8"))


def sources(*folders: str) -> dict[str, ast.Module]:
    """Return the modules below some folders of the checkout, parsed, by their path."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): parsed(path) for path in paths}


def nodes(tree: ast.AST, *kinds: type[Node]) -> Iterator[Node]:
    """Yield the nodes of some kinds, wherever they stand."""
    return (node for node in ast.walk(tree) if isinstance(node, kinds))


class House(unittest.TestCase):
    """A house rule is a list of the places that break it, which must be empty."""

    def assert_none(self, places: Iterator[str], rule: str) -> None:
        """Fail with every place at which a rule is broken."""
        self.assertEqual(list(places), [], rule)


class Ceilings(House):
    """A module and a function that one can read at a sitting."""

    def test_the_packages_are_found(self):
        """The rules below are asked of a good number of modules in each package."""
        self.assertEqual({path.partition("/")[0] for path in sources(*PACKAGES)}, set(PACKAGES))
        self.assertGreater(len(sources(*PACKAGES)), 20)

    def test_modules_are_short(self):
        """No module of the packages or of the tests is longer than 400 lines."""
        lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in sources(*PACKAGES, *ELSEWHERE)}
        self.assert_none((f"{path}: {n} lines" for path, n in lengths.items() if n > LINES_A_MODULE), "split it by subject")

    def test_functions_are_short(self):
        """No function is longer than 60 lines, but for the commands of typer."""
        lengths = ((place, len(range(node.lineno, (node.end_lineno or node.lineno) + 1))) for place, node in plain_functions())
        self.assert_none((f"{place}: {n} lines" for place, n in lengths if n > LINES_A_FUNCTION), "split it")

    def test_functions_have_few_parameters(self):
        """No function takes more than 6 parameters, but for the commands of typer; a frozen dataclass holds more."""
        numbers = ((place, len(parameters(node))) for place, node in plain_functions())
        self.assert_none((f"{place}: {n} parameters" for place, n in numbers if n > PARAMETERS), "use a dataclass")

    def test_files_are_named_after_their_subject(self):
        """No file is called utils, helpers, common, manager or misc."""
        stems = ((path, Path(path).stem.strip("_")) for path in sources(*PACKAGES, *ELSEWHERE))
        self.assert_none((path for path, stem in stems if stem in FORBIDDEN_NAMES), "say what is in it")


class NoWorkAtImport(House):
    """Importing a module of the packages only defines things."""

    def test_only_definitions(self):
        """A module holds imports, definitions, constants and `if __name__ == "__main__"`, nothing else."""
        found = ((path, node) for path, tree in sources(*PACKAGES).items() if path not in DECLARATIVE for node in tree.body)
        self.assert_none((f"{path}:{node.lineno}" for path, node in found if not is_definition(node)), "move it into a function")

    def test_constants_call_nothing_that_works(self):
        """A constant is made from literals and from a few constructors that read and start nothing."""
        found = (
            (path, call) for path, tree in sources(*PACKAGES).items() if path not in DECLARATIVE for call in calls_at_import(tree)
        )
        impure = (f"{path}:{call.lineno} {callee(call)}" for path, call in found if not is_pure(call))
        self.assert_none(impure, "compute it in a function, or add a pure constructor to PURE_CALLS")


class Safety(House):
    """Nothing in the packages runs code that came from a file, a user or a string."""

    def test_no_pickle(self):
        """No module imports pickle or one of its relatives."""
        found = ((path, node, name) for path, tree in sources(*PACKAGES).items() for node, name in imports(tree))
        self.assert_none(
            (f"{path}:{node.lineno} {name}" for path, node, name in found if name in UNSAFE_MODULES), "use JSON or safetensors"
        )

    def test_no_unsafe_call(self):
        """No module calls eval, exec, os.system, yaml.load or torch.load."""
        found = ((path, call) for path, tree in sources(*PACKAGES).items() for call in nodes(tree, ast.Call))
        self.assert_none((f"{path}:{call.lineno}" for path, call in found if callee(call) in UNSAFE_CALLS), "never run data")

    def test_no_unsafe_argument(self):
        """No call says shell=True or weights_only=False."""
        found = ((path, word) for path, tree in sources(*PACKAGES).items() for word in nodes(tree, ast.keyword))
        constants = ((path, word, (word.arg, word.value.value)) for path, word in found if isinstance(word.value, ast.Constant))
        self.assert_none((f"{path}:{word.value.lineno}" for path, word, said in constants if said in UNSAFE_ARGUMENTS), "never")

    def test_the_rules_find_what_they_look_for(self):
        """The rules find a planted pickle, eval, shell=True and call at import."""
        tree = ast.parse("import pickle, subprocess\nX = eval(Y)\nsubprocess.run('ls', shell=True)\n")
        self.assertIn("pickle", [name for _, name in imports(tree)])
        self.assertEqual([callee(call) for call in calls_at_import(tree)], ["eval"])
        self.assertFalse(is_definition(tree.body[-1]))
        self.assertEqual([(word.arg, ast.unparse(word.value)) for word in nodes(tree, ast.keyword)], [("shell", "True")])


class TestMethods(House):
    """Every test says what it tests, and tests it with unittest."""

    def test_every_test_has_a_docstring(self):
        """Each test method of tests/ and examples/ has a docstring, the sentence that a report prints."""
        bare = (f"{path}:{node.lineno} {node.name}" for path, node in tests_found() if not ast.get_docstring(node))
        self.assert_none(bare, "say in a sentence what holds")

    def test_every_test_asserts(self):
        """Each test method of tests/ and examples/ asserts something, itself or through a method that says so by its name."""
        silent = (f"{path}:{node.lineno} {node.name}" for path, node in tests_found() if not asserts(node))
        self.assert_none(silent, "a test that asserts nothing proves nothing")

    def test_nobody_imports_pytest(self):
        """Nothing imports pytest."""
        found = ((path, name) for path, tree in sources(*PACKAGES, *ELSEWHERE).items() for _, name in imports(tree))
        self.assert_none((path for path, name in found if name in {"pytest", "_pytest"}), "this is unittest")


def plain_functions() -> Iterator[tuple[str, Function]]:
    """Yield the functions of the packages, with where they stand, but for the command line's."""
    for path, tree in sources(*PACKAGES).items():
        if path not in COMMAND_LINE:
            yield from ((f"{path}:{node.lineno} {node.name}", node) for node in ast.walk(tree) if isinstance(node, FUNCTIONS))


def parameters(function: Function) -> list[ast.arg]:
    """Return the parameters of a function without self and cls."""
    given = function.args
    return [one for one in (*given.posonlyargs, *given.args, *given.kwonlyargs) if one.arg not in {"self", "cls"}]


def imports(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each import statement with the top-level name of what it imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node, node.module.partition(".")[0]


def is_definition(node: ast.stmt) -> bool:
    """Tell whether a statement at the top of a module only defines something."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Try):  # an accelerator that may be missing
        return all(
            isinstance(part, (ast.Import, ast.ImportFrom)) for part in (*node.body, *(p for h in node.handlers for p in h.body))
        )
    if isinstance(node, ast.If):
        return ast.unparse(node.test) in {"__name__ == '__main__'", "TYPE_CHECKING", "sys.platform == 'win32'"}
    return isinstance(node, (*DEFINITIONS, ast.Assign, ast.AnnAssign))


def calls_at_import(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield the calls inside the constants of a module."""
    constants = (node for node in tree.body if isinstance(node, (ast.Assign, ast.AnnAssign)))
    return (call for node in constants for call in nodes(node, ast.Call))


def callee(call: ast.Call) -> str:
    """Return what is called, as it is written, without subscripts."""
    return ast.unparse(call.func.value if isinstance(call.func, ast.Subscript) else call.func)


def is_pure(call: ast.Call) -> bool:
    """Tell whether a call builds a value and does nothing else; methods of strings are among them."""
    name = callee(call)
    return name in PURE_CALLS or name.rpartition(".")[2] in {"replace", "join", "items"}


def tests_found() -> Iterator[tuple[str, Function]]:
    """Yield the methods of TestCase classes whose names begin with test."""
    for path, tree in sources("tests", "examples").items():
        if path.startswith("tests/") and not Path(path).name.startswith("test"):
            continue  # a module of factories
        for owner in nodes(tree, ast.ClassDef):
            yield from ((path, node) for node in owner.body if isinstance(node, FUNCTIONS) and node.name.startswith("test"))


def asserts(function: Function) -> bool:
    """Tell whether a test calls something whose name says that it asserts, or uses the assert statement."""
    called = (callee(call).rpartition(".")[2].lower() for call in nodes(function, ast.Call))
    return any(name.startswith(("assert", "fail")) for name in called) or any(nodes(function, ast.Assert))
