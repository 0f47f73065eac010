"""`python -m tools.reach explain`: who is meant by a word, and how it ends."""

import json

import pytest

from tests.reach.shell import DB, GUARD, POD, PODS, SERVICE, Runner

ASK = ("--manifests", "all.yaml")
INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: site, namespace: sark}
spec: {defaultBackend: {service: {name: db, port: {name: sql}}}}
---
"""
NEWER = DB.replace("name: db", "name: db-2").replace("app: db", "app: db, version: two")


@pytest.fixture
def world(run: Runner) -> Runner:
    run.file("all.yaml", PODS + NEWER + GUARD + SERVICE + INGRESS)
    return run


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        (("web", "db", "8000"), "allowed"),
        (("sark/web", "sark/db[Pod]", "8000/tcp"), "allowed"),
        (("stranger", "db", "8000"), "denied"),
        (("web", "db", "8000/UDP"), "denied"),
        (("web", "8.8.8.8", "53/udp"), "allowed"),
        (("web", "10.0.0.0/8", "443"), "allowed"),
        (("web", "{node}", "443/SCTP"), "allowed"),
        (("web", "stranger", "8/ICMP"), "allowed"),
        (("web", "stranger", "0/50"), "allowed"),
        (("{ingress-controller}", "db", "8000"), "conditional"),
    ],
)
def test_a_verdict(world: Runner, asked: tuple[str, ...], verdict: str) -> None:
    ran = world("explain", *asked, *ASK)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.partition("\n")[0].endswith(f": {verdict}")
    document = json.loads(world("explain", *asked, *ASK, "--format", "json").out)
    assert document["verdict"] == verdict


@pytest.mark.parametrize(
    ("expect", "dst", "code"),
    [("allowed", "web", 0), ("denied", "web", 1), ("allowed", "db", 1), ("denied", "db", 0)],
)
def test_a_verdict_that_is_expected(world: Runner, expect: str, dst: str, code: int) -> None:
    assert world("explain", "stranger", dst, "8000", *ASK, "--expect", expect).code == code


def test_a_conditional_verdict_is_never_the_expected_one(run: Runner) -> None:
    run.file("all.yaml", PODS + GUARD.replace("podSelector: {matchLabels: {app: web}}", "ipBlock: {cidr: 10.1.0.0/16}"))
    for expect in ("allowed", "denied"):
        assert run("explain", "web", "db", "8000", *ASK, "--expect", expect).code == 1
    assert run("explain", "web", "db", "8000", *ASK).code == 0


@pytest.mark.parametrize(
    ("dst", "port", "targets"),
    [
        ("svc/db", "80", [("db", 8000), ("db-2", 8000)]),
        ("svc/db", "sql", [("db", 8000), ("db-2", 8000)]),
        ("service/sark/db", "80/TCP", [("db", 8000), ("db-2", 8000)]),
        ("ingress/site", "443", [("db", 8000), ("db-2", 8000)]),
    ],
)
def test_every_pod_behind_a_service(world: Runner, dst: str, port: str, targets: list[tuple[str, int]]) -> None:
    ran = world("explain", "web", dst, port, *ASK, "--format", "json")
    assert ran.code == 0
    assert [(answer["dst"], answer["port"]) for answer in json.loads(ran.out)] == [
        (f"sark/{name}[Pod]", on) for name, on in targets
    ]
    for answer in json.loads(ran.out):
        message = f"Service sark/db: port 80/TCP (sql) → {answer['dst']} port 8000/TCP"
        assert [note.endswith(message) for note in answer["notes"]] == [True]
    text = world("explain", "web", dst, port, *ASK).out
    assert text.count("sark/web[Pod] -> ") == 2
    assert "Service sark/db: port 80/TCP (sql) →" in text


def test_one_pod_that_is_denied_is_not_what_was_expected(run: Runner) -> None:
    closed = GUARD.replace("app: db", "version: two").replace("app: web", "app: nobody")
    run.file("all.yaml", PODS + NEWER + closed + SERVICE)
    assert run("explain", "web", "svc/db", "80", *ASK, "--expect", "allowed").code == 1
    assert run("explain", "web", "svc/db", "80", *ASK, "--expect", "denied").code == 1


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("wab", "db", "80"), "no workload wab; did you mean sark/web[Pod]?"),
        (("web", "sark/bd[Pod]", "80"), "no workload sark/bd[Pod]; did you mean sark/db[Pod]?"),
        (
            ("zzz", "db", "80"),
            "no peer is called zzz; there are sark/db-2[Pod], sark/db[Pod], sark/stranger[Pod], sark/web[Pod]",
        ),
        (("web", "svc/dbs", "80"), "no Service dbs; did you mean sark/db?"),
        (("web", "svc/zzzzz", "80"), "no Service zzzzz; there are sark/db"),
        (("web", "ing/zzzzz", "80"), "no Ingress zzzzz; there are sark/site"),
        (("web", "svc/db", "81"), "Service sark/db has no port 81/TCP; it has 80/TCP (sql)"),
        (("svc/db", "web", "80"), "svc/db is a Service, which calls nobody; name a workload, an address or {node}"),
        (("web", "db", "http"), "http is not a number; only the port of a Service can be given by name"),
        (("web", "db", "0"), "0 is out of range for TCP; write 1 to 65535"),
        (("web", "db", "65536"), "65536 is out of range for TCP; write 1 to 65535"),
        (("web", "db", "9" * 5000), "is out of range for TCP; write 1 to 65535"),
        (("web", "db", "300/ICMP"), "300 is out of range for ICMP; write 0 to 255"),
        (
            ("web", "db", "80/XYZ"),
            "80/XYZ is not a port; write a number from 1 to 65535, alone or as 53/UDP",
        ),
        (("web", "db", "80/256"), "80/256 is not a port"),
        (("web", "db", ""), " is not a port"),
        (("web", "db", "80/"), "80/ is not a port"),
        (("web", "10.0.0.0/33", "80"), "no peer is called 10.0.0.0/33"),
        (("", "db", "80"), "no peer is called ;"),
    ],
)
def test_a_word_that_means_nobody(world: Runner, asked: tuple[str, ...], message: str) -> None:
    ran = world("explain", *asked, *ASK)
    assert (ran.code, ran.out) == (64, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_a_name_that_several_have(run: Runner) -> None:
    other = DB.replace("namespace: sark", "namespace: other")
    run.file("all.yaml", PODS + other + SERVICE + SERVICE.replace("namespace: sark", "namespace: other"))
    ran = run("explain", "web", "db", "80", *ASK)
    assert (ran.code, "db could mean 2 workloads" in ran.err) == (64, True)
    ran = run("explain", "web", "svc/db", "80", *ASK)
    assert ran.code == 64
    assert "db could mean 2 objects of kind Service (sark/db, other/db); write the full name of one" in ran.err
    assert run("explain", "web", "svc/other/db", "80", *ASK).code == 0


def test_a_namespace_that_is_called_svc(run: Runner) -> None:
    run.file("all.yaml", PODS + DB.replace("namespace: sark", "namespace: svc").replace("name: db", "name: it"))
    assert run("explain", "web", "svc/it", "80", *ASK).code == 0


def test_pods_of_one_owner_that_are_told_apart(run: Runner) -> None:
    """They have names of their own, behind a Service too."""
    owned = ", ownerReferences: [{{kind: StatefulSet, name: db}}]}}\nspec"
    made = POD.replace("}}}}\nspec", f"}}}}{owned}")
    pods = [made.format(name=f"db-{number}").replace(f"app: db-{number}", f"app: db, n: {number!r}") for number in "01"]
    run.file(
        "all.yaml", PODS.replace("app: db}", "app: x}") + "".join(pods) + GUARD.replace("app: db", "n: '1'") + SERVICE
    )
    ran = run("explain", "stranger", "svc/db", "80", *ASK, "--format", "json")
    assert [(answer["dst"], answer["verdict"]) for answer in json.loads(ran.out)] == [
        ("sark/db-0[Pod]", "allowed"),
        ("sark/db-1[Pod]", "denied"),
    ]


def test_options_that_swallow_words_are_explained(world: Runner) -> None:
    ran = world("explain", *ASK, "web", "db", "80")
    assert ran.code == 64
    assert "an option with several values also takes the words after it; write such options last" in ran.err


AT_ADDRESSES = """apiVersion: v1
kind: Service
metadata: {name: db, namespace: sark}
spec:
  clusterIP: 10.96.0.7
  clusterIPs: [10.96.0.7, 'fd00:96::7']
  externalIPs: [198.51.100.7]
  selector: {app: db}
  ports: [{name: sql, port: 80, targetPort: 8000}]
