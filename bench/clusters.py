"""Made-up clusters of any size, the same for the same seed, as manifests in a folder.

Namespaces hold 20 workloads each, of which every one has a name's label and one of four tiers; policies have two rules
in one direction, the first over pods and the second over addresses outside with an exception, both with a range of
ports. Addresses are public ones, so that every judge takes them for outside, whatever it makes of pods' addresses. Two
ranges of ports nest or are apart: of ranges that overlap in part netpol-analyzer forgets the ports that both hold.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

IN_A_NAMESPACE = 20
TIERS = ("front", "middle", "back", "data")
TEAMS = ("red", "green", "blue", "white", "black")
FILES = 50


@dataclass(frozen=True, slots=True)
class Size:
    """How many workloads and policies."""

    workloads: int
    policies: int
    seed: int = 1

    @property
    def namespaces(self) -> int:
        """As many as 20 workloads each need."""
        return -(-self.workloads // IN_A_NAMESPACE)

    def __str__(self) -> str:
        return f"{self.workloads:,} workloads × {self.policies:,} policies in {self.namespaces:,} namespaces"


def write(size: Size, folder: Path) -> None:
    """The manifests of a cluster of that size, in 50 files at most."""
    documents = list(_documents(size))
    step = -(-len(documents) // FILES)
    for number, first in enumerate(range(0, len(documents), step)):
        (folder / f"{number:02}.yaml").write_text("---\n".join(documents[first : first + step]))


def _documents(size: Size) -> Iterator[str]:
    chance = random.Random(f"{size.workloads} {size.policies} {size.seed}")
    for number in range(size.namespaces):
        labels = f"{{team: {TEAMS[number % len(TEAMS)]}}}"
        yield f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: ns-{number}, labels: {labels}}}\n"
    for number in range(size.workloads):
        yield _workload(number)
    for number in range(size.policies):
        yield _policy(number, size.namespaces, chance)


def _workload(number: int) -> str:
    labels = f"{{app: app-{number % IN_A_NAMESPACE}, tier: {TIERS[number % len(TIERS)]}}}"
    return f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number % IN_A_NAMESPACE}
  namespace: ns-{number // IN_A_NAMESPACE}
spec:
  selector:
    matchLabels: {labels}
  template:
    metadata:
      labels: {labels}
    spec:
      containers:
        - name: main
          image: example.com/app:1
          ports:
            - {{name: http, containerPort: 8080}}
"""


def _policy(number: int, namespaces: int, chance: random.Random) -> str:
    direction, side = chance.choice((("Ingress", "from"), ("Egress", "to")))
    near, two, three = chance.sample(TIERS, 3)
    subject = chance.choice((f"app: app-{chance.randrange(IN_A_NAMESPACE)}", f"tier: {near}"))
    first, last = _ports(chance)
    lowest, highest = _ports(chance)
    network = f"{chance.randrange(20, 90)}.{chance.randrange(256)}"
    return f"""apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: policy-{number}
  namespace: ns-{number % namespaces}
spec:
  podSelector:
    matchLabels: {{{subject}}}
  policyTypes: [{direction}]
  {direction.lower()}:
    - {side}:
        - namespaceSelector:
            matchLabels: {{team: {chance.choice(TEAMS)}}}
          podSelector:
            matchExpressions:
              - {{key: tier, operator: In, values: [{two}, {three}]}}
        - podSelector: {{}}
      ports:
        - {{protocol: TCP, port: {first}, endPort: {last}}}
    - {side}:
        - ipBlock:
            cidr: {network}.0.0/16
            except: [{network}.{chance.randrange(256)}.0/24]
      ports:
        - {{protocol: TCP, port: 443}}
        - {{protocol: UDP, port: {lowest}, endPort: {highest}}}
"""


def _ports(chance: random.Random) -> tuple[int, int]:
    """A range from 1024 up, of 4 to 8,192 ports, that starts at a multiple of its length."""
    length = 1 << chance.randrange(2, 14)
    first = length * chance.randrange(-(-1024 // length), 65536 // length)
    return first, first + length - 1
