"""docs/first-day.md, walked as it stands: the wheel's command, an empty directory, a clean environment."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doc_runs import fits
from tests.markdown import blocks
from tests.wheel_build import built
from tools.render.helm import find

PAGE = Path("docs/first-day.md")
PROGRAM = """\
#!{python}
import sys
sys.path.insert(0, {site!r})
sys.argv[0] = "sark-network"
from sark_network.__main__ import main
sys.exit(main())
"""
GIT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "3"} | {
    name: value
    for number, (key, text) in enumerate(
        (("user.name", "Somebody"), ("user.email", "somebody@example.com"), ("init.defaultBranch", "main"))
    )
    for name, value in ((f"GIT_CONFIG_KEY_{number}", key), (f"GIT_CONFIG_VALUE_{number}", text))
}


def walked(text: str, repository: Path, environment: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Write the files and run the commands of a page in turn: each command, what the page shows, what it prints."""
    for block in blocks(text):
        if block.info[:1] == ("yaml",) and len(block.info) == 2:
            file = repository / block.info[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text + "\n")
        if block.info != ("console", "walk"):
            continue
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            ran = subprocess.run(
                ["bash", "-c", command],
                cwd=repository,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            yield command, shown.strip("\n"), ran.stdout.strip("\n")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Nothing but a home, the wheel's command and Helm."""
    place = tmp_path_factory.mktemp("first-day")
    programs = place / "bin"
    programs.mkdir()
    (programs / "sark-network").write_text(PROGRAM.format(python=sys.executable, site=str(built(place))))
    (programs / "sark-network").chmod(0o755)
    (programs / "helm").symlink_to(find().path)
    return {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(place), "LANG": "C.UTF-8", **GIT}


def test_every_command_prints_what_the_page_shows(environment: dict[str, str], tmp_path: Path) -> None:
    text = PAGE.read_text().replace("/tmp/before.yaml", str(tmp_path / "before.yaml"))
    repository = tmp_path / "repository"
    repository.mkdir()
    steps = list(walked(text, repository, environment))
    assert len(steps) > 15
    wrong = [f"$ {command}\n{printed}" for command, shown, printed in steps if not fits(shown, printed)]
    assert not wrong, "\n\n".join(wrong)


def test_the_walk_catches_another_output(environment: dict[str, str], tmp_path: Path) -> None:
    text = "```yaml a.yaml\na: 1\n```\n```console walk\n$ cat a.yaml\na: 2\n$ ls\na.yaml\n```\n"
    steps = [fits(shown, printed) for _, shown, printed in walked(text, tmp_path, environment)]
    assert steps == [False, True]
