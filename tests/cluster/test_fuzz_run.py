"""Random policies without a cluster: the judge plays its part, and one that is wrong on purpose plays the judge's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from kubernetes import dynamic
from kubernetes.client.exceptions import ApiException

from tests.cluster.fuzz.cases import addresses
from tools.cluster import disagreement, refused
from tools.cluster import fuzz_run as fuzz
from tools.cluster.__main__ import main
from tools.cluster.enforcement import Enforcer
from tools.cluster.errors import CannotRunError
from tools.cluster.fuzz import compare
from tools.cluster.fuzz.compare import Attempt, Tally
from tools.cluster.fuzz.topology import POINTS, Object, Topology, key, topology
from tools.cluster.fuzz_objects import (
    BEACON_NAMES,
    BEACON_PORTS,
    BEACONS,
    GUARD_TIER,
    beacon,
    bodied,
    guard,
    guard_tier,
    markers,
    shown,
)
from tools.cluster.fuzz_pods import Crowd
from tools.cluster.fuzz_run import OUTSIDE, SOURCES, FuzzRun, attempts, control, summed_up
from tools.cluster.options import TrialOptions
from tools.cluster.probers import opened
from tools.cluster.verdict import FAIL, PASS
from tools.findings.model import run as judge
from tools.findings.progress import Progress
from tools.manifests.rules.objects import names_are_legal
from tools.manifests.rules.schemas import objects_fit_their_schema
from tools.policies.cluster import Cluster
from tools.policies.rules.syntax import calico_selectors_are_valid, cidrs_are_valid
from tools.reach.model import Word

Mutation = Callable[[Any], None]


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class FakeCrowd:
    """Pods that do what the judge says. `slow`: attempts that are met with silence so often, whatever is allowed."""

    def __init__(self, given: Topology) -> None:
        self.topology = given
        self.addresses = addresses(given)
        self.policies: Sequence[Object] = ()
        self.slow: dict[Attempt, int] = {}
        self.enforced = 0

    def relabel(self, topology: Topology) -> None:
        self.topology = topology

    def ask(self, attempts: Iterable[Attempt], _: float = 1.0) -> tuple[dict[Attempt, bool], dict[Attempt, str]]:
        asked = list(attempts)
        verdicts = compare.judge((*self.topology.objects, *self.policies), self.addresses, asked)
        return {attempt: verdicts[attempt] == "allowed" and not self._is_slow(attempt) for attempt in asked}, {}

    def _is_slow(self, attempt: Attempt) -> bool:
        self.slow[attempt] = self.slow.get(attempt, 0) - 1
        return self.slow[attempt] >= 0


class FakeEnforcer:
    """Policies are in force at once."""

    tiers = False

    def __init__(self, crowd: FakeCrowd) -> None:
        self.crowd = crowd
        crowd.enforced = 0

    def set_up(self) -> None: ...

    def tear_down(self) -> None:
        self.crowd.policies = ()

    def enforce(self, policies: Sequence[Object]) -> None:
        if any("action" not in rule for body in policies for rule in rules_of_calico(body)):
            raise CannotRunError("refused")
        self.crowd.policies = policies
        self.crowd.enforced += 1


def rules_of_calico(body: Object) -> list[Any]:
    spec = body["spec"] if body["apiVersion"].startswith("projectcalico") else {}
    return [*spec.get("ingress", []), *spec.get("egress", [])]


@pytest.fixture
def crowds(monkeypatch: pytest.MonkeyPatch) -> list[FakeCrowd]:
    """The crowds of a run, in which everything is a fake but the run."""
    made: list[FakeCrowd] = []

    @contextmanager
    def gathered(_ground: object, given: Topology, _outside: object, _step: str) -> Iterator[FakeCrowd]:
        made.append(FakeCrowd(given))
        yield made[-1]

    monkeypatch.setattr("tools.cluster.fuzz_pods.gathered", gathered)
    monkeypatch.setattr(fuzz, "Enforcer", FakeEnforcer)
    monkeypatch.setattr(disagreement, "time", Clock())
    return made


class Ground:
    """Where the fakes gather."""

    progress = Progress()


def run(tmp_path: Path, judge: compare.Judge = compare.judge) -> FuzzRun:
    return FuzzRun(Ground(), TrialOptions(diagnostics=tmp_path), judge=judge)  # type: ignore[arg-type]


def test_a_judge_that_is_right_passes(crowds: list[FakeCrowd], tmp_path: Path) -> None:
    done = run(tmp_path)
    done.run_cases("5", 35)
    [result] = done.results
    assert (result.status, result.state, result.name) == (PASS, "random policies", "judge-agrees-with-cluster")
    assert result.message.startswith("seed 5: 35 policies in 4 cases, ")
    assert result.message.endswith("; 0 cases with a disagreement")
    assert len(done.recorded) == 4
    assert done.features["Kubernetes NetworkPolicy"] > 5
    assert [crowd.policies for crowd in crowds] == [()]


def test_a_crowd_has_so_many_cases_and_then_another_one_comes(crowds: list[FakeCrowd], tmp_path: Path) -> None:
    done = run(tmp_path)
    done.run_cases("5", 130)
    assert len(crowds) == 2
    assert done.tally.cases == 13
    assert len({key(pod) for crowd in crowds for pod in crowd.topology.pods}) == 14
    assert crowds[0].topology.pods != crowds[1].topology.pods


def exceptions_are_forgotten(value: Any) -> None:
    value.pop("except", None)


def a_deny_is_taken_for_an_allow(value: Any) -> None:
    if value.get("action") == "Deny":
        value["action"] = "Allow"


def names_are_taken_for_all_ports(value: Any) -> None:
    if any(isinstance(port, str) and ":" not in port for port in value.get("ports", [])):
        del value["ports"]


def an_order_counts_backwards(value: Any) -> None:
    if "order" in value:
        value["order"] = -value["order"]


def mutated(value: Any, mutation: Mutation) -> Any:
    if isinstance(value, list):
        for inner in value:
            mutated(inner, mutation)
    if isinstance(value, dict):
        mutation(value)
        for inner in value.values():
            mutated(inner, mutation)
    return value


def wrong(mutation: Mutation) -> compare.Judge:
    def judge(
        objects: Iterable[Object], where: Mapping[str, str], attempts: Iterable[Attempt]
    ) -> Mapping[Attempt, Word]:
        return compare.judge([mutated(deepcopy(body), mutation) for body in objects], where, attempts)

    return judge


def found_out(tmp_path: Path, judge: compare.Judge) -> FuzzRun:
    """The first run that finds a disagreement; there is one within as many policies as `make cluster-fuzz` has."""
    for seed in range(10):
        done = run(tmp_path, judge)
        done.run_cases(f"m{seed}", 20)
        if done.disputed:
            return done
    raise AssertionError("nothing was found")


@pytest.mark.parametrize(
    ("mutation", "guilty", "most"),
    [
        (exceptions_are_forgotten, "except:", 1),
        (a_deny_is_taken_for_an_allow, "action: Deny", 1),
        (names_are_taken_for_all_ports, "ports:", 2),
        (an_order_counts_backwards, "order:", 3),
    ],
)
def test_a_judge_that_is_wrong_is_found_and_the_reason_is_small(
    crowds: list[FakeCrowd], tmp_path: Path, mutation: Mutation, guilty: str, most: int
) -> None:
    done = found_out(tmp_path, wrong(mutation))
    first, *_, summary = done.results
    assert (first.status, summary.status) == (FAIL, FAIL)
    assert f"; {done.disputed} cases with a disagreement" in summary.message
    path = next(tmp_path.glob(f"fuzz/{first.name.removeprefix('agrees-')}.yaml"))
    text = path.read_text(encoding="utf-8")
    assert text in first.message
    policies = [body for body in yaml.safe_load_all(text) if body["kind"].endswith("Policy")]
    assert guilty in yaml.safe_dump(policies)
    assert len(policies) <= most
    assert ("the cluster answered" in text) != ("the cluster was silent" in text)
    assert len(text.splitlines()) < 180
    # In a cluster each of them takes a second or two.
    assert crowds[-1].enforced < 80 * done.disputed


def test_only_some_are_made_smaller_and_all_are_told(
    crowds: list[FakeCrowd], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "MOST_SHRUNK", 1)
    done = run(tmp_path, wrong(a_deny_is_taken_for_an_allow))
    done.run_cases("7", 40)
    sizes = [sum(body["kind"].endswith("Policy") for body in yaml.safe_load_all(path.read_text())) for path in
             (tmp_path / "fuzz" / f"{it.name.removeprefix('agrees-')}.yaml" for it in done.results[:-1])]  # fmt: skip
    assert len(sizes) == done.disputed > 1
    assert sizes[0] < 3 < max(sizes[1:])


def test_a_slow_answer_is_no_disagreement(crowds: list[FakeCrowd], monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = FakeCrowd(topology("s"))
    pairs = list(attempts(crowd.topology))
    crowd.slow = {pairs[3]: 2, pairs[9]: 1}
    assert all(disagreement.settled(crowd, pairs, dict.fromkeys(pairs, "allowed")).values())  # type: ignore[arg-type]


def test_without_policies_everything_must_be_answered(crowds: list[FakeCrowd]) -> None:
    crowd = FakeCrowd(topology("s"))
    pairs = list(attempts(crowd.topology))
    control(crowd, pairs)  # type: ignore[arg-type]
    crowd.slow = {pairs[0]: 1000, pairs[1]: 1000}
    with pytest.raises(CannotRunError, match=r"^without any policy fuzz-a/p0 → .* is not answered, nor are 1 more$"):
        control(crowd, pairs)  # type: ignore[arg-type]


def test_what_cannot_be_tried_is_no_verdict(crowds: list[FakeCrowd], monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = FakeCrowd(topology("s"))
    pairs = list(attempts(crowd.topology))[:2]
    monkeypatch.setattr(crowd, "ask", lambda expected, _=1.0: ({pairs[0]: True}, {pairs[1]: "Connection refused"}))
    with pytest.raises(CannotRunError, match="could not be tried: Connection refused"):
        disagreement.settled(crowd, pairs, dict.fromkeys(pairs, "allowed"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tally", "error"),
    [
        (Tally(1, 10, 100, 5), "5% of the connections were answered, so that little is shown"),
        (Tally(1, 10, 100, 95), "95% of the connections were answered, so that little is shown"),
        (Tally(1, 10, 100, 50, 20), "20% of the verdicts are conditional, so that little is shown"),
        (Tally(), "0% of the connections were answered, so that little is shown"),
    ],
)
def test_a_run_that_shows_little_does_not_pass(tally: Tally, error: str) -> None:
    result = summed_up("1", tally, 0)
    assert (result.status, result.message.rpartition("; ")[2]) == (FAIL, error)


def test_every_pair_is_tried_both_ways_on_every_port_and_so_is_the_outside() -> None:
    given = topology("s", pods=4)
    pairs = list(attempts(given))
    assert len(pairs) == len(set(pairs)) == 4 * 3 * len(POINTS) + 4 * len(OUTSIDE) + len(SOURCES) * 4 * len(POINTS)
    assert Attempt("203.0.113.10", "fuzz-a/p0", "UDP", 53) in pairs


class FakeProber:
    """Answers as it is told, and keeps the order."""

    def __init__(self, answers: Mapping[str, str], refused: Mapping[str, str]) -> None:
        self.answers, self.refused = answers, refused
        self.order: Any = None

    def ask(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        self.order = order
        token = order["attempts"][0][4]
        answers = {name: text.replace("TOKEN", token) for name, text in self.answers.items()}
        return {"done": len(order["attempts"]), "answers": answers, "refused": self.refused}

    def close(self) -> None: ...


def test_an_answer_counts_when_it_is_the_targets_own() -> None:
    pairs = [
        Attempt("n/a", "n/b", "TCP", 80),
        Attempt("n/a", "n/b", "UDP", 53),
        Attempt("n/a", "n/c", "TCP", 80),
        Attempt("n/a", "203.0.113.10", "TCP", 443),
        Attempt("n/a", "203.0.113.53", "UDP", 53),
        Attempt("n/a", "n/c", "TCP", 5432),
    ]
    answers = {
        "0": "sark-answer n/b token=TOKEN",
        "2": "sark-answer n/b token=TOKEN",
        "3": "sark-answer 203.0.113.10:443 sni=- token=TOKEN",
        "4": "sark-answer dns",
    }
    prober = FakeProber(answers, {"5": "Connection refused"})
    crowd = Crowd(None, topology("s"), {"n/a": "10.0.0.1", "n/b": "10.0.0.2", "n/c": "10.0.0.3"}, {"n/a": prober})  # type: ignore[arg-type]
    truth, error = crowd.ask(pairs, 0.7)
    assert truth == {pairs[0]: True, pairs[1]: False, pairs[3]: True, pairs[4]: True}
    token = prober.order["attempts"][0][4]
    assert error == {
        pairs[2]: f"somebody else answered: sark-answer n/b token={token}",
        pairs[5]: "Connection refused",
    }
    assert prober.order["timeout"] == 0.7
    assert prober.order["attempts"][1] == ["1", "10.0.0.2", 53, "UDP", token, ""]
    assert prober.order["attempts"][4] == ["4", "203.0.113.53", 53, "DNS", token, ""]


def test_from_outside_it_says_where_to_come_from() -> None:
    prober = FakeProber({}, {})
    crowd = Crowd(None, topology("s"), {"n/b": "10.0.0.2"}, {"203.0.113.10": prober})  # type: ignore[arg-type]
    assert crowd.ask([Attempt("203.0.113.10", "n/b", "TCP", 80)]) == (
        {Attempt("203.0.113.10", "n/b", "TCP", 80): False},
        {},
    )
    assert prober.order["attempts"][0][5] == "203.0.113.10"


@pytest.mark.parametrize("tier", ["default", GUARD_TIER])
@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_the_markers_show_what_is_waited_for(turn: int, tier: str) -> None:
    """By the judge: a port that is the same in two turns that follow each other would show nothing."""
    where = dict(zip(BEACON_NAMES, ("192.168.0.1", "192.168.1.1"), strict=True))
    pods = [beacon(0), beacon(1)]
    policies = [*markers(turn, tier, list(where.values())), guard(tier), *([guard_tier()] if tier != "default" else [])]
    first, other = BEACON_NAMES
    pairs = [Attempt(*pair, "TCP", port) for pair in ((first, other), (other, first)) for port in BEACON_PORTS]
    verdicts = compare.judge([*pods, *policies], where, pairs)
    assert {pair.port for pair in pairs if verdicts[pair] == "allowed"} == shown(turn)
    assert {pair for pair in pairs if verdicts[pair] == "conditional"} == set()
    assert shown(turn) ^ shown(turn + 1) == set(BEACON_PORTS)


@pytest.mark.parametrize("tier", ["default", GUARD_TIER])
def test_markers_and_guard_are_valid(tier: str) -> None:
    bodies = [guard_tier(), guard(tier), *markers(0, tier, ["192.168.3.1"]), *markers(1, tier, ["192.168.3.1"])]
    cluster = Cluster(tuple(compare.manifest(body) for body in bodies))
    checks = (objects_fit_their_schema, cidrs_are_valid, calico_selectors_are_valid, names_are_legal)
    assert list(judge(checks, cluster)) == []


def test_markers_and_guard_touch_no_pod_of_the_crowd() -> None:
    given = topology("s")
    pairs = list(attempts(given))
    for turn in (0, 1):
        bodies = [*markers(turn, "default", ["192.168.3.1"]), guard("default")]
        assert set(compare.judge([*given.objects, *bodies], addresses(given), pairs).values()) == {"allowed"}


def test_the_sets_of_the_markers_hold_only_the_beacons() -> None:
    """A random rule may mean every network set: had a set all addresses, the rule would let everybody in."""
    nets = [net for body in markers(1, "default", ["192.168.3.1"]) for net in body["spec"].get("nets", [])]
    assert nets == ["192.168.3.1/32", "192.168.3.1/32"]


def test_a_pod_gets_a_program_and_keeps_what_it_says() -> None:
    pod = topology("s").pods[0]
    made = bodied(pod, 1, ["80/TCP", "53/UDP"])
    container = made["spec"]["containers"][0]
    assert container["command"] == ["python3", "/sark/answer.py", key(pod), "80/TCP", "53/UDP"]
    assert container["ports"] == pod["spec"]["containers"][0]["ports"]
    assert made["metadata"] == pod["metadata"]
    assert "command" not in pod["spec"]["containers"][0]
    assert made["spec"]["nodeSelector"] != bodied(pod, 0, [])["spec"]["nodeSelector"]
    assert beacon(0)["metadata"]["namespace"] == BEACONS


@pytest.mark.parametrize("count", ["0", "-1", "many", "1.5"])
def test_a_number_of_policies_is_a_number(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["fuzz", "--policies", count])
    assert stop.value.code == 64
    assert "is no number of policies; write 1 or more" in capsys.readouterr().err


class FakeKube:
    """Streams that open at once, that fail, or that never come."""

    def __init__(self, *streams: object) -> None:
        self.streams = list(streams)

    def open(self, space: str, pod: str, _command: object) -> object:
        stream = self.streams.pop(0)
        if isinstance(stream, Exception):
            raise stream
        if stream is None:
            time.sleep(5)
        return space, pod


@pytest.mark.parametrize("streams", [(1,), (None, 1), (OSError("busy"), None, 1)])
def test_a_prober_is_started_again_when_it_does_not_come(streams: tuple[object, ...]) -> None:
    assert opened(FakeKube(*streams), "n/a", seconds=0.1).channel == ("n", "a")  # type: ignore[arg-type]


@pytest.mark.parametrize(("streams", "why"), [((None, None), "not within 0 s"), ((None, OSError("busy")), "busy")])
def test_a_prober_that_never_comes_is_told(streams: tuple[object, ...], why: str) -> None:
    with pytest.raises(CannotRunError, match=f"^no prober could be started in pod n/a: {why}$"):
        opened(FakeKube(*streams), "n/a", tries=2, seconds=0.1)  # type: ignore[arg-type]


class FakeApi:
    """One cluster's API, of what policies need: it refuses what it is told to, and keeps the rest."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.there: dict[tuple[str, str], Object] = {}
        self.done: list[str] = []

    def kind(self, _api_version: str, kind: str) -> FakeResource:
        return FakeResource(self, kind)

    def delete(self, _api_version: str, kind: str, name: str, _namespace: str | None) -> None:
        self.there.pop((kind, name), None)
        self.done.append(f"-{name}")


