"""Three values: whatever address a pod turns out to have, what happens lies within the judge's bounds.

Some pods' addresses are hidden from the judge, some pods become Deployments, and rules ask for source ports and HTTP.
The oracle then judges the same world with addresses drawn from the pods' networks: what the judge says passes has to
pass, and what passes has to be allowed or conditional.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

import pytest

from tests.reach.oracle.judge import Oracle
from tests.reach.oracle.packets import Asked, some
from tests.reach.oracle.random_worlds import RandomWorld, as_sixth, key, networks, random_world
from tests.reach.oracle.test_judges_agree import BY_HAND, Verdicts, verdicts
from tools.cluster.fuzz.compare import manifest
from tools.cluster.fuzz.dice import Dice
from tools.cluster.fuzz.shrink import shrunk, text
from tools.cluster.fuzz.topology import Object
from tools.manifests.addresses import Net, network
from tools.reach.connections import includes
from tools.reach.world import POD_CIDRS, World

WITH_PORTS = (6, 17, 132)
WORLDS = BY_HAND or 80
DRAWS = 20 if BY_HAND else 3
PACKETS = 200 if BY_HAND else 30
SIX = tuple(net for cidr in POD_CIDRS if (net := network(as_sixth(str(cidr)))))


Kinds = Mapping[str, str]


def with_more(world: RandomWorld) -> RandomWorld:
    """The same world with source ports and matches on HTTP in some of Calico's rules."""
    dice, objects = Dice("more", world.seed), deepcopy(world.objects)
    for body in objects:
        if "projectcalico" in body["apiVersion"]:
            for direction in ("ingress", "egress"):
                for rule in body["spec"].get(direction) or ():
                    by_service = "services" in rule.get("source", {})
                    if rule.get("protocol") in ("TCP", "UDP") and not by_service and dice.chance(0.1):
                        ports = [dice.pick((40000, "40000:50000", "http"))]
                        rule.setdefault("source", {})[dice.pick(("ports", "notPorts"))] = ports
                    may_have_http = rule["action"] == "Allow" and direction == "ingress" and "notProtocol" not in rule
                    if may_have_http and rule.get("protocol", "TCP") == "TCP" and dice.chance(0.1):
                        rule["http"] = {"methods": ["GET"]}
    return RandomWorld(world.seed, objects, world.pods, world.outside)


def hidden(world: RandomWorld) -> Kinds:
    """The pods whose address the judge is not to know, and what each is to it: a Pod or a Deployment."""
    dice = Dice("hidden", world.seed)
    return {name: dice.weighted({"Pod": 6, "Deployment": 4}) for name in world.pods if dice.chance(0.6)}


def shown(objects: Iterable[Object], unknown: Kinds) -> Iterator[Object]:
    """The objects without those addresses."""
    for body in objects:
        kind = unknown.get(key(body)) if is_one(body) else None
        less = {part: value for part, value in body.items() if kind is None or part != "status"}
        yield _deployment(less) if kind == "Deployment" else less


def is_one(body: Object) -> bool:
    """Whether it is a pod, and not a finished one."""
    return bool(body["kind"] == "Pod" and body["metadata"]["name"] != "done")


