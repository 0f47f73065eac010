"""Managed databases and caches beside the chart, each resource type with a bad and a good case, word for word."""

from __future__ import annotations

import inspect
import random
from collections.abc import Mapping
from typing import Any

import pytest

from tests.terraform.language.expressions import PRELUDE, Generator
from tests.terraform.sources import Files
from tests.terraform.test_changed import changed
from tools.findings.model import rule_id, run
from tools.findings.stages import severities
from tools.terraform.clouds.chart import Layers
from tools.terraform.clouds.stores import STORE_KINDS
from tools.terraform.modules.read import evaluate_text
from tools.terraform.with_chart import CHECKS

RULES = {rule_id(check): check for check in CHECKS}
PORTS, PLACES, LETS_IN = (
    "stores-listen-on-the-charts-ports",
    "stores-stand-where-the-chart-looks",
    "stores-let-sark-in",
)
VALUES: Mapping[str, Any] = {
    "cluster": {"podCidrs": ["10.1.0.0/16"], "cidrs": []},
    "database": {"enabled": True, "ports": {"postgresql": 5432}, "externalCidrs": ["10.2.0.0/24"]},
    "cache": {"enabled": True, "ports": {"redis": 6379, "metrics": 9121}, "externalCidrs": ["10.2.1.0/24"]},
}


def reported(text: str, *rules: str, values: Mapping[str, Any] = VALUES) -> list[str]:
    """The findings on a root and of the chart's values: severity, file and line, message."""
    layers = Layers({"aws": evaluate_text({"main.tf": text})}, values, "production", "values.yaml")
    return [
        f"{item.problem.severity} {item.problem.where.file}:{item.problem.where.line} {item.problem.message}"
        for item in run(CHECKS, layers)
        if not rules or item.rule in rules
    ]


def values_with(**parts: Any) -> dict[str, Any]:
    """VALUES with some parts replaced."""
    return {**VALUES, **{name: {**VALUES[name], **part} for name, part in parts.items()}}


def resource(kind: str, text: str, name: str = "s") -> str:
    """A resource; the lines of it are parted by `;`, and it begins on the first line of the file that it is in."""
    lines = "".join(f"  {line.strip()}\n" for line in text.split(";") if line.strip())
    return f'resource "{kind}" "{name}" {{\n{lines}}}\n'


SQL = 'database_version = "POSTGRES_16"; settings {; ip_configuration {; %s; }; }'
# Each type with what it needs to be SARK's, with another port, and with the chart's.
LISTENS: dict[str, tuple[str, str, str]] = {
    "aws_db_instance": ('engine = "postgres"', "port = 5433", "port = 5432"),
    "aws_rds_cluster": ('engine = "aurora-postgresql"', 'port = "5433"', ""),
    "aws_elasticache_cluster": ('engine = "redis"', "port = 6380", "port = 6379"),
    "aws_elasticache_replication_group": ("", "port = 6380", ""),
    "aws_memorydb_cluster": ("", "port = 6380", "port = 6379"),
    "azurerm_redis_cache": ("", "", "non_ssl_port_enabled = true"),
    "google_redis_instance": ("", 'transit_encryption_mode = "SERVER_AUTHENTICATION"', ""),
}
# Those that have one port, whatever is written.
FIXED = {
    "aws_elasticache_serverless_cache": ('engine = "valkey"', "6379"),
    "azurerm_postgresql_server": ("", "5432"),
    "azurerm_postgresql_flexible_server": ("", "5432 and 6432"),
    "google_sql_database_instance": (SQL % "ipv4_enabled = true", "5432"),
    "google_alloydb_instance": ("", "5432"),
}
OTHER = {"aws_db_instance": 5433, "aws_rds_cluster": 5433, "google_redis_instance": 6378}


