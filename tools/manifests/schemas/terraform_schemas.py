"""Writes terraform.json from CDK Terrain's wheels: `python -m tools.manifests.schemas.terraform_schemas WHEEL…`.

Called by refresh-terraform.sh, which says which wheels.
"""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.manifests.schemas.bindings import schema, versions

HERE = Path(__file__).resolve().parent
HOST = "registry.terraform.io/hashicorp/"
COMMENT = (
    "Schemas of the providers and of the resource types that the modules use or the linter judges, in the form of "
    "`terraform providers schema -json`, without descriptions and deprecations, which the bindings do not carry, and "
    "without the providers' endpoints. Written by refresh-terraform.sh."
)
TYPES: Mapping[str, tuple[str, ...]] = {
    "aws": (
        "default_security_group",
        "flow_log",
        "network_acl_rule",
        "networkfirewall_firewall",
        "networkfirewall_firewall_policy",
        "networkfirewall_logging_configuration",
        "networkfirewall_rule_group",
        "route53_resolver_firewall_config",
        "route53_resolver_firewall_domain_list",
        "route53_resolver_firewall_rule",
        "route53_resolver_firewall_rule_group",
        "route53_resolver_firewall_rule_group_association",
        "route53_resolver_query_log_config",
        "route53_resolver_query_log_config_association",
        "security_group",
        "security_group_rule",
        "vpc_security_group_egress_rule",
        "vpc_security_group_ingress_rule",
    ),
    "google": (
        "compute_firewall",
        "compute_network_firewall_policy",
        "compute_network_firewall_policy_association",
        "compute_network_firewall_policy_rule",
        "network_security_gateway_security_policy",
        "network_security_gateway_security_policy_rule",
        "network_security_url_lists",
        "network_services_gateway",
    ),
    "azurerm": (
        "firewall",
        "firewall_policy",
        "firewall_policy_rule_collection_group",
        "management_lock",
        "monitor_diagnostic_setting",
        "network_interface_security_group_association",
        "network_security_group",
        "network_security_rule",
        "network_watcher_flow_log",
        "subnet_network_security_group_association",
    ),
}


def main(wheels: Sequence[str]) -> None:
    """Write the file anew; the wheels are those of the three providers."""
    schemas: dict[str, Any] = {}
    origins: list[dict[str, str]] = []
    for wheel in map(Path, wheels):
        package, release = wheel.name.split("-")[:2]
        provider = package.removeprefix("cdktn_provider_")
        sources = dict(_sources(wheel, provider))
        schemas[HOST + provider] = {
            "provider": _provider(sources.pop("provider")),
            "resource_schemas": {f"{provider}_{name}": schema(source) for name, source in sorted(sources.items())},
        }
        [version] = {versions(source)[1] for source in sources.values()}
        origin = f"PyPI {package.replace('_', '-')} {release}, MPL-2.0"
        origins.append({"provider": HOST + provider, "version": version, "from": origin})
    written = {"format_version": "1.0", "comment": COMMENT, "origins": origins, "provider_schemas": schemas}
    (HERE / "terraform.json").write_text(json.dumps(written, separators=(",", ":")) + "\n", encoding="utf-8")


def _provider(source: str) -> dict[str, Any]:
    """The provider's own configuration, without its endpoints, which are two thirds of it."""
    blocks = schema(source)
    blocks["block"]["attributes"].pop("alias")
    blocks["block"].get("block_types", {}).pop("endpoints", None)
    for name in [name for name in blocks["block"]["attributes"] if name.endswith("_custom_endpoint")]:
        del blocks["block"]["attributes"][name]
    return blocks


def _sources(wheel: Path, provider: str) -> Iterator[tuple[str, str]]:
    """Each wanted type's TypeScript, which the JavaScript in the wheel's own archive carries in its source map."""
    type_names = {name.replace("_", "-"): name for name in (*TYPES[provider], "provider")}
    with zipfile.ZipFile(wheel) as outer:
        [archive] = [name for name in outer.namelist() if name.endswith(".jsii.tgz")]
        with tarfile.open(fileobj=io.BytesIO(outer.read(archive)), mode="r:gz") as inner:
            for member in inner:
                match = re.fullmatch(r"package/lib/([\w-]+)/index\.js", member.name)
                if match and match[1] in type_names and (file := inner.extractfile(member)):
                    yield type_names.pop(match[1]), _typescript(file.read().decode())
    if type_names:
        raise SystemExit(f"{wheel.name} lacks {', '.join(sorted(type_names))}")


def _typescript(javascript: str) -> str:
    [encoded] = re.findall(r"sourceMappingURL=data:application/json;base64,(\S+)", javascript)
    content: str = json.loads(base64.b64decode(encoded))["sourcesContent"][0]
    return content


if __name__ == "__main__":
    main(sys.argv[1:])
