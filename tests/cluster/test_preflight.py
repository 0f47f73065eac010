"""What is said when a cluster cannot be made: one line, exit code 2, no traceback. Programs are fakes on PATH."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.programs import program
from tools.cluster import calico, diagnostics, kind
from tools.cluster.__main__ import main
from tools.cluster.errors import CannotRunError
from tools.cluster.options import ROOT, TrialOptions

DOCKER = 'case "$*" in "version "*) echo 28.0;; "image inspect "*) exit 0;; esac'
KIND = 'case "$*" in version) echo "kind v0.33.0 go1.26 linux/amd64";; "get clusters") echo other;; esac'
HELM = "echo v3.22.0"
USUAL = {"docker": DOCKER, "kind": KIND, "helm": HELM}

Fake = Callable[[Mapping[str, str | None]], None]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """PATH with shell scripts of these names and nothing else; None leaves one of the usual out."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("tools.cluster.__main__.ROOT", tmp_path)
    monkeypatch.setattr("tools.cluster.options.ROOT", tmp_path)
    monkeypatch.delenv("KIND_NODE_IMAGE", raising=False)
    monkeypatch.setenv("CALICO_MANIFEST", str(tmp_path / "calico.yaml"))
    monkeypatch.setenv("SARK_HELM", str(folder / "helm"))
    (tmp_path / "calico.yaml").write_text("kind: Namespace\nmetadata: {name: calico}\n", encoding="utf-8")

    def make(programs: Mapping[str, str | None]) -> None:
        for name, script in (USUAL | dict(programs)).items():
            if script is not None:
                program(folder / name, script)

    return make


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that cannot run says, after its exit code was seen to be 2."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    lines = [line for line in captured.err.splitlines() if line.startswith("could not run: ")]
    assert len(lines) == 1
    return captured.err[captured.err.index("could not run: ") :].removeprefix("could not run: ").strip()


PROGRAMS: list[tuple[str, dict[str, str | None], str]] = [
    ("no docker", {"docker": None}, "docker is not on PATH: the cluster tests run in Docker. Install Docker Engine"),
    (
        "no daemon",
        {"docker": 'echo "Cannot connect to the Docker daemon" >&2; exit 1'},
        "Docker's daemon does not answer (Cannot connect to the Docker daemon). "
        "Start it, or let this user reach its socket",
    ),
    ("no kind", {"kind": None}, "kind is not on PATH. Install it: go install sigs.k8s.io/kind@v0.33.0"),
    (
        "old kind",
        {"kind": "echo kind v0.20.0 go1.20 linux/amd64"},
        "kind v0.20.0 is too old, v0.30.0 is the oldest that works. Install it: go install sigs.k8s.io/kind@v0.33.0",
    ),
    (
        "odd kind",
        {"kind": "echo hello"},
        "`kind version` says 'hello', which names no version. Install it: go install sigs.k8s.io/kind@v0.33.0",
    ),
    (
        "a cluster of that name",
        {"kind": KIND.replace("echo other", "echo sark-network")},
        "a kind cluster named sark-network exists already. Use it with --reuse, remove it with "
        "`python -m tools.cluster down --name sark-network`, or choose another --name",
    ),
]


@pytest.mark.parametrize(("programs", "message"), [case[1:] for case in PROGRAMS], ids=[case[0] for case in PROGRAMS])
@pytest.mark.parametrize("command", ["up", "all"])
def test_a_missing_or_wrong_program(
    fake: Fake, capsys: pytest.CaptureFixture[str], programs: dict[str, str | None], message: str, command: str
) -> None:
    fake(programs)
    assert refusal(capsys, command) == message


