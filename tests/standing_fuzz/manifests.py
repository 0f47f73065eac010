"""Objects of Kubernetes and Calico, spoilt as trees and as text, through `tools.validate` and `tools.reach`."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from tests.standing_fuzz import hostile
from tests.standing_fuzz.case import Subject, Unmet
from tests.standing_fuzz.quiet import quiet
from tools.cluster.fuzz.dice import Dice
from tools.cluster.fuzz.generate import case
from tools.cluster.fuzz.places import Places
from tools.cluster.fuzz.topology import topology
from tools.findings.cli import CLEAN, COULD_NOT_RUN, FINDINGS
from tools.findings.report import FORMATS
from tools.reach import __main__ as reach
from tools.validate import __main__ as validate

TESTS = Path(__file__).resolve().parent.parent
STAGES = {"manifests", "policies"}
# What a terminal or a CI log would obey: control characters but the newline and the tab.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
POINT = re.compile(r"(?:not )?ok ([0-9]+) - \S")
FAULT = "internal error (please report)"
REACH_SHARE = 0.3
PLACES = Places({"a/b": "10.1.0.5", "a/c": "10.1.0.6"}, ("8.8.8.8", "198.18.0.1"))


@cache
def _seeds() -> tuple[list[Any], ...]:
    """Objects to begin with: those of the rules' cases and of a golden."""
    files = [*sorted((TESTS / "cases").glob("*/*.yaml")), *sorted((TESTS / "golden" / "full").glob("*.yaml"))]
    made = [[body for body in _documents(path) if isinstance(body, dict)] for path in files]
    return tuple(bodies for bodies in made if bodies)


