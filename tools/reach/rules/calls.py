"""Checks of policies against the calls that workloads' own manifests show: what a workload needs and policies deny."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tools.findings.model import Check, Problem
from tools.policies.cluster import Cluster
from tools.policies.model import Direction
from tools.reach.needs import unmet
from tools.reach.needs.gather import Need
from tools.reach.needs.hosts import Hosts
from tools.reach.needs.known import Caller, Known, known, title
from tools.reach.needs.names import OutsideHost
from tools.reach.needs.past_proxy import PROXIES, past, proxy_of

WAYS: Mapping[tuple[Direction, ...], str] = {
    ("Egress", "Ingress"): "policies allow neither egress from {} to it nor ingress there",
    ("Egress",): "policies do not allow egress from {} to it",
    ("Ingress",): "policies allow egress from {} to it, but no ingress there",
}
RULES: Mapping[Direction, str] = {"Egress": "an egress rule here", "Ingress": "an ingress rule there"}


def called_services_are_reachable(cluster: Cluster) -> Iterator[Problem]:
    """A Service that a workload calls by name is open to it, at both ends.

    A workload's manifest shows what it calls: in the commands of init containers, containers, exec probes and hooks
    (`nc -z HOST PORT`, `curl URL`, `wget URL`, `pg_isready -h HOST`, `redis-cli -h HOST`, /dev/tcp, wait-for-it,
    dockerize, and scripts of these), and in its settings: URLs, `host:port` and pairs such as `POSTGRES_HOST` and
    `POSTGRES_PORT`, in `env`, in ConfigMaps by `envFrom` or `configMapKeyRef`, and in options. An init container that
    waits for a Service which policies deny waits for ever, and does not mention policies.
    A name is looked up as the cluster's DNS does it, in the workload's own namespace first; names of Services that were
    not given are left alone. Pods of a Service that were not given are assumed to have exactly the labels that it
    selects.
    Allow egress from the workload, and ingress where it calls: in the chart's values by `calls` or `callers` of a part,
    or in `extraParts`. Settings that are not calls are recognised by their keys: CORS, ALLOWED, LISTEN, REDIRECT and
    the like.
    Source: k8s.io/api core/v1 Container, EnvVar; kubernetes/dns, the DNS specification.
    """
    facts = known(cluster)
    for denied in unmet.calls(facts):
        target, need, ends = denied.target, denied.need, denied.ends
        where = f"{target.protocol} {target.port} of {title(facts.classes[target.pod][0][1])}"
        closed = WAYS[ends].format(title(denied.caller.pod))
        yield need.node.problem(f"{need.what}, which is {where}; {closed}; {_advice(facts, ends)}")


def _advice(facts: Known, ends: tuple[Direction, ...]) -> str:
    rules = " and ".join(RULES[end] for end in ends)
    chart = "; in the chart's values `calls` or `callers` of a part opens both ends" if facts.charted else ""
    return f"write {rules}{chart}"


def called_hosts_are_reachable(cluster: Cluster) -> Iterator[Problem]:
    """A server outside the cluster that a workload calls is one that policies let it reach.

    The commands and settings are those of called-services-are-reachable. A name is open where the workload reaches the
    egress proxy and the list there has the name and the port, where a Calico policy has it among its domains, or where
    some address outside is open on that port, because its addresses are not known here. An address is open where
    policies open it, including Calico's lock-down. Names that an Ingress serves are not calls, and neither are keys for
    the workload's own name (`NGINX_HOST`, `PUBLIC_URL`, CORS origins, redirects).
    List the name in `egress.domains` (TLS), or in `egress.internal` when it has a private address or speaks plain HTTP.
    Open servers of other protocols by their addresses, in `egress.external`.
    Source: docs/engines.md; k8s.io/api core/v1 Container, EnvVar.
    """
    facts = known(cluster)
    hosts = Hosts(facts)
    for caller in facts.callers:
        seen: set[tuple[str, int | None]] = set()
        for need in caller.needs:
            call, pod = need.call, caller.pod
            meaning = facts.names.meaning(call.host, pod.namespace)
            judged = isinstance(meaning, OutsideHost) and not (
                need.shown or need.alone or (call.host, call.port) in seen
            )
            if judged and isinstance(meaning, OutsideHost) and not hosts.reachable(caller, meaning.host, call):
                seen.add((call.host, call.port))
                advice = hosts.entry(caller, meaning.host, call)
                yield need.node.problem(f"{need.what}, but policies do not let {title(pod)} reach it; {advice}")


def cluster_names_go_past_the_proxy(cluster: Cluster) -> Iterator[Problem]:
    """A request to a Service's URL does not go through the egress proxy.

    Where HTTP_PROXY or HTTPS_PROXY is set, an `http://` or `https://` request to a name goes to the proxy, unless
    NO_PROXY excludes the name. The proxy's list has names outside the cluster, so it answers 403, and nothing shows
    that the Service was never asked. The variables are the container's own, and those of the ConfigMap that the
    manifests have for the workload, even where it does not use that ConfigMap yet.
    Add the name to `proxy.noProxy`, the Service to the `services` of its part, or call it by a name that ends in
    `.svc`. A name counts as excluded where curl, Go, Python and Node all exclude it.
    Source: docs/deployment/NETWORK_SECURITY.md; Go's golang.org/x/net/http/httpproxy; curl's manual.
    """
    facts = known(cluster)
    hosts = Hosts(facts)
    for caller in facts.callers:
        seen: set[str] = set()
        for need in caller.needs:
            name = need.call.host.lower()
            variable = _sent_to_proxy(hosts, caller, need) if name not in seen and _inside(facts, need) else ""
            if variable:
                seen.add(name)
                why = f"which answers 403, because NO_PROXY there does not exclude {name}"
                yield need.node.problem(
                    f"{need.what}, but {variable} sends this to the proxy, {why}; add {name} to proxy.noProxy"
                )


def _inside(facts: Known, need: Need) -> bool:
    """Whether a need is a URL inside the cluster, other than the proxy's own URL."""
    own = any(key.lower() in ("http_proxy", "https_proxy", "all_proxy") for key in need.keys)
    name = need.call.host.lower()
    return need.call.scheme in PROXIES and not own and facts.names.of_cluster(name) and not facts.names.own(name)


def _sent_to_proxy(hosts: Hosts, caller: Caller, need: Need) -> str:
    """The variable that sends a request to the proxy, and where it is set; "" where the request does not go there."""
    places = [("the container", need.values), *(() if need.first else hosts.meant_for(caller))]
    for where, values in places:
        if (variable := proxy_of(need.call, values)) and not past(need.call.host, values):
            return f"{variable} of {where}"
    return ""


CHECKS: tuple[Check[Cluster], ...] = (
    called_services_are_reachable,
    called_hosts_are_reachable,
    cluster_names_go_past_the_proxy,
)