def test_no_helm(fake: Fake, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    fake({"helm": None})
    assert refusal(capsys, "up").startswith(f"SARK_HELM names {tmp_path}/bin/helm, which does not run")


def test_a_node_image_that_is_nowhere(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = DOCKER.replace('"image inspect "*) exit 0', '"image "*) exit 1;; "pull "*) echo denied >&2; exit 1')
    fake({"docker": nowhere})
    assert refusal(capsys, "up", "--node-image", "kindest/node:none") == (
        "the node image kindest/node:none is not in Docker and cannot be pulled (denied). "
        "Name another with --node-image or KIND_NODE_IMAGE, or build it"
    )


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of this machine that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("place", ["networking", "nodes"])
def test_a_port_in_use(fake: Fake, capsys: pytest.CaptureFixture[str], tmp_path: Path, taken: int, place: str) -> None:
    fake({})
    config = tmp_path / "kind.yaml"
    port = f"apiServerPort: {taken}" if place == "networking" else "apiServerPort: 0"
    mapping = {"hostPort": taken, "listenAddress": "127.0.0.1"} if place == "nodes" else {"hostPort": 0}
    nodes = f"nodes: [{{extraPortMappings: [{mapping}]}}]"
    config.write_text(f"networking: {{disableDefaultCNI: true, {port}}}\n{nodes}\n", encoding="utf-8")
    assert refusal(capsys, "up", "--kind-config", str(config)) == (
        f"port {taken} of 127.0.0.1, which {config} asks for, cannot be had: Address already in use. "
        "Stop what listens there, or take the port out of the file"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        ("a: [", "is not YAML: "),
        ("- a\n", "set networking.disableDefaultCNI to true, or kindnet enforces instead of Calico"),
        ("networking: {disableDefaultCNI: false}\n", "set networking.disableDefaultCNI to true, or kindnet enforces"),
    ],
)
def test_a_wrong_kind_configuration(
    fake: Fake, capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str | None, message: str
) -> None:
    fake({})
    config = tmp_path / "kind.yaml"
    if text is not None:
        config.write_text(text, encoding="utf-8")
    refused_with = refusal(capsys, "up", "--kind-config", str(config))
    assert refused_with.startswith(str(config))
    assert message in refused_with


def test_a_calico_manifest_that_is_not_there(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    fake({})
    assert refusal(capsys, "up", "--calico-manifest", "/nowhere.yaml") == (
        "/nowhere.yaml, the Calico manifest, is no file. Give a file or an address to --calico-manifest"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "is not YAML"),
        ("", "does not hold Kubernetes objects"),
        ("- a", "does not hold Kubernetes objects"),
        ("kind: Pod", "does not hold Kubernetes objects"),
    ],
)
def test_a_calico_manifest_that_is_none(tmp_path: Path, text: str, message: str) -> None:
    manifest = tmp_path / "calico.yaml"
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(CannotRunError, match=message):
        calico.read(str(manifest))


@pytest.mark.parametrize("command", ["all", "test"])
def test_a_checkout_of_sark_that_is_none_stops_before_anything_is_made(
    fake: Fake, capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
) -> None:
    fake({"kind": "exit 9"})
    assert refusal(capsys, command, "--sark", str(tmp_path)) == (
        f"{tmp_path} is no checkout of SARK: it has neither k8s/base/kustomization.yaml nor base/kustomization.yaml"
    )


