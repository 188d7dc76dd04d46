"""What the commands have in common: the options that each takes, and the way from a command line to an exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, NoReturn, cast

import typer


class Format(StrEnum):
    """What a command writes."""

    TEXT = "text"
    JSON = "json"


class ReportFormat(StrEnum):
    """What a report is written as."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
    JUNIT = "junit"


class Colour(StrEnum):
    """When to colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Pollution(StrEnum):
    """Where state that tests leave changed is looked for."""

    CLASS = "class"
    TEST = "test"
    OFF = "off"


SETTINGS = {"help_option_names": ["-h", "--help"]}
Registry = Annotated[str | None, typer.Option("--registry", metavar="URL", help="Registry: a path or an SQLAlchemy URL.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Color = Annotated[Colour | None, typer.Option("--color", help="When to colour.")]
Output = Annotated[Format, typer.Option("--format", help="Text for people or JSON for programs.")]
Report = Annotated[ReportFormat, typer.Option("--format", help="Text or a page for people, JSON or JUnit for programs.")]
ReportPath = Annotated[str | None, typer.Option("--output", metavar="PATH", help="Write to a file, in one step.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="K=V", help="A tag of the run; may be repeated.")]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="Name of the run; default KIND-ID.")]


@dataclass(frozen=True, slots=True)
class Globals:
    """The options that every command takes, before its name or after it; the later one wins."""

    registry: str | None = None
    debug: bool = False
    color: Colour | None = None

    def overridden(self, registry: str | None, color: Colour | None, *, debug: bool) -> Globals:
        """Return these options with what was given after the command, which wins."""
        return Globals(registry or self.registry, debug or self.debug, color or self.color)

    @property
    def colour(self) -> str:
        """When to colour, in the words of the flag."""
        return (self.color or Colour.AUTO).value


def given_globals(ctx: typer.Context, registry: str | None, color: Colour | None, *, debug: bool) -> Globals:
    """Return the global options, wherever on the line they stood."""
    return cast("Globals", ctx.obj).overridden(registry, color, debug=debug)


def exit_with(command: Callable[[], int], *, debug: bool) -> NoReturn:
    """Run the command and end with its exit code."""
    from runner.boundary import guarded

    raise typer.Exit(guarded(command, debug=debug))


def listed(values: list[str] | None) -> tuple[str, ...]:
    """Return the values of an option that may be repeated or hold several, separated by commas."""
    return tuple(part for value in values or () for part in value.split(",") if part)


def pairs(tags: list[str] | None) -> dict[str, str]:
    """Return K=V arguments as a dictionary.

    Raises:
        UsageError: One is not K=V, or a key has two values.
    """
    from runner.errors import UsageError

    found: dict[str, str] = {}
    for tag in tags or ():
        key, equals, value = tag.partition("=")
        if not key or not equals:
            raise UsageError(f"a tag is K=V, and {tag!r} is not; write --tag branch=main, say")
        if found.setdefault(key, value) != value:
            raise UsageError(f"the tag {key!r} is given as {found[key]!r} and as {value!r}; give it once")
    return found
