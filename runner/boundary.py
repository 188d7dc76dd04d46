"""The one place that turns an error into a sentence and an exit code."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from runner.errors import ExitCode, ModulesShadowed, PlatformUnsupported, RunnerError, Terminated
from runner.report.outlet import discard
from runner.report.safe import safe_line


def guarded(command: Callable[[], int], *, debug: bool = False) -> int:
    """Run a command and turn whatever ends it into one sentence and an exit code.

    Args:
        command: Does the work and returns an exit code.
        debug: Print the traceback of an error before its sentence.
    """
    try:
        _check_platform()
        _check_origins()
        return _completed(command)
    except KeyboardInterrupt as interrupt:
        return _tell(*_stopped(interrupt))
    except BrokenPipeError:
        return _tell("standard output was closed before everything was written", "stdout-closed", ExitCode.TOOL)
    except Exception as error:  # noqa: BLE001 - the boundary: nothing leaves it but an exit code
        if debug:
            traceback.print_exc()
        return _tell(*described(error))


def _completed(command: Callable[[], int]) -> int:
    code = int(command())
    # What cannot be written is found out here rather than by the interpreter at its end.
    sys.stdout.flush()
    return code


def _check_platform() -> None:
    if sys.platform == "win32":
        raise PlatformUnsupported("runner needs POSIX process groups and pipes; on Windows, use it inside WSL")


def _check_origins() -> None:
    """Tell when a package of the same name was found before ours: Python would mix the two without a word."""
    home = Path(__file__).resolve().parent.parent
    for name in ("registry", "mnist"):
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin != home / name / "__init__.py":
            raise ModulesShadowed(
                f"the package {name!r} that Python finds first ({origin or 'a folder without __init__.py'}) is not the one of "
                f"this tool ({home / name}); start it as `runner`, without `python -m` and with that folder off PYTHONPATH"
            )


def _stopped(interrupt: KeyboardInterrupt) -> tuple[str, str, ExitCode]:
    # A note is what the command that was interrupted has to say of it, such as what is kept.
    notes: list[str] = getattr(interrupt, "__notes__", [])
    if isinstance(interrupt, Terminated):
        return "; ".join(["terminated by SIGTERM", *notes]), "terminated", ExitCode.TERMINATED
    return "; ".join(["interrupted", *notes]), "interrupted", ExitCode.INTERRUPTED


def described(error: Exception) -> tuple[str, str, ExitCode]:
    """Return the sentence, the slug and the exit code of an error."""
    if isinstance(error, RunnerError):
        return str(error), error.slug, error.exit_code
    # Only now: where another package of that name shadows ours, these imports fail.
    from mnist.errors import MnistError
    from registry.errors import RegistryError

    if isinstance(error, RegistryError | MnistError):
        return str(error), error.slug, ExitCode.USAGE if error.is_usage else ExitCode.TOOL
    if isinstance(error, OSError):
        return f"the operating system refused: {error}; mend that and try again", "system-error", ExitCode.TOOL
    sentence = (
        f"an error of this tool itself, {type(error).__name__}: {error}; run again with --debug for its traceback and report it"
    )
    return sentence, "internal-error", ExitCode.TOOL


def _tell(sentence: str, slug: str, code: ExitCode) -> ExitCode:
    _settle_stdout()
    print(f"runner: {safe_line(sentence)} [{slug}]", file=sys.stderr)  # noqa: T201 - the one place that prints errors
    return code


def _settle_stdout() -> None:
    """Write what still waits, so that the sentence comes last; give it up where nobody takes it."""
    try:
        sys.stdout.flush()
    except OSError:
        discard(sys.stdout)
