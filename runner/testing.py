"""What a suite may say to the tool that runs it. Under plain unittest it changes nothing."""

from __future__ import annotations

from typing import TypeVar

Kind = TypeVar("Kind", bound=type)


def exclusive(kind: Kind) -> Kind:
    """Let the tests of a class run while no other test does: they need the whole machine, a port, or the one graphics card.

    A class decorator. Without importing this module, `runner_exclusive = True` in a class or a test module says the same.
    """
    kind.runner_exclusive = True  # type: ignore[attr-defined]
    return kind
