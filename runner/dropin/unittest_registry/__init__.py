"""Recording for those who start unittest themselves; standard library only, for it lives among the user's modules."""

from .recording import RecordingTestRunner

__all__ = ["RecordingTestRunner"]