def _deployment(pod: Object) -> Object:
    metadata = {part: pod["metadata"][part] for part in ("name", "namespace")}
    template = {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": pod["spec"]}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}}


def drawn(world: RandomWorld, unknown: Kinds, dice: Dice) -> tuple[Object, ...]:
    """The world with other addresses for the pods whose address is unknown: often at an edge of a network of a rule."""
    places = {*world.pods.values(), *world.outside}
    objects = deepcopy(world.objects)
    for body in objects:
        if is_one(body) and key(body) in unknown:
            sixth = ":" in world.pods[key(body)]
            body["status"]["podIP"] = _address(world, SIX if sixth else POD_CIDRS, places, dice)
            places.add(body["status"]["podIP"])
    return objects


def _address(world: RandomWorld, cidrs: Sequence[Net], places: set[str], dice: Dice) -> str:
    named = [cidrs[0], *(net for text in networks(world.objects) if (net := network(text)))]
    while True:
        cidr = dice.pick(cidrs)
        net = dice.pick(named) if dice.chance(0.7) else cidr
        address = net[dice.number(0, net.num_addresses - 1)]
        if address in cidr and str(address) not in places:
            return str(address)


@dataclass(frozen=True)
class Trial:
    """One connection, with what it says of itself that policies may ask for, and what the judge does not know."""

    asked: Asked
    source_port: int
    http: bool
    unknown: Kinds
    cidrs: tuple[Net, ...]

    def outside_bounds(self, objects: Sequence[Object], verdict: Verdicts) -> bool:
        """Whether it passes though the judge says never, or does not though the judge says always."""
        truth = self.truth(objects)
        judged = verdict(*(self.name(place) for place in self.asked[:2]))
        certain, perhaps = includes(judged.allowed, *self.asked[2:]), includes(judged.conditional, *self.asked[2:])
        return not truth if certain else truth and not perhaps

    def truth(self, objects: Sequence[Object]) -> bool:
        return Oracle(objects).allowed(*self.asked, source_port=self.source_port, http=self.http)

    def name(self, place: str) -> str:
        return f"{place}[{self.unknown.get(place, 'Pod')}]" if "/" in place else place

    def judge(self, objects: Iterable[Object]) -> World:
        return World((manifest(body) for body in shown(objects, self.unknown)), pod_cidrs=self.cidrs)


def trials(world: RandomWorld) -> Iterator[tuple[Trial, tuple[Object, ...]]]:
    """Trials that went otherwise than the judge said they may, with the world that they were in."""
    unknown, families = hidden(world), {":" in address for address in world.pods.values()}
    cidrs = (*(POD_CIDRS if False in families else ()), *(SIX if True in families else ()))
    verdict, dice = None, Dice("draws", world.seed)
    for draw in range(DRAWS):
        objects = drawn(world, unknown, dice)
        for asked in some(replace(world, seed=(world.seed, draw)), PACKETS):
            trial = Trial(asked, dice.pick((40000, 50001, 80)), dice.chance(0.5), unknown, cidrs)
            verdict = verdict or verdicts(sound(trial.judge(objects)))
            if trial.outside_bounds(objects, verdict):
                yield trial, objects


def sound(judge: World) -> World:
    """The judge, once it says that nothing was broken."""
    assert not judge.problems, judge.problems[0]
    return judge


def story(seed: int, trial: Trial, objects: tuple[Object, ...]) -> str:
    """The seed, and as little of the world as still shows the fault."""

    def shows(fewer: tuple[Object, ...]) -> bool:
        try:
            judge = trial.judge(fewer)
            return not judge.problems and trial.outside_bounds(fewer, verdicts(judge))
        except (LookupError, StopIteration, TypeError, ValueError, AttributeError):
            return False  # It has become another fault.

    small = shrunk(objects, shows, 400)
    truth = "passes" if trial.truth(small) else "does not pass"
    message = f"from port {trial.source_port}{' with HTTP that fits' if trial.http else ''}, unknown: {trial.unknown}"
    return f"seed {seed}: {trial.asked} {message}: {truth}\n{text(small)}"


@pytest.mark.parametrize("part", range(4))
def test_whatever_a_pods_address_is_the_judge_was_right(part: int) -> None:
    for seed in range(part, WORLDS, 4):
        wrong = next(trials(with_more(random_world(seed))), None)
        assert wrong is None, story(seed, *wrong)


def test_a_pod_with_two_addresses_is_judged_for_both() -> None:
    """What passes over one family alone is conditional; what passes over both, and nothing else, is allowed."""
    for seed in range(WORLDS // 2):
        world = random_world(seed, dual=True)
        judge, oracle = World(manifest(body) for body in world.objects), Oracle(world.objects)
        verdict, six = verdicts(judge), {name: as_sixth(address) for name, address in world.pods.items()}
        for source, destination, protocol, port in some(world, PACKETS):
            if protocol in WITH_PORTS and source in world.pods and destination in world.pods:
                judged = verdict(source, destination)
                over = {oracle.allowed(ends[source], ends[destination], protocol, port) for ends in (world.pods, six)}
                expected = "allowed" if over == {True} else "denied" if over == {False} else "conditional"
                certain, perhaps = (
                    includes(judged.allowed, protocol, port),
                    includes(judged.conditional, protocol, port),
                )
                got = "allowed" if certain else "conditional" if perhaps else "denied"
                assert got in (expected, "conditional"), f"seed {seed}: {source} → {destination} {protocol} {port}"


def test_two_replicas_are_two_pods_with_the_same_labels() -> None:
    for seed in range(WORLDS // 2):
        world = with_more(random_world(seed))
        dice = Dice("replicas", seed)
        pick = dice.pick(list(world.pods))
        body = next(body for body in world.objects if is_one(body) and key(body) == pick)
        twin = deepcopy(body)
        twin["metadata"]["name"] += "-twin"
        unknown = {pick: "Deployment"}
        cidrs = SIX if ":" in world.pods[pick] else POD_CIDRS
        judge = World((manifest(body) for body in shown(world.objects, unknown)), pod_cidrs=cidrs)
        verdict = judge.verdict(judge.peer(pick), judge.peer(pick))
        both = RandomWorld(seed, (*world.objects, twin), {**world.pods, key(twin): world.pods[pick]}, world.outside)
        for _, _, protocol, port in some(world, PACKETS):
            objects = drawn(both, {pick: "Pod", key(twin): "Pod"}, dice)
            if protocol in WITH_PORTS:
                truth = Oracle(objects).allowed(pick, key(twin), protocol, port)
                certain, perhaps = (
                    includes(verdict.allowed, protocol, port),
                    includes(verdict.conditional, protocol, port),
                )
                assert truth if certain else perhaps or not truth, (
                    f"seed {seed}: {pick} {protocol} {port}\n{text(objects)}"
                )


def test_a_pod_on_its_nodes_network_is_at_an_address_that_nobody_knows() -> None:
    """It is the node to everybody else: who is on the same node lets it in whatever policies say."""
    for seed in range(WORLDS // 2):
        world = with_more(random_world(seed))
        hosts = [key(body) for body in world.objects if body["kind"] == "Pod" and body["spec"].get("hostNetwork")]
        pods = [name for name, address in world.pods.items() if ":" not in address]
        dice, judge = Dice("host", seed), World(manifest(body) for body in shown(world.objects, {hosts[0]: "Pod"}))
        verdict, oracle, places = verdicts(judge), Oracle(world.objects), {*world.pods.values()}
        for _, _, protocol, port in some(world, PACKETS) if hosts and pods else ():
            if protocol in WITH_PORTS:
                pod, node = dice.pick(pods), _address(world, POD_CIDRS, places, dice)
                into, out = verdict(hosts[0], pod), verdict(pod, hosts[0])
                arrives, leaves = oracle.allowed(node, pod, protocol, port), oracle.allowed(pod, node, protocol, port)
                where = f"seed {seed}: {hosts[0]} at {node}, {pod} {protocol} {port}"
                assert arrives or not includes(into.allowed, protocol, port), where
                assert includes(into.allowed, protocol, port) or includes(into.conditional, protocol, port), where
                assert leaves or not includes(out.allowed, protocol, port), where
                may = includes(out.allowed, protocol, port) or includes(out.conditional, protocol, port)
                assert may or not leaves, where
