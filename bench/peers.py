"""What the proxy is measured beside, with the same list: the chart of before, Squid, smokescreen and HAProxy.

Squid peeks at the server name and splices. Smokescreen looks at CONNECT's name and at addresses, at no server name.
HAProxy ends no CONNECT without Lua, so it takes TLS as it is and resolves the server name itself.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tests.proxy.proxy as rendered
from tests.proxy.namespace import Namespace
from tests.proxy.proxy import Proxy
from tests.proxy.world import RESOLVER

ROOT = Path(__file__).resolve().parent.parent
# The last commit with three inner listeners.
BEFORE = "2043e63"
PORTS = (443, 8444, 8445, 8446)
# Seconds that a program may take to end by itself.
PATIENCE = 5


class AbsentError(Exception):
    """A peer that is not here, and how to get it."""


@dataclass
class Subject:
    """Something that is measured. `proxy` is what the compiled client calls it."""

    name: str
    proxy: str
    port: int
    process: subprocess.Popen[bytes] | None
    pid: int
    envoy: Proxy | None = None
    folder: Path = field(default_factory=Path)
    command: Sequence[str] = ()

    @property
    def steered(self) -> bool:
        """Does it take TLS without CONNECT?"""
        return self.proxy.startswith("sni:")

    def pids(self) -> list[int]:
        """Its process and what that started."""
        processes = [self.pid]
        for pid in processes:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            processes += [int(child) for child in children.read_text().split()] if children.exists() else []
        return processes

    def resident(self) -> int:
        """Bytes, its children's too."""
        sizes = (Path(f"/proc/{pid}/status").read_text() for pid in self.pids())
        return sum(int(text.split("VmRSS:")[1].split()[0]) * 1024 for text in sizes if "VmRSS:" in text)

    def stop(self) -> None:
        """End it."""
        if self.envoy:
            self.envoy.stop()
        elif self.process:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                # Smokescreen waits for its tunnels to end, however long they take.
                self.process.kill()
                self.process.wait()


def envoy(namespace: Namespace, folder: Path, binary: str, names: list[str], old: bool) -> Subject:
    """The chart as it is, or as it was before."""
    chart, now = rendered.CHART, rendered.CHART
    if old:
        chart = _before()
    rendered.CHART = chart
    try:
        listed = [{"name": name, "ports": list(PORTS)} if i < 2 else name for i, name in enumerate(names)]
        values = {"egress": {"domains": listed}}
        big = {} if old else {"proxy": {"resources": {"limits": {"memory": "2Gi"}}}}
        made = Proxy(namespace, folder, binary, values | big)
    finally:
        rendered.CHART = now
    port = made.ports["gateway"]
    return Subject("ours before" if old else "**ours**", f"127.0.0.1:{port}", port, None, made.pid, made, folder)


def _before() -> Path:
    tree = ROOT / ".cache" / "bench" / f"chart-{BEFORE}"
    if not tree.exists():
        made = subprocess.run(
            ["git", "-C", str(ROOT), "worktree", "add", "--detach", str(tree), BEFORE],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise AbsentError(f"the commit {BEFORE} is not here: {made.stderr.strip()[-120:]}")
    return tree / "charts" / "sark-network"


def squid(namespace: Namespace, folder: Path, names: list[str]) -> Subject:
    """With `ssl_bump peek` and `splice` by server name."""
    program = _program("squid", "apt-get install squid-openssl")
    write(folder, names)
    key, port = folder / "key.pem", 3900
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bench",
         "-keyout", str(key), "-out", str(key)],
        check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(["sh", "-c", f"openssl x509 -in {key} >> {key} 2>/dev/null; chmod 644 {key}"], check=False)
    (folder / "conf").write_text(
        f"""http_port 127.0.0.1:{port} ssl-bump tls-cert={key} generate-host-certificates=off
acl first at_step SslBump1
acl listed ssl::server_name "{folder}/dotted"
acl host dstdomain "{folder}/dotted"
acl tunnel method CONNECT
http_access allow tunnel host
http_access deny all
ssl_bump peek first
ssl_bump splice listed
ssl_bump terminate all
dns_nameservers {RESOLVER}
pid_filename {folder}/pid
cache_log {folder}/log
access_log stdio:{folder}/access
cache deny all
pinger_enable off
visible_hostname bench
max_filedescriptors 16000
shutdown_lifetime 1 seconds
"""
    )
    return _started("Squid, SNI check", namespace, folder, port, [program, "-N", "-f", str(folder / "conf")])


