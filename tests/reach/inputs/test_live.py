"""Reading a cluster: what is asked for, page by page, and what happens when it is refused."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from kubernetes.config import kube_config

from tools.manifests.pods import pods
from tools.policies.unmodelled import notes
from tools.reach.inputs import live
from tools.reach.inputs.listing import PAGE, AnswerError, ClusterListing, listed
from tools.reach.peers.owners import settled

CALICO, STORE = "/apis/projectcalico.org/v3", "/apis/crd.projectcalico.org/v1"
CORE = ("namespaces", "pods", "services", "serviceaccounts")
EMPTY: dict[str, Any] = {f"/api/v1/{name}": {"items": []} for name in CORE} | {
    f"/apis/networking.k8s.io/v1/{name}": {"items": []} for name in ("networkpolicies", "ingresses")
}


@dataclass
class Server:
    """Answers from a table; what is no answer is a status. Keeps what it was asked."""

    answers: dict[str, Any]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __call__(self, path: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        self.asked.append((path, dict(query)))
        answer = self.answers.get(path, 404)
        if isinstance(answer, Callable):  # type: ignore[arg-type]
            answer = answer(query)
        if isinstance(answer, int):
            raise AnswerError(answer, f"status {answer}")
        return dict(answer)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


def named(name: str, namespace: str = "", **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, **({"namespace": namespace} if namespace else {})}, **more}


def group(name: str, *versions: str) -> dict[str, Any]:
    listed = [{"version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resources(**kinds: str) -> dict[str, Any]:
    return {"resources": [{"name": name, "kind": kind, "verbs": ["get", "list"]} for name, kind in kinds.items()]}


def read(answers: Mapping[str, Any]) -> tuple[ClusterListing, Server]:
    server = Server(EMPTY | {"/apis": {"groups": []}} | dict(answers))
    return listed(server, "prod"), server


def test_what_every_cluster_has() -> None:
    policy = named("deny", "sark", spec={"podSelector": {}})
    listing, server = read({"/apis/networking.k8s.io/v1/networkpolicies": {"items": [policy]}})
    assert [(it.file, it.kind, it.namespace, it.name) for it in listing.manifests] == [
        ("prod: sark/networkpolicies/deny", "NetworkPolicy", "sark", "deny")
    ]
    assert listing.manifests[0].body == policy | {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    admission = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
    assert set(server.paths) == {*EMPTY, "/apis", admission}


def test_custom_resources_by_discovery() -> None:
    """The judged kinds in their version, those that are only named, and nothing else of the group."""
    listing, server = read(
        {
            "/apis": {"groups": [group("projectcalico.org", "v3"), group("cilium.io", "v2"), group("apps", "v1")]},
            CALICO: resources(globalnetworkpolicies="GlobalNetworkPolicy", ippools="IPPool", tiers="Tier"),
            f"{CALICO}/globalnetworkpolicies": {"items": [named("lock-down")]},
            f"{CALICO}/tiers": {"items": [named("default")]},
            "/apis/cilium.io/v2": resources(ciliumnetworkpolicies="CiliumNetworkPolicy", ciliumnodes="CiliumNode"),
            "/apis/cilium.io/v2/ciliumnetworkpolicies": {"items": [named("a", "sark"), named("b", "sark")]},
        }
    )
    assert [it.name for it in listing.manifests] == ["lock-down", "default", "a", "b"]
    assert [note.message.partition(":")[0] for note in notes(listing.manifests)] == [
        "CiliumNetworkPolicy sark/a (and 1 more like it)"
    ]
    assert not {f"{CALICO}/ippools", "/apis/cilium.io/v2/ciliumnodes", "/apis/apps/v1"} & set(server.paths)


@pytest.mark.parametrize(
    ("served", "expected"),
    [(("v1alpha2", "v1alpha1"), "v1alpha1"), (("v1alpha1",), "v1alpha1"), (("v1beta1",), "v1beta1")],
)
def test_the_version_that_is_judged_is_read(served: tuple[str, ...], expected: str) -> None:
    name = "policy.networking.k8s.io"
    kinds = {f"/apis/{name}/{version}": resources(adminnetworkpolicies="AdminNetworkPolicy") for version in served}
    lists = {f"/apis/{name}/{version}/adminnetworkpolicies": {"items": [named("a")]} for version in served}
    listing, _ = read({"/apis": {"groups": [group(name, *served)]}} | kinds | lists)
    assert [it.body["apiVersion"] for it in listing.manifests] == [f"{name}/{expected}"]


@pytest.mark.parametrize("public", [True, False])
def test_calicos_store_is_read_where_its_api_is_not_served(public: bool) -> None:
    kinds = resources(networkpolicies="NetworkPolicy", hostendpoints="HostEndpoint", ipamblocks="IPAMBlock")
    groups = [group("crd.projectcalico.org", "v1"), *([group("projectcalico.org", "v3")] if public else [])]
    listing, _ = read(
        {
            "/apis": {"groups": groups},
            CALICO: kinds if public else 404,
            STORE: kinds,
            f"{CALICO}/networkpolicies": {"items": [named("a", "sark")]},
            f"{CALICO}/hostendpoints": {"items": []},
            f"{STORE}/networkpolicies": {"items": [named("default.a", "sark")]},
            f"{STORE}/hostendpoints": {"items": [named("node")]},
        }
    )
    assert [it.name for it in listing.manifests] == (["a"] if public else ["default.a", "node"])


def test_pages() -> None:
    def page(query: Mapping[str, str]) -> dict[str, Any]:
        at = int(query.get("continue", "0"))
        assert query["limit"] == str(PAGE)
        return {"items": [named(f"n{at}")], "metadata": {"continue": str(at + 1) if at < 2 else ""}}

    pages, _ = read({"/api/v1/namespaces": page})
    assert [it.name for it in pages.manifests] == ["n0", "n1", "n2"]


def test_a_list_that_changed_beneath_is_read_anew() -> None:
    """410 Gone: once from the beginning, and nothing twice."""
    seen = []

    def page(query: Mapping[str, str]) -> Any:
        seen.append(query.get("continue"))
        if "continue" in query:
            return 410 if len(seen) == 2 else {"items": [named("b")]}
        return {"items": [named("a")], "metadata": {"continue": "x"}}

    listing, _ = read({"/api/v1/namespaces": page})
    assert [it.name for it in listing.manifests] == ["a", "b"]
    assert seen == [None, "x", None, "x"]


def test_pages_without_an_end_end() -> None:
    listing, _ = read({"/api/v1/namespaces": {"items": [], "metadata": {"continue": "again"}}})
    assert listing.unread == ["namespaces of v1: the cluster has more than 1000000 of them"]


@pytest.mark.parametrize("status", [403, 410, 500, 503])
def test_what_cannot_be_read_is_said(status: int) -> None:
    listing, _ = read({"/api/v1/pods": status, "/api/v1/namespaces": {"items": [named("sark")]}})
    assert listing.unread == [f"pods of v1: status {status}"]
    assert [it.name for it in listing.manifests] == ["sark"]


def test_an_api_that_is_down_is_said() -> None:
    """Calico's API server is one of its own; without it nobody knows whether there are policies."""
    listing, _ = read({"/apis": {"groups": [group("projectcalico.org", "v3")]}, CALICO: 503})
    assert listing.unread == ["the list of resources in projectcalico.org/v3: status 503"]


