"""From a row of the specification to an attempt, and from what came back to a verdict. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tools.cluster.plan import METADATA
from tools.reach.flows.read import OF_PARTS, Flow

CLUSTER_NAME = "kubernetes.default.svc.cluster.local"
PASS, FAIL, ERROR, NOT_RUN = "pass", "fail", "error", "not run"
# What fails nothing. What did not run is no pass either, and is shown as such wherever results are.
GOOD = (PASS, NOT_RUN)
# The kinds of target whose connections the test internet logs, and the ways to speak that say a token to it.
LOGGED = ("internet", "address", "metadata")
TOKEN_SPEAK = ("line", "tls", "http")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the specification's targets are in this cluster: pods by name, services by kind, names of the internet.

    `proxies` are the proxy's pods, which a row through the proxy tries one by one besides its Service: a list that only
    some of them know yet must not look like one that holds.
    """

    pods: Mapping[str, str]
    services: Mapping[str, str]
    internet: Mapping[str, str]
    proxies: tuple[str, ...] = ()

    def of(self, flow: Flow) -> str:
        """The address of a row's target; "" when this cluster has none now."""
        kind, name = flow.target.kind, flow.target.name
        if kind == "pod":
            return self.pods.get(name, "")
        if kind == "internet":
            return self.internet[name]
        if kind == "metadata":
            return METADATA
        if kind in OF_PARTS:
            return self.services.get(f"{kind}:{name}", "")
        return name if kind == "address" else self.services.get(kind, "")


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What a probe said: answer, refused, timeout, or unprobed, which is no verdict at all."""

    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict on one row, or on one other fact of the trial, in one state. `status`: pass, fail, error, not run."""

    name: str
    state: str
    status: str
    message: str = ""
    seconds: float = 0.0
    line: int = 0
    flow: Flow | None = None


UNPROBED = ProbeReport("unprobed", "the probe came back without a word")


def attempts(flow: Flow, addresses: Addresses, token: str, seconds: float) -> list[dict[str, Any]]:
    """A row's attempts: one, or one through the proxy's Service and one through each of its pods."""
    first = attempt(flow, addresses, token, seconds)
    if flow.via != "proxy":
        return [first]
    doors = enumerate(addresses.proxies, start=1)
    more = [first | {"id": f"{flow.name}/{i}", "proxy": [door, flow.proxy_port]} for i, door in doors]
    return [first, *more]


def attempt(flow: Flow, addresses: Addresses, token: str, seconds: float) -> dict[str, Any]:
    """The attempt that in_pods/probe.py makes for a row."""
    steered = flow.target.kind == "steering"
    name = flow.target.name if flow.target.kind in ("internet", "address") else flow.target.kind
    said = (flow.sni if steered else None) or name
    own = name if flow.target.kind == "internet" else ""
    return {
        "id": flow.name,
        "host": addresses.of(flow),
        "port": flow.port,
        "protocol": flow.protocol,
        "speak": flow.speak,
        "sni": own if flow.sni is None else flow.sni,
        "authority": CLUSTER_NAME if flow.speak == "dns" else said,
        "steered": steered,
        "proxy": [addresses.services.get("proxy", ""), flow.proxy_port] if flow.via == "proxy" else None,
        "token": token,
        "timeout": seconds,
    }


def twin(flow: Flow) -> Flow:
    """The same connection with an answer expected: what a denied row must become when nothing forbids it."""
    return replace(flow, expect="allow", via="proxy" if flow.twin == "proxy" and flow.via == "proxy" else "direct")


def judge(
    flow: Flow, report: ProbeReport, addresses: Addresses, events: Sequence[Mapping[str, Any]]
) -> tuple[str, str]:
    """The status of a row and the reason, from the client's report and the test internet's log of the same moment."""
    outcome = f"{report.outcome}: {report.detail}"
    if report.outcome not in ("answer", "refused", "timeout"):
        return ERROR, f"could not be probed, so nothing is known: {report.detail}"
    if flow.allowed:
        return _judge_allow(flow, report, addresses, events)
    if report.outcome == "answer":
        return FAIL, f"should be denied, but the target answered: {report.detail}"
    came = [event for event in events if arrived(event, flow, addresses)]
    if came:
        return (
            FAIL,
            f"the client saw a denial ({outcome}), but a connection reached {came[0]['address']}:{came[0]['port']}",
        )
    return PASS, outcome


def judge_all(
    flow: Flow, reports: Mapping[str, ProbeReport], addresses: Addresses, events: Sequence[Mapping[str, Any]]
) -> tuple[str, str]:
    """The verdict on a row whose attempts all count: the first that is not a pass, else the first."""
    made = [attempt["id"] for attempt in attempts(flow, addresses, "", 0)]
    verdicts = [judge(flow, reports.get(name, UNPROBED), addresses, events) for name in made]
    for door, (status, message) in zip(("", *addresses.proxies), verdicts, strict=False):
        if status != PASS:
            return status, f"{message} (at the proxy's pod {door})" if door else message
    return verdicts[0]


def _judge_allow(
    flow: Flow, report: ProbeReport, addresses: Addresses, events: Sequence[Mapping[str, Any]]
) -> tuple[str, str]:
    outcome = f"{report.outcome}: {report.detail}"
    if report.outcome != "answer":
        return FAIL, f"should be allowed, but {outcome}"
    # Of what is steered, whoever has the name that was said, and not the proxy, which has the address.
    behind = addresses.internet.get(flow.sni or "")
    who = {
        "pod": flow.target.name,
        "internet": f"{addresses.of(flow)}:{flow.port}",
        "steering": f"{behind}:{flow.port}" if behind else None,
    }.get(flow.target.kind)
    if who and flow.speak not in ("dns", "knock") and f"sark-answer {who} " not in report.detail:
        return FAIL, f"somebody else than {who} answered: {report.detail}"
    # A log that misses what did arrive would prove nothing by its silence either.
    if flow.target.kind in LOGGED and flow.speak in TOKEN_SPEAK and not any(e.get("row") == flow.name for e in events):
        return FAIL, f"answered ({report.detail}), but the test internet's log does not show it"
    return PASS, outcome


def arrived(event: Mapping[str, Any], flow: Flow, addresses: Addresses) -> bool:
    """Whether the log's event is a TCP connection that reached the row's target, and not by another row's doing."""
    return (
        flow.target.kind in LOGGED
        and event.get("event") == "accept"
        and event.get("row", flow.name) == flow.name
        and event.get("address") == addresses.of(flow)
        and event.get("port") == flow.port
    )


def with_rows(events: Iterable[Mapping[str, Any]], tokens: Mapping[str, str]) -> list[dict[str, Any]]:
    """The events, each with the `row` whose token was said in the same visit, where one was."""
    known = [dict(event) for event in events]
    rows = {event.get("visit"): tokens[event["token"]] for event in known if event.get("token") in tokens}
    return [event | ({"row": rows[event["visit"]]} if event.get("visit") in rows else {}) for event in known]


def strays(flows: Iterable[Flow], events: Iterable[Mapping[str, Any]], addresses: Addresses) -> list[str]:
    """Connections that reached the test internet while every attempt was one to be denied, and that no row names."""
    rows = list(flows)
    accepted = [event for event in events if event.get("event") == "accept" and "row" not in event]
    unnamed = [event for event in accepted if not any(arrived(event, flow, addresses) for flow in rows)]
    return sorted({f"{event['address']}:{event['port']}" for event in unnamed})
