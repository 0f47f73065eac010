"""What stops a run, as against what a run finds."""

from __future__ import annotations


class CannotRunError(Exception):
    """A step could not be done, so nothing can be said about the chart. The text says why and what to do."""
