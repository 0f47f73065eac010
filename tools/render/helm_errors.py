"""What Helm's error texts mean; Helm 3 and 4 differ in some words."""

from __future__ import annotations

import re
from typing import Literal

from tools.findings.model import Where
from tools.manifests.paths import step

Kind = Literal["values", "schema", "template", "helm"]

_LEAF = re.compile(r"^\s*- at '(?P<pointer>[^']*)': (?P<message>.*)$")
_SUMMARIES = ("validation failed", "allOf failed", "anyOf failed", "oneOf failed", "if-then failed", "if-else failed")
_PLACE = re.compile(r"\(?[\w.-]+/(?P<file>(?:charts/[\w.-]+/)*templates/[\w./-]+)(?::(?P<line>\d+))?(?::\d+)?\)?")
_VALUES = re.compile(
    r"^failed to parse (?P<file>.+?): (?=cannot unmarshal|error )(?:cannot unmarshal yaml document: )?"
    r"(?:error converting YAML to JSON: |error unmarshaling JSON: (?:while decoding JSON: )?)?(?P<what>.*)",
    re.DOTALL,
)
_LINE = re.compile(r"\bline (\d+)")
_EXECUTION = re.compile(r"^execution error at \([^)]*\): (?P<message>.*)", re.DOTALL)
# Helm 3 begins with `template: `, Helm 4 with the place itself.
_OF_A_TEMPLATE = re.compile(r"execution error at|parse error at|YAML parse error on|template: |[\w.-]+/[\w./-]+:\d")


class RenderError(Exception):
    """A chart that Helm did not render.

    `values`: it could not read a values file, at `where`; `schema`: it refused the values, and `details` are (path,
    message); `template`: a template failed or asked to, at `where` (a file below the chart, a line); `helm`: Helm
    could not begin. `text`: all that Helm wrote.
    """

    text = ""

    def __init__(
        self, kind: Kind, message: str, details: tuple[tuple[str, str], ...] = (), where: Where = Where("")
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.details = details
        self.where = where


def classify(stderr: str, code: int = 1) -> RenderError:
    """The error that a failed `helm template` wrote."""
    text = _error_text(stderr)
    if "values don't meet the specifications of the schema" in text:
        details = tuple(_details(text))
        return RenderError("schema", "; ".join(f"{path or 'values'}: {message}" for path, message in details), details)
    if unread := _VALUES.match(text):
        line = _LINE.search(unread["what"])
        where = Where(unread["file"], "", int(line[1]) if line else 0)
        return RenderError("values", f"Helm cannot read the file: {' '.join(unread['what'].split())}", where=where)
    if _OF_A_TEMPLATE.match(text):
        failed = _EXECUTION.match(text)
        message = failed["message"].strip() if failed else " ".join(text.split())
        return RenderError("template", message, where=_place(text))
    return RenderError("helm", text or f"helm ended with {code} and said nothing")


def _error_text(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if not line.startswith(("level=", "WARNING:", "coalesce.go"))]
    text = "\n".join(lines).replace("Use --debug flag to render out invalid YAML", "").strip()
    _, separator, after = text.rpartition("Error: ") if text.startswith("Error: ") else text.partition("\nError: ")
    return (after if separator else text).removeprefix("Error: ").strip()


def _details(text: str) -> list[tuple[str, str]]:
    leaf_lines = [line for line in map(_LEAF.match, text.splitlines()) if line]
    leaves = [(dotted(line["pointer"]), line["message"]) for line in leaf_lines if line["message"] not in _SUMMARIES]
    return leaves or [("", text.splitlines()[-1].strip())]


def dotted(pointer: str) -> str:
    """A JSON pointer (RFC 6901) as the paths of this toolkit: `/egress/domains/0` is `egress.domains[0]`."""
    path = ""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        path = f"{path}[{key}]" if key.isdigit() and path else step(path, key)
    return path


def _place(text: str) -> Where:
    match = _PLACE.search(text)
    return Where(match["file"], "", int(match["line"] or 0)) if match else Where("")
