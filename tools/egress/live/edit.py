"""A values file with one more entry in it. Not a byte of what was there changes: comments, order and spelling stay.

The entry is put in where the file's own syntax tree says that the list ends; a writer of YAML would write the whole
file anew, in its own style.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from tools.manifests.documents import parse

# Words that YAML 1.1 takes for something else than text, or that a reader might.
_PLAIN_SCALAR = re.compile(r"[A-Za-z][A-Za-z0-9.-]*( [A-Za-z0-9.-]+)*")
_NO_TEXT = re.compile(r"(?i)(true|false|yes|no|on|off|null|y|n|~)")


class EditError(Exception):
    """A file that cannot be edited; the message says why."""


class _UnreadableError(EditError):
    """A text that is no YAML."""


def with_entry(text: str, key: str, entry: Mapping[str, Any]) -> str:
    """The values in `text` with `entry` at the end of `egress.KEY`. An entry of a name alone is written as a string."""
    before = _loaded(text)
    by_hand = EditError(f"its YAML is one that a line cannot be put into; add to egress.{key}: - {written(entry)}")
    try:
        edited = _inserted(text, key, entry)
        if "\r\n" in text and not re.search(r"(?<!\r)\n", text):
            edited = re.sub(r"(?<!\r)\n", "\r\n", edited)
        after = _loaded(edited)
    except (yaml.YAMLError, _UnreadableError):
        raise by_hand from None
    egress = dict(before.get("egress") or {})
    egress[key] = [*(egress.get(key) or ()), entry["name"] if set(entry) == {"name"} else dict(entry)]
    if after != {**before, "egress": egress}:
        raise by_hand
    return edited


def written(entry: Mapping[str, Any]) -> str:
    """An entry as YAML, on one line."""
    if set(entry) == {"name"}:
        return _scalar(entry["name"])
    return "{" + ", ".join(f"{key}: {_scalar(value)}" for key, value in entry.items()) + "}"


def _scalar(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, str):
        is_plain = _PLAIN_SCALAR.fullmatch(value) and not _NO_TEXT.fullmatch(value)
        return value if is_plain else _quoted(value)
    return json.dumps(value)


def _quoted(text: str) -> str:
    """The text in quotes; what is not seen, such as a line separator, which YAML folds, as its number."""
    marks = (mark if mark.isprintable() else f"\\U{ord(mark):08x}" for mark in json.dumps(text, ensure_ascii=False))
    return "".join(marks)


def _loaded(text: str) -> dict[str, Any]:
    parsed = parse(text, "")
    if parsed.problems:
        raise _UnreadableError(f"it is no YAML: {parsed.problems[0].message.removeprefix('not YAML: ')}")
    if len(parsed.documents) > 1:
        raise _UnreadableError("it holds several documents")
    body = parsed.documents[0].body if parsed.documents else {}
    if not isinstance(body, dict):
        raise EditError("it holds no mapping, and values are one")
    return body


def _inserted(text: str, key: str, entry: Mapping[str, Any]) -> str:
    line = written(entry)
    if text and not text.endswith("\n"):
        text += "\n"
    root: Any = yaml.compose(text, yaml.SafeLoader)
    egress = None if root is None or _empty(root) else _value(root, "egress")
    if egress is None or _empty(egress):
        if egress is not None:
            return _after(text, egress, f"  {key}:\n    - {line}\n")
        if isinstance(root, yaml.MappingNode) and root.flow_style:
            raise EditError(f"it is written in braces; add to egress.{key}: - {line}")
        return f"{text}egress:\n  {key}:\n    - {line}\n"
    if not isinstance(egress, yaml.MappingNode):
        raise EditError("egress is no mapping")
    items = _value(egress, key)
    indent = " " * egress.start_mark.column
    if items is None:
        if egress.flow_style:
            if _is_json(text):
                key, line = json.dumps(key), _as_json(entry)
            comma = ", " if egress.value else ""
            return _at(
                text,
                _end(egress.value[-1][1]) if egress.value else egress.end_mark.index - 1,
                f"{comma}{key}: [{line}]",
            )
        return _after(text, egress, f"{indent}{key}:\n{indent}  - {line}\n")
    if _empty(items):
        if egress.flow_style:
            raise EditError(f"egress is written in braces; add to egress.{key}: - {line}")
        return _after(text, items, f"{indent}  - {line}\n")
    if not isinstance(items, yaml.SequenceNode):
        raise EditError(f"egress.{key} is no list")
    if items.flow_style:
        line = _as_json(entry) if _is_json(text) else line
        end = _end(items.value[-1]) if items.value else items.end_mark.index - 1
        return _at(text, end, f"{', ' if items.value else ''}{line}")
    return _after(text, items, f"{' ' * items.start_mark.column}- {line}\n")


def _is_json(text: str) -> bool:
    """Whether the file is JSON, which Helm reads too, and which it is to stay."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _as_json(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry["name"] if set(entry) == {"name"} else dict(entry))


def _value(node: Any, key: str) -> Any:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _empty(node: Any) -> bool:
    """A key with nothing behind it."""
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _end(node: Any) -> int:
    """Where the last character of a node stands; a block's own mark is that of whatever comes next."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    end: int = node.end_mark.index
    return end


def _at(text: str, index: int, inserted: str) -> str:
    return text[:index] + inserted + text[index:]


def _after(text: str, node: Any, inserted: str) -> str:
    """Text put in behind the line on which a node ends."""
    end = _end(node)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return _at(text, end, inserted)
    line = text.find("\n", end - 1 if text[end - 1 : end] == "\n" else end)
    return _at(text, line + 1 if line >= 0 else len(text), inserted)
