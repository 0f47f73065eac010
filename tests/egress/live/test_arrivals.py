"""A list is pushed when all its files have arrived, by whoever upgrades; asked of an API server that stands in."""

from __future__ import annotations

import json
import queue
import sys
from pathlib import Path

import pytest

from tests.egress.live.api_server import NEW, OLD, ApiServer, listed
from tools.cluster.kube import waited
from tools.egress.__main__ import main
from tools.egress.live.arrivals import Arrivals, pushed_on_arrival
from tools.egress.live.cluster import NoProxyError, proxy
from tools.egress.live.upgrading import upgrade
from tools.findings.cli import COULD_NOT_RUN, USAGE
from tools.findings.errors import InputError


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


def test_a_pod_that_is_refused_is_said_and_ends_nothing(server: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    with pushed_on_arrival(proxy("", "", "")) as done:
        assert server.watching.wait(10)
        server.refused = {"proxy-1"}
        for name in server.maps:
            server.write(name, NEW)
        assert waited(lambda: bool(done.fault), 10)
        server.refused = set()
        for name in server.maps:
            server.write(name, OLD)
        assert waited(lambda: done.pushes == [OLD], 10)
    assert "etcdserver: request timed out" in capsys.readouterr().err


def test_what_cannot_be_watched_is_said(server: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.refuses = True
    with pushed_on_arrival(proxy("", "", "")) as done:
        assert waited(lambda: bool(done.fault), 10)
    assert capsys.readouterr().err == (
        "egress: the list could not be pushed while it was installed, and is pushed only now: "
        "configmaps is forbidden: cannot watch\n"
    )


@pytest.mark.parametrize("event", [b"<html>a gateway's words</html>", b"", b'{"type": "MODIFIED", "obj'])
def test_a_line_that_is_no_event_is_passed_over(server: ApiServer, event: bytes) -> None:
    with pushed_on_arrival(proxy("", "", "")) as done:
        assert server.watching.wait(10)
        server.events.put(event)
        server.write("a", NEW)
        server.write("b", NEW)
        assert server.patched.get(timeout=10) == ("proxy-1", NEW)
    assert done.fault == ""


@pytest.mark.parametrize("event", [{}, {"type": "MODIFIED"}, {"type": "ERROR", "object": {}}])
def test_an_event_that_is_none_is_said(
    server: ApiServer, event: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    with pushed_on_arrival(proxy("", "", "")) as done:
        assert server.watching.wait(10)
        server.events.put(json.dumps(event).encode())
        assert waited(lambda: bool(done.fault), 10)
    assert capsys.readouterr().err == (
        "egress: the list could not be pushed while it was installed, and is pushed only now: the API server's answer "
        "is no event of a watch\n"
    )


def test_a_replica_that_has_gone_meanwhile_needs_no_list(server: ApiServer) -> None:
    """A rollout takes pods away between the question which there are and the patch."""
    running = proxy("", "", "")
    server.gone = {"proxy-1"}
    running.push(NEW)
    assert server.patched.get(timeout=10) == ("proxy-2", NEW)


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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["push", "touch", "RAN"],
            "unrecognized arguments: touch RAN; a command that upgrades the release comes after --",
        ),
        (
            ["push", "touch", "RAN", "--"],
            "unrecognized arguments: touch RAN; a command that upgrades the release comes",
        ),
        (
            ["push", "touch", "--", "RAN"],
            "unrecognized arguments: touch; a command that upgrades the release comes after",
        ),
        (["push", "--"], "no command stands after --; write one that upgrades the release, or leave the -- out"),
        (["push", "-n", "sark", "--"], "no command stands after --"),
    ],
)
def test_a_word_that_is_no_command_of_somebodys_is_not_run(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where a script's variable is empty: what is installed already would be pushed, and called the upgrade."""
    place = str(tmp_path / "ran")
    with pytest.raises(SystemExit) as raised:
        main([place if word == "RAN" else word for word in words])
    assert raised.value.code == USAGE
    assert not (tmp_path / "ran").exists()
    assert message.replace("RAN", place) in capsys.readouterr().err


def test_a_command_may_have_dashes_of_its_own(server: ApiServer, tmp_path: Path) -> None:
    server.pods = ()
    main(
        [
            "push",
            "-n",
            "sark",
            "--wait",
            "0",
            "--",
            "sh",
            "-c",
            'printf %s "$*" >"$0"',
            str(tmp_path / "ran"),
            "--",
            "-n",
            "x",
        ]
    )
    assert (tmp_path / "ran").read_text() == "-- -n x"
