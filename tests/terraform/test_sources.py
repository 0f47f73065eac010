"""The parser against Terraform's own: it refuses what `terraform fmt` refuses, and takes what that takes."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.terraform.sources import Files
from tools.terraform.language.syntax import parse

TERRAFORM = shutil.which("terraform")
SIZE = 1000
SEEDS = (1, int(os.environ.get("SARK_SEED") or random.SystemRandom().randrange(2**32)))

pytestmark = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")


def refused(directory: Path, texts: list[str]) -> set[int]:
    """Which of the files `terraform fmt` cannot parse."""
    for at, text in enumerate(texts):
        (directory / f"f{at}.tf").write_bytes(text.encode())
    done = subprocess.run(
        [TERRAFORM or "terraform", "fmt", "-check", "-list=false", "-no-color", str(directory)],
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    errors = re.findall(r"Error: ([^\n]*)\n(?:[^\n]*\n){1,2}?[^\n]*on \S*?f(\d+)\.tf line", done.stderr)
    return {int(number) for message, number in errors if message != "Attribute redefined"}


def ours(texts: list[str]) -> set[int]:
    return {at for at, text in enumerate(texts) if parse(text, "main.tf").faults}


@pytest.mark.parametrize("seed", SEEDS)
def test_generated_files(seed: int, tmp_path: Path) -> None:
    print(f"seed {seed}; SARK_SEED={seed} repeats it")
    files = Files(seed)
    texts = [files.file() for _ in range(SIZE)]
    theirs, mine = refused(tmp_path, texts), ours(texts)
    assert [texts[at] for at in sorted(theirs - mine)] == [], "Terraform refuses these"
    assert [texts[at] for at in sorted(mine - theirs)] == [], "Terraform takes these"
    # Both kinds are there to be told apart.
    assert SIZE / 5 < len(theirs) < SIZE * 4 / 5


def test_a_wrong_verdict_would_be_seen(tmp_path: Path) -> None:
    texts = ["a = 1\n", "a = = 1\n", "a = [1\n", "a {}\n"]
    assert refused(tmp_path, texts) == ours(texts) == {1, 2}
