"""A kubeconfig that cannot be used: one line, by every command that asks a cluster, and nothing of the credentials."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kubernetes.config import kube_config

from tools.egress.__main__ import main as egress
from tools.reach.__main__ import main as reach


def kubeconfig(user: str = "{}", server: str = "https://127.0.0.1:1", more: str = "") -> str:
    return (
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
        f"clusters: [{{name: k, cluster: {{server: '{server}'{more}}}}}]\n"
        f"users: [{{name: u, user: {user}}}]\n"
        "contexts: [{name: c, context: {cluster: k, user: u, namespace: sark}}]\n"
    )


SHAPE = "the kubeconfig does not have the shape that kubectl writes"
PLUGIN = "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, args: [hi]}}}}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[1, 2]\n", SHAPE),
        ("hello\n", SHAPE),
        ("[" * 3000, SHAPE),
        ("a: [\n", "while parsing a flow node"),
        ("\udcff", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        (kubeconfig(user="{client-certificate-data: 5, client-key-data: 6}"), SHAPE),
        (kubeconfig(more=", certificate-authority: /no/ca"), "File does not exist: /no/ca"),
        (kubeconfig(server="foo"), "the kubeconfig's server is foo, without a scheme; write https://foo"),
        (
            kubeconfig(user=PLUGIN.format("/no/aws")),
            "the kubeconfig's credentials cannot be had: [Errno 2] No such file or directory: '/no/aws'",
        ),
        (
            kubeconfig(user=PLUGIN.format("echo")),
            "the kubeconfig's credentials cannot be had: exec: failed to decode process output: "
            "Expecting value: line 1 column 1 (char 0)",
        ),
        (
            kubeconfig(user="{auth-provider: {name: oidc, config: {refresh-token: secret}}}"),
            "Invalid kube-config file. Expected key id-token in FILE/…/user/auth-provider/config",
        ),
        (None, "the kubeconfig FILE is not a regular file"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used(
    text: str | None,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "config"
    if text is None:
        os.mkfifo(file)
    else:
        file.write_text(text, errors="surrogateescape")
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(file))
    message = reason.replace("FILE", str(file))
    for command in (["status"], ["push"], ["blocked"]):
        assert egress(command) == 2
        assert capfd.readouterr() == ("", f"egress: no cluster can be asked: {message}\n")
    code = reach(["matrix", "--context", "c"])
    captured = capfd.readouterr()
    before = "no kubeconfig can be read" if code == 64 else "context c cannot be used"
    assert (code in (2, 64), captured) == (True, ("", f"reach: {before}: {message}\n"))


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "-inf", "1e9", "86401", "soon", ""])
@pytest.mark.parametrize("command", [["push"], ["grant", "a.example"]])
def test_a_time_to_wait_is_a_number_of_seconds(
    command: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        egress([*command, f"--wait={text}"])
    assert raised.value.code == 64
    assert capsys.readouterr().err == (
        f"python -m tools.egress {command[0]}: argument --wait: {text!r} is no number of seconds from 0 to 86400; "
        f"write one, such as 30; python -m tools.egress {command[0]} --help says what there is\n"
    )
