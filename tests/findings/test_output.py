"""Where an answer goes: whole, or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import TEMPORARY
from tools.findings.errors import InputError
from tools.findings.home import home
from tools.findings.output import put


def broken() -> Iterator[str]:
    """An answer that ends in the middle."""
    yield "half"
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("before", [None, "old\n"])
def test_half_an_answer_is_none(before: str | None, tmp_path: Path) -> None:
    file = tmp_path / "answer"
    if before:
        file.write_text(before)
    with pytest.raises(InputError) as raised:
        put(broken(), file)
    assert str(raised.value) == f"cannot write {file}: No space left on device"
    assert [path.read_text() for path in tmp_path.iterdir()] == ([before] if before else [])
    assert not [name for name in TEMPORARY if name.startswith(str(tmp_path))]


def test_a_file_keeps_its_mode_its_link_and_its_other_name(tmp_path: Path) -> None:
    file, link, twin = (tmp_path / name for name in ("file", "link", "twin"))
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to("file")
    put(("new", "er"), link)
    assert (link.is_symlink(), file.read_text(), stat.S_IMODE(file.stat().st_mode)) == (True, "newer", 0o640)
    os.link(file, twin)
    put(("both",), twin)
    assert (file.read_text(), twin.read_text()) == ("both", "both")


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        put(("x",), tmp_path / "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".", "Is a directory"),
        ("no/file", "No such file or directory"),
        ("/dev/full", "No space left on device"),
        ("loop", "Too many levels of symbolic links"),
        ("a" * 300, "File name too long"),
    ],
)
def test_a_file_that_cannot_be_written(name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    with pytest.raises(InputError) as raised:
        put(("x",), Path(name))
    assert str(raised.value) == f"cannot write {name}: {reason}"
    assert [path.name for path in tmp_path.iterdir()] == ["loop"]


def test_a_stream_is_written_to_as_it_is(tmp_path: Path) -> None:
    program = "from pathlib import Path; from tools.findings.output import put; put(('new',), Path('/dev/stdout'))"
    file = tmp_path / "log"
    file.write_text("old ")
    with file.open("a") as out:
        number = os.fstat(out.fileno()).st_ino
        subprocess.run([sys.executable, "-c", program], stdout=out, check=True)
    assert (file.stat().st_ino, file.read_text()) == (number, "new")


def test_a_current_directory_that_is_gone_holds_no_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert home(tmp_path / "package") == tmp_path / "package" / "data"
