"""What the cluster tests put into the cluster, as data."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tools.cluster import plan, preflight
from tools.reach.flows.read import Flow, FlowPod, FlowTarget, Specification

ROOT = Path(__file__).resolve().parent.parent.parent
SPEC = Specification(
    pods={
        "one": FlowPod("one", "a", {"app": "one"}, (80, 81)),
        "two": FlowPod("two", "b", {"app": "two"}, (90,), ready=False),
        "api": FlowPod("api", "a", {"app": "api"}, (8000,), shipped=True),
    },
    internet={"x.test": "203.0.113.10", "y.test": "10.99.0.1"},
    flows=(
        Flow("f", "one", FlowTarget("internet", "x.test"), 443, "allow", "w"),
        Flow("g", "one", FlowTarget("address", "203.0.113.66"), 22, "deny", "w"),
        Flow("h", "one", FlowTarget("address", "203.0.113.53"), 53, "deny", "w", speak="dns"),
        Flow("i", "one", FlowTarget("pod", "two"), 90, "deny", "w"),
    ),
)


def test_the_world_owns_every_address_that_a_row_names_and_serves_every_port() -> None:
    assert plan.world(SPEC) == {
        "addresses": ["10.99.0.1", "169.254.169.254", "203.0.113.10", "203.0.113.66"],
        "resolver": "203.0.113.53",
        "zone": {"x.test": "203.0.113.10", "y.test": "10.99.0.1"},
        "ports": [22, 443],
    }


def test_the_nodes_route_single_addresses_and_the_resolver() -> None:
    assert plan.routes(SPEC) == [
        "10.99.0.1/32", "169.254.169.254/32", "203.0.113.10/32", "203.0.113.53/32", "203.0.113.66/32",
    ]  # fmt: skip


COREFILE = """.:53 {
    errors
    kubernetes cluster.local in-addr.arpa {
       pods insecure
    }
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
    }
    loop
    reload
}
"""


def test_cluster_dns_asks_the_test_internet_alone_and_remembers_nothing() -> None:
    text = plan.corefile(COREFILE)
    assert "    forward . 203.0.113.53\n" in text
    assert "/etc/resolv.conf" not in text
    assert "cache" not in text
    assert text.count("{") == text.count("}") == 2
    assert plan.corefile(text) == text


def test_a_short_corefile_works_too_and_one_without_a_forward_is_refused() -> None:
    assert plan.corefile(". {\n  forward . 8.8.8.8\n  cache 30\n}\n") == ". {\n  forward . 203.0.113.53\n}\n"
    with pytest.raises(ValueError, match=r"no line `forward \. …`"):
        plan.corefile(". {\n  errors\n}\n")


def test_each_pod_that_sark_does_not_ship_becomes_a_stand_in_with_its_labels_ports_and_readiness() -> None:
    objects = list(plan.stand_ins(SPEC, {"probe.py": "pass"}, "image:1"))
    assert [(it["kind"], it["metadata"]["name"]) for it in objects] == [
        ("Namespace", "a"), ("Namespace", "b"), ("ConfigMap", "sark-guests"), ("ConfigMap", "sark-guests"),
        ("Pod", "one"), ("Pod", "two"),
    ]  # fmt: skip
    first, two = objects[-2:]
    assert first["metadata"]["labels"] == {"app": "one"}
    assert first["spec"]["containers"][0]["command"] == ["python3", "/sark/answer.py", "one", "80", "81"]
    assert first["spec"]["automountServiceAccountToken"] is False
    ready = [it["spec"]["containers"][0]["readinessProbe"]["exec"]["command"] for it in (first, two)]
    assert ready == [["true"], ["false"]]
    assert first["spec"]["nodeSelector"] != two["spec"]["nodeSelector"]


def test_the_two_policies_of_the_controls() -> None:
    allow = plan.policy("p", "n", {}, allow=True)["spec"]
    assert allow == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}
    deny = plan.policy("p", "n", {"matchLabels": {"a": "b"}}, allow=False)["spec"]
    assert deny == {"podSelector": {"matchLabels": {"a": "b"}}, "policyTypes": ["Ingress"]}


def test_the_kind_configuration_has_two_nodes_no_cni_and_no_fixed_port() -> None:
    config = yaml.safe_load((ROOT / "kind-config.yaml").read_text(encoding="utf-8"))
    assert [node["role"] for node in config["nodes"]] == ["control-plane", "worker"]
    assert config["networking"]["disableDefaultCNI"] is True
    assert [port for _, port in preflight.host_ports(config)] == [0]


def test_the_control_plane_of_the_kind_configuration_takes_sarks_pods_too() -> None:
    config = yaml.safe_load((ROOT / "kind-config.yaml").read_text(encoding="utf-8"))
    patches = {patch["kind"]: patch for patch in map(yaml.safe_load, config["kubeadmConfigPatches"])}
    assert patches["InitConfiguration"]["nodeRegistration"]["taints"] == []
    assert patches["KubeletConfiguration"]["syncFrequency"] == "5s"


def test_calicos_api_server_signs_its_own_certificate() -> None:
    volumes = [
        {"name": "certs", "secret": {"secretName": "calico-apiserver-certs"}},
        {"name": "b", "secret": {"secretName": "x"}},
    ]
    deployment = {"kind": "Deployment", "spec": {"template": {"spec": {"volumes": volumes}}}}
    changed = plan.without_certificates(deployment)["spec"]["template"]["spec"]["volumes"]
    assert changed == [{"name": "certs", "emptyDir": {}}, {"name": "b", "secret": {"secretName": "x"}}]
    assert "secret" in volumes[0]
    assert plan.without_certificates({"kind": "APIService", "spec": {"version": "v3"}})["spec"]["insecureSkipTLSVerify"]
    for same in ({"kind": "APIService", "spec": {"caBundle": "x"}}, {"kind": "Service", "spec": {}}):
        assert plan.without_certificates(same) == same
