"""Projects with nights in them: the real program, with a training of no cost in the part processes too."""

from __future__ import annotations

from .projects import GREEN_SUITE, Answer, Project
from .training import FAKE

TASK = '{task = "mnist", seeds = [0], epochs = 1}'


def with_nights(
    project: Project, settings: str = "", *, tasks: str = TASK, suite: str = GREEN_SUITE, formats: tuple[str, ...] = ("text",)
) -> Project:
    """Give a project a suite and the settings of its nights, whose reports are in the quickest format where not said else."""
    project.write("tests/test_suite.py", suite)
    nightly = f"tasks = [{tasks}]\nformats = {list(formats)}\n{settings}"
    project.write("pyproject.toml", f"[tool.runner]\nstart-directory = 'tests'\n[tool.runner.nightly]\n{nightly}\n")
    # Python reads a module of this name at its start, in each process of the night.
    project.write("fake/sitecustomize.py", FAKE.partition("from runner.cli")[0])
    return project


def variables(project: Project) -> dict[str, str]:
    """Return what lets each process of a project train without cost."""
    return {"PYTHONPATH": str(project.root / "fake")}


def night(project: Project, *arguments: str, **more: str) -> Answer:
    """Run a night to its end."""
    return project.run("nightly", *arguments, **variables(project), **more)