def test_every_type_has_a_case() -> None:
    assert {*LISTENS, *FIXED} == set(STORE_KINDS)
    assert {*IN, *PUBLIC} | {"azurerm_redis_cache", "google_redis_instance"} == set(STORE_KINDS)
    assert {kind for kind in STORE_KINDS if STORE_KINDS[kind].places} == set(STANDS)


@pytest.mark.parametrize("kind", LISTENS)
def test_a_port_that_is_not_the_charts(kind: str) -> None:
    ours, other, same = LISTENS[kind]
    part = STORE_KINDS[kind].part
    name, number = ("postgresql", 5432) if part == "database" else ("redis", 6379)
    line = 1 if kind in ("azurerm_redis_cache", "google_redis_instance") else 2 + bool(ours)
    assert reported(resource(kind, f"{ours};{other}"), PORTS) == [
        f"error main.tf:{line} the {part} {kind}.s listens on {OTHER.get(kind, 6380)}, and {part}.ports.{name} is "
        f"{number} in production; write the same port"
    ]
    assert reported(resource(kind, f"{ours};{same}"), PORTS) == []


@pytest.mark.parametrize("kind", FIXED)
def test_a_port_that_cannot_be_chosen(kind: str) -> None:
    ours, listens = FIXED[kind]
    part = STORE_KINDS[kind].part
    name = "postgresql" if part == "database" else "redis"
    assert reported(resource(kind, ours), PORTS) == []
    [message] = reported(resource(kind, ours), PORTS, values=values_with(**{part: {"ports": {name: 15432}}}))
    assert message == (
        f"error main.tf:1 the {part} {kind}.s listens on {listens}, and {part}.ports.{name} is 15432 in production; "
        "write the same port"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            resource("aws_db_instance", 'engine = "postgres"; port = var.x'),
            ["note main.tf:3 cannot tell: var.x is not declared; the chart may not open the port of the database "
             "aws_db_instance.s"],
        ),
        (
            resource("azurerm_redis_cache", "non_ssl_port_enabled = var.x"),
            ["note main.tf:1 cannot tell: var.x is not declared; the chart may not open the port of the cache "
             "azurerm_redis_cache.s"],
        ),
        # Of several one is enough, and those that are no PostgreSQL or Redis are somebody else's.
        (resource("aws_db_instance", 'engine = "postgres"; port = 5433')
         + resource("aws_db_instance", 'engine = "postgres"', "t"), []),
        (resource("aws_db_instance", 'engine = "mysql"; port = 3306'), []),
        (resource("aws_db_instance", "engine = var.x; port = 3306"), []),
        (resource("aws_elasticache_cluster", 'engine = "memcached"; port = 11211'), []),
    ],
)  # fmt: skip
def test_ports_of_which_nothing_wrong_is_known(text: str, expected: list[str]) -> None:
    assert reported(text, PORTS) == expected


def subnet(cidr: str) -> str:
    return resource("aws_subnet", f'cidr_block = "{cidr}"')


def group(kind: str) -> str:
    return resource(kind, 'name = "g"; subnet_ids = [aws_subnet.s.id]')


