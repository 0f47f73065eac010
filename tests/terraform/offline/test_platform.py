"""The Kubernetes examples: each flow that a platform needs has its row, its page, its rule and its test.

The rows are those of terraform/examples/README.md. Every flow is then closed, and after that widened: Terraform's own
test has to fail for each of them, with the message that begins with the flow's key.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.terraform.offline.answers import answers
from tools.terraform.offline.check import INIT, TerraformError, find
from tools.terraform.offline.server import offline

ROOT = Path(__file__).resolve().parent.parent.parent.parent
EXAMPLES = ROOT / "terraform" / "examples"
PLATFORMS = ("eks", "gke", "aks")
TESTS = "tests/platform.tftest.hcl"
# A rule of platform.tf: its key, and its body up to the brace that closes it.
RULE = re.compile(
    r"^(?P<indent> +)(?P<key>[a-z][a-z0-9-]*) += \{\n(?P<body>(?:(?P=indent) +.*\n)+)(?P=indent)\}\n", re.M
)
# The ports of every rule of a platform.tf, those that are there under a condition included.
PORTS = re.compile(r"^( +ports +=) .*$", re.M)
# The flows that are no rule of platform.tf: file, what stands there once, and what becomes of it when it is closed and
# when it is wide open. No second text: it cannot be wider.
OTHERS: Mapping[str, Mapping[str, tuple[str, str, str, str]]] = {
    "eks": {
        "self": ("main.tf", "  self = true\n", "  self = false\n", ""),
        "node-ports": (
            "main.tf",
            "  node_ports = {\n    references =",
            '  node_ports = {\n    range = "2000-2001"\n    references =',
            '  node_ports = {\n    range = "20000-40000"\n    references =',
        ),
        "gateway-in": (
            "main.tf",
            "    monitoring    = { references = { nodes = module.nodes.security_group_id } }\n",
            "",
            '    monitoring    = { references = { nodes = module.nodes.security_group_id }, cidrs = ["10.0.0.0/8"] }\n',
        ),
        "gateway-out": (
            "main.tf",
            "    cache         = { references = { cache = var.cache_security_group_id } }\n",
            "",
            '    cache         = { references = { cache = var.cache_security_group_id }, cidrs = ["10.0.0.0/8"] }\n',
        ),
        "proxy-out": (
            "main.tf",
            "    dns = { references = { coredns = module.nodes.security_group_id } }\n",
            "",
            '    dns = { cidrs = ["10.0.0.0/8"] }\n',
        ),
        "internet": ("main.tf", "tonumber(each.key)\n  to_port", "80\n  to_port", "1\n  to_port"),
    },
    "gke": {
        "cluster": ("main.tf", "cluster_cidrs           = local.cluster_cidrs", "", 'cluster_cidrs = ["10.0.0.0/8"]'),
        "load-balancer": (
            "main.tf",
            "{ cidrs = local.load_balancer_cidrs }",
            "{ cidrs = [] }",
            '{ cidrs = ["35.0.0.0/8"] }',
        ),
        "health-checks": ("platform.tf", "[local.ports.gateway, 10256]", "[10257]", "range(10250, 10260)"),
        "node-ports": ("platform.tf", '"30000-32767"', "null", '"20000-40000"'),
        "dns": ("main.tf", "  node_ports              =", "  dns_resolver = []\n  node_ports =", ""),
        "internet": ("main.tf", "for port in local.https_ports", "for port in [80]", "for port in [80, 443]"),
    },
    "aks": {
        "cluster": ("platform.tf", "setunion(var.node_cidrs, var.pod_cidrs)", "var.pod_cidrs", 'toset(["10.0.0.0/8"])'),
        "gateway": (
            "main.tf",
            "    load_balancer = { cidrs = var.client_cidrs }\n",
            "",
            '    load_balancer = { cidrs = ["10.0.0.0/8"] }\n',
        ),
        "node-ports": ("platform.tf", '"30000-32767"', "null", '"20000-40000"'),
        "node-port-probes": ("platform.tf", '"30000-32767"', "null", '"20000-40000"'),
        "health-probes": ("platform.tf", '["10256"]', '["10257"]', '["10256", "10257"]'),
        "dns": ("main.tf", "subnet_ids          = { nodes", "dns_resolver = []\n  subnet_ids = { nodes", ""),
        "internet": ("main.tf", "for port in local.https_ports", "for port in [80]", "for port in [80, 443]"),
    },
}


@dataclass(frozen=True)
class Flow:
    """A row of the table."""

    key: str
    page: str
    rule: str
    test: str


def flows(platform: str) -> list[Flow]:
    """The rows of a platform's table that have a key."""
    text = (EXAMPLES / "README.md").read_text("utf-8")
    section = re.search(rf"^### {platform.upper()}\n(.*?)(?=^### |\Z)", text, re.M | re.S)
    assert section, f"no table for {platform}"
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section[1].splitlines()
        if line.startswith("| `")
    ]
    return [Flow(row[0].strip("`"), row[4], row[5], row[6].strip("`")) for row in rows]