def _documents(path: Path) -> list[Any]:
    try:
        return list(yaml.load_all(path.read_text(), yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError):
        return []


def make(dice: Dice) -> Any:
    """One file of manifests."""
    if dice.chance(0.5):
        objects = deepcopy(dice.some(dice.pick(_seeds()), 6))
    else:
        cluster = topology(dice.number(0, 999), pods=5, spaces=2)
        policies = case(
            str(dice.number(0, 10**6)),
            cluster,
            PLACES,
            3,
            tiers=dice.chance(0.3),
        ).policies
        objects = deepcopy([*cluster.objects, *policies])
    for _ in dice.times(0, 4):
        objects[dice.number(0, len(objects) - 1)] = _changed(dice.pick(objects), dice)
    text = yaml.dump_all(objects, Dumper=_Dumper, sort_keys=False, allow_unicode=dice.chance(0.5))
    if dice.chance(0.1):
        text = json.dumps({"kind": "List", "apiVersion": "v1", "items": objects})
    for _ in dice.times(0, 2):
        text = _as_text(text, dice)
    return {"text": text, "format": dice.pick(FORMATS), "reach": dice.chance(REACH_SHARE)}


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _changed(value: Any, dice: Dice) -> Any:
    """The tree with one place in it changed."""
    if isinstance(value, dict) and value and dice.chance(0.85):
        key = dice.pick(list(value))
        return _in_mapping(value, key, dice) if dice.chance(0.3) else {**value, key: _changed(value[key], dice)}
    if isinstance(value, list) and value and dice.chance(0.85):
        index = dice.number(0, len(value) - 1)
        if dice.chance(0.25):
            return dice.pick(
                (value[:index] + value[index + 1 :], [*value, value[index]], [*value, hostile.value(dice)])
            )
        return [*value[:index], _changed(value[index], dice), *value[index + 1 :]]
    return hostile.value(dice)


def _in_mapping(value: dict[Any, Any], key: Any, dice: Dice) -> dict[Any, Any]:
    rest = {name: item for name, item in value.items() if name != key}
    other: Any = dice.pick((hostile.text(dice), f"{key}x", 1, None, True))
    return dice.pick((rest, {**rest, other: value[key]}, {**value, other: hostile.value(dice)}))


def _as_text(text: str, dice: Dice) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = dice.number(0, len(lines) - 1)
    kind = dice.weighted({"drop": 2, "twice": 2, "indent": 2, "insert": 3, "cut": 1, "join": 1, "deep": 1, "long": 1})
    if kind == "insert":
        lines.insert(at, hostile.text(dice) + dice.pick(("\n", ": x\n", "")))
    elif kind == "deep":
        lines.insert(at, dice.pick(("[", "{a: ", "- ")) * dice.pick((50, 900, 3000)) + "\n")
    elif kind == "long":
        lines.insert(at, f"{dice.pick(('a', 'port'))}: {'9' * dice.pick((310, 4301))}\n")
    elif kind == "cut":
        return text[: dice.number(0, len(text))]
    else:
        lines[at] = {"drop": "", "twice": lines[at] * 2, "indent": f" {lines[at]}", "join": lines[at].rstrip("\n")}[
            kind
        ]
    return "".join(lines)


def judge(given: Any) -> str:
    """Validate the file, and now and then ask for its matrix: the exit code and the report say the same."""
    with tempfile.TemporaryDirectory() as folder:
        file, output = Path(folder, "in.yaml"), Path(folder, "out")
        file.write_text(given["text"], encoding="utf-8", errors="surrogatepass")
        chosen = given["format"]
        code = _ran(validate.main, ["--manifests", str(file), "--format", chosen, "--output", str(output)])
        if not output.exists():
            raise Unmet("no report was written", f"exit {code}")
        read_report(chosen, output.read_text(encoding="utf-8"), code)
        if given["reach"]:
            _ran(reach.main, ["matrix", str(file), "--format", "json", "--output", str(output)])
    return {CLEAN: "clean", FINDINGS: "findings", COULD_NOT_RUN: "could not run"}[code]


def _ran(main: Callable[[list[str]], int], arguments: list[str]) -> int:
    with quiet() as streams:
        code = main(arguments)
    output = streams.text()
    if FAULT in output:
        raise Unmet("internal error (please report)", output[-400:])
    if code not in (CLEAN, FINDINGS, COULD_NOT_RUN):
        raise Unmet("an exit code that is not documented", str(code))
    return code


def read_report(chosen: str, text: str, code: int) -> None:
    """What holds for a report of any format."""
    if FAULT in text:
        at = text.index(FAULT)
        raise Unmet("internal error (please report)", text[at : at + 300])
    if match := CONTROL.search(text):
        raise Unmet(f"a control character reaches a report in format {chosen}", repr(match[0]))
    if chosen in ("text", "github"):
        for line in text.split("\n"):
            if line.startswith("::") and not re.match(r"::(error|warning|notice|debug)[ :]", line):
                raise Unmet("a line of the report is a workflow command", line[:120])
    elif chosen == "junit":
        ElementTree.fromstring(text)
    elif chosen == "tap":
        _is_tap(text)
    else:
        body = json.loads(text)
        if chosen == "json":
            _agrees(body, code)


def _is_tap(text: str) -> None:
    """A version, a plan, and as many test points, in order; what is between two of them is indented."""
    version, plan, *lines = text.splitlines()
    points = [line for line in lines if not line.startswith(" ")]
    numbers = [match[1] if (match := POINT.match(line)) else line for line in points]
    if (version, plan) != ("TAP version 14", f"1..{len(points)}") or numbers != [
        str(i + 1) for i in range(len(points))
    ]:
        raise Unmet("a report that is not TAP", text[:300])


def _agrees(body: Any, code: int) -> None:
    """The exit code is that of the stages and the findings of the report."""
    names = {stage["name"] for stage in body["stages"]}
    if not names <= STAGES:
        raise Unmet("a stage that manifests do not have", ", ".join(sorted(names - STAGES)))
    findings = [finding for stage in body["stages"] for finding in stage["findings"]]
    serious = [finding for finding in findings if finding["severity"] in ("error", "warning")]
    if code == CLEAN and serious:
        raise Unmet("clean with findings", json.dumps(serious[0])[:300])
    if code == FINDINGS and not serious:
        raise Unmet("findings without one")


SUBJECT = Subject("manifests", make, judge, cases=2500, check=20, seconds=20)
