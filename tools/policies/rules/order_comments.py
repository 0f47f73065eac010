"""A check of what comments claim about the order: people believe the comment and not the manual."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.findings.model import Check, Problem, Where
from tools.policies.cluster import Cluster

ORDER = re.compile(r"^\s*order:")
CLAIM = re.compile(
    r"#.*?\b(?:higher|highest|larger|greater|bigger)\b(?P<between>.*?)\b(?:priority|precedence|first|wins?|overrides?)\b",
    re.IGNORECASE,
)
DENIAL = re.compile(r"\b(?:lower|less|last|later|after|not)\b", re.IGNORECASE)
NEAR = 2


def comments_tell_the_order_right(cluster: Cluster) -> Iterator[Problem]:
    """No comment says that a higher `order` comes first.

    In Calico the lower order comes first. A comment beside `order:` that says otherwise is believed by whoever adds
    the next policy, which then never takes effect, or takes effect over everything.
    Write `# the lower comes first; NetworkPolicies are at 1000`.
    Source: Calico's documentation of `order`.
    """
    for file, text in cluster.texts:
        lines = text.splitlines()
        for number, line in enumerate(lines):
            if not ORDER.match(line):
                continue
            for beside in range(max(number - NEAR, 0), min(number + NEAR + 1, len(lines))):
                claim = CLAIM.search(lines[beside])
                if claim and not DENIAL.search(claim["between"]):
                    message = (
                        "in Calico the lower order comes first; correct the comment, and the orders that follow it"
                    )
                    yield Problem(Where(file, "", beside + 1), message)


CHECKS: tuple[Check[Cluster], ...] = (comments_tell_the_order_right,)
