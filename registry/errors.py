"""One root error for everything the registry refuses, with a slug that the documentation explains.

Standard library only. `is_usage` tells a caller's mistake (an unknown run, a name in use) from a registry that could not do its
work; the command line turns the first into exit code 2 and the second into exit code 3.
"""

from __future__ import annotations

from typing import ClassVar


class RegistryError(Exception):
    """A sentence that names the thing, the reason and the cure."""

    slug: ClassVar[str] = "registry"
    is_usage: ClassVar[bool] = False


class RunNotFound(RegistryError):
    """No run answers to the reference that was given."""

    slug = "run-not-found"
    is_usage = True


class BaselineNotFound(RunNotFound):
    """No baseline has the name that was given."""

    slug = "baseline-not-found"


class BaselineUnfit(RegistryError):
    """The run that a baseline was to mean did not come to its end."""

    slug = "baseline-unfit"
    is_usage = True


class TestNotFound(RegistryError):
    """No run knows the test or the metric that was named."""

    slug = "test-not-found"
    is_usage = True


class AmbiguousName(RegistryError):
    """Several tests, or a test and a metric, are called as was typed."""

    slug = "ambiguous-name"
    is_usage = True


class KnownFailureRefused(RegistryError):
    """A known failure without a reason, an owner or a day to come, or one that is none."""

    slug = "known-failure"
    is_usage = True


class NameInUse(RegistryError):
    """The name asked for belongs to an earlier run; nothing is ever overwritten."""

    slug = "name-in-use"
    is_usage = True


class InvalidName(RegistryError):
    """The name could be mistaken for a reference, or cannot be printed on one line."""

    slug = "invalid-name"
    is_usage = True


class RegistryUnreachable(RegistryError):
    """The registry cannot be opened, read or written."""

    slug = "registry-unreachable"


class RegistryDamaged(RegistryError):
    """The file is there, but it is no registry, or a damaged one."""

    slug = "registry-damaged"


class RegistryLocked(RegistryError):
    """Another process held the write lock for longer than the busy timeout."""

    slug = "registry-locked"


class SchemaOutOfDate(RegistryError):
    """The registry was written by an older release and must be upgraded first."""

    slug = "schema-out-of-date"


class SchemaTooNew(RegistryError):
    """The registry was written by a newer release than this one."""

    slug = "schema-too-new"


class InvalidValue(RegistryError):
    """A value that cannot be stored: a step past 64 bits, a metric that is no number, a result recorded twice."""

    slug = "invalid-value"


class RunClosed(RegistryError):
    """Something was to be recorded in a run that has ended, or that another process records."""

    slug = "run-closed"


class CheckpointUnreadable(RegistryError):
    """A checkpoint file is missing, unreadable or malformed; nothing about it is recorded."""

    slug = "checkpoint-unreadable"
