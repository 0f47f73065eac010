"""Text that came from input, made safe for where it is printed: one function a kind of output.

Input may hold anything: control characters that a terminal obeys, newlines that begin a workflow command in a log of
CI, marks that turn the direction of what follows, halves of characters that no file can hold. What is written here is
one line, in which each of those is spelt out as Python would.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

# `##[command]` and `##vso[command]` are obeyed wherever they stand in a line, `::command::` where it begins one.
_LOG_COMMAND = re.compile(r"##(?=\w*\[)")
# A command's name has a letter that is no digit of an IPv6 address, which begins so too.
_BEGINS = re.compile(r"^([^\S\n]*):(?=:[A-Za-z-]*[g-zG-Z][A-Za-z-]*(?: [^\n]*)?::)", re.MULTILINE)
# What a spreadsheet takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@")


def printable(text: str) -> str:
    """For a terminal and for a log: a newline, an escape and all that does not print, written as Python would."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return _LOG_COMMAND.sub(r"#\\x23", text) if "##" in text else text


def line(text: str) -> str:
    """For a whole line of a terminal or a log: as `printable`, and its beginning is no workflow command either."""
    return begun(printable(text))


def lines(text: str) -> str:
    """For a message of several lines, such as a program's output: each of them as `line` has it."""
    return "\n".join(map(line, text.split("\n")))


def begun(shown: str) -> str:
    """Printable lines, changed where the beginning of one would be taken for a workflow command."""
    return _BEGINS.sub(r"\1\\x3a", shown) if "::" in shown else shown


def workflow_data(text: str) -> str:
    """For the message of one of GitHub's workflow commands, in which newlines are kept."""
    kept = "\n".join(printable(part) for part in text.replace("\r\n", "\n").split("\n"))
    return kept.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """For a property of one of those commands."""
    return workflow_data(text).replace(":", "%3A").replace(",", "%2C")


def xml(text: str) -> str:
    """For a text or an attribute of XML, whose writer escapes what is markup: what XML cannot hold is spelt out."""
    return line(text)


def csv(text: str) -> str:
    """For a field of CSV (RFC 4180) that is one line and that no spreadsheet takes for a formula."""
    shown = printable(text)
    if shown.startswith(_FORMULA):
        shown = f"'{shown}"
    return '"' + shown.replace('"', '""') + '"' if any(char in shown for char in ',"') else shown


def uri(file: str) -> str:
    """For a relative reference to a file; bytes that are no UTF-8 are written as the bytes that they are."""
    return quote(file.encode("utf-8", "surrogateescape" if _escaped(file) else "surrogatepass"))


def json_text(value: object, indent: int | None = None, *, ascii: bool = False) -> str:
    """A JSON document in which all that does not print is escaped, as JSON can."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii)
    if "##" in text:
        text = _LOG_COMMAND.sub(r"#\\u0023", text)
    return "\n".join(part if part.isprintable() else "".join(map(_in_json, part)) for part in text.split("\n"))


def _in_json(char: str) -> str:
    if char.isprintable():
        return char
    return "\\u007f" if char == "\x7f" else json.dumps(char)[1:-1]


def _escaped(file: str) -> bool:
    """Whether every half of a character in it stands for a byte, as those of a file's name do."""
    try:
        file.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True