def text(platform: str, *names: str) -> str:
    """The text of some files of an example."""
    return "".join((EXAMPLES / platform / name).read_text("utf-8") for name in names)


def rules(platform: str) -> list[str]:
    """The keys of the rules in a platform.tf, those that are there under a condition included."""
    written = text(platform, "platform.tf")
    named = re.findall(r"^ +for \w+, \w+ in \{ ([a-z-]+) = ", written, re.M)
    return [match["key"] for match in RULE.finditer(written) if "description" in match["body"]] + named


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_rule_has_a_row_and_every_row_an_assertion(platform: str) -> None:
    keys = [flow.key for flow in flows(platform)]
    assert len(keys) == len(set(keys))
    assert set(rules(platform)) <= set(keys)
    asserted = re.findall(r'error_message = "([a-z0-9-]+):', text(platform, TESTS))
    assert set(keys) <= set(asserted)
    assert [flow.test for flow in flows(platform)] == [f"{key}:" for key in keys]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_page_stands_beside_the_rule(platform: str) -> None:
    pages = set(re.findall(r"^ *# (https://\S+)$", text(platform, "platform.tf", "main.tf"), re.M))
    assert {flow.page for flow in flows(platform)} <= pages


# Broken


def broken(platform: str, which: int, folder: Path) -> Path:
    """A copy of the Terraform with every flow of an example closed (0) or wide open (1)."""
    shutil.copytree(ROOT / "terraform", folder / "terraform")
    (folder / "charts" / "sark-network").mkdir(parents=True)
    shutil.copy(ROOT / "charts" / "sark-network" / "values.yaml", folder / "charts" / "sark-network")
    example = folder / "terraform" / "examples" / platform
    file = example / "platform.tf"
    ports = ("9", "1-65535")[which]
    file.write_text(PORTS.sub(rf'\1 ["{ports}"]', file.read_text("utf-8")), encoding="utf-8")
    for name, old, *new in dict.fromkeys(OTHERS[platform].values()):
        if new[which] or not which:
            written = (example / name).read_text("utf-8")
            assert written.count(old) == 1, f"{old!r} stands {written.count(old)} times in {platform}/{name}"
            (example / name).write_text(written.replace(old, new[which]), encoding="utf-8")
    return example


@pytest.fixture(scope="module")
def environment() -> Iterator[tuple[str, dict[str, str]]]:
    """Terraform, and what it runs with."""
    try:
        terraform = find(os.environ)
    except TerraformError as error:
        pytest.fail(str(error))
    with offline() as served:
        yield terraform, served


@pytest.mark.parametrize("which", [0, 1], ids=["closed", "wide-open"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_broken_flow_fails_its_own_assertion(
    platform: str, which: int, environment: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    """As Terraform's own tests say of each broken example."""
    example = broken(platform, which, tmp_path)
    ran = answers(environment[0], example, environment[1], (tmp_path,), (INIT, ("test",)))[-1]
    assert (ran.command, ran.code) == ("test", 1), ran.output
    failed = set(re.findall(r"^([a-z0-9-]+): ", ran.output, re.M))
    expected = {flow.key for flow in flows(platform)}
    if which:
        expected -= {key for key, (_, _, _, wide) in OTHERS[platform].items() if not wide}
    assert expected - failed == set()
