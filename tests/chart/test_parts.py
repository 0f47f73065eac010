"""Parts: one list for templates, schema and pages; who calls whom is opened at both ends, and nothing else is."""

import json
from ipaddress import ip_network
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from tests.chart.test_chart import find_one, names, template
from tests.doc_runs import rendered_notes
from tests.helm import helm
from tools.egress.allowlist import Suffixes, parse_values
from tools.manifests.files import mapping
from tools.render import parts
from tools.render.chart import chart
from tools.render.merge import merge
from tools.render.own import CHART
from tools.validate.docs.page_file import keep
from tools.validate.docs.parts_page import pages

PARTS = chart().parts
VALUES: dict[str, Any] = yaml.load((CHART / "values.yaml").read_text(), yaml.CSafeLoader)
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())


def policy(objects: list[dict[str, Any]], ending: str) -> dict[str, Any]:
    spec: dict[str, Any] = find_one(objects, "NetworkPolicy", ending)["spec"]
    return spec


def peers(rules: list[dict[str, Any]], way: str, port: int) -> list[dict[str, Any]]:
    """The peers of every rule that opens a TCP port."""
    chosen = [rule for rule in rules if {"protocol": "TCP", "port": port} in rule.get("ports", [])]
    return [peer for rule in chosen for peer in rule[way]]