def smokescreen(namespace: Namespace, folder: Path, names: list[str]) -> Subject:
    """With an ACL by name; it looks at no server name."""
    executable = shutil.which("smokescreen") or str(ROOT / ".cache" / "bench" / "smokescreen")
    program = _program(executable, f"GOBIN={ROOT}/.cache/bench go install github.com/stripe/smokescreen@latest")
    write(folder, names)
    # Without this setting, which has no flag, it asks clients for certificates that say who they are.
    (folder / "config.yaml").write_text("allow_missing_role: true\n")
    command = [
        program, "--config-file", str(folder / "config.yaml"), "--listen-ip", "127.0.0.1", "--listen-port", "3910",
        "--resolver-address", f"{RESOLVER}:53", "--egress-acl-file", str(folder / "acl.yaml"),
    ]  # fmt: skip
    return _started("smokescreen, no SNI check", namespace, folder, 3910, command)


def haproxy(namespace: Namespace, folder: Path, names: list[str]) -> Subject:
    """By server name, resolved by itself, without CONNECT."""
    program = _program("haproxy", "apt-get install haproxy")
    write(folder, names)
    fronts = "".join(
        f"""frontend f{port}
  bind 127.0.0.1:{port + 10000}
  tcp-request inspect-delay 5s
  tcp-request content reject unless {{ req.ssl_sni -f {folder}/names }}
  tcp-request content do-resolve(txn.ip,dns,ipv4) req.ssl_sni
  tcp-request content set-dst var(txn.ip)
  tcp-request content set-dst-port int({port})
  tcp-request content accept if {{ req.ssl_hello_type 1 }}
  default_backend out
"""
        for port in PORTS
    )
    (folder / "conf").write_text(
        f"""global
  maxconn 8000
  nbthread 2
resolvers dns
  nameserver one {RESOLVER}:53
  hold valid 60s
defaults
  mode tcp
  timeout connect 10s
  timeout client 1h
  timeout server 1h
{fronts}backend out
  server any 0.0.0.0:0
"""
    )
    command = [program, "-W", "-f", str(folder / "conf"), "-p", str(folder / "pid")]
    made = _started("HAProxy, steering, SNI check", namespace, folder, PORTS[0] + 10000, command)
    made.proxy = "sni:127.0.0.1"
    return made


def write(folder: Path, names: list[str]) -> None:
    """The list as each of them reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    (folder / "names").write_text("\n".join(names) + "\n")
    (folder / "dotted").write_text("\n".join(names) + "\n")
    domains = "".join(f"    - {name}\n" for name in names)
    (folder / "acl.yaml").write_text(
        f"version: v1\nservices: []\ndefault:\n  name: default\n  project: bench\n  action: enforce\n"
        f"  allowed_domains:\n{domains}"
    )


def reload(subject: Subject, namespace: Namespace, names: list[str]) -> None:
    """Let it take a changed list, as it does that; what can only be started anew is."""
    if subject.envoy:
        raise ValueError("an Envoy watches its files")
    write(subject.folder, names)
    if subject.name.startswith("smokescreen"):
        subject.stop()
        fresh = _started(subject.name, namespace, subject.folder, subject.port, subject.command)
        subject.process, subject.pid = fresh.process, fresh.pid
    elif subject.process:
        subject.process.send_signal(signal.SIGHUP if subject.name.startswith("Squid") else signal.SIGUSR2)


def _program(name: str, install: str) -> str:
    program = shutil.which(name)
    if not program:
        raise AbsentError(f"{Path(name).name} is not installed: {install}")
    return program


def _started(name: str, namespace: Namespace, folder: Path, port: int, command: Sequence[str]) -> Subject:
    log = (folder / "output").open("ab")
    process = subprocess.Popen(namespace.command(command), stdout=log, stderr=log)
    log.close()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with namespace.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return Subject(name, f"127.0.0.1:{port}", port, process, process.pid, None, folder, command)
        time.sleep(0.02)
    raise AbsentError(f"{name} does not start: {(folder / 'output').read_text()[-300:]}")
