"""`runner plugins`: what is installed, and what of it is broken."""

from __future__ import annotations

import sys

from runner.errors import ExitCode
from runner.plugins import Plugins
from runner.report.document import dumps
from runner.report.plugins import PluginFacts, plugins_document, plugins_text


def list_plugins(*, as_json: bool = False) -> int:
    """Write the installed plug-ins to standard output, the broken ones with their reason, and return the exit code."""
    plugins = Plugins(lambda _error: None)
    plugins.load()
    commands = [(plugin, command.name) for plugin, command in plugins.commands()]
    formats = [(plugin, one.name) for plugin, one in plugins.formats()]
    facts = [
        PluginFacts(
            name=plugin.name,
            distribution=plugin.distribution,
            version=plugin.version,
            hooks=plugin.hooks,
            commands=tuple(name for owner, name in commands if owner is plugin),
            formats=tuple(name for owner, name in formats if owner is plugin),
            error=plugin.error,
        )
        for plugin in plugins.found
    ]
    sys.stdout.write(dumps(plugins_document(facts), indent=2) + "\n" if as_json else plugins_text(facts))
    return ExitCode.OK
