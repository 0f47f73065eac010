"""Cases of every rule, changed at random, some overridden and called by others: nothing fails, and all ends soon."""

from __future__ import annotations

import os
import random
import re
import time
from datetime import date
from pathlib import Path

import pytest

from tests.terraform.language.expressions import PRELUDE, Generator
from tests.terraform.planted import modules
from tests.terraform.sources import Files
from tools.terraform.lint import lint_others
from tools.terraform.modules.read import evaluate_text

CASES = [
    *(path.read_text("utf-8") for path in sorted((Path(__file__).parents[1] / "cases" / "terraform").glob("*/bad.tf"))),
    *modules().values(),
]
LITERAL = re.compile(r'= ("[^"\n]*"|\d+|true|false)')
SEEDS = (1, int(os.environ.get("SARK_SEED") or random.SystemRandom().randrange(2**32)))
SIZE = 150
CALL = 'module "m" {\n  source = "./m"\n  ports = {}\n}\n'


def changed(text: str, chance: random.Random, generator: Generator, files: Files) -> str:
    """A case with some literals that are expressions, and some lexemes that are others."""
    places = list(LITERAL.finditer(text))
    for place in sorted(chance.sample(places, min(len(places), chance.choice([0, 1, 3, 8]))), key=lambda m: -m.start()):
        text = text[: place.start(1)] + generator.expression(2) + text[place.end(1) :]
    for _ in range(chance.choice([0, 1, 2, 5])):
        text = files.broken(text)
    return text


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_that_is_changed_is_a_fault_of_the_toolkit(seed: int) -> None:
    print(f"seed {seed}; SARK_SEED={seed} repeats it")
    chance, generator, files = random.Random(seed), Generator(seed), Files(seed)
    slowest, notices = 0.0, 0
    for _ in range(SIZE):
        text = changed(chance.choice(CASES), chance, generator, files)
        texts = {"main.tf": PRELUDE + text}
        if chance.random() < 0.3:
            texts["x_override.tf"] = files.broken(chance.choice(CASES))
        if chance.random() < 0.3:
            texts |= {"m/main.tf": text, "call.tf": CALL}
        started = time.process_time()
        notices += len(lint_others([evaluate_text(texts)], date(2026, 1, 1), frozenset()))
        slowest = max(slowest, time.process_time() - started)
    assert slowest < 5
    assert notices > SIZE
