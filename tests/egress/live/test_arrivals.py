"""A list is pushed when all its files have arrived, by whoever upgrades; asked of an API server that stands in."""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from kubernetes.config import kube_config

from tools.cluster.kube import waited
from tools.egress.__main__ import main
from tools.egress.live.arrivals import Arrivals, pushed_on_arrival
from tools.egress.live.cluster import NoProxyError, proxy
from tools.egress.live.upgrading import upgrade
from tools.findings.cli import COULD_NOT_RUN, USAGE
from tools.findings.errors import InputError

OLD, NEW = "aaaaaaaaaaaa", "bbbbbbbbbbbb"


def listed(version: str) -> dict[str, str]:
    return {"any.yaml": f"version_info: {version}\n"}


def guarded(version: str) -> dict[str, str]:
    return {"Corefile": f"{version}.corefile.dns-guard: {{\n}}\n"}


@pytest.mark.parametrize(
    ("events", "due"),
    [
        # Of two files, the second completes the list.
        ([("routes", listed(NEW)), ("listeners", listed(NEW))], ["", NEW]),
        ([("listeners", listed(NEW)), ("routes", listed(NEW)), ("routes", listed(NEW))], ["", NEW, ""]),
        # What is written again as it was, and what is somebody else's.
        ([("routes", listed(OLD)), ("other", listed(NEW))], ["", ""]),
        # Back before anybody had it: nothing is due.
        ([("routes", listed(NEW)), ("routes", listed(OLD))], ["", ""]),
        # The guard has a hash of its own.
        ([("guard", guarded(NEW))], [OLD]),
        ([("guard", guarded(NEW)), ("guard", guarded(OLD))], [OLD, OLD]),
        ([("routes", listed(NEW)), ("guard", guarded(NEW)), ("listeners", listed(NEW))], ["", "", NEW]),
        ([("routes", {})], [""]),
    ],
)
def test_a_list_is_due_once_it_is_whole(events: list[tuple[str, dict[str, str]]], due: list[str]) -> None:
    files = {"listeners": listed(OLD), "routes": listed(OLD), "guard": guarded(OLD)}
    arrivals = Arrivals({name: tuple(data.values()) for name, data in files.items()})
    assert [arrivals.due(name, data) for name, data in events] == due


@dataclass
class ApiServer:
    """One proxy with two ConfigMaps. What a watch tells is put into `events`; `patched` has the annotations."""

    maps: dict[str, dict[str, str]] = field(default_factory=lambda: {"a": listed(OLD), "b": listed(OLD)})
    pods: tuple[str, ...] = ("proxy-1", "proxy-2")
    events: queue.Queue[dict[str, Any] | None] = field(default_factory=queue.Queue)
    patched: queue.Queue[tuple[str, str]] = field(default_factory=queue.Queue)
    watching: threading.Event = field(default_factory=threading.Event)
    refuses: bool = False
    gone: str = ""

    def write(self, name: str, version: str) -> None:
        self.maps[name] = listed(version)
        self.events.put({"type": "MODIFIED", "object": self.config_map(name)})

    def config_map(self, name: str) -> dict[str, Any]:
        kind = {"apiVersion": "v1", "kind": "ConfigMap"}
        return {**kind, "metadata": {"name": name, "resourceVersion": "2"}, "data": self.maps[name]}

    def pod(self, name: str) -> dict[str, Any]:
        volumes = [{"name": each, "configMap": {"name": each}} for each in self.maps]
        ports = [{"name": "metrics", "containerPort": 9902}]
        spec = {"containers": [{"name": "envoy", "image": "envoy", "ports": ports}], "volumes": volumes}
        labels = {"app.kubernetes.io/instance": "sark", "app.kubernetes.io/component": "egress-proxy"}
        return {"metadata": {"name": name, "labels": labels}, "spec": spec, "status": {"phase": "Running"}}

    def answer(self, path: str, query: dict[str, list[str]]) -> Any:
        kind = path.rpartition("/")[2]
        if kind == "pods":
            ours = "egress-proxy" in query["labelSelector"][0]
            return {"items": [self.pod(name) for name in self.pods if ours]}
        if kind == "configmaps":
            return {"metadata": {"resourceVersion": "1"}, "items": []}
        return self.config_map(kind)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    api = ApiServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = parse_qs(url.query)
            if "watch" in query:
                self.follow()
            else:
                self.reply(api.answer(url.path, query))

        def do_PATCH(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            stamp = body["metadata"]["annotations"]["sark-network/pushed"]
            name = self.path.rpartition("/")[2]
            if name == api.gone:
                self.reply({"kind": "Status", "message": f'pods "{name}" not found'}, 404)
                return
            api.patched.put((name, stamp.split()[0]))
            self.reply(api.pod(name))

        def follow(self) -> None:
            if api.refuses:
                self.reply({"kind": "Status", "message": "configmaps is forbidden: cannot watch"}, 403)
                return
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            api.watching.set()
            while event := api.events.get():
                line = json.dumps(event).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.close_connection = True

        def reply(self, body: Any, status: int = 200) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
        kubeconfig = tmp_path / "kubeconfig"
        cluster = {"server": f"http://127.0.0.1:{listening.server_address[1]}"}
        kubeconfig.write_text(
            json.dumps(
                {
                    "clusters": [{"name": "c", "cluster": cluster}],
                    "users": [{"name": "u", "user": {"token": "t"}}],
                    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "sark"}}],
                    "current-context": "x",
                }
            )
        )
        monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(kubeconfig))
        yield api
        api.events.put(None)
        listening.shutdown()


