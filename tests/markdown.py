"""The parts of a Markdown text that can be checked: code, links, headings, tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^`]*)$")
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: the words after its fence (none for an indented one), its text, the line of its first line."""

    info: tuple[str, ...]
    text: str
    line: int


def blocks(text: str) -> Iterator[Block]:
    """Fenced and indented blocks."""
    lines = text.splitlines()
    index = 0
    while index < len(lines):
        fence = _FENCE.match(lines[index])
        start = index + 1
        if fence:
            index = next(i for i in range(start, len(lines)) if lines[i].strip() == "```")
            inside = [line.removeprefix(fence["indent"]) for line in lines[start:index]]
            yield Block(tuple(fence["info"].split()), "\n".join(inside), start + 1)
        elif lines[index].startswith("    ") and (index == 0 or not lines[index - 1].strip()):
            start = index
            while index < len(lines) and lines[index].startswith("    "):
                index += 1
            yield Block((), "\n".join(line[4:] for line in lines[start:index]), start + 1)
            continue
        index += 1


def prose(text: str) -> str:
    """The text with its fenced blocks blanked, so that lines keep their numbers."""
    kept: list[str] = []
    inside = False
    for line in text.splitlines():
        fence = bool(_FENCE.match(line)) or (inside and line.strip() == "```")
        kept.append("" if inside or fence else line)
        inside = inside != fence
    return "\n".join(kept)


def spans(text: str) -> Iterator[tuple[str, int]]:
    """Inline code and its line."""
    for number, line in enumerate(prose(text).splitlines(), 1):
        for span in _SPAN.finditer(line):
            yield span[1].replace("\\|", "|").strip(), number


def links(text: str) -> Iterator[tuple[str, int]]:
    """Where links lead, and their line."""
    for number, line in enumerate(prose(text).splitlines(), 1):
        for link in _LINK.finditer(line):
            yield link[1], number


def anchors(text: str) -> set[str]:
    """What `#…` may name: GitHub lowers a heading, drops its punctuation and joins its words with hyphens."""
    headings = (_HEADING.match(line) for line in prose(text).splitlines())
    return {re.sub(r"[^\w\- ]", "", head[1].lower()).replace(" ", "-") for head in headings if head}


def table(text: str, *header: str) -> list[list[str]]:
    """The rows of every table with this header, cell by cell."""
    rows: list[list[str]] = []
    inside = False
    for line in prose(text).splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells == list(header):
            inside = True
        elif inside and not cells:
            inside = False
        elif inside and set("".join(cells)) - set("-: "):
            rows.append(cells)
    return rows


def commands(text: str) -> Iterator[tuple[str, int]]:
    """Each command of the code blocks and of inline code, with continued lines joined, and its line."""
    for block in blocks(text):
        if block.info[:1] not in ((), ("console",), ("sh",), ("bash",)):
            continue
        joined = re.sub(r"\\\n\s*", " ", block.text)
        for offset, line in enumerate(joined.splitlines()):
            command = re.split(r"\s#\s", line.removeprefix("$ "))[0].strip()
            if _is_command(command) and (line.startswith("$ ") or block.info[:1] != ("console",)):
                yield command, block.line + offset
    for code, line_number in spans(text):
        if _is_command(code):
            yield code, line_number


def _is_command(line: str) -> bool:
    return bool(re.match(r"(helm|kubectl|kind|make|docker|curl|git|python -m) \S", line.strip()))
