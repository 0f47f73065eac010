"""Checks of what is open to the internet by lists of addresses of its own: databases and control planes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from tools.findings.model import Check, Problem, Severities, Severity, Where
from tools.manifests.addresses import network
from tools.terraform.clouds.cannot_tell import cannot_tell
from tools.terraform.clouds.model import FirewallPeer, everywhere
from tools.terraform.clouds.stores import NO, YES, Store, stores
from tools.terraform.language.model import Module, ResourceInstance, UnknownValue, Value
from tools.terraform.rules.exposure import all_public, smallest_covering

# Firewall rules of Azure's databases, and what they call the first and the last address.
RANGES: Mapping[str, tuple[str, str]] = {
    **{
        f"azurerm_{name}_firewall_rule": ("start_ip_address", "end_ip_address")
        for name in (
            "postgresql", "postgresql_flexible_server", "mysql", "mysql_flexible_server", "mariadb", "sql", "mssql",
            "synapse", "cosmosdb_postgresql_cluster",
        )
    },
    "azurerm_mongo_cluster_firewall_rule": ("start_ip_address", "end_ip_address"),
    "azurerm_redis_firewall_rule": ("start_ip", "end_ip"),
}  # fmt: skip
# Lists of addresses that may reach a database, by type and path.
LISTS: Mapping[str, tuple[str, ...]] = {
    "google_sql_database_instance": ("settings.ip_configuration.authorized_networks.value",),
    "google_alloydb_instance": ("network_config.authorized_external_networks.cidr_range",),
    "azurerm_cosmosdb_account": ("ip_range_filter",),
}
# What says that a database has a public address.
PUBLIC: tuple[str, ...] = (
    "aws_db_instance",
    "aws_rds_cluster_instance",
    "aws_redshift_cluster",
    "aws_redshiftserverless_workgroup",
    "aws_docdb_cluster_instance",
    "aws_neptune_cluster_instance",
    "aws_mq_broker",
    "aws_dms_replication_instance",
)
# The lists of who may reach a cluster's API server.
PLANES: Mapping[str, tuple[str, ...]] = {
    "aws_eks_cluster": ("vpc_config.public_access_cidrs",),
    "google_container_cluster": (
        "master_authorized_networks_config.cidr_blocks.cidr_block",
        "control_plane_endpoints_config.ip_endpoints_config.authorized_networks_config.cidr_blocks.cidr_block",
    ),
    "azurerm_kubernetes_cluster": (
        "api_server_access_profile.authorized_ip_ranges",
        "api_server_authorized_ip_ranges",
    ),
}


def databases_are_not_open_to_the_world(module: Module) -> Iterator[Problem]:
    """No database lets in the internet by a list or a firewall of its own.

    Azure's databases have rules with a first and a last address, Cloud SQL and AlloyDB lists of authorized networks: no
    network's firewall stands in front of them, only their passwords. `0.0.0.0` to `0.0.0.0` on Azure is every service
    of every tenant. A public address is a warning: a security group, or the lack of any rule, may still protect
    it. Azure's Redis has a public address by default, and lets in everybody until it has a rule.
    Write the addresses of those who call it, or reach it by a private address.
    Peers: checkov CKV_GCP_11 CKV_AWS_17 CKV_AWS_87; trivy AWS-0180 GCP-0017 AZU-0022 AZU-0029.
    Source: CIS Google Cloud Foundations Benchmark 6.5; CIS Azure Foundations Benchmark, databases; Amazon RDS user
    guide, hiding a DB instance in a VPC from the internet.
    """
    for rule in module.everything(*RANGES):
        yield from _range(rule)
    listed: set[str] = set()
    for database in module.everything(*LISTS):
        for path in LISTS[database.type]:
            for value, text in _world(database, path):
                listed.add(database.address)
                yield Problem(value.where, f"{text} everybody in to the database; write the addresses that call it")
            yield from _doubts(database, path, "it may let everybody in to the database")
    for database in module.everything(*PUBLIC):
        address = database.body.value("publicly_accessible")
        if address and address.data in YES:
            message = "the database has a public address; write publicly_accessible = false"
            yield Problem(address.where, message, Severity.WARNING)
    for store in (*stores(module, "database"), *stores(module, "cache")):
        if store.resource.type not in PUBLIC and store.resource.address not in listed:
            yield from _public(store)


def control_planes_are_not_open_to_the_world(module: Module) -> Iterator[Problem]:
    """No cluster's API server is reached from the whole internet.

    EKS lets everybody in to a public endpoint unless public_access_cidrs says otherwise; GKE and AKS have lists of
    authorized networks. Whoever finds a token or a hole in the API server can use it from anywhere. Without any list
    it is a warning, where the endpoint is not private.
    Write the addresses of those who administer it, or a private endpoint.
    Peers: checkov CKV_AWS_38 CKV_GCP_20 CKV_AZURE_6; trivy AWS-0040 AWS-0041 GCP-0053 GCP-0061 AZU-0041; KICS
    42f4b905.
    Source: Amazon EKS user guide, cluster API server endpoint; CIS Google Kubernetes Engine Benchmark 5.6; Azure
    Kubernetes Service, authorized IP address ranges.
    """
    for cluster in module.everything(*PLANES):
        if _private(cluster):
            continue
        for path in PLANES[cluster.type]:
            for value, text in _world(cluster, path):
                message = f"{text} everybody in to the API server; write the addresses of those who administer it"
                yield Problem(value.where, message)
            yield from _doubts(cluster, path, "it may let everybody in to the API server")
        if where := _unlisted(cluster):
            name = PLANES[cluster.type][0].split(".")[0 if cluster.type == "google_container_cluster" else -1]
            message = f"everybody is let in to the API server by default; write {name}"
            yield Problem(where, message, Severity.WARNING)


def _public(store: Store) -> Iterator[Problem]:
    """The findings on a store of Azure or Google Cloud that has, or may have, a public address."""
    kind, public = store.kind, store.public()
    where, name = store.place(kind.public), kind.public.rpartition(".")[2]
    if isinstance(public, UnknownValue):
        yield cannot_tell(where, public, f"the {kind.part} may have a public address")
    elif public and kind.unguarded and not store.rules():
        message = f"the {kind.part} lets everybody in: it has a public address and no {kind.rules}"
        yield Problem(where, f"{message}; write {name} = false")
    elif public:
        has = "has a public address" if where != store.resource.where else "has a public address by default"
        yield Problem(where, f"the {kind.part} {has}; write {name} = false", Severity.WARNING)


def _range(rule: ResourceInstance) -> Iterator[Problem]:
    """What an Azure rule with a first and a last address opens."""
    first, last = (rule.body.value(name) for name in RANGES[rule.type])
    if first is None or last is None:
        return
    for value in (first, last):
        if isinstance(value.data, UnknownValue):
            yield cannot_tell(value.where, value.data, "the rule may let everybody in to the database")
            return
    try:
        low, high = int(ip_address(str(first.data))), int(ip_address(str(last.data)))
    except ValueError:
        return
    text = f"{first.data} to {last.data}"
    if low == high == 0:
        message = f"{text} is every service of Azure, of every tenant; write the addresses that call it"
        yield Problem(first.where, message, Severity.WARNING)
    elif low <= 1 << 24 and high >= 0xDF << 24:
        yield Problem(first.where, f"{text} lets everybody in to the database; write the addresses that call it")
    elif high - low >= 1 << 24:
        message = f"{text} is {high - low + 1} addresses; write the ones that call it"
        yield Problem(first.where, message, Severity.WARNING)


def _items(resource: ResourceInstance, path: str) -> list[Value]:
    return [item for value in resource.body.find(path) for item in _split(value)]


def _split(value: Value) -> Iterator[Value]:
    """The elements of a list, or of a text that separates them by commas."""
    for item in value.items():
        texts = str(item.data).split(",") if isinstance(item.data, str) else [item.data]
        yield from (Value(text.strip() if isinstance(text, str) else text, item.where, item.refs) for text in texts)


def _world(resource: ResourceInstance, path: str) -> Iterator[tuple[Value, str]]:
    """Each element that is the whole internet, and the last of those that add up to it, with words for a message."""
    peers = []
    for item in _items(resource, path):
        net = network(item.data) if isinstance(item.data, str) else None
        if net and everywhere(net):
            yield item, f"{item.data} lets"
        elif net:
            peers.append(FirewallPeer(item, (net,)))
    for whole in (network("0.0.0.0/0"), network("::/0")):
        mine = [peer for peer in peers if whole and peer.nets[0].version == whole.version]
        if whole and mine and all_public(whole, [net for peer in mine for net in peer.nets]):
            mine = smallest_covering(whole, mine)
            yield mine[-1].value, f"{', '.join(dict.fromkeys(peer.text for peer in mine))} together let"


def _doubts(resource: ResourceInstance, path: str, question: str) -> Iterator[Problem]:
    for item in _items(resource, path):
        if isinstance(item.data, UnknownValue):
            yield cannot_tell(item.where, item.data, question)


def _private(cluster: ResourceInstance) -> bool:
    """Whether the API server is written to have no public endpoint."""
    body = cluster.body
    if cluster.type == "aws_eks_cluster":
        return any(value.data in NO for value in body.find("vpc_config.endpoint_public_access"))
    if cluster.type == "azurerm_kubernetes_cluster":
        return body.data("private_cluster_enabled") in YES
    ends = body.find("private_cluster_config.enable_private_endpoint")
    off = body.find("control_plane_endpoints_config.ip_endpoints_config.enable_public_endpoint")
    return any(value.data in YES for value in ends) or any(value.data in NO for value in off)


def _unlisted(cluster: ResourceInstance) -> Where | None:
    """The place where a missing list belongs; None when there is one."""
    body = cluster.body
    if cluster.type == "aws_eks_cluster":
        blocks = body.each("vpc_config")
        lists = body.find("vpc_config.public_access_cidrs")
        return None if not blocks or blocks[0].doubt or any(value.data != () for value in lists) else blocks[0].where
    if any(body.find(path) for path in PLANES[cluster.type]):
        return None
    if cluster.type == "google_container_cluster":
        config = (*body.each("master_authorized_networks_config"), *body.each("control_plane_endpoints_config"))
        return None if config else cluster.where
    doubt = isinstance(body.data("private_cluster_enabled"), UnknownValue)
    return None if doubt or body.each("api_server_access_profile") else cluster.where


CHECKS: tuple[Check[Module], ...] = (
    databases_are_not_open_to_the_world,
    control_planes_are_not_open_to_the_world,
)
SEVERITIES: Severities = {
    databases_are_not_open_to_the_world: (Severity.ERROR, Severity.WARNING, Severity.NOTE),
    control_planes_are_not_open_to_the_world: (Severity.ERROR, Severity.WARNING, Severity.NOTE),
}
