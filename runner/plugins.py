"""Plug-ins: found by their entry points, called through pluggy's hooks, each by itself, so that one that fails hides no other."""

from __future__ import annotations

import importlib.metadata
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from pluggy import HookImpl, PluginManager, PluginValidationError

from runner import hookspecs
from runner.errors import PluginFailed
from runner.events import Collected, Ended, FixtureFinished, Flushing, Polluted, Printed, TestFinished, TestStarted, Workers
from runner.hookspecs import Command, ReportFormat, hookimpl

if TYPE_CHECKING:
    from runner.events import Event, TestSink

GROUP: Final = "runner"
HOOKS: Final[dict[type, str]] = {
    Collected: "runner_tests_collected",
    Workers: "runner_workers_chosen",
    TestStarted: "runner_test_started",
    TestFinished: "runner_test_finished",
    FixtureFinished: "runner_fixture_finished",
    Printed: "runner_text_printed",
    Polluted: "runner_state_polluted",
    Ended: "runner_tests_ended",
}
_FAILURES: Final = (Exception, SystemExit)  # a plug-in may call sys.exit(), or a parser of arguments that does


@dataclass(slots=True)
class Plugin:
    """One plug-in, which works until its first failure.

    Attributes:
        name: Name of its entry point.
        distribution: Name of the package that brings it.
        hooks: Names of the hooks that it implements.
        error: Why it is broken; it is not called any more.
    """

    name: str
    distribution: str = "of an unnamed package"
    version: str | None = None
    hooks: tuple[str, ...] = ()
    error: str | None = None

    @property
    def title(self) -> str:
        """Its name and what brought it, for a sentence."""
        return f"the plug-in {self.name!r} ({' '.join(filter(None, (self.distribution, self.version)))})"


class Plugins:
    """The plug-ins that are installed.

    Args:
        tell: Takes the error that names a plug-in; once for each that is broken.
        around: Makes what surrounds each call of a plug-in.
    """

    def __init__(
        self, tell: Callable[[PluginFailed], None], around: Callable[[], AbstractContextManager[object]] = nullcontext
    ) -> None:
        self.found: list[Plugin] = []
        self._tell = tell
        self._around = around
        self._manager = PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)

    def load(self) -> None:
        """Import every plug-in that is installed, and name those that cannot be imported."""
        for entry in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda entry: entry.name):
            plugin = Plugin(entry.name)
            if entry.dist is not None:
                plugin.distribution, plugin.version = entry.dist.name, entry.dist.version
            self.found.append(plugin)
            try:
                with self._around():
                    self._register(plugin, entry.load())
            except _FAILURES as error:
                self._fail(plugin, "cannot be loaded", error)

    def call(self, hook: str, **given: object) -> Iterator[tuple[Plugin, Any]]:
        """Call a hook of each plug-in that works, and yield what it returned."""
        for implementation in self.implementations(hook):
            plugin = self._owner(implementation)
            returned = None if plugin is None else self._called(plugin, hook, implementation, given)
            if plugin is not None and returned is not None:
                yield plugin, returned

    def notify(self, hook: str, **given: object) -> None:
        """Call a hook of each plug-in that works; what they return does not matter."""
        for _ in self.call(hook, **given):
            pass

    def commands(self) -> Iterator[tuple[Plugin, Command]]:
        """Yield the commands that plug-ins add."""
        yield from self._offered("runner_commands", Command)

    def formats(self) -> Iterator[tuple[Plugin, ReportFormat]]:
        """Yield the report formats that plug-ins add."""
        yield from self._offered("runner_report_formats", ReportFormat)

    def implementations(self, hook: str) -> list[HookImpl]:
        """Return the implementations of a hook in pluggy's order."""
        return list(reversed(getattr(self._manager.hook, hook).get_hookimpls()))

    def caller(self, hook: str, implementation: HookImpl) -> Callable[[Event], object]:
        """Return what hands an event to an implementation: directly to our own, and guarded to that of a plug-in."""
        plugin = self._owner(implementation)
        if plugin is None:
            return implementation.function
        return lambda event: self._called(plugin, hook, implementation, {"event": event})

    def add(self, sink: TestSink) -> None:
        """Let a sink of ours implement the hooks of the events."""
        self._manager.register(_SinkPlugin(sink))

    def _register(self, plugin: Plugin, implementation: object) -> None:
        if self._manager.has_plugin(plugin.name):
            raise PluginValidationError(implementation, "another plug-in has that name")
        self._manager.register(implementation, plugin.name)
        hooks = self._manager.get_hookcallers(implementation) or []
        try:
            for hook in hooks:
                _check(hook.name, hook.has_spec(), [one for one in hook.get_hookimpls() if one.plugin is implementation])
        except PluginValidationError:
            self._manager.unregister(implementation)
            raise
        plugin.hooks = tuple(sorted(hook.name for hook in hooks))

    def _owner(self, implementation: HookImpl) -> Plugin | None:
        return next((plugin for plugin in self.found if plugin.name == implementation.plugin_name), None)

    def _called(self, plugin: Plugin, hook: str, implementation: HookImpl, given: dict[str, object]) -> object:
        if plugin.error is not None:
            return None
        try:
            with self._around():
                return implementation.function(*(given[name] for name in implementation.argnames))
        except _FAILURES as error:
            self._fail(plugin, f"failed in {hook}", error)
            return None

    def _offered(self, hook: str, kind: type) -> Iterator[tuple[Plugin, Any]]:
        for plugin, returned in sorted(self.call(hook), key=lambda called: called[0].name):
            try:
                offers = tuple(returned)
                wrong = next((offer for offer in offers if not isinstance(offer, kind)), None)
                if wrong is not None:
                    raise TypeError(f"{wrong!r} is no {kind.__name__}")
            except _FAILURES as error:
                self._fail(plugin, f"failed in {hook}", error)
            else:
                yield from ((plugin, offer) for offer in offers)

    def _fail(self, plugin: Plugin, how: str, error: BaseException) -> None:
        plugin.error = described(error)
        self._tell(
            PluginFailed(
                f"{plugin.title} {how}: {plugin.error}; it is left out, and the rest goes on without it; "
                f"mend it or uninstall {plugin.distribution}"
            )
        )


