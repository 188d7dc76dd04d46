"""The list of plug-ins as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from runner.report.document import SCHEMA
from runner.report.safe import safe_line, safe_text
from runner.report.text import wrapped

_EMPTY = "no plug-ins are installed; docs/plugins.md says how to write one\n"


@dataclass(frozen=True, slots=True)
class PluginFacts:
    """What `runner plugins` tells about one plug-in; `error` is None where it works."""

    name: str
    distribution: str
    version: str | None
    hooks: tuple[str, ...]
    commands: tuple[str, ...]
    formats: tuple[str, ...]
    error: str | None


def plugins_document(plugins: Iterable[PluginFacts]) -> dict[str, object]:
    """Return what `runner plugins --format json` prints."""
    return {"schema": SCHEMA, "plugins": [asdict(plugin) for plugin in plugins]}


def plugins_text(plugins: Iterable[PluginFacts]) -> str:
    """Return what `runner plugins` prints: each plug-in with what it implements, or with why it is broken."""
    blocks = ["\n".join(_block(plugin)) + "\n" for plugin in plugins]
    return "\n".join(blocks) or _EMPTY


def _block(plugin: PluginFacts) -> list[str]:
    lines = [safe_line(f"{plugin.name} ({plugin.distribution} {plugin.version or 'without a version'})")]
    for label, names in (("hooks", plugin.hooks), ("commands", plugin.commands), ("formats", plugin.formats)):
        if names:
            lines += wrapped(map(safe_line, names), f"  {label:<8}  ", " " * 12)
    if plugin.error is None and not plugin.hooks:
        lines.append("  hooks     none; a hook is a function that is marked with hookimpl")
    if plugin.error is not None:
        lines += wrapped(safe_line(safe_text(plugin.error)).split(" "), "  broken    ", " " * 12)
    return lines