def pods(**labels: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": {key.replace("_", "."): value for key, value in labels.items()}}}


SARK = {"app.kubernetes.io/name": "sark"}
API = {"podSelector": {"matchLabels": SARK | {"app.kubernetes.io/component": "api"}}}
FRONTEND = {"podSelector": {"matchLabels": SARK | {"app.kubernetes.io/component": "frontend"}}}


def test_the_list_is_what_values_schema_and_proxy_ports_have() -> None:
    listed = [part.name for part in PARTS]
    assert listed == [name for name, block in VALUES.items() if isinstance(block, dict) and "extraEgress" in block]
    assert listed == [
        name for name, shape in SCHEMA["properties"].items() if shape.get("allOf") == [{"$ref": "#/definitions/part"}]
    ]
    assert set(listed) == set(VALUES["proxy"]["ports"])
    assert len(set(VALUES["proxy"]["ports"].values())) == len(listed)
    assert [part.name for part in PARTS if part.optional] == [name for name in listed if not VALUES[name]["enabled"]]


def test_what_is_written_from_the_list_is_up_to_date() -> None:
    assert keep(pages(), check=True) == 0


def copied(folder: Path) -> Path:
    """A copy of what the list is written into."""
    for name in ("Chart.yaml", "values.yaml", "values.schema.json", "README.md", "files/parts.yaml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text((CHART / name).read_text())
    return folder


def test_a_part_more_is_one_line_and_one_block(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = copied(tmp_path)
    line = "  - {name: ledger, policy: ledger, labels: {app: ledger}, is: the ledger}\n"
    (here / "files/parts.yaml").write_text((here / "files/parts.yaml").read_text() + line)
    assert keep(pages(here), check=True) == 2
    assert "values.yaml has no block ledger; write one, or take the part out" in capsys.readouterr().err
    block = "ledger:\n  enabled: true\n  ports: {grpc: 7443}\n  callers: [gateway]\n"
    values = (here / "values.yaml").read_text().replace("opa: 3131", "opa: 3131, ledger: 3139")
    (here / "values.yaml").write_text(values + block)
    assert keep(pages(here), check=True) == 1
    assert capsys.readouterr().out.count("run python -m tools.validate.docs") == 2
    assert keep(pages(here), check=False) == 0
    assert keep(pages(here), check=True) == 0
    assert (
        "| `ledger` | the ledger | `app: ledger` | `gateway` | grpc 7443 | – | 3139 |"
        in (here / "README.md").read_text()
    )
    assert '"ledger": {"allOf": [{"$ref": "#/definitions/part"}]' in (here / "values.schema.json").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("parts: [", "files/parts.yaml:2: not YAML"),
        ("[]", "files/parts.yaml: holds no `parts`"),
        ("parts: []", "files/parts.yaml: holds no `parts`"),
        ("parts: [x]", "files/parts.yaml: parts[0].name: is missing, or no text"),
        ("parts: [{name: a, policy: a, is: b}]", "files/parts.yaml: parts[0].labels: is missing"),
    ],
)
def test_a_list_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(parts.PartsError) as raised:
        parts.read(text)
    assert str(raised.value).startswith(message)


def test_markers_and_lines_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = copied(tmp_path)
    (here / "README.md").write_text("nothing")
    assert keep(pages(here), check=False) == 2
    assert "the table goes between two lines" in capsys.readouterr().err
    (here / "values.schema.json").write_text("{}")
    assert keep(pages(here), check=False) == 2
    assert "has no line of a part" in capsys.readouterr().err


def test_the_frontend_is_on_and_its_neighbours_know_it() -> None:
    objects = template()
    frontend, gateway = policy(objects, "frontend-access"), policy(objects, "gateway-ingress")
    assert API in peers(frontend["egress"], "to", 8000)
    assert FRONTEND in peers(gateway["ingress"], "from", 8000)
    for port in (80, 443):
        [controller] = peers(frontend["ingress"], "from", port)
        assert controller == {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}
    off = template({"frontend": {"enabled": False}})
    assert not any(name.endswith("frontend-access") for _, _, name in names(off))
    assert FRONTEND not in peers(policy(off, "gateway-ingress")["ingress"], "from", 8000)


def test_monitoring_reaches_what_sark_serves_and_what_its_manifests_name() -> None:
    monitoring = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    objects = template()
    for ending, port in (("gateway-ingress", 8000), ("gateway-ingress", 9090), ("frontend-access", 9113)):
        assert monitoring in peers(policy(objects, ending)["ingress"], "from", port)
    assert monitoring not in peers(policy(objects, "database-access")["ingress"], "from", 9187)
    on = template({"database": {"metrics": {"enabled": True}}, "gateway": {"metrics": {"enabled": False}}})
    assert monitoring in peers(policy(on, "database-access")["ingress"], "from", 9187)
    assert monitoring not in peers(policy(on, "gateway-ingress")["ingress"], "from", 8000)


@pytest.mark.parametrize("said_by", ["callers", "calls"])
def test_a_part_of_ones_own_is_opened_at_both_ends_whoever_says_it(said_by: str) -> None:
    vault: dict[str, Any] = {"podSelector": {"matchLabels": {"app": "vault"}}, "ports": {"http": 8200, "cluster": 8201}}
    job: dict[str, Any] = {"podSelector": {"matchLabels": {"app": "job"}}}
    some = {"ports": ["http"]}
    (vault if said_by == "callers" else job)[said_by] = [{"part": "job" if said_by == "callers" else "vault"} | some]
    objects = template({"extraParts": {"vault": vault, "job": job}})
    assert peers(policy(objects, "vault-access")["ingress"], "from", 8200) == [pods(app="job")]
    assert peers(policy(objects, "job-access")["egress"], "to", 8200) == [pods(app="vault")]
    assert peers(policy(objects, "vault-access")["ingress"], "from", 8201) == []
    assert "ingress" not in policy(objects, "job-access")
    assert "egress" not in policy(objects, "vault-access")


def test_a_part_elsewhere_has_its_policy_there_and_is_looked_for_there() -> None:
    vault = {
        "podSelector": {"matchLabels": {"app": "v"}},
        "namespace": "vault",
        "ports": {"http": 1},
        "callers": ["gateway"],
    }
    objects = template({"extraParts": {"vault": vault}})
    assert find_one(objects, "NetworkPolicy", "vault-access")["metadata"]["namespace"] == "vault"
    place = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "vault"}}}
    assert pods(app="v") | place in peers(policy(objects, "gateway-egress")["egress"], "to", 1)


def test_no_rule_of_a_part_is_open_to_everybody() -> None:
    """A rule without peers, or without ports, means everybody and everything."""
    lonely = {"podSelector": {"matchLabels": {"app": "x"}}, "ports": {"http": 1}}
    everything = {
        "kong": {"enabled": True}, "kongDatabase": {"enabled": True}, "migrations": {"enabled": True},
        "ingressController": {"namespaces": []}, "monitoring": {"namespaces": []},
        "gateway": {"callers": []}, "frontend": {"callers": ["ingressController"]}, "cache": {"callers": []},
        "extraParts": {"lonely": lonely},
    }  # fmt: skip
    for values in ({}, everything):
        for body in template(values):
            for way, key in (("ingress", "from"), ("egress", "to")):
                for rule in body.get("spec", {}).get(way, []) if body["kind"] == "NetworkPolicy" else []:
                    assert rule.get(key), (body["metadata"]["name"], rule)
                    audited = body["metadata"]["name"].endswith("egress-proxy")
                    assert rule.get("ports") or audited, (body["metadata"]["name"], rule)


