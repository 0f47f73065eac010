"""The evaluator against `terraform plan`: the same resources, and no attribute that is known differs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.terraform.language.model import Body, Module, UnknownValue
from tools.terraform.modules import tfvars
from tools.terraform.modules.files import disk
from tools.terraform.modules.read import evaluate_directory
from tools.terraform.offline.check import TerraformError, find, run
from tools.terraform.offline.server import offline

TERRAFORM = Path(__file__).parents[2] / "terraform"
AZURE = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network"
SHARED = {
    "domains": [{"name": "api.example.com"}, {"name": "*.models.example", "ports": [443, 8443]}],
    "peers": {
        "load_balancer": {"cidrs": ["10.0.1.0/24", "fd00:1::/64"]},
        "database": {"cidrs": ["10.0.2.0/24"], "references": {}},
        "https": {"cidrs": ["10.0.3.0/24"]},
    },
}
CASES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "aws": (
        "examples/aws",
        {"vpc_id": "vpc-1", "flow_log_bucket_arn": "arn:aws:s3:::logs", "load_balancer_security_group_id": "sg-1"},
    ),
    "gcp": (
        "examples/gcp",
        {
            "project": "sark-project",
            "network": "projects/sark-project/global/networks/sark",
            "node_service_account": "nodes@sark-project.iam.gserviceaccount.com",
        },
    ),
    "azure": (
        "examples/azure",
        {
            "subscription_id": "00000000-0000-0000-0000-000000000000",
            "resource_group_name": "sark",
            "node_subnet_id": f"{AZURE}/virtualNetworks/v/subnets/n",
        },
    ),
    "aws with its domain filters": (
        "modules/network",
        {
            **SHARED,
            "vpc_id": "vpc-1",
            "flow_log": None,
            "network_firewall": {"subnet_ids": ["subnet-1"], "home_net": ["10.0.0.0/16"], "log_group": "logs"},
            "dns_firewall": {"internal_names": ["*.rds.amazonaws.com"], "log_destination_arn": "arn:aws:s3:::logs"},
        },
    ),
    "gcp with its domain filter": (
        "modules/network/gcp",
        {
            **SHARED,
            "network": "projects/p/global/networks/n",
            "target_service_accounts": ["nodes@project.iam.gserviceaccount.com"],
            "secure_web_proxy": {"location": "europe-west1", "subnetwork": "projects/p/regions/r/subnetworks/s"},
        },
    ),
    "azure with its domain filter": (
        "modules/network/azure",
        {
            **SHARED,
            "location": "westeurope",
            "resource_group_name": "sark",
            "subnet_ids": {"nodes": f"{AZURE}/virtualNetworks/v/subnets/n"},
            "flow_log": None,
            "azure_firewall": {
                "firewall_policy_id": f"{AZURE}/firewallPolicies/p",
                "source_cidrs": ["10.0.0.0/16"],
            },
        },
    ),
}


@pytest.fixture(scope="module")
def terraform() -> Iterator[tuple[str, dict[str, str]]]:
    try:
        program = find(os.environ)
    except TerraformError as error:
        pytest.fail(str(error))
    with offline() as environment:
        yield program, environment


def planned(terraform: tuple[str, dict[str, str]], directory: Path, values: Path, tmp_path: Path) -> dict[str, Any]:
    """The planned values of each resource, by address."""
    program, environment = terraform[0], {**terraform[1], "TF_DATA_DIR": str(tmp_path / "data")}
    plan = str(tmp_path / "plan")
    for arguments in (
        ("init", "-backend=false", "-no-color"),
        ("plan", "-no-color", "-out", plan, f"-var-file={values}"),
        ("show", "-json", plan),
    ):
        done = run(program, directory, arguments, environment)
        assert done.code == 0, done
    resources: dict[str, Any] = {}
    pending = [json.loads(done.output)["planned_values"]["root_module"]]
    while pending:
        module = pending.pop()
        pending.extend(module.get("child_modules", ()))
        resources.update((resource["address"], resource["values"]) for resource in module.get("resources", ()))
    return resources


def differences(body: Body, values: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any, Any]]:
    """Each attribute that is known here and is another there."""
    for name, value in body.attributes.items():
        if value.known and not equal(value.data, values.get(name)):
            yield f"{path}.{name}", value.data, values.get(name)
    for name, blocks in body.blocks.items():
        if name in ("lifecycle", "timeouts"):
            continue
        theirs = values.get(name) or []
        theirs = theirs if isinstance(theirs, list) else [theirs]
        if len(theirs) != len(blocks):
            yield f"{path}.{name}", len(blocks), len(theirs)
            continue
        for block in blocks:
            # A set of blocks has no order: one of them is this one.
            candidates = [list(differences(block.body, other, f"{path}.{name}")) for other in theirs]
            if all(candidates):
                yield min(candidates, key=len)[0]


def equal(mine: Any, other: Any) -> bool:
    if isinstance(mine, tuple):
        if not isinstance(other, list) or len(mine) != len(other):
            return mine == () and other is None
        return all(any(equal(element, item) for item in other) for element in mine)
    if isinstance(mine, dict):
        return isinstance(other, dict) and mine.keys() == other.keys() and all(equal(mine[k], other[k]) for k in mine)
    # A provider's type makes text of a number, and the reverse.
    return bool(mine == other or (mine is not None and other is not None and str(mine) == str(other)))


def attributes(module: Module) -> Iterator[Any]:
    for resource in module.everything():
        yield from (value.data for value in resource.body.attributes.values())


@pytest.mark.parametrize("name", CASES)
def test_the_modules_are_as_terraform_plans_them(
    name: str, terraform: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    place, given = CASES[name]
    values = tmp_path / "v.tfvars.json"
    values.write_text(json.dumps(given))
    theirs = planned(terraform, TERRAFORM / place, values, tmp_path)
    source = disk([str(TERRAFORM.parent)])
    module = evaluate_directory(str(TERRAFORM / place), source, (tfvars.read(values.read_text(), "v.tfvars.json"),))
    assert [fault for inner in module.walk() for fault in inner.faults] == []
    resources = {resource.address: resource for resource in module.everything()}
    assert len(resources) >= 8
    assert sorted(resources) == sorted(theirs)
    wrong = [
        row for address, resource in resources.items() for row in differences(resource.body, theirs[address], address)
    ]
    assert wrong == []
    data = list(attributes(module))
    assert sum(not isinstance(item, UnknownValue) for item in data) > len(data) * 0.7
    # The comparison would see another value.
    address, resource = next((a, r) for a, r in resources.items() if r.body.data("description"))
    assert list(differences(resource.body, {**theirs[address], "description": "other"}, ""))
