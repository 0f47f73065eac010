"""What the cluster tests install, and what they refuse to install."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import ResourceNotFoundError

from tools.cluster import calico, leftovers, release
from tools.cluster.errors import CannotRunError
from tools.cluster.kube import Kube, explain, until
from tools.cluster.options import TrialOptions

KUBE = Kube(None, None)


def test_the_values_are_productions_with_the_test_internets_names_over_them() -> None:
    merged = release.values(TrialOptions())
    assert merged["calico"]["enabled"] is True
    assert merged["database"]["replication"]["enabled"] is True
    assert "*.openai.com" in merged["egress"]["domains"]
    assert {"name": "mcp.internal.example", "cidrs": ["10.20.0.10/32"]} in merged["egress"]["internal"]


def test_the_upgrade_replaces_the_list_whole() -> None:
    before, after = (
        release.values(TrialOptions(), *more)["egress"]["domains"] for more in ((), (TrialOptions().changed_values,))
    )
    assert [name for name in before if name not in after] == ["old.partner.example"]
    assert [name for name in after if name not in before] == ["new.partner.example"]


def test_an_unknown_environment_is_told_which_there_are() -> None:
    with pytest.raises(
        CannotRunError,
        match="the chart has no environment moon; it has app-sark, dev, full, guarded, production, staging",
    ):
        release.values(TrialOptions(environment="moon"))


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: 1\na: 2\n", "values.yaml:2: "), ("- a\n", "values.yaml is not a mapping of values"), (None, "cannot read ")],
)
def test_values_that_are_none(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "values.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(CannotRunError, match=message):
        release.values(TrialOptions(values=path))


def test_the_images_are_the_charts_own() -> None:
    assert release.images(TrialOptions()) == [
        "envoyproxy/envoy:distroless-v1.40.0",
        "python:3.13-slim",
        "coredns/coredns:1.13.1",
    ]


def served(monkeypatch: pytest.MonkeyPatch, *resources: str) -> None:
    monkeypatch.setattr(calico, "resources", lambda api: resources)


def missing(api: Any) -> tuple[str, ...]:
    raise ApiException(status=404, reason="Not Found")


def test_the_enterprise_engine_is_refused_where_calico_is_open_source(monkeypatch: pytest.MonkeyPatch) -> None:
    served(monkeypatch, "globalnetworkpolicies")
    with pytest.raises(CannotRunError) as refused:
        release.can_enforce(KUBE, {"egress": {"engine": "calico-enterprise"}})
    assert str(refused.value) == (
        "egress.engine is calico-enterprise, but this cluster runs open-source Calico (it serves no licensekeys). "
        "It would accept destination.domains, drop the field, and let every address through. "
        "Set egress.engine=proxy, or install Calico Enterprise or Calico Cloud"
    )


def test_the_enterprise_engine_is_accepted_where_calico_is_enterprise(monkeypatch: pytest.MonkeyPatch) -> None:
    served(monkeypatch, "globalnetworkpolicies", "licensekeys")
    release.can_enforce(KUBE, {"egress": {"engine": "calico-enterprise"}, "calico": {"enabled": True}})


def test_a_lockdown_without_calicos_api_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calico, "resources", missing)
    with pytest.raises(CannotRunError) as refused:
        release.can_enforce(KUBE, {"calico": {"enabled": True}})
    assert str(refused.value) == (
        "calico.enabled is true, but this cluster does not serve projectcalico.org/v3 (Not Found). "
        "Install Calico's API server (apiserver.yaml of its release), or set calico.enabled=false"
    )
    release.can_enforce(KUBE, {"calico": {"enabled": False}})


def test_what_a_release_wrote_is_read_from_its_manifest() -> None:
    text = "---\napiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: x}\n---\n# nothing\n"
    text += "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: b}\n"
    assert leftovers.written(text) == (
        ("v1", "Service", "x", "a"),
        ("projectcalico.org/v3", "GlobalNetworkPolicy", "", "b"),
    )


def test_waiting_ends_with_what_was_waited_for_and_why_it_did_not_come() -> None:
    def ask() -> bool:
        raise ApiException(status=503, reason="Unavailable")

    with pytest.raises(CannotRunError, match=r"^the moon rises: not within 0 s: Unavailable$"):
        until("the moon rises", 0.05, ask, every=0.01)
    assert until("at once", 1, lambda: "here") == "here"


def test_an_api_error_is_its_own_sentence() -> None:
    error = ApiException(status=403)
    error.body = '{"message": "pods is forbidden"}'
    assert explain(error) == "pods is forbidden"
    assert explain(ValueError("a\nb")) == "a"
    assert explain(ValueError()) == "ValueError"


class OnePolicy:
    """A cluster that serves Kubernetes' NetworkPolicies and nothing else."""

    def kind(self, api_version: str, kind: str) -> Any:
        if (api_version, kind) != ("networking.k8s.io/v1", "NetworkPolicy"):
            raise ResourceNotFoundError("no such kind")
        return self

    def get(self) -> Any:
        return self

    def to_dict(self) -> dict[str, Any]:
        return {"items": ["a"]}


def test_the_diagnostics_have_a_line_for_every_kind_that_is_judged() -> None:
    kube: Any = OnePolicy()
    policies = dict(leftovers.policies(kube))
    assert policies.pop("NetworkPolicy (networking.k8s.io/v1)") == {"items": ["a"]}
    assert set(policies.values()) == {"no such kind"}
    assert sorted(policies) == [
        "AdminNetworkPolicy (policy.networking.k8s.io/v1alpha1)",
        "BaselineAdminNetworkPolicy (policy.networking.k8s.io/v1alpha1)",
        "ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2)",
        "ClusterNetworkPolicy (policy.networking.k8s.io/v1beta1)",
        "GlobalNetworkPolicy (projectcalico.org/v3)",
        "GlobalNetworkSet (projectcalico.org/v3)",
        "NetworkPolicy (projectcalico.org/v3)",
        "NetworkSet (projectcalico.org/v3)",
        "Tier (projectcalico.org/v3)",
    ]
