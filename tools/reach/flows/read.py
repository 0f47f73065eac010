"""Reads and checks the specification of who may talk to whom, `tests/flows.yaml`, for the offline and the live judge.

The file has three required parts and three optional ones. `environments` (optional): the names of the environments in
which rows may hold, each once. `apart` (optional): the names of more environments, in which only the rows that name
them hold. `walls` (optional): those of `WALLS` that must each hold by themselves, for the rows of state `installed`.
`pods`: name → `{namespace, labels, ports, ready, shipped}`. `internet`: name → address, the zone of the test internet.
`flows`: one row each, with the keys

- `flow`: its id; `source`: a pod; `port`: 1-65535; `expect`: allow | deny; `why`: the reason, for whoever changes it;
- `target`: a pod, `internet:NAME`, `address:IP`, `guard:PART` or `steering:PART` (a part's own Service for the DNS
  guard, or for the proxy to which the guard leads), `proxy`, `dns`, `apiserver`, `node` or `metadata`;
- `protocol`: TCP (default) | UDP; `speak`: what is sent once connected: line | tls | http | dns | handshake | knock.
  knock sends nothing and also takes a refusal by the target itself for an answer, for open ports without a listener;
- `via`: direct (default) | proxy, by CONNECT to `proxyPort` (3128), or by an absolute URL when `speak` is http;
- `sni`: the name in the TLS hello, if not the target's own; "" sends none; for HTTP to `steering:PART` its Host;
- `during`: the states of the trial in which the row holds, of `STATES`; default [installed];
- `environments`: those in which it holds; by default all but those of `apart`;
- `twin`, for a deny: what must answer once the policy is gone. direct (default): the same flow without the proxy; proxy
  (the default where the proxy or the guard is the target): the same flow without the proxy's policies; never: nothing
  can answer, `proof` says why, and silence in the target's own log is the proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tools.findings.model import Problem, Where
from tools.findings.paths import nearest
from tools.manifests.documents import Document, parse
from tools.reach.flows.fields import REQUIRED, RULES, SERVICES, STATES, WALLS, is_ipv4, is_labels, is_port, is_text
from tools.reach.flows.model import Flow, FlowPod, FlowTarget, Specification

__all__ = ["STATES", "Flow", "FlowPod", "FlowTarget", "Specification", "read"]

# The targets for which a part has a Service of its own.
OF_PARTS = ("guard", "steering")
TARGETS = "internet:NAME, address:IP, guard:PART, steering:PART"
_USUAL_SPEECH = {
    "pod": "line",
    "proxy": "http",
    "dns": "dns",
    "guard": "dns",
    "steering": "tls",
    "apiserver": "handshake",
    "node": "handshake",
    "metadata": "http",
}


@dataclass
class _SpecificationReader:
    """Collects problems while the rows are read, so that all bad rows are reported together."""

    document: Document
    environments: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    pods: dict[str, FlowPod] = field(default_factory=dict)
    internet: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def bad(self, path: str, message: str) -> None:
        self.problems.append(Problem(Where(self.document.file, path, self.line(path)), message))

    @property
    def known(self) -> tuple[str, ...]:
        """The environments that a row may name."""
        return (*self.environments, *self.apart)

    def line(self, path: str) -> int:
        return self.document.lines.get(nearest(path, self.document.lines), 0)


@lru_cache(maxsize=4)
def read(text: str, file: str) -> tuple[Specification | None, tuple[Problem, ...]]:
    """The specification, or None and what is wrong with the text."""
    parsed = parse(text, file)
    if parsed.problems or len(parsed.documents) != 1:
        not_single = Problem(Where(file), "is not a single YAML document; write one with pods, internet and flows")
        return None, parsed.problems or (not_single,)
    reader = _SpecificationReader(parsed.documents[0])
    body = parsed.documents[0].body
    if not isinstance(body, Mapping):
        reader.bad("", "is not a mapping; it needs pods, internet and flows")
        return None, tuple(reader.problems)
    _keys(reader, body, "", {"environments", "apart", "walls", "pods", "internet", "flows"})
    reader.environments = _environments(reader, body.get("environments"), "environments")
    reader.apart = _environments(reader, body.get("apart"), "apart")
    if twice := [name for name in reader.apart if name in reader.environments]:
        reader.bad("apart", f"{', '.join(twice)} is in environments too; name it in one of the two")
    reader.pods.update(_pods(reader, body.get("pods")))
    reader.internet.update(_internet(reader, body.get("internet")))
    walls = body.get("walls") or []
    if not isinstance(walls, list) or not all(wall in WALLS for wall in walls):
        reader.bad("walls", f"{walls!r} is not a list of walls; the walls are {', '.join(WALLS)}")
    flows = tuple(_flows(reader, body.get("flows")))
    if reader.problems:
        return None, tuple(reader.problems)
    return Specification(reader.pods, reader.internet, flows, file, reader.known, tuple(walls), reader.apart), ()


def _keys(reader: _SpecificationReader, body: Mapping[str, Any], path: str, known: set[str]) -> None:
    for key in body:
        if key not in known:
            reader.bad(f"{path}.{key}".lstrip("."), f"is not a key here; the keys are {', '.join(sorted(known))}")


def _environments(reader: _SpecificationReader, body: Any, key: str) -> tuple[str, ...]:
    if body is None:
        return ()
    if not isinstance(body, list) or not body or not all(map(is_text, body)) or len(set(body)) < len(body):
        reader.bad(key, "is not a list of distinct names; write one such as [dev, production]")
        return ()
    return tuple(body)


def _pods(reader: _SpecificationReader, body: Any) -> Iterator[tuple[str, FlowPod]]:
    if not isinstance(body, Mapping) or not body:
        reader.bad("pods", "is missing; write name: {namespace, labels, ports}")
        return
    for name, pod in body.items():
        path = f"pods.{name}"
        if name in SERVICES:
            reader.bad(path, f"{name} is already the name of a target; give the pod another name")
        elif not isinstance(pod, Mapping) or not is_text(pod.get("namespace")) or not is_labels(pod.get("labels")):
            reader.bad(path, "needs namespace and labels: {namespace: sark, labels: {app: x}, ports: [8000]}")
        elif not isinstance(pod.get("ports"), list) or not all(map(is_port, pod["ports"])):
            reader.bad(f"{path}.ports", "is not a list of ports from 1 to 65535")
        else:
            _keys(reader, pod, path, {"namespace", "labels", "ports", "ready", "shipped"})
            ready, shipped = pod.get("ready", True) is True, pod.get("shipped", False) is True
            yield name, FlowPod(name, pod["namespace"], pod["labels"], tuple(pod["ports"]), ready, shipped)


def _internet(reader: _SpecificationReader, body: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(body, Mapping):
        reader.bad("internet", "is missing; write name: address")
        return
    for name, address in body.items():
        if is_ipv4(address):
            yield name, address
        else:
            reader.bad(f'internet["{name}"]', f"{address!r} is not an IPv4 address")


def _flows(reader: _SpecificationReader, body: Any) -> Iterator[Flow]:
    if not isinstance(body, list) or not body:
        reader.bad("flows", "is missing; write one row for each flow: {flow, source, target, port, expect, why}")
        return
    seen: dict[str, str] = {}
    for index, row in enumerate(body):
        path = f"flows[{index}]"
        if not isinstance(row, Mapping):
            reader.bad(path, "is not a row; write {flow, source, target, port, expect, why}")
            continue
        before = len(reader.problems)
        _check_row(reader, row, path)
        if row.get("flow") in seen:
            reader.bad(f"{path}.flow", f"{row['flow']} is also the id of {seen[row['flow']]}; give one another id")
        seen[str(row.get("flow"))] = path
        if len(reader.problems) == before:
            yield _flow(row, reader.line(path))


def _check_row(reader: _SpecificationReader, row: Mapping[str, Any], path: str) -> None:
    _keys(reader, row, path, set(RULES))
    for key in REQUIRED:
        if key not in row:
            reader.bad(path, f"has no {key}; a row needs {', '.join(REQUIRED)}")
    before = len(reader.problems)
    for key, rule in RULES.items():
        if key in row and (message := rule(row[key])):
            reader.bad(f"{path}.{key}", message)
    if len(reader.problems) == before and all(key in row for key in REQUIRED):
        _check_together(reader, row, path)


def _check_together(reader: _SpecificationReader, row: Mapping[str, Any], path: str) -> None:
    """Report what shows only when two keys, or a key and the pods, are read together."""
    target = _target(row["target"], reader.pods)
    if row["source"] not in reader.pods:
        reader.bad(f"{path}.source", f"{row['source']} is not in pods")
    if target is None:
        reader.bad(f"{path}.target", f"{row['target']} is not a target; write a pod, {TARGETS}, {', '.join(SERVICES)}")
    elif target.kind == "internet" and target.name not in reader.internet:
        reader.bad(f"{path}.target", f"{target.name} is not in internet; give it an address there")
    elif target.kind == "address" and not is_ipv4(target.name):
        reader.bad(f"{path}.target", f"{target.name} is not an IPv4 address")
    elif target.kind == "pod" and row["port"] not in reader.pods[target.name].ports:
        reader.bad(f"{path}.port", f"{target.name} does not answer on {row['port']}; add it to its ports")
    elif row.get("via") == "proxy" and target.kind not in ("internet", "address"):
        reader.bad(f"{path}.via", "the proxy leads to internet:NAME and address:IP only")
    if unknown := [name for name in row.get("environments", ()) if name not in reader.known]:
        known = ", ".join(reader.known) or "none: list them beside pods"
        reader.bad(f"{path}.environments", f"{', '.join(unknown)} is not in environments, which are {known}")
    if row["expect"] == "allow" and "twin" in row:
        reader.bad(f"{path}.twin", "only a deny has a twin")
    if (row.get("twin") == "never") != ("proof" in row):
        reader.bad(f"{path}.twin", "twin: never and proof belong together")
    if row.get("twin") == "never" and target is not None and target.kind not in ("internet", "address"):
        reader.bad(f"{path}.twin", "only the test internet keeps a log that could be the proof; write another twin")


def _target(text: str, pods: Mapping[str, FlowPod]) -> FlowTarget | None:
    kind, colon, name = text.partition(":")
    if colon:
        return FlowTarget(kind, name) if kind in ("internet", "address", *OF_PARTS) else None
    if text in pods:
        return FlowTarget("pod", text)
    return FlowTarget(text) if text in SERVICES else None


def _flow(row: Mapping[str, Any], line: int) -> Flow:
    kind, _, name = row["target"].partition(":")
    target = FlowTarget(kind, name) if name else FlowTarget(kind) if kind in SERVICES else FlowTarget("pod", kind)
    protocol = row.get("protocol", "TCP")
    usual = "dns" if protocol == "UDP" else _USUAL_SPEECH.get(target.kind, "tls")
    return Flow(
        name=row["flow"],
        source=row["source"],
        target=target,
        port=row["port"],
        expect=row["expect"],
        why=row["why"],
        protocol=protocol,
        via=row.get("via", "direct"),
        proxy_port=row.get("proxyPort", 3128),
        speak=row.get("speak", usual),
        sni=row.get("sni"),
        during=tuple(row.get("during", ("installed",))),
        twin=row.get("twin", "proxy" if target.kind in ("proxy", *OF_PARTS) else "direct"),
        line=line,
        environments=tuple(row.get("environments", ())),
    )
