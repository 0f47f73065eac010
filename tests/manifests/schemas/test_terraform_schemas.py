"""The kept schemas of Terraform's resource types: where they come from, how they are read, and how they are served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgpack
import pytest

from tools.manifests.schemas.bindings import BindingError, schema, versions
from tools.terraform.offline.provider import UNKNOWN, Provider, upgraded
from tools.terraform.offline.wire import delimited, fields, number

KEPT = json.loads(
    (Path(__file__).parent.parent.parent.parent / "tools" / "manifests" / "schemas" / "terraform.json").read_text(
        "utf-8"
    )
)

# What a generated binding looks like, cut to the parts that are read.
BINDING = """\
export interface ThingRule {
}

export function thingRuleToHclTerraform(struct?: ThingRule): any {
  const attrs = {
    ports: {
      value: cdktn.listMapperHcl(cdktn.stringToHclTerraform, false)(struct!.ports),
      isBlock: false,
      type: "set",
      storageClassType: "stringList",
    },
  };
}

export class ThingRuleOutputReference extends cdktn.ComplexObject {
  // ports - computed: false, optional: false, required: true
  private _ports?: string[];
  public get ports() {
    return cdktn.Fn.tolist(this.getListAttribute('ports'));
  }
}

export class ThingStatusOutputReference extends cdktn.ComplexObject {
  // ready - computed: true, optional: false, required: false
  public get ready() {
    return this.getBooleanAttribute('ready');
  }
}

export class Thing extends cdktn.TerraformResource {
  public constructor() {
    super({
      terraformGeneratorMetadata: {
        providerName: 'cloud',
        providerVersion: '1.2.3',
      },
    });
  }

  // name - computed: false, optional: false, required: true
  private _name?: string;
  public get name() {
    return this.getStringAttribute('name');
  }

  // size - computed: true, optional: true, required: false
  private _size?: number;
  public get size() {
    return this.getNumberAttribute('size');
  }

  // status - computed: true, optional: false, required: false
  private _status = new ThingStatusList(this, "status", false);

  // rule - computed: false, optional: false, required: true
  private _rule = new ThingRuleList(this, "rule", true);

  // log - computed: false, optional: true, required: false
  private _log = new ThingRuleOutputReference(this, "log");

  protected synthesizeHclAttributes(): { [name: string]: any } {
    const attrs = {
      name: {
        value: cdktn.stringToHclTerraform(this._name),
        isBlock: false,
        type: "simple",
        storageClassType: "string",
      },
      size: {
        value: cdktn.numberToHclTerraform(this._size),
        isBlock: false,
        type: "simple",
        storageClassType: "number",
      },
      rule: {
        value: cdktn.listMapperHcl(thingRuleToHclTerraform, true)(this._rule.internalValue),
        isBlock: true,
        type: "set",
        storageClassType: "ThingRuleList",
      },
      log: {
        value: thingRuleToHclTerraform(this._log.internalValue),
        isBlock: true,
        type: "list",
        storageClassType: "ThingRuleList",
      },
    };
  }
}
"""
RULE = {"attributes": {"ports": {"type": ["set", "string"], "required": True}}}
THING: dict[str, Any] = {
    "version": 0,
    "block": {
        "attributes": {
            "name": {"type": "string", "required": True},
            "size": {"type": "number", "optional": True, "computed": True},
            "status": {"type": ["list", ["object", {"ready": "bool"}]], "computed": True},
        },
        "block_types": {
            "rule": {"nesting_mode": "set", "block": RULE, "min_items": 1},
            "log": {"nesting_mode": "list", "block": RULE, "max_items": 1},
        },
    },
}


def test_a_binding_is_read() -> None:
    assert schema(BINDING) == THING
    assert versions(BINDING) == ("cloud", "1.2.3")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("this.getStringAttribute('name')", "this.getColour('name')", "attribute name of an unknown type"),
        ("class ThingRuleOutputReference", "class Other", "no interface ThingRule"),
        ('new ThingRuleOutputReference(this, "log")', "somethingElse()", "block log of an unknown shape"),
    ],
)
def test_a_construct_that_is_not_known_is_no_guess(old: str, new: str, says: str) -> None:
    changed = BINDING.replace(old, new).replace(
        'isBlock: false,\n        type: "simple",\n        storageClassType: "string"', ""
    )
    with pytest.raises((BindingError, KeyError), match=says):
        schema(changed.replace("interface ThingRule {", "interface Gone {"))


def test_each_origin_is_said() -> None:
    assert {origin["provider"] for origin in KEPT["origins"]} == set(KEPT["provider_schemas"])
    for origin in KEPT["origins"]:
        assert origin["version"]
        assert origin["from"].startswith("PyPI cdktn-provider-")


@pytest.mark.parametrize(
    ("kind", "required"),
    [
        ("aws_vpc_security_group_egress_rule", {"security_group_id", "ip_protocol"}),
        ("aws_networkfirewall_rule_group", {"capacity", "name", "type"}),
        ("google_compute_firewall", {"name", "network"}),
        ("google_compute_network_firewall_policy_rule", {"priority", "action", "direction", "firewall_policy"}),
        ("azurerm_network_security_group", {"name", "location", "resource_group_name"}),
        (
            "azurerm_network_security_rule",
            {
                "name",
                "resource_group_name",
                "network_security_group_name",
                "priority",
                "direction",
                "access",
                "protocol",
            },
        ),
    ],
)
def test_what_a_type_requires(kind: str, required: set[str]) -> None:
    [requires] = [
        kinds["resource_schemas"][kind]
        for kinds in KEPT["provider_schemas"].values()
        if kind in kinds["resource_schemas"]
    ]
    assert {
        name for name, attribute in requires["block"]["attributes"].items() if attribute.get("required")
    } == required


def test_a_plan_leaves_open_what_the_cloud_chooses() -> None:
    provider = Provider({"provider": {"version": 0, "block": {}}, "resource_schemas": {"thing": THING}})
    proposed = {"name": "a", "size": None, "status": None, "rule": [{"ports": ["80"]}], "log": []}
    request = delimited(1, "thing") + delimited(3, delimited(1, msgpack.packb(proposed)))
    planned = msgpack.unpackb(fields(fields(provider.planned(request))[1])[1])
    assert planned == {**proposed, "size": UNKNOWN, "status": UNKNOWN}


def test_what_is_deleted_stays_deleted() -> None:
    provider = Provider({"provider": {"version": 0, "block": {}}, "resource_schemas": {"thing": THING}})
    request = delimited(1, "thing") + delimited(3, delimited(1, msgpack.packb(None)))
    assert msgpack.unpackb(fields(fields(provider.planned(request))[1])[1]) is None


def test_a_state_is_taken_as_it_is() -> None:
    request = delimited(1, "thing") + number(2, 1) + delimited(3, delimited(1, '{"name": "a"}'))
    assert msgpack.unpackb(fields(fields(upgraded(request))[1])[1]) == {"name": "a"}


def test_nothing_can_be_applied() -> None:
    assert set(Provider({}).methods) & {"ApplyResourceChange", "ReadResource", "ImportResourceState"} == set()


def test_numbers_on_the_wire() -> None:
    assert number(1, 0) == b""
    assert number(4, 300) == b"\x20\xac\x02"
    assert fields(number(2, 300) + delimited(3, b"x" * 200)) == {3: b"x" * 200}
    with pytest.raises(ValueError, match="wire type 5"):
        fields(b"\x0d\x00\x00\x00\x00")