def test_an_api_that_is_missing_is_fine() -> None:
    listing, _ = read({"/apis/networking.k8s.io/v1/ingresses": 404})
    assert listing.unread == []


@pytest.mark.parametrize("status", [0, 401])
def test_a_server_that_does_not_answer_ends_it(status: int) -> None:
    with pytest.raises(AnswerError, match=f"status {status}"):
        read({"/api/v1/pods": status})


@pytest.mark.parametrize("answer", [{}, {"items": None}, {"items": [3, None]}, {"metadata": 4}])
def test_answers_of_any_shape(answer: dict[str, Any]) -> None:
    listing, _ = read({"/api/v1/pods": answer, "/apis": {"groups": [3, {}, {"name": "x", "versions": [{}]}]}})
    assert (listing.manifests, listing.unread) == ([], [])


def test_an_answer_that_is_no_list_is_said() -> None:
    listing, _ = read({"/api/v1/pods": {"items": "x"}})
    assert listing.unread == ["pods of v1: the answer is not a list"]


def test_a_pod_is_read_as_policies_see_it() -> None:
    """Its owner, address, ports and account; nobody's environment."""
    pod = {
        "metadata": {
            "name": "api-7d9-x",
            "namespace": "sark",
            "labels": {"app": "api", "pod-template-hash": "7d9"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "api-7d9", "controller": True}],
            "managedFields": [{}],
            "annotations": {"k8s.v1.cni.cncf.io/networks": "x", "secret": "s3cret"},
        },
        "spec": {
            "serviceAccountName": "api",
            "nodeName": "n",
            "containers": [
                {
                    "name": "a",
                    "env": [{"name": "PASSWORD", "value": "s3cret"}],
                    "ports": [{"name": "http", "containerPort": 80}],
                }
            ],
        },
        "status": {"podIP": "10.1.2.3", "podIPs": [{"ip": "10.1.2.3"}, {"ip": "fd00::3"}], "phase": "Running"},
    }
    listing, _ = read({"/api/v1/pods": {"items": [pod]}})
    assert "s3cret" not in json.dumps(listing.manifests[0].body)
    (seen,) = pods(settled(listing.manifests), "default")
    assert (seen.name, seen.account, seen.done) == ("sark/api[Deployment]", "api", False)
    assert seen.ports == (("http", "TCP", 80),)
    assert list(map(str, seen.addresses)) == ["10.1.2.3", "fd00::3"]


