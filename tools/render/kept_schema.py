"""A values.schema.json that was judged to be a schema before: the user's cache knows it by its text.

An entry stands under a hash of the schema, of Python and the installed libraries, and of the code that judges it. What
is wrong with a schema is not kept: somebody is about to change it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tools import COMMAND
from tools.findings.kept import DAMAGED, KeptStore, folder, installed, key
from tools.render import schema

MOST = 100
SOUND = "sound"


def user_store(*, cached: bool) -> KeptStore:
    """The user's own, where the toolkit is a command."""
    return KeptStore(folder("schemas") if COMMAND and cached else None, MOST)


def fault(document: Any, store: KeptStore) -> str:
    """What makes a schema unusable, or ""; as `tools.render.schema.fault` says it."""
    name = _entry(document) if store.usable else ""
    if name and _sound(store, name):
        return ""
    reason = schema.fault(document)
    if name and not reason:
        store.write(name, SOUND)
        store.tidy()
    return reason


def _entry(document: Any) -> str:
    """The name of the entry, "" for what cannot be hashed."""
    try:
        judging = (Path(__file__).read_bytes(), Path(schema.__file__).read_bytes())
        return key((sys.version.encode(), *installed(), b"", *judging, json.dumps(document).encode()))
    except (OSError, ValueError, RecursionError):
        return ""


def _sound(store: KeptStore, name: str) -> bool:
    try:
        return store.read(name) == SOUND
    except DAMAGED:
        return False
