"""The stage that the suites for NetworkPolicy play on: namespaces x, w and z with the pods a, b and c each, of which
every one serves 80 and 81 by TCP, UDP and SCTP, under names such as serve-80-tcp. And a short notation of who may reach
whom there.

Pods' addresses are 10.0.NAMESPACE.POD, counted from 1: x/a has 10.0.1.1, and z/c has 10.0.3.3. Namespaces have the
label ns, and pods the label pod. (There they are x, y and z; but a plain y is a truth value to Kubernetes.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import product

from tools.manifests.documents import manifests, parse
from tools.reach.connections import NUMBERS, includes
from tools.reach.world import World

NAMESPACES, PODS = "xwz", "abc"
EVERYBODY = tuple(f"{namespace}/{pod}" for namespace, pod in product(NAMESPACES, PODS))
PROTOCOLS = ("TCP", "UDP", "SCTP")
SERVED = frozenset((80, 81))
Point = tuple[str, str, str, int]


def world(policies: Iterable[str], labels: Mapping[str, str] | None = None, more: str = "") -> World:
    """The nine pods and NetworkPolicies, each as `namespace: {its spec}`. `labels`: a namespace's or pod's, in place of
    what it has; `more`: manifests beside them. Whatever is found broken fails the test.
    """
    documents = [*_topology(labels or {}), *(_policy(number, text) for number, text in enumerate(policies)), more]
    parsed = parse("\n---\n".join(documents), "nine.yaml")
    assert parsed.problems == ()
    made = World(manifests(parsed, "nine.yaml"))
    assert made.problems == ()
    return made


def _topology(labels: Mapping[str, str]) -> Iterator[str]:
    for number, namespace in enumerate(NAMESPACES, 1):
        worn = labels.get(namespace, f"{{ns: {namespace}}}")
        yield f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}, labels: {worn}}}}}"
        for place, pod in enumerate(PODS, 1):
            worn = labels.get(f"{namespace}/{pod}", f"{{pod: {pod}}}")
            yield f"""apiVersion: v1
kind: Pod
metadata: {{name: {pod}, namespace: {namespace}, labels: {worn}}}
spec: {{containers: [{{name: server, image: example.com/server:1, ports: [{_ports()}]}}]}}
status: {{podIP: 10.0.{number}.{place}}}"""


def _ports() -> str:
    served = product(sorted(SERVED), PROTOCOLS)
    return ", ".join(
        f"{{name: serve-{port}-{protocol.lower()}, containerPort: {port}, protocol: {protocol}}}"
        for port, protocol in served
    )


def _policy(number: int, text: str) -> str:
    namespace, _, spec = text.partition(": ")
    return f"""apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: policy-{number}, namespace: {namespace}}}
spec: {spec}"""


def differences(made: World, expected: Iterable[str]) -> list[str]:
    """Where a world is not as expected.

    Each line is `src > dst: what`, `what` being all, none, or such as `TCP 80, UDP all`; names may be patterns, or
    addresses outside; a later line overrides an earlier one, and what no line speaks of is allowed. Looked at are all
    pairs of different pods, and each pod with each address that a line names, on 80, 81 and every port of a line.
    """
    lines = [_line(line) for line in expected]
    outside = {name for src, dst, _ in lines for name in (src, dst) if re.fullmatch(r"[\d.]+", name)}
    ports = sorted(SERVED | {port for _, _, what in lines for _, port in what or () if port})
    names = (*EVERYBODY, *sorted(outside))
    differing = []
    for src, dst in product(names, names):
        if src == dst or {src, dst} <= outside:
            continue
        verdict = made.verdict(made.peer(src), made.peer(dst))
        for protocol, port in product(PROTOCOLS, ports):
            right = "allowed" if _allowed(lines, (src, dst, protocol, port)) else "denied"
            number = NUMBERS[protocol]
            sure, maybe = includes(verdict.allowed, number, port), includes(verdict.conditional, number, port)
            got = "allowed" if sure else "conditional" if maybe else "denied"
            if got != right:
                differing.append(f"{src} > {dst}, {protocol} {port}: {got} and not {right}")
    return differing


Line = tuple[str, str, frozenset[tuple[str, int]] | None]


def _line(text: str) -> Line:
    src, dst, what = re.fullmatch(r"(\S+) > (\S+): (.+)", text).groups()  # type: ignore[union-attr]
    if what in ("all", "none"):
        return src, dst, None if what == "all" else frozenset()
    parts = (part.split() for part in what.split(", "))
    return src, dst, frozenset((protocol, 0 if port == "all" else int(port)) for protocol, port in parts)


def _allowed(lines: Iterable[Line], point: Point) -> bool:
    expected = True
    for src, dst, what in lines:
        if fnmatchcase(point[0], src) and fnmatchcase(point[1], dst):
            expected = what is None or bool({(point[2], point[3]), (point[2], 0)} & what)
    return expected