def test_a_wrong_specification_names_every_bad_row(
    fake: Fake, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fake({})
    flows = tmp_path / "flows.yaml"
    flows.write_text("pods: {}\ninternet: {}\nflows:\n- {flow: a}\n", encoding="utf-8")
    message = refusal(capsys, "up", "--flows", str(flows))
    assert message.splitlines()[0] == "the specification of flows is wrong:"
    assert "flows.yaml:1: pods is missing; write name: {namespace, labels, ports}" in message
    assert "flows.yaml:4: flows[0] has no why; a row needs flow, source, target, port, expect, why" in message


@pytest.mark.parametrize("command", ["install", "test"])
def test_no_cluster_of_that_name(fake: Fake, capsys: pytest.CaptureFixture[str], command: str) -> None:
    fake({})
    assert refusal(capsys, command, "--name", "mine") == (
        "there is no kind cluster named mine. Make it: python -m tools.cluster up --name mine"
    )


def test_kind_that_fails_is_quoted_and_what_it_left_is_removed(
    fake: Fake, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    failing = f'echo "$*" >> {calls}\n' + KIND.replace(
        ";; esac", ';; "create "*) echo "no space left" >&2; exit 1;; esac'
    )
    fake({"kind": failing, "docker": f'echo "docker $*" >> {calls}\n{DOCKER}'})
    message = refusal(capsys, "all")
    assert message.startswith("`kind create cluster --name sark-network ")
    assert message.endswith("failed with exit code 1:\n  no space left")
    after = calls.read_text(encoding="utf-8").split("create cluster")[1]
    assert "docker rm --force --volumes sark-network-internet\n" in after
    assert "delete cluster --name sark-network" in after


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_cleans_up_and_says_so(fake: Fake, tmp_path: Path, number: signal.Signals) -> None:
    calls, started = tmp_path / "calls", tmp_path / "started"
    slow = KIND.replace(";; esac", f';; "create "*) /bin/touch {started}; exec /bin/sleep 60;; esac')
    fake({"kind": f'echo "$*" >> {calls}\n{slow}', "docker": f'echo "docker $*" >> {calls}\n{DOCKER}'})
    command = [sys.executable, "-m", "tools.cluster", "all", "--name", f"interrupted-{number.value}"]
    with subprocess.Popen(
        [*command, "--diagnostics", str(tmp_path / "out")],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs are started with SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        for _ in range(400):
            if started.exists() or process.poll() is not None:
                break
            time.sleep(0.05)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors
    after = calls.read_text(encoding="utf-8").split("create cluster")[1]
    assert f"docker rm --force --volumes interrupted-{number.value}-internet\n" in after
    assert f"delete cluster --name interrupted-{number.value} " in after
    assert not (ROOT / ".cache" / "cluster" / f"interrupted-{number.value}").exists()


def test_a_cluster_that_was_there_before_is_not_removed(
    fake: Fake, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    there = KIND.replace("echo other", "echo sark-network").replace(";; esac", ';; "get kubeconfig "*) exit 1;; esac')
    fake({"kind": f'echo "$*" >> {calls}\n{there}'})
    assert refusal(capsys, "all", "--reuse").startswith("`kind get kubeconfig --name sark-network`")
    assert "delete" not in calls.read_text(encoding="utf-8")


def test_down_is_content_with_nothing_to_remove(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    fake({})
    assert main(["down"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("arguments", [[], ["fly"], ["up", "--format", "xml"], ["up", "--nam", "x"]])
def test_wrong_usage_is_64(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 64


def test_images_that_docker_does_not_have_are_left_to_the_nodes(fake: Fake, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    fake({"docker": 'test "$3" = here:1', "kind": f'echo "$*" >> {calls}'})
    assert kind.load("c", ["here:1", "elsewhere:1"]) == ("here:1",)
    assert calls.read_text(encoding="utf-8") == "load docker-image --name c here:1\n"


def test_images_go_by_archive_when_kind_cannot_take_them_from_docker(fake: Fake, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    fake({"kind": f'echo "$2" >> {calls}; test "$2" = image-archive', "docker": "exit 0"})
    assert kind.load("c", ["here:1"]) == ("here:1",)
    assert calls.read_text(encoding="utf-8") == "docker-image\nimage-archive\n"


def test_an_image_is_missing_when_one_node_does_not_have_it(fake: Fake) -> None:
    listing = 'echo docker.io/a/x:1; test "$2" = two || echo docker.io/a/y:1'
    fake({"kind": "echo one two", "docker": listing})
    assert kind.missing("c", ["a/x:1", "a/y:1", "a/z:1"]) == ("a/y:1", "a/z:1")


def test_diagnostics_of_a_cluster_that_never_was_are_the_internets_log(fake: Fake, tmp_path: Path) -> None:
    fake({"docker": 'echo "{}"'})
    folder = diagnostics.write(TrialOptions(name="gone", diagnostics=tmp_path / "out"), "after all")
    assert folder == tmp_path / "out" / "after-all"
    assert [path.name for path in folder.iterdir()] == ["internet.log"]
