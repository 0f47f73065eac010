"""The value that Terraform's `yamldecode` gives for a document; it reads plain words differently from PyYAML."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tools.manifests.documents import LOADER
from tools.terraform.language.model import UnknownValue
from tools.terraform.language.numbers import number
from tools.terraform.language.values import EvaluationError, object_of, tuple_of

_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
# Words that some version of YAML reads as something other than text.
_DOUBTFUL = re.compile(
    r"[-+]?(?:0[xXoObB]?[0-9a-fA-F_]+|[\d_]+|[\d_]*\.[\d_]*)(?:[eE][-+]?\d*)?|[-+]?\.(?:inf|nan|NaN|Inf|INF|NAN)"
    r"|[-+]?\d+(?::\d+)+(?:\.\d*)?|\d{4}-\d\d?-\d\d?(?:[Tt \t].*)?|<<|=|[yYnN]|[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF"
)
MAX_NODES = 100_000


def decoded(text: str) -> Any:
    """The value of a YAML document. Raises EvaluationError for text that is not YAML."""
    if not text.isprintable() and re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text.replace("\r", "")):
        return UnknownValue("YAML with control characters is not read")
    try:
        documents = list(yaml.compose_all(text, Loader=LOADER))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise EvaluationError(f"not YAML: {getattr(error, 'problem', '') or 'it cannot be parsed'}{place}") from None
    except RecursionError:
        return UnknownValue("YAML that is nested too deep is not read")
    if len(documents) != 1 or documents[0] is None:
        return UnknownValue("YAML that is not exactly one document is not read")
    return _YamlReader().value(documents[0])


class _YamlReader:
    def __init__(self) -> None:
        self.left = MAX_NODES

    def value(self, node: Any, depth: int = 0) -> Any:
        self.left -= 1
        if self.left < 0 or depth > 100:
            return UnknownValue("YAML that is this large is not read")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return tuple_of([self.value(item, depth + 1) for item in node.value])
        return self._mapping(node, depth)

    def _mapping(self, node: Any, depth: int) -> Any:
        items: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or (not key.style and not self._is_text(key.value)):
                return UnknownValue("a YAML mapping with such a key is not read")
            items[key.value] = self.value(value, depth + 1)
        return object_of(items)

    def _is_text(self, word: str) -> bool:
        return word not in _WORDS and not _DOUBTFUL.fullmatch(word)

    def _scalar(self, node: Any) -> Any:
        if node.tag not in _TAGS:
            return UnknownValue("a YAML tag is not evaluated")
        if node.style:
            return node.value
        text = node.tag == "tag:yaml.org,2002:str"
        doubtful = _DOUBTFUL.fullmatch(node.value) and not _NUMBER.fullmatch(node.value)
        if doubtful or text != self._is_text(node.value):
            return UnknownValue("this word means more than one thing in YAML")
        if node.value in _WORDS:
            return _WORDS[node.value]
        return number(node.value) if _NUMBER.fullmatch(node.value) else node.value


_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")}