# --- through the client itself ---


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """An API server on this machine, and a kubeconfig with its context `here`; gives the table of its answers."""
    answers: dict[str, Any] = EMPTY | {"/apis": {"groups": []}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path.partition("?")[0], 404)
            refusal = {"kind": "Status", "message": f"refused {self.path.partition('?')[0]}"}
            self.send_response(answer if isinstance(answer, int) else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            text = answer if isinstance(answer, str) else json.dumps(refusal if isinstance(answer, int) else answer)
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    kubeconfig(tmp_path, monkeypatch, f"http://127.0.0.1:{server.server_port}")
    yield answers
    server.shutdown()
    thread.join()
    server.server_close()


def kubeconfig(folder: Path, monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [
            {"name": "here", "context": {"cluster": "c", "user": "u"}},
            {"name": "broken", "context": {"cluster": "gone", "user": "u"}},
        ],
    }
    (folder / "config").write_text(json.dumps(body))
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(folder / "config"))


def test_a_cluster_through_the_client(cluster: dict[str, Any]) -> None:
    cluster["/api/v1/namespaces"] = {"items": [named("sark")]}
    cluster["/api/v1/pods"] = 403
    notices: list[str] = []
    listing = live.read("here", notices.append)
    assert [(it.file, it.name) for it in listing.manifests] == [("here: namespaces/sark", "sark")]
    assert listing.unread == ["pods of v1: refused /api/v1/pods"]
    assert notices[0] == "namespaces of v1"


@pytest.mark.parametrize(("answer", "message"), [("<html>", "is not JSON"), ("[]", "is not an object")])
def test_a_server_that_is_none(cluster: dict[str, Any], answer: str, message: str) -> None:
    cluster["/api/v1/pods"] = answer
    (unread,) = live.read("here").unread
    assert message in unread


def test_who_is_not_known(cluster: dict[str, Any]) -> None:
    cluster["/api/v1/namespaces"] = 401
    with pytest.raises(live.UnreachableError, match=r"^context here: refused /api/v1/namespaces$"):
        live.read("here")


def test_a_context_that_is_not_there(cluster: dict[str, Any]) -> None:
    with pytest.raises(live.UnknownContextError, match=r"^the kubeconfig has no context hare; did you mean here[?]$"):
        live.read("hare")
    with pytest.raises(live.UnknownContextError, match=r"there are here, broken$"):
        live.read("zzz")


def test_a_context_that_is_no_use(cluster: dict[str, Any]) -> None:
    with pytest.raises(live.UnreachableError, match=r"^context broken cannot be used: Invalid kube-config file"):
        live.read("broken")


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubeconfig(tmp_path, monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(live.UnreachableError, match=r"^context here: the API server does not answer: "):
        live.read("here")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "^there is no kubeconfig in "),
        ("", "^no kubeconfig can be read: "),
        ("a: [", "^no kubeconfig can be read: "),
        ("[]", "^no kubeconfig can be read: "),
        ("{contexts: 3}", "^no kubeconfig can be read: "),
        ("{contexts: [{}]}", "^the kubeconfig has no context here; there are none$"),
    ],
)
def test_no_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "config").write_text(text)
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
    with pytest.raises(live.UnknownContextError, match=message):
        live.read("here")


def test_another_context_than_the_current_one(cluster: dict[str, Any], tmp_path: Path) -> None:
    """However broken the current one is."""
    body = json.loads((tmp_path / "config").read_text())
    (tmp_path / "config").write_text(json.dumps(body | {"current-context": "broken"}))
    assert live.read("here").unread == []