def test_a_switch_that_is_left_empty_means_on() -> None:
    for part in PARTS:
        if not part.optional:
            assert template({part.name: {"enabled": None}}) == template(), part.name


def test_kong_is_one_switch_away() -> None:
    objects = template({"kong": {"enabled": True}, "kongDatabase": {"enabled": True}})
    kong = {"podSelector": {"matchLabels": SARK | {"app.kubernetes.io/component": "kong"}}}
    access = policy(objects, "network-kong-access")
    assert peers(access["ingress"], "from", 8001) == [API]
    assert API not in peers(access["ingress"], "from", 9999)
    assert {"namespaceSelector", "podSelector"} == {
        key for peer in peers(access["ingress"], "from", 8443) for key in peer
    }
    assert kong in peers(policy(objects, "gateway-ingress")["ingress"], "from", 8000)
    assert peers(policy(objects, "kong-database-access")["ingress"], "from", 5432) == [kong]


def random_external(draw: Random) -> list[dict[str, Any]]:
    """Entries that hold no connection twice: each has an address of its own."""
    entries = []
    for index in range(draw.randrange(1, 5)):
        four, six = (
            f"10.{draw.randrange(256)}.{index}.0/{draw.randrange(24, 33)}",
            f"fd00:{index}::/{draw.randrange(40, 129)}",
        )
        entries.append(
            {
                "cidrs": draw.choice(([four], [six], [four, six])),
                "ports": sorted(draw.sample(range(1, 65536), draw.randrange(1, 4))),
                "protocol": draw.choice(("tcp", "udp")),
                "workloads": sorted(draw.sample(["gateway", "frontend", "database", "opa"], draw.randrange(1, 4))),
                "reason": "a test",
            }
        )
    return entries


def connections(entries: list[dict[str, Any]], workload: str) -> set[tuple[str, str, int]]:
    return {
        (str(ip_network(cidr)), entry["protocol"].upper(), port)
        for entry in entries
        if workload in entry["workloads"]
        for cidr in entry["cidrs"]
        for port in entry["ports"]
    }


@pytest.mark.parametrize("seed", range(6))
def test_peers_by_address_are_opened_in_both_walls_and_nothing_else_is(seed: int) -> None:
    entries = random_external(Random(seed))
    objects = template({"calico": {"enabled": True}, "egress": {"external": entries}})
    endings = {
        "gateway": "gateway-egress",
        "frontend": "frontend-access",
        "database": "database-access",
        "opa": "opa-access",
    }
    for workload, ending in endings.items():
        expected = connections(entries, workload)
        rules = policy(objects, ending).get("egress", [])
        opened = {
            (peer["ipBlock"]["cidr"], port["protocol"], port["port"])
            for rule in rules
            for peer in rule["to"]
            if "ipBlock" in peer
            for port in rule["ports"]
        }
        assert opened == expected, workload
        lockdown = find_one(objects, "GlobalNetworkPolicy", f"lockdown-{workload}")["spec"]["egress"]
        allowed = [rule for rule in lockdown if rule["action"] == "Allow"]
        assert {
            (cidr, rule["protocol"], port)
            for rule in allowed
            for cidr in rule["destination"]["nets"]
            for port in rule["destination"]["ports"]
        } == expected, workload
        families = [{ip_network(cidr).version for cidr in rule["destination"]["nets"]} for rule in allowed]
        assert all(len(family) == 1 for family in families), "Calico refuses a rule that holds both"
        assert lockdown[-1]["action"] == "Deny"


