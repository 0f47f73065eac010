"""Whose cache is used, and what is believed of it."""

from pathlib import Path
from types import ModuleType

import pytest

from tools.egress.envoy import verdict
from tools.findings import kept
from tools.findings.kept import KeptStore, user_store
from tools.render import kept_schema
from tools.terraform import kept_stages


@pytest.mark.parametrize("room", [verdict, kept_schema, kept_stages])
def test_a_user_store_is_for_a_command_that_may_keep(
    room: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So no test keeps anything in the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert not user_store(room.STORE, room.MOST, cached=True).usable
    monkeypatch.setattr(kept, "COMMAND", True)
    store = user_store(room.STORE, room.MOST, cached=True)
    assert (store.usable, store.directory) == (True, tmp_path / "sark-network" / room.STORE)
    assert not user_store(room.STORE, room.MOST, cached=False).usable


def test_an_entry_holds_what_was_written_and_nothing_else(tmp_path: Path) -> None:
    store = KeptStore(tmp_path / "cache" / "sort", 10)
    assert not store.holds("a", "yes")
    store.write("a", "yes")
    assert store.holds("a", "yes")
    assert not store.holds("a", "no")
    (tmp_path / "cache" / "sort" / "a.json").write_text("damaged")
    assert not store.holds("a", "yes")
    assert not KeptStore(None, 10).holds("a", None)