RDS = group("aws_db_subnet_group")
# Each type with the way to its addresses, which are in `{}`.
STANDS: dict[str, str] = {
    "aws_db_instance": RDS + subnet("{}")
    + resource("aws_db_instance", 'engine = "postgres"; db_subnet_group_name = aws_db_subnet_group.s.name'),
    "aws_rds_cluster": RDS + subnet("{}")
    + resource("aws_rds_cluster", 'engine = "aurora-postgresql"; db_subnet_group_name = "g"'),
    "aws_elasticache_cluster": group("aws_elasticache_subnet_group") + subnet("{}") + resource(
        "aws_elasticache_cluster", 'engine = "redis"; subnet_group_name = aws_elasticache_subnet_group.s.name'
    ),
    "aws_elasticache_replication_group": group("aws_elasticache_subnet_group") + subnet("{}") + resource(
        "aws_elasticache_replication_group", "subnet_group_name = aws_elasticache_subnet_group.s.id"
    ),
    "aws_elasticache_serverless_cache": subnet("{}")
    + resource("aws_elasticache_serverless_cache", 'engine = "redis"; subnet_ids = [aws_subnet.s.id]'),
    "aws_memorydb_cluster": group("aws_memorydb_subnet_group") + subnet("{}")
    + resource("aws_memorydb_cluster", "subnet_group_name = aws_memorydb_subnet_group.s.id"),
    "azurerm_postgresql_flexible_server": resource("azurerm_subnet", 'address_prefixes = ["{}"]')
    + resource("azurerm_postgresql_flexible_server", "delegated_subnet_id = azurerm_subnet.s.id"),
    "azurerm_redis_cache": resource("azurerm_subnet", 'address_prefixes = ["{}"]')
    + resource("azurerm_redis_cache", "subnet_id = azurerm_subnet.s.id"),
    "google_redis_instance": resource("google_redis_instance", 'reserved_ip_range = "{}"'),
    "google_sql_database_instance": resource(
        "google_compute_global_address", 'name = "a"; address = split("/", "{}")[0]; prefix_length = 24'
    )
    + resource(
        "google_sql_database_instance",
        SQL % "allocated_ip_range = google_compute_global_address.s.name",
    ),
}  # fmt: skip


def placed(kind: str, cidr: str) -> str:
    return STANDS[kind].replace("{}", cidr)


@pytest.mark.parametrize("kind", STANDS)
def test_addresses_that_the_chart_does_not_open(kind: str) -> None:
    part = STORE_KINDS[kind].part
    inside = "10.2.0.0/24" if part == "database" else "10.2.1.0/24"
    assert reported(placed(kind, inside), PLACES) == []
    message = f"the {part} {kind}.s is in 10.9.0.0/24, which {part}.externalCidrs does not list in production; add it"
    assert reported(placed(kind, "10.9.0.0/24"), PLACES) == [f"error values.yaml:0 {message}"]
    # Without a list SARK's store may be one of the cluster's pods.
    assert reported(placed(kind, "10.9.0.0/24"), PLACES, values=values_with(**{part: {"externalCidrs": []}})) == [
        f"warning values.yaml:0 {message}"
    ]


def test_addresses_that_are_not_known() -> None:
    text = resource("aws_db_instance", 'engine = "postgres"; db_subnet_group_name = var.x')
    assert reported(text, PLACES) == [
        "note values.yaml:0 cannot tell: var.x is not declared; database.externalCidrs may not hold the addresses of "
        "the database aws_db_instance.s"
    ]
    assert (
        reported(resource("aws_db_instance", 'engine = "postgres"; db_subnet_group_name = "elsewhere"'), PLACES) == []
    )


def test_a_part_that_is_switched_off_is_nothing_to_compare_with() -> None:
    text = resource("aws_db_instance", 'engine = "postgres"; port = 5433; vpc_security_group_ids = []')
    assert reported(text, values=values_with(database={"enabled": False})) == []


def rule(way: str, owner: str, port: int, peer: str) -> str:
    return resource(
        f"aws_vpc_security_group_{way}_rule",
        f'security_group_id = {owner}; ip_protocol = "tcp"; from_port = {port}; to_port = {port}; {peer}',
        f"{way}_{abs(hash((owner, peer)))}",
    )


def groups(port: int) -> str:
    """SARK's group, from which the store's port goes out, the store's and another one."""
    names = ("sark", "store", "web")
    text = "".join(resource("aws_security_group", f'name = "{name}"', name) for name in names)
    return text + rule("egress", "aws_security_group.sark.id", port, 'cidr_ipv4 = "10.2.0.0/16"')