def test_the_lock_down_says_what_can_open_it() -> None:
    calico: dict[str, Any] = {"calico": {"enabled": True}}

    def sentence(values: dict[str, Any], *flags: str) -> str:
        body = find_one(template(calico | values, *flags), "GlobalNetworkPolicy", "lockdown-gateway")
        return str(body["metadata"].get("annotations", {}).get("sark-network/open", ""))

    label, order = "makes its addresses count as pods", "with an order of 900 or less comes first"
    assert sentence({}) == ""
    off = {"admission": {"calico": {"enabled": False}}}
    old = ("--kube-version", "1.29.0")
    for values, flags in ((off, ()), ({}, old)):
        assert label in sentence(values, *flags)
        assert order in sentence(values, *flags)
        cidrs = values | {"cluster": {"podCidrs": ["192.168.0.0/16"]}}
        assert label not in sentence(cidrs, *flags)
        assert order in sentence(cidrs, *flags)
        tier = values | {"calico": {"enabled": True, "tier": {"enabled": True}}}
        assert label in sentence(tier, *flags)
        assert order not in sentence(tier, *flags)


def test_admission_policies_are_for_kubernetes_that_has_them() -> None:
    kinds = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    calico = {"calico": {"enabled": True}}
    assert kinds <= {body["kind"] for body in template(calico)}
    assert not kinds & {body["kind"] for body in template(calico, "--kube-version", "1.29.9")}
    assert not kinds & {body["kind"] for body in template()}
    labels = {"admission": {"labels": {"enabled": True, "users": ["me"]}}}
    with pytest.raises(
        AssertionError, match=r"admission.labels.enabled: Kubernetes v1.29.0 has no ValidatingAdmission"
    ):
        template(labels, "--kube-version", "1.29.0")


def test_pod_cidrs_are_denied_outside_of_in_each_family() -> None:
    values = {"calico": {"enabled": True}, "cluster": {"podCidrs": ["10.244.0.0/16", "fd00:1::/56", "10.245.0.0/16"]}}
    rules = find_one(template(values), "GlobalNetworkPolicy", "lockdown-gateway")["spec"]["egress"]
    assert rules[:2] == [
        {"action": "Deny", "ipVersion": 4, "destination": {"notNets": ["10.244.0.0/16", "10.245.0.0/16"]}},
        {"action": "Deny", "ipVersion": 6, "destination": {"notNets": ["fd00:1::/56"]}},
    ]


def test_a_tier_of_its_own_holds_the_lock_down_and_hands_on_the_rest() -> None:
    objects = template({"calico": {"enabled": True, "tier": {"enabled": True, "name": "locked", "order": 5}}})
    [tier] = [body for body in objects if body["kind"] == "Tier"]
    assert (tier["metadata"]["name"], tier["spec"]) == ("locked", {"order": 5})
    policies = [body for body in objects if body["kind"] == "GlobalNetworkPolicy"]
    assert len(policies) == 6
    for body in policies:
        assert body["metadata"]["name"].startswith("locked.")
        assert body["spec"]["tier"] == "locked"
        assert body["spec"]["egress"][-1] == {"action": "Pass"}


def test_a_tier_is_asked_for_where_a_cluster_can_say() -> None:
    served = ("--api-versions", "apiregistration.k8s.io/v1", "--api-versions", "projectcalico.org/v3")
    values = {"calico": {"enabled": True, "tier": {"enabled": True}}, "opa": {"namespace": ""}}
    with pytest.raises(AssertionError, match=r"calico.tier.enabled: this cluster's Calico serves no Tiers"):
        template(values, *served)
    assert template(values, *served, "--api-versions", "projectcalico.org/v3/Tier")


def test_replicas_keep_apart_by_node_and_by_zone_and_a_users_own_words_win() -> None:
    spec = find_one(template(), "Deployment", "egress-proxy")["spec"]["template"]["spec"]
    assert [it["topologyKey"] for it in spec["topologySpreadConstraints"]] == ["kubernetes.io/hostname"]
    apart = spec["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert [it["podAffinityTerm"]["topologyKey"] for it in apart] == [
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    ]
    own = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "rack"}]}}
    spec = find_one(template({"proxy": {"affinity": own}}), "Deployment", "egress-proxy")["spec"]["template"]["spec"]
    assert spec["affinity"] == own


