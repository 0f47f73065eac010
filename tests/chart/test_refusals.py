"""Each refusal of the chart's templates stands in the manual, with what to do, and the manual names no other."""

import re
from pathlib import Path

TEMPLATES = Path("charts/sark-network/templates")
MANUAL = Path("docs/deployment/NETWORK_SECURITY.md")
# Helm's own words: of the schema, and of a values file.
HELMS = [
    "at '/egress/domains/0': value must be '…'",
    "additional properties '…' not allowed",
    "missing property '…'",
    "failed to parse …",
]
_STRING = r'"((?:[^"\\]|\\.)*)"'
# A message, and one that is printed of several pieces.
_FAIL = re.compile(rf"\bfail\s+(?:\(printf\s+)?{_STRING}")
_PRINTED = re.compile(rf"\bfail\s+(?:\(printf\s+)?\(print((?:\s+{_STRING})+)\)")
_CALL = re.compile(r"\{\{-?\s*fail\b")
_ROW = re.compile(r"^\| `([^`]+)` \| (.+) \|$", re.MULTILINE)


def beginning(message: str) -> str:
    """What is wrong, as the manual writes it: the message up to its advice, and `…` for what the values decide."""
    return re.sub(r"%[a-z]", "…", re.split(r"; |\. |, so write", message)[0])


def refusals() -> set[str]:
    texts = [path.read_text() for path in TEMPLATES.rglob("*") if path.suffix in (".tpl", ".yaml")]
    messages = [message for text in texts for message in _FAIL.findall(text)]
    messages += ["".join(re.findall(_STRING, pieces)) for text in texts for pieces, _ in _PRINTED.findall(text)]
    assert len(messages) == sum(len(_CALL.findall(text)) for text in texts) > 30
    return {beginning(message) for message in messages}


def test_the_manual_has_a_row_for_each_refusal_and_for_no_other() -> None:
    section = MANUAL.read_text().partition("### Helm refuses\n")[2].partition("\n## ")[0]
    rows = dict(_ROW.findall(section))
    assert set(rows) == {*refusals(), *HELMS}
    assert [says for says, do in rows.items() if len(do) < 10] == []


def test_a_message_is_cut_before_its_advice() -> None:
    assert beginning("%s.ports.%s: port %d is taken; name it once") == "….ports.…: port … is taken"
    assert beginning("a: %s lacks x. Install it") == "a: … lacks x"
