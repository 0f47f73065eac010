"""The picture in the docs is the one that the command draws."""

from pathlib import Path

from tools.reach.__main__ import main

PICTURE = Path("docs/images/reach-production.svg")


def test_the_picture_is_up_to_date(tmp_path: Path) -> None:
    drawn = tmp_path / "drawn.svg"
    assert main(["matrix", "--env", "production", "--format", "svg", "--output", str(drawn)]) == 0
    refresh = f"python -m tools.reach matrix --env production --format svg --output {PICTURE}"
    assert drawn.read_text() == PICTURE.read_text(), f"the chart or the drawing changed; look, and run: {refresh}"