def test_notes_name_what_is_opened_at_one_end_only() -> None:
    values = {
        "database": {
            "allowFrom": [pods(app="backup"), pods(app="left-out") | {"namespaceSelector": {"matchLabels": {"a": "b"}}}]
        },
        "gateway": {"egress": {"mcpServers": [pods(app="tools") | {"ports": [8080]}]}},
        "cache": {"allowFrom": [{"podSelector": {"matchLabels": {"sark-network/exempt": "true"}}}]},
    }
    text = rendered_notes(values)
    assert 'gateway.egress.mcpServers[0]: {"matchLabels":{"app":"tools"}}' in text
    assert 'database.allowFrom[0]: {"matchLabels":{"app":"backup"}}' in text
    assert "left-out" not in text
    assert "cache.allowFrom" not in text
    assert "write extraParts.NAME with these labels" in text
    assert "OPENED AT ONE END ONLY" not in rendered_notes({})
    assert "OPENED AT ONE END ONLY" not in rendered_notes(values | {"defaultDeny": {"enabled": False}})


def test_notes_list_addresses_and_say_what_can_open_the_lock_down() -> None:
    external = [{"cidrs": ["10.9.0.5/32"], "ports": [636], "workloads": ["gateway"], "reason": "LDAP"}]
    assert "10.9.0.5/32  tcp port 636  for gateway" in rendered_notes({"egress": {"external": external}})
    calico = {"calico": {"enabled": True}}
    assert "THE LOCK-DOWN CAN BE OPENED" not in rendered_notes(calico)
    assert "THE LOCK-DOWN CAN BE OPENED" in rendered_notes(calico | {"admission": {"calico": {"enabled": False}}})


def test_helm_lint_takes_every_environment() -> None:
    for path in sorted((CHART / "ci").glob("*-values.yaml")):
        ran = helm(["lint", str(CHART), "--kube-version", "1.34.0", "-f", str(path), "--strict"])
        assert ran.returncode == 0, (path.name, ran.stdout, ran.stderr)


def test_names_of_parts_never_meet_and_fit_a_port() -> None:
    """As Services, ports and ConfigMaps have them: one hyphen more, and k8s would be k-8s, and a long name too long."""
    own = ("k8s", "k-8s", "a1b2c3d4e5f6g7h")
    values = {
        "dnsGuard": {"enabled": True, "steering": {"enabled": True}},
        "calico": {"enabled": True},
        "extraParts": {name: pods(app=name) for name in own},
        "proxy": {"ports": {name: 3150 + place for place, name in enumerate(own)}},
        "egress": {"domains": [{"name": "a.example.com", "workloads": [*own]}]},
    }
    objects = template(values)
    written = [(body["kind"], body["metadata"].get("namespace"), body["metadata"]["name"]) for body in objects]
    assert len(written) == len(set(written))
    for name in own:
        assert ("Service", "sark", f"sark-sark-network-out-{name}") in written
        assert ("Service", "sark", f"sark-sark-network-dns-{name}") in written
        assert ("ConfigMap", "sark", f"sark-sark-network-proxy-env-{name}") in written
    [container] = find_one(objects, "Deployment", "egress-proxy")["spec"]["template"]["spec"]["containers"]
    assert {*own, "gateway"} <= {port["name"] for port in container["ports"]}
    assert all(len(port["name"]) <= 15 for port in container["ports"])


def test_a_label_of_an_object_s_own_stands_once_beside_common_ones() -> None:
    values = {
        "commonLabels": {"release": "everything", "team": "a"},
        "monitoring": {"podMonitor": {"enabled": True, "labels": {"release": "prometheus"}}},
    }
    labels = find_one(template(values), "PodMonitor", "egress-proxy")["metadata"]["labels"]
    assert (labels["release"], labels["team"]) == ("prometheus", "a")
    ran = helm(["template", "sark", str(CHART), "--kube-version", "1.34.0", "-f", "-"], json.dumps(values))
    [monitor] = [text for text in ran.stdout.split("\n---") if "kind: PodMonitor" in text]
    assert monitor.count("release: ") == 1


