"""Verdicts: an allow is an answer from the target; a deny is silence or a no, and nothing in the target's log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tools.cluster.verdict import (
    ERROR,
    FAIL,
    PASS,
    Addresses,
    ProbeReport,
    attempt,
    attempts,
    judge,
    judge_all,
    strays,
    twin,
    with_rows,
)
from tools.reach.flows.read import Flow, FlowTarget

HERE = Addresses({"gateway": "192.168.1.1"}, {"proxy": "10.96.0.9", "dns": "10.96.0.10"}, {"api.test": "203.0.113.10"})
NAME = Flow("row", "gateway", FlowTarget("internet", "api.test"), 443, "deny", "why", via="proxy", speak="tls")
STEERED = Flow(
    "row",
    "gateway",
    FlowTarget("steering", "gateway"),
    8080,
    "allow",
    "why",
    speak="http",
    sni="api.test",
    twin="proxy",
)
POD = Flow("row", "stranger", FlowTarget("pod", "gateway"), 8000, "deny", "why")
ACCEPT = {"event": "accept", "address": "203.0.113.10", "port": 443, "peer": "172.18.0.2"}
ANSWERED = ACCEPT | {"event": "answer", "row": "row"}


def allowed(flow: Flow) -> Flow:
    return replace(flow, expect="allow")


CASES: list[tuple[str, Flow, ProbeReport, list[dict[str, Any]], str, str]] = [
    ("answered", allowed(POD), ProbeReport("answer", "sark-answer gateway token=1"), [], PASS,
     "answer: sark-answer gateway token=1"),
    ("answered by another", allowed(POD), ProbeReport("answer", "sark-answer database token=1"), [], FAIL,
     "somebody else than gateway answered: sark-answer database token=1"),
    ("by name", allowed(NAME), ProbeReport("answer", "sark-answer 203.0.113.10:443 sni=api.test token=1"), [ANSWERED],
     PASS, "answer: sark-answer 203.0.113.10:443 sni=api.test token=1"),
    ("by name, unseen", allowed(NAME), ProbeReport("answer", "sark-answer 203.0.113.10:443 sni=api.test token=1"),
     [ACCEPT], FAIL, "answered (sark-answer 203.0.113.10:443 sni=api.test token=1), "
     "but the test internet's log does not show it"),
    ("elsewhere", allowed(NAME), ProbeReport("answer", "sark-answer 203.0.113.66:443 sni=api.test token=1"), [], FAIL,
     "somebody else than 203.0.113.10:443 answered: sark-answer 203.0.113.66:443 sni=api.test token=1"),
    ("steered", STEERED, ProbeReport("answer", "sark-answer 203.0.113.10:8080 token=1"), [], PASS,
     "answer: sark-answer 203.0.113.10:8080 token=1"),
    ("steered, and the proxy answers", STEERED, ProbeReport("answer", "HTTP/1.1 404 Not Found"), [], FAIL,
     "somebody else than 203.0.113.10:8080 answered: HTTP/1.1 404 Not Found"),
    ("refused", allowed(POD), ProbeReport("refused", "403"), [], FAIL, "should be allowed, but refused: 403"),
    ("silent", allowed(POD), ProbeReport("timeout", "nothing within 2 s"), [], FAIL,
     "should be allowed, but timeout: nothing within 2 s"),
    ("unprobed allow", allowed(POD), ProbeReport("unprobed", "no pod"), [], ERROR,
     "could not be probed, so nothing is known: no pod"),
    ("denied by silence", POD, ProbeReport("timeout", "nothing within 2 s"), [], PASS, "timeout: nothing within 2 s"),
    ("denied by a no", NAME, ProbeReport("refused", "403"), [], PASS, "refused: 403"),
    ("denied and answered", POD, ProbeReport("answer", "sark-answer gateway token=1"), [], FAIL,
     "should be denied, but the target answered: sark-answer gateway token=1"),
    ("denied at the client and seen at the target", NAME, ProbeReport("refused", "hung up"), [ACCEPT], FAIL,
     "the client saw a denial (refused: hung up), but a connection reached 203.0.113.10:443"),
    ("knocked, and nobody listens", allowed(replace(POD, speak="knock")), ProbeReport("answer", "it was reached"), [],
     PASS, "answer: it was reached"),
    ("knocked and denied", replace(POD, speak="knock"), ProbeReport("timeout", "nothing within 2 s"), [], PASS,
     "timeout: nothing within 2 s"),
    ("knocked, and reached", replace(POD, speak="knock"), ProbeReport("answer", "it was reached"), [], FAIL,
     "should be denied, but the target answered: it was reached"),
    ("another port's", NAME, ProbeReport("refused", "403"), [ACCEPT | {"port": 80}], PASS, "refused: 403"),
    ("a query is no connection", NAME, ProbeReport("refused", "403"), [{"event": "query"}], PASS, "refused: 403"),
    ("unprobed deny", POD, ProbeReport("unprobed", "no pod"), [], ERROR,
     "could not be probed, so nothing is known: no pod"),
    ("an unknown word", POD, ProbeReport("closed", "?"), [], ERROR, "could not be probed, so nothing is known: ?"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("flow", "report", "events", "status", "message"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_verdicts(flow: Flow, report: ProbeReport, events: list[dict[str, Any]], status: str, message: str) -> None:
    assert judge(flow, report, HERE, events) == (status, message)


def test_the_twin_goes_without_the_proxy_and_wants_an_answer() -> None:
    assert (twin(NAME).via, twin(NAME).expect) == ("direct", "allow")
    assert twin(replace(NAME, twin="proxy")).via == "proxy"
    assert twin(replace(POD, twin="proxy")).via == "direct"


def test_an_attempt_through_the_proxy_names_the_target_and_its_own_sni() -> None:
    made = attempt(NAME, HERE, "t1", 2.0)
    assert made["proxy"] == ["10.96.0.9", 3128]
    assert (made["authority"], made["sni"], made["speak"], made["token"]) == ("api.test", "api.test", "tls", "t1")


@pytest.mark.parametrize(("sni", "sent"), [(None, "api.test"), ("", ""), ("evil.test", "evil.test")])
def test_the_sni_is_the_targets_name_unless_the_row_says_otherwise(sni: str | None, sent: str) -> None:
    assert attempt(replace(NAME, sni=sni), HERE, "", 1)["sni"] == sent


def test_what_is_steered_says_the_name_and_goes_to_the_parts_own_service() -> None:
    made = attempt(STEERED, replace(HERE, services={"steering:gateway": "10.96.0.11"}), "", 1)
    assert (made["host"], made["authority"], made["steered"], made["proxy"]) == ("10.96.0.11", "api.test", True, None)
    assert attempt(POD, HERE, "", 1)["steered"] is False


def test_a_raw_address_has_no_sni_of_its_own() -> None:
    made = attempt(replace(NAME, target=FlowTarget("address", "203.0.113.66")), HERE, "", 1)
    assert (made["host"], made["authority"], made["sni"]) == ("203.0.113.66", "203.0.113.66", "")


@pytest.mark.parametrize(
    ("target", "address"),
    [
        (FlowTarget("pod", "gateway"), "192.168.1.1"),
        (FlowTarget("pod", "gone"), ""),
        (FlowTarget("dns"), "10.96.0.10"),
        (FlowTarget("node"), ""),
        (FlowTarget("metadata"), "169.254.169.254"),
    ],
)
def test_where_targets_are(target: FlowTarget, address: str) -> None:
    assert HERE.of(replace(POD, target=target)) == address


def test_a_connection_belongs_to_the_row_whose_token_was_said_in_it() -> None:
    accept = ACCEPT | {"visit": 1}
    events = with_rows([accept, {"event": "answer", "visit": 1, "token": "other-5"}], {"other-5": "other"})
    assert events[0] == accept | {"row": "other"}
    assert judge(NAME, ProbeReport("refused", "403"), HERE, events) == (PASS, "refused: 403")
    assert strays([NAME], events, HERE) == []
    mine = with_rows([accept, {"event": "answer", "visit": 1, "token": "row-5"}], {"row-5": "row"})
    assert judge(NAME, ProbeReport("refused", "403"), HERE, mine)[0] == FAIL


def test_every_pod_of_the_proxy_counts() -> None:
    here = replace(HERE, proxies=("192.168.1.8", "192.168.1.9"))
    made = attempts(NAME, here, "t", 1)
    assert [(it["id"], it["proxy"]) for it in made] == [
        ("row", ["10.96.0.9", 3128]),
        ("row/1", ["192.168.1.8", 3128]),
        ("row/2", ["192.168.1.9", 3128]),
    ]
    no, yes = ProbeReport("refused", "403"), ProbeReport("answer", "sark-answer x")
    assert judge_all(NAME, {"row": no, "row/1": no, "row/2": no}, here, []) == (PASS, "refused: 403")
    assert judge_all(NAME, {"row": no, "row/1": no, "row/2": yes}, here, []) == (
        FAIL,
        "should be denied, but the target answered: sark-answer x (at the proxy's pod 192.168.1.9)",
    )
    assert judge_all(NAME, {"row": no, "row/1": no}, here, [])[0] == ERROR
    assert len(attempts(POD, here, "t", 1)) == 1


def test_a_connection_that_no_denied_row_names_is_a_stray() -> None:
    assert strays([NAME], [ACCEPT, ACCEPT | {"address": "203.0.113.66"}], HERE) == ["203.0.113.66:443"]
    assert strays([NAME], [{"event": "query", "name": "api.test"}], HERE) == []