SARK = "referenced_security_group_id = aws_security_group.sark.id"
WEB = "referenced_security_group_id = aws_security_group.web.id"
# Each type with its groups.
IN: dict[str, tuple[str, str]] = {
    "aws_db_instance": ('engine = "postgres"', "vpc_security_group_ids"),
    "aws_rds_cluster": ('engine = "aurora-postgresql"', "vpc_security_group_ids"),
    "aws_elasticache_cluster": ('engine = "redis"', "security_group_ids"),
    "aws_elasticache_replication_group": ("", "security_group_ids"),
    "aws_elasticache_serverless_cache": ('engine = "redis"', "security_group_ids"),
    "aws_memorydb_cluster": ("", "security_group_ids"),
}


def store(kind: str, ids: str = "[aws_security_group.store.id]") -> str:
    ours, name = IN[kind]
    return resource(kind, f"{ours}; {name} = {ids}" if ids else ours)


@pytest.mark.parametrize("kind", IN)
def test_groups_that_keep_sark_out(kind: str) -> None:
    part, name = STORE_KINDS[kind].part, IN[kind][1]
    port = 5432 if part == "database" else 6379
    line = 3 if IN[kind][0] else 2
    called = f"the {part} {kind}.s"
    base = store(kind) + groups(port)
    assert reported(base, LETS_IN) == [
        f"error main.tf:{line} no rule lets anybody in to {called} on TCP {port}; write one from "
        f"aws_security_group.sark"
    ]
    web = base + rule("ingress", "aws_security_group.store.id", port, WEB)
    [message] = reported(web, LETS_IN)
    assert message.startswith("error main.tf:")
    assert message.endswith(
        f"{called} lets in aws_security_group.web on TCP {port}, and SARK calls from aws_security_group.sark, "
        "10.1.0.0/16; write a rule for that"
    )
    assert reported(web + rule("ingress", "aws_security_group.store.id", port, SARK), LETS_IN) == []
    # On another port it is let in to nothing.
    other = base + rule("ingress", "aws_security_group.store.id", 22, SARK)
    assert [text.partition(" ")[0] for text in reported(other, LETS_IN)] == ["error"]
    for peer, closed in (('"10.1.2.0/24"', False), ('"10.0.0.0/8"', False), ('"10.9.0.0/16"', True)):
        text = base + rule("ingress", "aws_security_group.store.id", port, f"cidr_ipv4 = {peer}")
        assert bool(reported(text, LETS_IN)) is closed, peer
    assert reported(store(kind, "") + groups(port), LETS_IN) == [
        f"warning main.tf:1 {called} has no security group, and the VPC's default one lets in only its own members; "
        f"write {name}"
    ]


@pytest.mark.parametrize(
    ("ids", "peer", "reason"),
    [
        ("[var.x]", SARK, "var.x is not declared"),
        ('["sg-1"]', SARK, "sg-1 is made elsewhere"),
        ("var.x", SARK, "var.x is not declared"),
        ("[aws_security_group.store.id]", "cidr_ipv4 = var.x", "var.x is not declared"),
        ("[aws_security_group.store.id]", 'referenced_security_group_id = "sg-2"', "sg-2 is made elsewhere"),
        ("[aws_security_group.store.id]", 'prefix_list_id = "pl-1"', "pl-1 is made elsewhere"),
    ],
)
def test_what_groups_do_that_are_not_known(ids: str, peer: str, reason: str) -> None:
    text = store("aws_db_instance", ids) + groups(5432) + rule("ingress", "aws_security_group.store.id", 5432, peer)
    assert reported(text, LETS_IN) == [
        f"note main.tf:3 cannot tell: {reason}; it may not let SARK in to the database aws_db_instance.s on TCP 5432"
    ]


def test_addresses_of_a_cluster_that_lists_none_are_not_known() -> None:
    text = store("aws_db_instance") + groups(5432)
    text += rule("ingress", "aws_security_group.store.id", 5432, 'cidr_ipv4 = "10.9.0.0/16"')
    assert reported(text, LETS_IN, values=values_with(cluster={"podCidrs": []})) == [
        "note main.tf:3 cannot tell: cluster.podCidrs and cluster.cidrs are empty in production; it may not let SARK "
        "in "
        "to the database aws_db_instance.s on TCP 5432"
    ]


