"""network-config-analyzer, which IBM wrote: another judge of NetworkPolicies, asked about many clusters in one run.

It is brought from PyPI into an environment of its own, the one that bench/reach.py uses, with hashes.
"""

from __future__ import annotations

import fcntl
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import yaml

from tools.cluster.fuzz.topology import Object
from tools.policies.model import WITH_PORTS
from tools.reach.connections import NONE, Conns, of, union

HOME = Path(".cache/network-config-analyzer")
LOCK = Path("bench/reach.lock")
NUMBERS = {"TCP": 6, "UDP": 17, "SCTP": 132}
_LINE = re.compile(r"(?P<source>\S+) => (?P<destination>\S+) : (?P<connections>.+)")
_PART = re.compile(r"\{protocols:(?P<protocols>[A-Za-z, ]+?)(,dst_ports:(?P<ports>[0-9,-]+))?\}")


class AnalyzerError(RuntimeError):
    """It could not be installed, did not run, or wrote something unheard of."""


def installed() -> Path:
    """The program, installed where it is not. Raises AnalyzerError with what went wrong."""
    program = HOME / "bin" / "nca"
    HOME.parent.mkdir(exist_ok=True)
    # Tests run in several processes: one installs, the others wait.
    with HOME.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            python = HOME / "bin" / "python"
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            _run([sys.executable, "-m", "venv", "--clear", str(HOME)])
            _run([*pip, "--require-hashes", "--requirement", str(LOCK)])
    return program


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AnalyzerError(f"`{' '.join(command)}`: {(done.stderr or done.stdout).strip()[-2000:]}")


@dataclass(frozen=True)
class Answer:
    """What it says of one cluster: connections by source and destination, pods and ranges of addresses as it names
    them. A pair that is not there may not talk.
    """

    pairs: Mapping[tuple[str, str], Conns]

    def between(self, source: str, destination: str) -> Conns:
        """The connections between two, each `namespace/name` or an address."""
        answer = NONE
        for (pair, other), conns in self.pairs.items():
            if _there(pair, source) and _there(other, destination):
                answer = union(answer, conns)
        return answer

    @property
    def edges(self) -> frozenset[str]:
        """The first and the last address of every range."""
        return frozenset(end for pair in self.pairs for name in pair if "/" not in name for end in name.split("-"))


def _there(name: str, place: str) -> bool:
    if "/" in name or "/" in place:
        return name == place
    first, last = (ip_address(end) for end in (name.split("-") * 2)[:2]) if "-" in name else (ip_address(name),) * 2
    address = ip_address(place)
    return address.version == first.version and int(first) <= int(address) <= int(last)


def asked(clusters: Sequence[Sequence[Object]], folder: Path) -> list[Answer]:
    """Its answer for each cluster: pods, namespaces and NetworkPolicies as objects. Raises AnalyzerError."""
    configs, queries = [], []
    for index, objects in enumerate(clusters):
        file, output = folder / f"{index}.yaml", folder / f"{index}.txt"
        file.write_text(yaml.safe_dump_all(objects))
        configs.append(_config(f"c{index}", file.name))
        form = {"outputFormat": "txt_no_fw_rules", "outputEndpoints": "pods", "outputPath": str(output)}
        queries.append({"name": f"q{index}", "connectivityMap": [f"c{index}"], "outputConfiguration": form})
    scheme = folder / "scheme.yaml"
    scheme.write_text(yaml.safe_dump({"networkConfigList": configs, "queries": queries}))
    _run([str(installed()), "--scheme", str(scheme)])
    return [Answer(dict(read(folder / f"{index}.txt"))) for index in range(len(clusters))]


def _config(name: str, file: str) -> Object:
    return {"name": name, "namespaceList": file, "podList": file, "networkPolicyList": [file]}


def read(output: Path) -> Iterator[tuple[tuple[str, str], Conns]]:
    """Pairs and their connections, from what it wrote. Raises AnalyzerError for what is unheard of."""
    pairs: dict[tuple[str, str], Conns] = {}
    for line in filter(None, map(str.strip, output.read_text().splitlines())):
        match = _LINE.fullmatch(line)
        if not match:
            raise AnalyzerError(f"what does it mean with {line!r}?")
        pair = match["source"], match["destination"]
        pairs[pair] = union(pairs.get(pair, NONE), _connections(match["connections"]))
    yield from pairs.items()


def _connections(text: str) -> Conns:
    conns = NONE
    if text == "All connections":
        for name in WITH_PORTS:
            conns = union(conns, of(NUMBERS[name]))
        return conns
    part = _PART.fullmatch(text)
    if not part:
        raise AnalyzerError(f"what does it mean with {text!r}?")
    for protocol in part["protocols"].replace(" ", "").split(","):
        for span in (part["ports"] or "1-65535").split(",") if protocol in NUMBERS else ():
            first, _, last = span.partition("-")
            conns = union(conns, of(NUMBERS[protocol], int(first), int(last or first)))
    return conns
