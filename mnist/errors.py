"""One root error for the training side, with a slug that the documentation explains. Standard library only."""

from __future__ import annotations

from typing import ClassVar


class MnistError(Exception):
    """A sentence that names the thing, the reason and the cure."""

    slug: ClassVar[str] = "mnist"
    is_usage: ClassVar[bool] = False


class InvalidConfig(MnistError):
    """A value of the training configuration is out of range."""

    slug = "invalid-config"
    is_usage = True


class DeviceUnavailable(MnistError):
    """The device asked for is not on this machine."""

    slug = "device-unavailable"
    is_usage = True


class DataDamaged(MnistError):
    """A data file is truncated or altered; nothing trains on it."""

    slug = "data-damaged"


class DataUnavailable(MnistError):
    """The data set is neither in its folder nor embedded, or the folder cannot be written."""

    slug = "data-unavailable"


class CheckpointMismatch(MnistError):
    """A checkpoint does not hold what was recorded, or does not fit the model."""

    slug = "checkpoint-mismatch"


class CheckpointUnwritable(MnistError):
    """A checkpoint could not be written; the file of that name, if any, is the old one."""

    slug = "checkpoint-unwritable"


class InputMismatch(MnistError, ValueError):
    """A tensor of another shape or dtype than the model takes."""

    slug = "input-mismatch"