FLEXIBLE, SINGLE, CLOUD_SQL = (
    "azurerm_postgresql_flexible_server", "azurerm_postgresql_server", "google_sql_database_instance",
)  # fmt: skip
ENDPOINT = resource(
    "azurerm_private_endpoint",
    "private_service_connection {; private_connection_resource_id = azurerm_postgresql_flexible_server.s.id; }",
)
PUBLIC: dict[str, list[tuple[str, list[str]]]] = {
    FLEXIBLE: [
        (
            resource(FLEXIBLE, ""),
            [
                "warning main.tf:1 the database azurerm_postgresql_flexible_server.s is public by "
                "public_network_access_enabled and lets nobody in: there is no "
                "azurerm_postgresql_flexible_server_firewall_rule; write delegated_subnet_id"
            ],
        ),
        (
            resource(FLEXIBLE, "public_network_access_enabled = false"),
            [
                "warning main.tf:2 the database azurerm_postgresql_flexible_server.s has neither a public address nor "
                "a "
                "private one; write delegated_subnet_id"
            ],
        ),
        (
            resource(FLEXIBLE, "public_network_access_enabled = var.x"),
            [
                "note main.tf:2 cannot tell: var.x is not declared; the database azurerm_postgresql_flexible_server.s "
                "may be out of SARK's reach"
            ],
        ),
        (resource(FLEXIBLE, "delegated_subnet_id = azurerm_subnet.x.id"), []),
        (resource(FLEXIBLE, "public_network_access_enabled = false") + ENDPOINT, []),
        (
            resource(FLEXIBLE, "")
            + resource(f"{FLEXIBLE}_firewall_rule", "server_id = azurerm_postgresql_flexible_server.s.id"),
            [],
        ),
        (resource(FLEXIBLE, "") + resource(f"{FLEXIBLE}_firewall_rule", "server_id = var.x"), []),
    ],
    SINGLE: [
        (
            resource(SINGLE, 'name = "n"'),
            [
                "warning main.tf:1 the database azurerm_postgresql_server.s is public by public_network_access_enabled "
                "and lets nobody in: there is no azurerm_postgresql_firewall_rule; write a private endpoint"
            ],
        ),
        (
            resource(SINGLE, 'name = "n"')
            + resource("azurerm_postgresql_firewall_rule", "server_name = azurerm_postgresql_server.s.name"),
            [],
        ),
        (resource(SINGLE, 'name = "n"') + resource("azurerm_postgresql_firewall_rule", 'server_name = "n"'), []),
    ],
    CLOUD_SQL: [
        (
            resource(CLOUD_SQL, SQL % "ipv4_enabled = false"),
            [
                "warning main.tf:5 the database google_sql_database_instance.s has neither a public address nor a "
                "private one; write private_network or psc_enabled"
            ],
        ),
        (
            resource(CLOUD_SQL, SQL % "ipv4_enabled = true"),
            [
                "warning main.tf:1 the database google_sql_database_instance.s is public by ipv4_enabled and lets "
                "nobody "
                "in: there is no authorized_networks; write private_network or psc_enabled"
            ],
        ),
        (resource(CLOUD_SQL, SQL % 'authorized_networks {; value = "198.51.100.7/32"; }'), []),
        (resource(CLOUD_SQL, SQL % "ipv4_enabled = false; private_network = var.x"), []),
    ],
    "google_alloydb_instance": [
        (resource("google_alloydb_instance", "network_config {; enable_public_ip = true; }"), []),
        (resource("google_alloydb_instance", ""), []),
    ],
}


@pytest.mark.parametrize(("text", "expected"), [case for cases in PUBLIC.values() for case in cases])
def test_stores_with_lists_of_their_own(text: str, expected: list[str]) -> None:
    assert reported(text, LETS_IN) == expected


