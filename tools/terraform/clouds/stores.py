"""Managed databases and caches: where each resource type says its port, its addresses and whom it lets in.

One row for each resource type; the checks that compare stores with the chart read nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.findings.model import Where
from tools.manifests.addresses import Net, network
from tools.terraform.clouds.model import may_be_null, number, owner
from tools.terraform.language.model import Body, Module, ResourceInstance, UnknownValue, Value

# How Terraform may have true and false.
YES = (True, "true")
NO = (False, "false")


@dataclass(frozen=True, slots=True)
class StorePort:
    """A port that a store listens on: always, or where the attribute at `path` has one of the values."""

    number: int
    path: str = ""
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreKind:
    """Where the parts of a store's own firewall are.

    `part`: the part of the chart that it serves. `engine`: the path of the attribute that names the database, and
    `engines` the prefixes of those that SARK uses. `ports`: its ports where none is written at `port`. `groups`: the
    path of its security groups. `lists`: the paths of the addresses that it lets in. `rules`: the type of its
    firewall's rules, which refer to it by one of the attributes `named`. `places`: how to find the networks that it is
    in: a path here, then a type and a path there, separated by `>`. `public`: the path of the attribute that gives it a
    public address, and `default` its value where nothing is written. `inside`: the paths of what gives it a private
    address, `instead` of the public one or beside it. `unguarded`: a public store without rules lets everybody in; the
    others let nobody in.
    """

    part: str
    ports: tuple[StorePort, ...]
    engine: str = ""
    engines: tuple[str, ...] = ()
    port: str = ""
    groups: str = ""
    places: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    rules: str = ""
    named: tuple[str, ...] = ()
    public: str = ""
    default: bool = False
    inside: tuple[str, ...] = ()
    instead: bool = False
    unguarded: bool = False


_POSTGRESQL = (StorePort(5432),)
_REDIS = (StorePort(6379),)
_RDS = ("db_subnet_group_name>aws_db_subnet_group.subnet_ids>aws_subnet.cidr_block",)
_ELASTICACHE = ("subnet_group_name>aws_elasticache_subnet_group.subnet_ids>aws_subnet.cidr_block",)
_REDIS_ENGINES = ("redis", "valkey")
STORE_KINDS: Mapping[str, StoreKind] = {
    "aws_db_instance": StoreKind(
        "database", _POSTGRESQL, "engine", ("postgres",), "port", "vpc_security_group_ids", _RDS,
        public="publicly_accessible",
    ),
    "aws_rds_cluster": StoreKind(
        "database", _POSTGRESQL, "engine", ("aurora-postgresql", "postgres"), "port", "vpc_security_group_ids", _RDS,
    ),
    "aws_elasticache_cluster": StoreKind(
        "cache", _REDIS, "engine", _REDIS_ENGINES, "port", "security_group_ids", _ELASTICACHE,
    ),
    "aws_elasticache_replication_group": StoreKind(
        "cache", _REDIS, port="port", groups="security_group_ids", places=_ELASTICACHE,
    ),
    "aws_elasticache_serverless_cache": StoreKind(
        "cache", _REDIS, "engine", _REDIS_ENGINES, groups="security_group_ids",
        places=("subnet_ids>aws_subnet.cidr_block",),
    ),
    "aws_memorydb_cluster": StoreKind(
        "cache", _REDIS, port="port", groups="security_group_ids",
        places=("subnet_group_name>aws_memorydb_subnet_group.subnet_ids>aws_subnet.cidr_block",),
    ),
    "azurerm_postgresql_server": StoreKind(
        "database", _POSTGRESQL, rules="azurerm_postgresql_firewall_rule", named=("server_name",),
        public="public_network_access_enabled", default=True,
    ),
    "azurerm_postgresql_flexible_server": StoreKind(
        # 6432 is PgBouncer's, which a server parameter switches on.
        "database", (StorePort(5432), StorePort(6432)), rules="azurerm_postgresql_flexible_server_firewall_rule",
        named=("server_id",), places=("delegated_subnet_id>azurerm_subnet.address_prefixes",),
        public="public_network_access_enabled", default=True, inside=("delegated_subnet_id",), instead=True,
    ),
    "azurerm_redis_cache": StoreKind(
        "cache",
        (StorePort(6380), StorePort(6379, "non_ssl_port_enabled", YES), StorePort(6379, "enable_non_ssl_port", YES)),
        rules="azurerm_redis_firewall_rule", named=("redis_cache_name",),
        places=("subnet_id>azurerm_subnet.address_prefixes",),
        public="public_network_access_enabled", default=True, inside=("subnet_id",), instead=True, unguarded=True,
    ),
    "google_sql_database_instance": StoreKind(
        "database", _POSTGRESQL, "database_version", ("POSTGRES",),
        places=("settings.ip_configuration.allocated_ip_range>google_compute_global_address.",),
        lists=("settings.ip_configuration.authorized_networks.value",),
        public="settings.ip_configuration.ipv4_enabled", default=True,
        inside=("settings.ip_configuration.private_network", "settings.ip_configuration.psc_config.psc_enabled"),
    ),
    "google_alloydb_instance": StoreKind(
        "database", _POSTGRESQL, lists=("network_config.authorized_external_networks.cidr_range",),
        public="network_config.enable_public_ip",
    ),
    "google_redis_instance": StoreKind(
        "cache",
        (
            StorePort(6379, "transit_encryption_mode", (None, "DISABLED")),
            StorePort(6378, "transit_encryption_mode", ("SERVER_AUTHENTICATION",)),
        ),
        places=("reserved_ip_range", "reserved_ip_range>google_compute_global_address."),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Store:
    """A managed database or cache of one root."""

    resource: ResourceInstance
    kind: StoreKind
    module: Module

    @property
    def name(self) -> str:
        """How a message names it."""
        return f"the {self.kind.part} {self.resource.address}"

    def values(self, path: str) -> tuple[Value, ...]:
        """The values at one of its paths, element by element."""
        return tuple(item for value in self.resource.body.find(path) for item in value.items()) if path else ()

    def place(self, path: str) -> Where:
        """The place of the value at a path, or of the resource where there is none."""
        where = self.resource.body.find(path) if path else ()
        return where[0].where if where else self.resource.where

    def ports(self) -> tuple[int, ...] | UnknownValue:
        """The ports that it listens on."""
        for value in self.values(self.kind.port):
            if isinstance(value.data, UnknownValue):
                return value.data
            if (written := number(value.data)) is not None:
                return (written,)
        numbers = []
        for port in self.kind.ports:
            data = next((value.data for value in self.values(port.path)), None)
            if port.path and isinstance(data, UnknownValue):
                return data
            if not port.path or data in port.values:
                numbers.append(port.number)
        return tuple(dict.fromkeys(numbers))

    def public(self) -> bool | UnknownValue:
        """Whether it has a public address."""
        if not self.kind.public:
            return False
        if self.kind.instead and self.inside():
            return False
        data = next((value.data for value in self.values(self.kind.public)), self.kind.default)
        return data if isinstance(data, UnknownValue) else data in YES

    def inside(self) -> bool:
        """Whether it has, or may have, a private address."""
        if any(self.resource.body.find(path) for path in self.kind.inside):
            return True
        names = (self.resource.address,)
        return any(
            _may_be(value, names)
            for endpoint in self.module.everything("azurerm_private_endpoint")
            for value in endpoint.body.find("private_service_connection.private_connection_resource_id")
        )

    def rules(self) -> tuple[ResourceInstance, ...]:
        """The rules of its own firewall, and those that may belong to it."""
        if not self.kind.rules:
            return ()
        names = (self.resource.address, str(self.resource.body.data("name", "")))
        return tuple(
            rule
            for rule in self.module.everything(self.kind.rules)
            if any(_may_be(rule.body.value(name), names) for name in self.kind.named)
        )

    def nets(self) -> tuple[list[Net], UnknownValue | None]:
        """The networks that it is in, as far as they are written; and what is unknown where none is."""
        nets: list[Net] = []
        doubt: UnknownValue | None = None
        for place in self.kind.places:
            first, *steps = place.split(">")
            for value in _followed(self.module, self.values(first), steps):
                net = network(str(value.data)) if isinstance(value.data, str) else None
                if net:
                    nets.append(net)
                elif isinstance(value.data, UnknownValue):
                    doubt = value.data
        return nets, None if nets else doubt


def stores(module: Module, part: str) -> list[Store]:
    """The databases, or the caches, that may be SARK's."""
    candidates = []
    for resource in module.everything(*STORE_KINDS):
        kind = STORE_KINDS[resource.type]
        engine = [value.data for value in resource.body.find(kind.engine)] if kind.engine else []
        ours = not kind.engine or any(isinstance(item, str) and item.startswith(kind.engines) for item in engine)
        if kind.part == part and ours:
            candidates.append(Store(resource, kind, module))
    return candidates


