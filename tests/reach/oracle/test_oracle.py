"""What policies mean, sentence by sentence, for the oracle and for the judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.reach.oracle.facts import protocol_number
from tests.reach.oracle.judge import Oracle
from tools.cluster.fuzz.compare import manifest
from tools.reach.connections import includes
from tools.reach.world import World

TABLE = yaml.load(Path("tests/reach/semantics.yaml").read_text(), yaml.CSafeLoader)
CASES = [pytest.param(case, id=case["says"]) for case in TABLE["cases"]]
Row = tuple[str, str, str, int, bool]


def rows(case: dict[str, Any]) -> Iterator[Row]:
    """Source, destination, protocol, port and whether it passes."""
    for expected, key in ((True, "allow"), (False, "deny")):
        for text in case.get(key, ()):
            source, destination, protocol, *ports = text.split()
            for port in ports:
                yield source, destination, protocol, int(port), expected


def written(row: Row) -> str:
    source, destination, protocol, port, expected = row
    return f"{source} {destination} {protocol} {port}: {'allowed' if expected else 'denied'}"


@pytest.mark.parametrize("case", CASES)
def test_the_oracle_reads_a_policy_as_its_source_does(case: dict[str, Any]) -> None:
    oracle = Oracle([*TABLE["cluster"], *case.get("objects", ())])
    wrong = [written(row) for row in rows(case) if oracle.allowed(*row[:4]) is not row[4]]
    assert not wrong


@pytest.mark.parametrize("case", CASES)
def test_the_judge_reads_a_policy_as_its_source_does(case: dict[str, Any]) -> None:
    judge = World(manifest(body) for body in (*TABLE["cluster"], *case.get("objects", ())))
    wrong = []
    for row in rows(case):
        source, destination, protocol, port, expected = row
        # Two replicas of one workload are what the judge takes a pair of the same for.
        if source != destination:
            verdict, number = judge.verdict(judge.peer(source), judge.peer(destination)), protocol_number(protocol)
            if includes(verdict.allowed, number, port) is not expected or includes(verdict.conditional, number, port):
                wrong.append(written(row))
    assert not wrong