@pytest.mark.parametrize("wrong", [None, "x", 5, [1], ["x"], {"a": "b"}, [None], [{}]])
@pytest.mark.parametrize(
    "path", ["database", "database.ports", "database.externalCidrs", "cluster", "cluster.podCidrs"]
)
def test_values_of_another_type_are_another_stages_finding(path: str, wrong: Any) -> None:
    part, _, name = path.partition(".")
    values = {**VALUES, part: {**VALUES[part], name: wrong} if name else wrong}
    text = placed("aws_db_instance", "10.9.0.0/24") + store("aws_db_instance") + groups(5432)
    assert all(line.partition(" ")[0] in ("error", "warning", "note") for line in reported(text, values=values))


UNDONE = (
    "carry the cluster's own security group, which lets everything out: beside it the egress list of "
    "aws_security_group.sark limits nothing; name that group alone in the launch template of the nodes, or give SARK's "
    "pods theirs by a SecurityGroupPolicy"
)
QUESTION = "with the cluster's own group aws_security_group.sark limits no egress"
CLUSTER = resource("aws_eks_cluster", 'name = "c"')
NODES = resource("aws_eks_node_group", "cluster_name = aws_eks_cluster.s.name")
OURS = resource("aws_security_group", 'name = "sark"', "sark") + rule(
    "egress", "aws_security_group.sark.id", 443, 'cidr_ipv4 = "10.2.0.0/16"'
)
BY_TEMPLATE = resource("aws_eks_node_group", "launch_template {; id = aws_launch_template.s.id; version = 1; }")


def template(ids: str) -> str:
    return resource("aws_launch_template", f"vpc_security_group_ids = {ids}" if ids else "")


OWN = "aws_eks_cluster.s.vpc_config[0].cluster_security_group_id"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NODES + CLUSTER + OURS, [f"error main.tf:1 the nodes of aws_eks_node_group.s {UNDONE}"]),
        (NODES + OURS, [f"error main.tf:1 the nodes of aws_eks_node_group.s {UNDONE}"]),
        (
            resource("aws_eks_fargate_profile", "") + OURS,
            [f"error main.tf:1 the pods of aws_eks_fargate_profile.s {UNDONE}"],
        ),
        (template("") + BY_TEMPLATE + OURS, [f"error main.tf:1 the nodes of aws_eks_node_group.s {UNDONE}"]),
        (
            template(f"[aws_security_group.sark.id, {OWN}]") + BY_TEMPLATE + CLUSTER + OURS,
            [f"error main.tf:2 the nodes of aws_eks_node_group.s {UNDONE}"],
        ),
        (
            resource("aws_launch_template", f"network_interfaces {{; security_groups = [{OWN}]; }}")
            + BY_TEMPLATE
            + CLUSTER
            + OURS,
            [f"error main.tf:3 the nodes of aws_eks_node_group.s {UNDONE}"],
        ),
        (
            BY_TEMPLATE.replace("aws_launch_template.s.id", "var.x") + OURS,
            [f"note main.tf:1 cannot tell: var.x is not declared; {QUESTION}"],
        ),
        (
            BY_TEMPLATE.replace("aws_launch_template.s.id", '"lt-1"') + OURS,
            [f"note main.tf:1 cannot tell: the launch template lt-1 is made elsewhere; {QUESTION}"],
        ),
        (
            template("[var.x]") + BY_TEMPLATE + OURS,
            [f"note main.tf:1 cannot tell: var.x is not declared; {QUESTION}"],
        ),
        (CLUSTER + OURS, [f"note main.tf:1 cannot tell: the nodes of aws_eks_cluster.s are not made here; {QUESTION}"]),
        (
            template(f"[{OWN}]")
            + resource("aws_autoscaling_group", "launch_template {; id = aws_launch_template.s.id; }")
            + CLUSTER
            + OURS,
            [f"error main.tf:2 the nodes of aws_autoscaling_group.s {UNDONE}"],
        ),
        (
            resource("aws_instance", f"vpc_security_group_ids = [aws_security_group.sark.id, {OWN}]") + CLUSTER + OURS,
            [f"error main.tf:2 the nodes of aws_instance.s {UNDONE}"],
        ),
        # What limits is alone, or there is nothing that would.
        (template("[aws_security_group.sark.id]") + BY_TEMPLATE + CLUSTER + OURS, []),
        (NODES + CLUSTER, []),
        (NODES + resource("aws_security_group", 'name = "sark"', "sark") + rule(
            "egress", "aws_security_group.sark.id", 0, 'cidr_ipv4 = "0.0.0.0/0"'
        ).replace('"tcp"', '"-1"'), []),
        (OURS, []),
        (
            NODES + OURS + resource("kubernetes_manifest", 'manifest = { kind = "SecurityGroupPolicy" }'),
            [],
        ),
        (
            NODES + OURS + 'output "p" {\n  value = templatefile("security-group-policy.yaml.tftpl", {})\n}\n',
            [],
        ),
        (
            NODES + OURS + "# a SecurityGroupPolicy would do\n",
            [f"error main.tf:1 the nodes of aws_eks_node_group.s {UNDONE}"],
        ),
    ],
)  # fmt: skip
def test_the_clusters_own_group(text: str, expected: list[str]) -> None:
    assert reported(text, "cluster-groups-do-not-undo-egress") == expected