def _may_be(value: Value | None, names: Iterable[str]) -> bool:
    if value is None:
        return False
    return owner(value) in names or may_be_null(value)


def _followed(module: Module, values: Iterable[Value], steps: list[str]) -> Iterator[Value]:
    """The values at the end of a chain of references; each step is a resource type and a path in it."""
    if not steps:
        yield from values
        return
    kind, _, path = steps[0].partition(".")
    for value in values:
        if not isinstance(value.data, UnknownValue) and not isinstance(value.data, str):
            continue
        reference = owner(value)
        targets = [
            resource
            for resource in module.everything(kind)
            if reference in (resource.address, resource.body.data("name"))
        ]
        if not targets and isinstance(value.data, UnknownValue):
            yield value
        for resource in targets:
            items = (
                _range(resource.body)
                if not path
                else [item for held in resource.body.find(path) for item in held.items()]
            )
            yield from _followed(module, items, steps[1:])


def _range(body: Body) -> list[Value]:
    """The network of an address whose prefix length is another attribute."""
    address, length = body.value("address"), body.value("prefix_length")
    if address is None or length is None:
        return []
    if isinstance(address.data, UnknownValue) or isinstance(length.data, UnknownValue):
        return [address if isinstance(address.data, UnknownValue) else length]
    return [Value(f"{address.data}/{length.data}", address.where)]
