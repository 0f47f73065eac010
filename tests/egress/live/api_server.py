"""An API server that stands in: one proxy with two ConfigMaps, which can be watched, patched and asked for its log."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

OLD, NEW = "aaaaaaaaaaaa", "bbbbbbbbbbbb"


def listed(version: str) -> dict[str, str]:
    """What a ConfigMap of a list holds."""
    return {"any.yaml": f"version_info: {version}\n"}


@dataclass
class ApiServer:
    """One proxy with two ConfigMaps. What a watch tells is put into `events`; `patched` has the annotations."""

    maps: dict[str, dict[str, str]] = field(default_factory=lambda: {"a": listed(OLD), "b": listed(OLD)})
    pods: tuple[str, ...] = ("proxy-1", "proxy-2")
    events: queue.Queue[dict[str, Any] | bytes | None] = field(default_factory=queue.Queue)
    patched: queue.Queue[tuple[str, str]] = field(default_factory=queue.Queue)
    watching: threading.Event = field(default_factory=threading.Event)
    refuses: bool = False
    gone: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    logs: dict[str, bytes] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)

    def write(self, name: str, version: str) -> None:
        self.maps[name] = listed(version)
        self.events.put({"type": "MODIFIED", "object": self.config_map(name)})

    def config_map(self, name: str) -> dict[str, Any]:
        kind = {"apiVersion": "v1", "kind": "ConfigMap"}
        return {**kind, "metadata": {"name": name, "resourceVersion": "2"}, "data": self.maps[name]}

    def pod(self, name: str) -> dict[str, Any]:
        volumes = [{"name": each, "configMap": {"name": each}} for each in self.maps]
        ports = [{"name": "metrics", "containerPort": 9902}]
        beside = {"name": "mesh", "image": "mesh"}
        spec = {"containers": [beside, {"name": "envoy", "image": "envoy", "ports": ports}], "volumes": volumes}
        phase = "Pending" if name in self.pending else "Running"
        labels = {"app.kubernetes.io/instance": "sark", "app.kubernetes.io/component": "egress-proxy"}
        return {"metadata": {"name": name, "labels": labels}, "spec": spec, "status": {"phase": phase}}

    def answer(self, path: str, query: dict[str, list[str]]) -> Any:
        kind = path.rpartition("/")[2]
        if kind == "pods":
            ours = "egress-proxy" in query["labelSelector"][0]
            return {"items": [self.pod(name) for name in self.pods if ours]}
        if kind == "configmaps":
            return {"metadata": {"resourceVersion": "1"}, "items": []}
        return self.config_map(kind)


@contextmanager
def serving(kubeconfig: Path) -> Iterator[ApiServer]:
    """It runs, and the kubeconfig leads to it."""
    api = ApiServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = parse_qs(url.query)
            if "watch" in query:
                self.follow()
            elif url.path.endswith("/log"):
                self.log(url.path.split("/")[-2], query)
            else:
                self.reply(api.answer(url.path, query))

        def do_PATCH(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            stamp = body["metadata"]["annotations"]["sark-network/pushed"]
            name = self.path.rpartition("/")[2]
            if name in api.gone:
                self.reply({"kind": "Status", "message": f'pods "{name}" not found'}, 404)
                return
            if name in api.refused:
                self.reply({"kind": "Status", "message": "etcdserver: request timed out"}, 500)
                return
            api.patched.put((name, stamp.split()[0]))
            self.reply(api.pod(name))

        def log(self, pod: str, query: dict[str, list[str]]) -> None:
            """As a kubelet does it: with several containers it has to be told whose."""
            if query.get("container") != ["envoy"]:
                self.reply({"kind": "Status", "message": f"a container name must be specified for pod {pod}"}, 400)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(api.logs[pod])))
            self.end_headers()
            self.wfile.write(api.logs[pod])

        def follow(self) -> None:
            if api.refuses:
                self.reply({"kind": "Status", "message": "configmaps is forbidden: cannot watch"}, 403)
                return
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            api.watching.set()
            while (event := api.events.get()) is not None:
                line = (event if isinstance(event, bytes) else json.dumps(event).encode()) + b"\n"
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
        yield api
        api.events.put(None)
        listening.shutdown()
