"""A values.schema.json that was judged to be a schema before: the user's cache knows it by its text.

An entry stands under a hash of the schema, of Python and the installed libraries, and of the code that judges it. What
is wrong with a schema is not kept: somebody is about to change it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tools.findings.kept import KeptStore, installed, key
from tools.render import schema

# The store's name, and how many entries it keeps.
STORE, MOST = "schemas", 100
SOUND = "sound"


def fault(document: Any, store: KeptStore) -> str:
    """What makes a schema unusable, or ""; as `tools.render.schema.fault` says it."""
    name = _entry(document) if store.usable else ""
    if name and store.holds(name, SOUND):
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
