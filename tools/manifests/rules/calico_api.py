"""Checks of how Calico's objects are written: in which API, and with fields that open-source Calico has."""

from __future__ import annotations

from collections.abc import Iterator

from tools.findings.model import Check, Manifest, Problem, Severities, Severity
from tools.manifests.addresses import METADATA, network
from tools.manifests.node import Node, root
from tools.manifests.objects import Objects
from tools.manifests.rules.objects import title

# Fields of Calico Enterprise and Cloud that open-source Calico does not have.
DOMAIN_FIELDS = ("domains", "allowedEgressDomains")
REQUIRES = "sark-network/requires"
ENTERPRISE = "calico-enterprise"
PUBLIC, STORE = "projectcalico.org/v3", "crd.projectcalico.org/v1"


def calico_domains_have_an_enforcer(cluster: Objects) -> Iterator[Problem]:
    """Rules by domain name are written only where something enforces them.

    `destination.domains` and a network set's `allowedEgressDomains` exist in Calico Enterprise and Calico Cloud
    alone. Open-source Calico does not know the field: kubectl and Helm 4 refuse it, Helm 3 accepts it and the API
    server **drops it**, and what is left of "Allow TCP to these domains" is **Allow TCP to everywhere**.
    On open-source Calico leave names to the proxy (`egress.engine: proxy`). On Calico Enterprise say so with the
    annotation `sark-network/requires: calico-enterprise`, as the chart's engine of that name does; the finding is
    then a note.
    Source: projectcalico/calico issue 4025; measured with Helm 3.22 and Calico 3.28.
    """
    for manifest in cluster.manifests:
        if not is_calico(manifest):
            continue
        claimed = root(manifest)["metadata"]["annotations"][REQUIRES].text() == ENTERPRISE
        for node in _domain_fields(root(manifest)["spec"]):
            yield _claimed_domains(node) if claimed else _dropped_domains(manifest, node)


def calico_domains_are_names(cluster: Objects) -> Iterator[Problem]:
    """A domain rule lists names, not addresses.

    An address under `domains` is a name that nobody resolves: the rule allows nothing where domains are enforced,
    and hides what its author wanted. 169.254.169.254 there is the metadata service, which hands out credentials.
    Write addresses under `nets`, and a metadata service nowhere.
    Source: Calico Enterprise's documentation of domain rules.
    """
    for manifest in cluster.manifests:
        for node in _domain_fields(root(manifest)["spec"]) if is_calico(manifest) else ():
            for item in node.items():
                if net := network(item.text()):
                    whose = next((f", the metadata service of {whose}" for ip, whose in METADATA if ip in net), "")
                    advice = "take it out" if whose else "write it under nets"
                    yield item.problem(f"{item.text()} is an address{whose}, not a domain; {advice}")


def calico_api_is_the_public_one(cluster: Objects) -> Iterator[Problem]:
    """Calico's objects are written through projectcalico.org/v3.

    `crd.projectcalico.org/v1` is the store behind Calico's API server. Nothing validates or defaults what is
    written there, so a broken policy is accepted and then ignored, or breaks the policies beside it.
    Write `apiVersion: projectcalico.org/v3`, which needs Calico's API server (or its v3 CRDs).
    Source: Calico's documentation of the API server.
    """
    for manifest in cluster.manifests:
        api_version = root(manifest)["apiVersion"]
        if api_version.text() == STORE:
            yield api_version.problem(
                f"{STORE} is Calico's own store: nothing validates what is written there; write {PUBLIC}"
            )


def is_calico(manifest: Manifest) -> bool:
    """Whether an object is one of Calico's, in either API."""
    return root(manifest)["apiVersion"].text() in (PUBLIC, STORE)


def _domain_fields(spec: Node) -> Iterator[Node]:
    for direction in ("ingress", "egress"):
        for rule in spec[direction].items():
            for side in (rule["source"], rule["destination"], rule):
                if side["domains"].present:
                    yield side["domains"]
    if spec["allowedEgressDomains"].present:
        yield spec["allowedEgressDomains"]


def _claimed_domains(node: Node) -> Problem:
    return node.problem(
        "only Calico Enterprise and Cloud enforce this, as the object's annotation says; open-source Calico would let "
        "the rule's ports out to everywhere",
        Severity.NOTE,
    )


def _dropped_domains(manifest: Manifest, node: Node) -> Problem:
    names = ", ".join(node.texts()) or "nothing"
    field = node.path.rpartition(".")[2]
    if field == "allowedEgressDomains":
        becomes = "the set then names no domain at all"
    else:
        becomes = f"this rule then applies to every address, and not to {names}"
    return node.problem(
        f"open-source Calico has no field {field}: Helm 3 accepts it and the API server drops it, and {becomes}. Use "
        f"the proxy (egress.engine: proxy); on Calico Enterprise, annotate {title(manifest)} with "
        f"{REQUIRES}: {ENTERPRISE}"
    )


CHECKS: tuple[Check[Objects], ...] = (
    calico_domains_have_an_enforcer,
    calico_domains_are_names,
    calico_api_is_the_public_one,
)
SEVERITIES: Severities = {
    calico_domains_have_an_enforcer: (Severity.ERROR, Severity.NOTE),
}
