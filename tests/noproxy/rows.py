"""Which URL goes direct and which to the proxy, and the clients that do otherwise, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# The first is the range that the chart puts into NO_PROXY. The second it must leave out: see test_no_proxy.py.
CIDRS = ["10.96.0.0/12", "fd00::/108"]

_ALWAYS = {"go": "net/http never uses a proxy for the machine's own address"}
_CIDR = "reads no CIDRs in NO_PROXY"
_NO_CIDR = dict.fromkeys(("httpx", "urllib", "node-fetch", "node-http", "earlier-node-http"), _CIDR)
_NO_IPV6 = {"urllib": "compares the entry ::1 with the address in its brackets"}
_IPV6_LATER = {"node-fetch": "takes the entry ::1 for a port, until nodejs/undici#5623"}
_ROOT = "does not take the root's dot off a name before it looks it up in NO_PROXY"
_NO_ROOT = dict.fromkeys(("requests", "httpx", "urllib", "go", "node-http", "earlier-node-http"), _ROOT)
_ROOT_LATER = {"node-fetch": f"{_ROOT}, until nodejs/undici#5637"}
_DOTLESS = {"earlier-node-http": "drops an entry's leading dot and compares bare suffixes (nodejs/node#62907)"}


@dataclass(frozen=True)
class Row:
    """`otherwise` names clients whose reading of NO_PROXY leads the other way; `unsettled` those whose versions differ,
    and this machine has one of them; `always` those that go direct even when NO_PROXY is empty. Each says why."""

    target: str
    direct: bool
    scheme: str = "http"
    otherwise: Mapping[str, str] = field(default_factory=dict)
    unsettled: Mapping[str, str] = field(default_factory=dict)
    always: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.scheme}://{self.target}"

    def expected(self, client: str) -> set[str]:
        """Where this client's request may arrive, with the chart's variables."""
        if client in self.unsettled:
            return {"direct", "proxy"}
        return {"direct" if self.direct != (client in self.otherwise) else "proxy"}


ROWS = (
    # SARK's own names, as its ConfigMap and its manifests write them.
    Row("sark-api", direct=True),
    Row("sark-frontend", direct=True),
    Row("sark-postgres", direct=True),
    Row("sark-valkey", direct=True),
    Row("sark-kong-admin", direct=True),
    Row("sark-kong-admin", direct=True, scheme="https"),
    Row("sark-kong-proxy", direct=True),
    Row("opa", direct=True),
    # name.namespace, of the parts' namespaces and of those that SARK's values name.
    Row("opa.sark-system", direct=True),
    Row("opa.sark-system", direct=True, scheme="https"),
    Row("sark-api.sark", direct=True),
    Row("jaeger-collector.monitoring", direct=True),
    Row("ingress-nginx-controller.ingress-nginx", direct=True),
    Row("kube-dns.kube-system", direct=True),
    # Every Service of the cluster by its longer names.
    Row("x.y.svc", direct=True),
    Row("x.y.svc.cluster.local", direct=True),
    Row("x.y.svc.cluster.local", direct=True, scheme="https"),
    Row("pod-0.x.y.svc.cluster.local", direct=True),
    Row("x.y.svc.cluster.local.", direct=True, otherwise=_NO_ROOT, unsettled=_ROOT_LATER),
    # The pod itself.
    Row("localhost", direct=True, always=_ALWAYS),
    Row("127.0.0.1", direct=True, always=_ALWAYS),
    Row("[::1]", direct=True, always=_ALWAYS, otherwise=_NO_IPV6, unsettled=_IPV6_LATER),
    # Addresses of the cluster.
    Row("10.96.0.7", direct=True, otherwise=_NO_CIDR),
    Row("10.128.0.7", direct=False),
    Row("[fd00::1]", direct=False),
    # Names outside.
    Row("api.openai.com", direct=False, scheme="https"),
    Row("tickets.internal.example", direct=False),
    # Names outside that look like names inside.
    Row("evilsark-api.example.com", direct=False),
    Row("sark-api.example.com", direct=False),
    Row("notsark-api.com", direct=False),
    Row("opa.example", direct=False),
    Row("x-opa.example", direct=False),
    Row("svc.example.com", direct=False),
    Row("notsvc", direct=False, otherwise=_DOTLESS),
    Row("x.notmonitoring", direct=False, otherwise=_DOTLESS),
    Row("x.cluster.local.example.com", direct=False),
    # No dot stands before the part's name. requests before 2.34 leads both past the proxy (psf/requests#4795).
    Row("evilsark-api", direct=False),
    Row("x.evil-opa", direct=False),
)