class HookSink:
    """A sink that calls the hook of each event: first of our own sinks, in their order, then of the plug-ins.

    Each implementation is called by itself and not through pluggy's chain, which ends at the first that raises, and which would
    cost a run of ten thousand tests a tenth of its time.
    """

    def __init__(self, plugins: Plugins, sinks: Sequence[TestSink]) -> None:
        for sink in reversed(sinks):  # pluggy calls first what came last
            plugins.add(sink)
        self._calls = {
            kind: tuple(plugins.caller(hook, one) for one in plugins.implementations(hook)) for kind, hook in HOOKS.items()
        }
        self._flushing = tuple(sink for sink in sinks if isinstance(sink, Flushing))

    def emit(self, event: Event, /) -> None:
        """Call what implements the hook of this event."""
        for call in self._calls[type(event)]:
            call(event)

    def flush(self) -> None:
        """Flush the sinks that hold something back."""
        for sink in self._flushing:
            sink.flush()


class _SinkPlugin:
    """A sink as an implementation of the hooks."""

    def __init__(self, sink: TestSink) -> None:
        self._emit = sink.emit

    @hookimpl
    def runner_tests_collected(self, event: Collected) -> None:
        self._emit(event)

    @hookimpl
    def runner_workers_chosen(self, event: Workers) -> None:
        self._emit(event)

    @hookimpl
    def runner_test_started(self, event: TestStarted) -> None:
        self._emit(event)

    @hookimpl
    def runner_test_finished(self, event: TestFinished) -> None:
        self._emit(event)

    @hookimpl
    def runner_fixture_finished(self, event: FixtureFinished) -> None:
        self._emit(event)

    @hookimpl
    def runner_text_printed(self, event: Printed) -> None:
        self._emit(event)

    @hookimpl
    def runner_state_polluted(self, event: Polluted) -> None:
        self._emit(event)

    @hookimpl
    def runner_tests_ended(self, event: Ended) -> None:
        self._emit(event)


def described(error: BaseException) -> str:
    """Return an error on one line, with the place in the plug-in that raised it where there is one."""
    if isinstance(error, PluginValidationError):
        return str(error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_machinery(frame.filename)]
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}: {error}" if str(error) else f"{type(error).__name__}{place}"


def _is_machinery(path: str) -> bool:
    return path == __file__ or path.startswith("<frozen") or "importlib" in PurePath(path).parts


def _check(hook: str, is_known: bool, implementations: Sequence[HookImpl]) -> None:
    """Refuse what would never be called as its author means it.

    Raises:
        PluginValidationError: The hook is unknown, or wrapped.
    """
    if not is_known and not all(one.optionalhook for one in implementations):
        known = ", ".join(sorted(name for name in vars(hookspecs) if name.startswith("runner_")))
        raise PluginValidationError(None, f"there is no hook {hook}; known hooks are {known}")
    if any(one.hookwrapper or one.wrapper for one in implementations):
        raise PluginValidationError(None, f"{hook} is marked as a wrapper; plug-ins look on, and wrap nothing")
