"""Command lines: options of every command with values of every kind, in process, and some in a process of their own."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tests.standing_fuzz import hostile
from tests.standing_fuzz.case import Subject, Unmet
from tests.standing_fuzz.quiet import quiet
from tools.cluster.fuzz.dice import Dice
from tools.egress import __main__ as egress
from tools.egress import options as egress_options
from tools.findings import cli
from tools.findings.faults import TRACEBACK
from tools.reach import __main__ as reach
from tools.reach.command import options as reach_options
from tools.render import __main__ as render
from tools.render import options as render_options
from tools.render.own import CHART
from tools.terraform import __main__ as terraform
from tools.terraform import options as terraform_options
from tools.validate import __main__ as validate
from tools.validate import options as validate_options

PROJECT = CHART.parents[1]
CODES = {cli.CLEAN, cli.FINDINGS, cli.COULD_NOT_RUN, cli.USAGE}
FAULT = "internal error (please report)"
OUTSIDE_SHARE = 0.03
# Where a command may write: below the directory that a case runs in, and nowhere else.
WRITES = ("--output", "--to")
TARGETS = ("out", "missing/out", ".", "", "/dev/null", "a" * 300)
WORDS = (
    *("values.yaml", "workload.yaml", "broken.yaml", "empty.yaml"),
    *("binary.yaml", "main.tf", "tf", "missing", "", "-", "."),
    *("/dev/null", "production", "dev", "staging", "gateway"),
    *("opa", "sark-api", "a/b", "api.openai.com", "*.openai.com"),
    *("10.0.0.0/8", "8.8.8.8", "8.8.8.8:443", "443", "53/UDP", "0"),
    *("-1", "65536", "1.34.0", "1.5", "v1", "aws", "names-are-legal"),
    *("api.openai.com:443", "[::1]:80", "svc/sark-database", "{node}"),
    *("svc/", "ingress/x", "context:x", "x:y", ":", "=", "--", "--x"),
)  # fmt: skip
FILES = {
    "values.yaml": "egress:\n  domains: [api.openai.com]\n",
    "workload.yaml": (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: b, labels: {app: a}}\nspec: {containers: []}\n"
    ),
    "broken.yaml": "a: [b\nc: {\n",
    "empty.yaml": "",
    "main.tf": 'locals {\n  a = "b"\n}\n',
    "tf/main.tf": 'variable "x" {}\n',
}


@cache
def _commands() -> dict[str, tuple[argparse.ArgumentParser, Callable[[Sequence[str]], int]]]:
    """Each command's parser, and what runs it."""
    return {
        "tools.validate": (validate_options.parser(), validate.main),
        "tools.render": (render_options.parser(), render.main),
        "tools.egress": (egress_options.parser(), egress.main),
        "tools.reach": (reach_options.parser(), reach.main),
        "tools.terraform": (terraform_options.parser(), terraform.main),
    }


def make(dice: Dice) -> Any:
    """A command, its words, and what standard input holds."""
    module = dice.pick(list(_commands()))
    parser = _commands()[module][0]
    words = list(_words(parser, dice))
    given = dice.pick(("", FILES["workload.yaml"], "x: [", hostile.text(dice)))
    return {"module": module, "words": words, "stdin": given, "outside": dice.chance(OUTSIDE_SHARE)}


def _words(parser: argparse.ArgumentParser, dice: Dice) -> Iterator[str]:
    actions = [it for it in parser._actions if not isinstance(it, argparse._HelpAction)]
    flags = [it for it in actions if it.option_strings]
    if dice.chance(0.03):
        yield dice.pick(("--help", "--version", "--nosuch", "-h", "-x"))
    if flags:
        for action in dice.some(flags, 4) if dice.chance(0.85) else []:
            yield from _option(action, dice)
    for action in actions:
        if isinstance(action, argparse._SubParsersAction):
            name = dice.pick(list(action.choices)) if dice.chance(0.97) else hostile.text(dice)
            yield name
            if name in action.choices:
                yield from _words(action.choices[name], dice)
        elif not action.option_strings:
            yield from _values(action, dice)


def _option(action: argparse.Action, dice: Dice) -> Iterator[str]:
    flag = dice.pick(action.option_strings)
    values = list(_values(action, dice))
    if len(values) == 1 and dice.chance(0.2):
        yield f"{flag}={values[0]}"
    else:
        yield flag
        yield from values


def _values(action: argparse.Action, dice: Dice) -> Iterator[str]:
    least, most = {None: (1, 1), "?": (0, 1), "*": (0, 2), "+": (1, 2), 0: (0, 0)}.get(action.nargs, (1, 1))
    for _ in dice.times(least, most):
        yield _value(action, dice)


def _value(action: argparse.Action, dice: Dice) -> str:
    if any(flag in WRITES for flag in action.option_strings):
        return dice.pick(TARGETS)
    if action.choices and dice.chance(0.9):
        return str(dice.pick(list(action.choices)))
    if action.default and isinstance(action.default, str) and dice.chance(0.4):
        return action.default
    return dice.pick(WORDS) if dice.chance(0.85) else hostile.text(dice)


def judge(case: Any) -> str:
    """Run the command in a directory of its own."""
    words: list[str] = case["words"]
    if any(word.startswith(WRITES) and "=" in word and word.partition("=")[2] not in TARGETS for word in words):
        return "not run"
    with _directory():
        code, output = _outside(case) if case["outside"] else _inside(case)
    if "Traceback (most recent call last)" in output or FAULT in output:
        raise Unmet("a command ends in a fault", f"{case['module']}: {output[-500:]}")
    if code not in CODES:
        raise Unmet(f"exit code {code} is not documented", f"{case['module']}: {output[-300:]}")
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", output):
        raise Unmet("a control character reaches the terminal", f"{case['module']}: {output[-300:]!r}")
    return f"exit {code}"


@contextmanager
def _directory() -> Iterator[None]:
    """A directory with some files, no cluster, and no cache of the user's."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("tf").mkdir()
        for name, text in FILES.items():
            Path(name).write_text(text)
        Path("binary.yaml").write_bytes(b"\xff\xfe\x00a")
        os.environ.update(KUBECONFIG=f"{folder}/kubeconfig", XDG_CACHE_HOME=f"{folder}/cache", NO_COLOR="1")
        os.environ.pop(TRACEBACK, None)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def _inside(case: Any) -> tuple[int, str]:
    main = _commands()[case["module"]][1]
    with quiet(case["stdin"]) as streams:
        try:
            code = main(case["words"])
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 0
    return code, streams.text()


def _outside(case: Any) -> tuple[int, str]:
    words = [word for word in case["words"] if "\0" not in word]
    ran = subprocess.run(
        [sys.executable, "-m", case["module"], *words],
        input=case["stdin"].encode("utf-8", "surrogatepass"),
        capture_output=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=False,
    )
    return ran.returncode, (ran.stdout + ran.stderr).decode("utf-8", "replace")


SUBJECT = Subject("commands", make, judge, cases=600, check=10, seconds=60)