def test_names_of_one_server_open_its_address_once() -> None:
    """Two names behind one load balancer are two entries, and one rule of the proxy's policies."""
    servers = [{"name": f"{name}.corp.example", "cidrs": ["10.20.0.5/32"]} for name in ("mcp", "tickets")]
    other = {"name": "db.corp.example", "cidrs": ["10.20.0.5/32"], "ports": [5432], "protocol": "tcp"}
    objects = template({"calico": {"enabled": True}, "egress": {"internal": [*servers, other]}})
    rules = policy(objects, "-egress-proxy")["egress"]
    opened = [rule["ports"] for rule in rules if rule["to"] == [{"ipBlock": {"cidr": "10.20.0.5/32"}}]]
    assert opened == [[{"protocol": "TCP", "port": 443}], [{"protocol": "TCP", "port": 5432}]]
    walls = find_one(objects, "GlobalNetworkPolicy", "lockdown-proxy")["spec"]["egress"]
    assert [
        rule["destination"]["ports"] for rule in walls if rule["action"] == "Allow" and "nets" in rule["destination"]
    ] == [
        [443],
        [5432],
    ]


@pytest.mark.parametrize("values", [
    {"extraParts": {"worker": pods(app="a", role="worker"), "every": pods(app="a")}, "calico": {"enabled": True}},
    {"extraParts": {"worker": pods(app="a", role="worker"), "every": pods(app="a")}, "egress": {"external": [
        {"cidrs": ["10.9.0.5/32"], "ports": [636], "workloads": ["worker"], "reason": "LDAP"}]}},
    {"extraParts": {"worker": pods(app="a", role="worker"), "every": pods(app="a")}, "calico": {"enabled": True},
     "egress": {"external": [
         {"cidrs": ["10.9.0.5/32"], "ports": [636], "workloads": ["worker", "every"], "reason": "x"}]}},
    {"extraParts": {"worker": pods(app="a", role="worker"), "every": {"podSelector": {
        "matchLabels": {"app": "a"}, "matchExpressions": [{"key": "role", "operator": "DoesNotExist"}]}}},
     "calico": {"enabled": True},
     "egress": {"external": [{"cidrs": ["10.9.0.5/32"], "ports": [636], "workloads": ["worker"], "reason": "x"}]}},
], ids=["nothing opened", "no lock-down", "the same opened", "told apart"])  # fmt: skip
def test_parts_may_share_pods_where_their_walls_agree(values: dict[str, Any]) -> None:
    assert template(values)


KONG = [{"name": "a.example.com", "workloads": ["kong", "gateway"]}]
PEER = [{"cidrs": ["10.9.0.5/32"], "ports": [636], "workloads": ["kong"], "reason": "LDAP"}]


@pytest.mark.parametrize(
    ("values", "closed"),
    [
        ({"egress": {"domains": KONG, "external": PEER}}, ["egress.domains[0]", "egress.external[0]"]),
        ({"egress": {"domains": KONG}, "kong": {"enabled": True}}, []),
        ({"egress": {"domains": KONG}, "kong": {"namespace": "kong"}}, []),
        ({"egress": {"domains": KONG}, "defaultDeny": {"enabled": False}}, []),
        (
            {
                "egress": {"domains": [{"name": "a.example.com", "workloads": ["job"]}]},
                "extraParts": {"job": {"enabled": False, **pods(app="job")}},
                "proxy": {"ports": {"job": 3140}},
            },
            ["egress.domains[0]"],
        ),
    ],
    ids=["off", "on", "elsewhere", "no default-deny", "a part of one's own"],
)
def test_an_entry_for_a_part_that_default_deny_holds_is_said_to_be_closed(
    values: dict[str, Any], closed: list[str]
) -> None:
    text = rendered_notes(values)
    part = "job" if "extraParts" in values else "kong"
    sentence_end = ", ".join(f"{part} ({path})" for path in closed)
    assert ("LISTED, AND CLOSED" in text) == bool(closed)
    assert f"default-deny holds their pods: {sentence_end}." in text or not closed
    _, problems = parse_values(merge(mapping(CHART / "values.yaml"), values), suffixes=Suffixes(frozenset()))
    assert [problem.where.path for problem in problems] == closed
    assert all(f"{part} is switched off, and default-deny holds its pods" in problem.message for problem in problems)


def test_notes_say_that_a_pod_monitor_lets_nobody_in() -> None:
    monitor = {"podMonitor": {"enabled": True}}
    assert "NOT SCRAPED" in rendered_notes({"monitoring": {"enabled": False, **monitor}})
    assert "NOT SCRAPED" in rendered_notes({"monitoring": {"namespaces": [], **monitor}})
    assert "NOT SCRAPED" not in rendered_notes({"monitoring": monitor})