status: {loadBalancer: {ingress: [{ip: 198.51.100.8}, {ip: 198.51.100.9, ipMode: Proxy}, {hostname: db.example}]}}
---
"""


@pytest.mark.parametrize("address", ["10.96.0.7", "fd00:96::7", "198.51.100.7", "198.51.100.8"])
def test_a_service_is_called_at_its_addresses_too(run: Runner, address: str) -> None:
    run.file("all.yaml", PODS + GUARD + AT_ADDRESSES)
    allowed, denied = (run("explain", name, address, "80", *ASK, "--format", "json") for name in ("web", "stranger"))
    assert [json.loads(ran.out)[0]["dst"] for ran in (allowed, denied)] == ["sark/db[Pod]"] * 2
    assert [json.loads(ran.out)[0]["verdict"] for ran in (allowed, denied)] == ["allowed", "denied"]
    note = f"{address} is an address of Service sark/db, which is translated to one of its pods before policies look"
    assert note in json.loads(denied.out)[0]["notes"]


@pytest.mark.parametrize(("address", "port"), [("10.96.0.7", "81"), ("10.96.0.0/24", "80"), ("198.51.100.9", "80")])
def test_what_is_no_port_or_address_of_a_service_is_judged_as_it_is(run: Runner, address: str, port: str) -> None:
    run.file("all.yaml", PODS + GUARD + AT_ADDRESSES)
    ran = run("explain", "stranger", address, port, *ASK, "--expect", "allowed", "--format", "json")
    assert (ran.code, json.loads(ran.out)["verdict"]) == (0, "allowed")