def test_replicas_are_pushed_while_the_upgrade_runs(server: ApiServer) -> None:
    """Before the block ends, and only once both files are there."""
    with pushed_on_arrival(proxy("", "", "")) as done:
        assert server.watching.wait(10)
        server.write("a", NEW)
        with pytest.raises(queue.Empty):
            server.patched.get(timeout=0.3)
        # Replicas that came meanwhile are pushed to as well.
        server.pods = ("proxy-2", "proxy-3")
        server.write("b", NEW)
        assert sorted(server.patched.get(timeout=10) for _ in range(2)) == [("proxy-2", NEW), ("proxy-3", NEW)]
    assert done.fault == ""


def test_a_pod_that_has_gone_is_said_and_ends_nothing(server: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    with pushed_on_arrival(proxy("", "", "")) as done:
        assert server.watching.wait(10)
        server.gone = "proxy-1"
        for name in server.maps:
            server.write(name, NEW)
        assert waited(lambda: bool(done.fault), 10)
        server.gone = ""
        for name in server.maps:
            server.write(name, OLD)
        assert waited(lambda: done.pushes == [OLD], 10)
    assert 'pods "proxy-1" not found' in capsys.readouterr().err


def test_what_cannot_be_watched_is_said(server: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.refuses = True
    with pushed_on_arrival(proxy("", "", "")) as done:
        assert waited(lambda: bool(done.fault), 10)
    assert capsys.readouterr().err == (
        "egress: the list could not be pushed while it was installed, and is pushed only now: "
        "configmaps is forbidden: cannot watch\n"
    )


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("sh", "-c", "exit 3"), "sh ended with 3, and no list is waited for; `egress status` says which is in force"),
        (("sh", "-c", "kill -9 $$"), "sh was ended by signal 9, and no list is waited for; "),
        (("/no/such/helm", "upgrade"), "/no/such/helm does not run: No such file or directory"),
        (("a\0b",), "a\0b does not run: embedded null byte"),
    ],
)
def test_a_command_that_fails_is_said(server: ApiServer, command: tuple[str, ...], message: str) -> None:
    for running in (proxy("", "", ""), None):
        with pytest.raises(InputError) as raised:
            upgrade(command, running)
        assert str(raised.value).startswith(message)


def test_what_the_command_prints_goes_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    upgrade((sys.executable, "-c", "print('done')"), None)
    assert capfd.readouterr() == ("", "done\n")


def test_the_first_install_is_no_error_until_nothing_came_of_it(
    server: ApiServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.pods = ()
    with pytest.raises(NoProxyError):
        proxy("", "", "")
    assert main(["push", "--wait", "0.5", "--", "touch", str(tmp_path / "ran")]) == COULD_NOT_RUN
    assert (tmp_path / "ran").exists()
    assert capsys.readouterr().err.startswith("egress: no pod of an egress proxy runs in namespace sark")


def test_a_word_that_is_no_command_of_somebodys_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["push", "touch", str(tmp_path / "ran")])
    assert raised.value.code == USAGE
    assert not (tmp_path / "ran").exists()
    assert "a command that upgrades the release comes after --" in capsys.readouterr().err
