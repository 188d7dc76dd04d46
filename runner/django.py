"""Django's test runner, recorded: `TEST_RUNNER = "runner.django.RecordingDiscoverRunner"`."""

from __future__ import annotations

from runner.dropin.unittest_registry.django import RecordingDiscoverRunner

__all__ = ["RecordingDiscoverRunner"]
