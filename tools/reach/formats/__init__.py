"""The formats of answers, one module each: functions that yield pieces of text, to be written one after another."""

from __future__ import annotations

MATRIX = ("text", "json", "csv", "connlist", "markdown", "svg", "mermaid")
ANSWERS = ("text", "json", "markdown")
