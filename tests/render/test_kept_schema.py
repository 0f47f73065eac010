"""A schema that was judged before is not judged again; a changed one is, and one at fault always."""

from pathlib import Path
from typing import Any

import pytest

from tools.findings.kept import KeptStore
from tools.render import kept_schema, schema

SOUND = {"type": "object", "properties": {"a": {"type": "string"}}}
WRONG = {"type": "objekt"}


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The schemas that were judged."""
    calls: list[Any] = []
    judge = schema.fault

    def counted(document: Any) -> str:
        calls.append(document)
        return judge(document)

    monkeypatch.setattr(schema, "fault", counted)
    return calls


def test_a_sound_schema_is_judged_once(tmp_path: Path, judged: list[Any]) -> None:
    for _ in range(2):
        assert kept_schema.fault(SOUND, KeptStore(tmp_path / "own" / "schemas", 10)) == ""
    assert judged == [SOUND]


@pytest.mark.parametrize("other", [{**SOUND, "required": ["a"]}, {}, True])
def test_another_schema_is_judged(tmp_path: Path, judged: list[Any], other: Any) -> None:
    store = KeptStore(tmp_path / "own" / "schemas", 10)
    assert [kept_schema.fault(document, store) for document in (SOUND, other)] == ["", ""]
    assert judged == [SOUND, other]


def test_a_schema_at_fault_is_judged_each_time(tmp_path: Path, judged: list[Any]) -> None:
    store = KeptStore(tmp_path / "own" / "schemas", 10)
    for _ in range(2):
        assert kept_schema.fault(WRONG, store) == schema.fault(WRONG) != ""
    assert judged == [WRONG] * 4


@pytest.mark.parametrize("change", ["library", "code", "damage", "nowhere"])
def test_what_the_verdict_follows_from_is_in_its_name(
    tmp_path: Path, judged: list[Any], change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "own" / "schemas"
    kept_schema.fault(SOUND, KeptStore(folder, 10))
    if change == "library":
        monkeypatch.setattr(kept_schema, "installed", lambda: iter((b"jsonschema-0.0.1.dist-info",)))
    elif change == "code":
        code = tmp_path / "schema.py"
        code.write_text("# other code")
        monkeypatch.setattr(schema, "__file__", str(code))
    elif change == "damage":
        (entry,) = folder.iterdir()
        entry.write_text('"sound"')
    store = KeptStore(None if change == "nowhere" else folder, 10)
    assert kept_schema.fault(SOUND, store) == ""
    assert judged == [SOUND] * 2
