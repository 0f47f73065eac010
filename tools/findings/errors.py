"""What keeps a command from its answer, for which there is a message and no traceback."""

from __future__ import annotations


class InputError(Exception):
    """Something that cannot be read; the message names it and says why."""