EVERYTHING = [
    *(placed(kind, "10.9.0.0/24") for kind in STANDS),
    *(store(kind) + groups(5432) + rule("ingress", "aws_security_group.store.id", 5432, WEB) for kind in IN),
    *(text for cases in PUBLIC.values() for text, _ in cases),
    template(f"[aws_security_group.sark.id, {OWN}]") + BY_TEMPLATE + NODES + CLUSTER + OURS,
    ENDPOINT + resource("azurerm_postgresql_flexible_server", "public_network_access_enabled = false"),
]


def test_nothing_that_is_changed_is_a_fault_of_the_toolkit() -> None:
    chance, generator, files = random.Random(1), Generator(1), Files(1)
    notices = 0
    for _ in range(300):
        text = changed(chance.choice(EVERYTHING) + chance.choice(EVERYTHING), chance, generator, files)
        notices += len(reported(PRELUDE + text))
    assert notices > 300


@pytest.mark.parametrize("name", RULES)
def test_an_entry_says_the_fact_the_reason_and_the_source(name: str) -> None:
    lines = (inspect.getdoc(RULES[name]) or "").splitlines()
    assert lines[0].endswith(".")
    assert lines[1] == ""
    assert any(line.startswith("Source: ") for line in lines)


# Of each rule a text for each severity that it declares, and values beside it.
SEVERE: dict[str, list[tuple[str, Mapping[str, Any]]]] = {
    PORTS: [
        (resource("aws_db_instance", 'engine = "postgres"; port = 5433'), VALUES),
        (resource("aws_db_instance", 'engine = "postgres"; port = var.x'), VALUES),
    ],
    PLACES: [
        (placed("aws_db_instance", "10.9.0.0/24"), VALUES),
        (placed("aws_db_instance", "10.9.0.0/24"), values_with(database={"externalCidrs": []})),
        (resource("aws_db_instance", 'engine = "postgres"; db_subnet_group_name = var.x'), VALUES),
    ],
    LETS_IN: [
        (store("aws_db_instance") + groups(5432), VALUES),
        (store("aws_db_instance", "") + groups(5432), VALUES),
        (store("aws_db_instance", "[var.x]") + groups(5432), VALUES),
    ],
    "cluster-groups-do-not-undo-egress": [(NODES + CLUSTER + OURS, VALUES), (CLUSTER + OURS, VALUES)],
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_has_each_severity_that_it_declares(name: str) -> None:
    shown = [line.partition(" ")[0] for text, values in SEVERE[name] for line in reported(text, name, values=values)]
    assert sorted(shown) == sorted(severities(RULES[name]))