class FakeResource:
    def __init__(self, api: FakeApi, kind: str) -> None:
        self.api, self.kind = api, kind

    def create(self, body: Object, namespace: str | None) -> None:
        name = body["metadata"]["name"]
        if name in self.api.refused:
            raise dynamic.exceptions.DynamicApiError(ApiException(422, "no"))  # type: ignore[no-untyped-call]
        self.api.there[self.kind, name] = body
        self.api.done.append(f"+{name}")

    def patch(self, body: Object, **_: object) -> None:
        assert self.kind.startswith(("Network", "Global"))


def enforcer(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> Enforcer:
    crowd = Crowd(api, topology("s"), dict.fromkeys(BEACON_NAMES, "192.168.3.1"))  # type: ignore[arg-type]
    monkeypatch.setattr(Enforcer, "_wait", lambda _: None)
    return Enforcer(crowd)


def of(kind: str, name: str, **spec: object) -> Object:
    api_version = "projectcalico.org/v3"
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": dict(spec)}


def test_only_what_changes_is_changed_and_a_tier_is_there_around_its_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeApi()
    made = enforcer(api, monkeypatch)
    tier, policy, other = of("Tier", "t"), of("GlobalNetworkPolicy", "t.one"), of("GlobalNetworkPolicy", "other")
    made.enforce([policy, tier, other])
    assert api.done[0] == "+t"
    made.enforce([other])
    assert api.done[3:] == ["-t.one", "-t"]
    changed = of("GlobalNetworkPolicy", "other", order=1)
    made.enforce([changed])
    assert api.done[5:] == ["-other", "+other"]
    assert list(api.there.values()) == [changed]
    assert made.turn == 3


def test_of_a_batch_in_which_one_is_refused_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeApi("bad")
    made = enforcer(api, monkeypatch)
    good = of("GlobalNetworkPolicy", "good")
    with pytest.raises(CannotRunError, match=r"^GlobalNetworkPolicy bad was refused: "):
        made.enforce([good, of("GlobalNetworkPolicy", "bad")])
    assert api.there == {}
    made.enforce([good])
    assert list(api.there.values()) == [good]


TABLE = refused.read()


class TableApi:
    """An API server that refuses what the offline readers refuse, but for `blind` rules; it keeps what it holds."""

    def __init__(self, blind: str = "", served: Callable[[str], bool] = lambda api: True) -> None:
        self.blind, self.served = blind, served
        self.there: list[str] = []
        self.dry = 0

    def kind(self, api: str, kind: str) -> TableApi:
        if not self.served(api):
            raise dynamic.exceptions.ResourceNotFoundError(f"no {kind}")
        self.asked = kind
        return self

    namespaced = True

    def create(self, body: Any, namespace: str | None, dry_run: str = "") -> Any:
        case = next(case for case in TABLE if case.body == body)
        if not case.good and case.rule != self.blind:
            raise dynamic.exceptions.DynamicApiError(ApiException(422, "no"))  # type: ignore[no-untyped-call]
        self.dry += dry_run == "All"
        name = body["metadata"].get("name", "made-up")
        self.there += [] if dry_run else [name]
        return SimpleNamespace(metadata=SimpleNamespace(name=name))

    def delete(self, name: str, namespace: str | None) -> None:
        self.there.remove(name)


def test_what_the_api_refuses_is_asked_case_by_case_and_nothing_is_left() -> None:
    api = TableApi()
    ask = refused.ask(api, TABLE)  # type: ignore[arg-type]
    [result] = ask.results
    assert (result.status, result.state) == (PASS, "what the API refuses")
    assert result.message.startswith(f"{ask.agreed} of {ask.agreed} cases are as the table has them; 3 not tried: ")
    assert sum(ask.left_out.values()) == len([case for case in TABLE if case.offline])
    assert ask.agreed == len([case for case in TABLE if not case.offline]) > 300
    assert (api.there, api.dry > 40) == ([], True)


def test_a_rule_that_a_cluster_does_not_have_is_a_failure() -> None:
    ask = refused.ask(TableApi(blind="a port's name has a letter"), TABLE)  # type: ignore[arg-type]
    *wrong, summary = ask.results
    assert [result.message.partition(": ")[2].partition(" is taken")[0] for result in wrong] == [
        "a port's name has a letter",
        "a port's name has a letter",
    ]
    assert summary.status == FAIL
    assert summary.message.startswith(f"{ask.agreed} of {ask.agreed + 2} cases are")


def test_kinds_that_are_not_served_are_said_and_not_passed() -> None:
    ask = refused.ask(TableApi(served=lambda api: "policy." not in api), TABLE)  # type: ignore[arg-type]
    assert [result.status for result in ask.results] == [PASS]
    assert "not tried: policy.networking.k8s.io/v1alpha2 is not served" in ask.results[0].message
    nothing = refused.ask(TableApi(served=lambda api: False), TABLE)  # type: ignore[arg-type]
    assert [result.status for result in nothing.results] == [FAIL]


def test_a_run_asks_what_the_api_refuses(tmp_path: Path) -> None:
    ground = SimpleNamespace(progress=Progress(), kube=TableApi())
    done = FuzzRun(ground, TrialOptions(diagnostics=tmp_path))  # type: ignore[arg-type]
    done.refusals()
    assert [(result.name, result.status) for result in done.results] == [("refused-as-written", PASS)]


def test_short_forms_of_the_table_are_written_out() -> None:
    assert refused.written_out({"<a*3>": [{"<times>": 2, "item": "x"}, "y"]}) == {"aaa": ["x", "x", "y"]}
    assert refused.laid_over({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "d": [1]}}) == {"a": {"c": 2, "d": [1]}}
