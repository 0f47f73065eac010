"""What a replica's metrics say of the list that it serves."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, cast

import pytest

from tools.egress.live import replicas_now
from tools.egress.live.replicas import (
    Replica,
    WatchedFile,
    guard_replica,
    installed,
    installed_corefile,
    replica,
    sentence,
)
from tools.egress.live.replicas_now import State

NEW, OLD = "aaaaaaaaaaaa", "bbbbbbbbbbbb"


def stats(listeners: str, routes: str, rejected: int = 0, failure: int = 0) -> str:
    labels = 'envoy_rds_route_config="gateway",envoy_http_conn_manager_prefix="gateway"'
    return "\n".join(
        [
            "# TYPE envoy_listener_manager_lds_version_text gauge",
            f'envoy_listener_manager_lds_version_text{{text_value="{listeners}"}} 0',
            "envoy_listener_manager_lds_update_time{} 1795859392831",
            f"envoy_listener_manager_lds_update_rejected{{}} {rejected}",
            f"envoy_listener_manager_lds_update_failure{{}} {failure}",
            f'envoy_cluster_manager_cds_version_text{{text_value="{routes}"}} 0',
            "envoy_cluster_manager_cds_update_time{} 1795859392765",
            f'envoy_http_rds_version_text{{{labels},text_value="{routes}"}} 0',
            f"envoy_http_rds_update_rejected{{{labels}}} 0",
            'envoy_cluster_update_failure{envoy_cluster_name="admin"} 7',
        ]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (stats(NEW, NEW), f"p  serves {NEW} since 2026-11-28T09:49:52.831+00:00"),
        (
            stats(NEW, NEW, rejected=2),
            f"p  serves {NEW} since 2026-11-28T09:49:52.831+00:00; it has refused 2 files since it started",
        ),
        (
            stats(OLD, OLD),
            f"p  serves {OLD} since 2026-11-28T09:49:52.831+00:00, and not {NEW}: clusters.yaml, listeners.yaml, "
            "routes-gateway.yaml has not arrived; python -m tools.egress push brings it now",
        ),
        (
            stats(OLD, NEW, rejected=1),
            f"p  serves {NEW} and {OLD} since 2026-11-28T09:49:52.831+00:00, and not {NEW}: "
            "Envoy refused listeners.yaml, so the old list goes on; its log says why",
        ),
        (
            stats(OLD, NEW, failure=1),
            f"p  serves {NEW} and {OLD} since 2026-11-28T09:49:52.831+00:00, and not {NEW}: "
            "Envoy refused listeners.yaml, so the old list goes on; its log says why",
        ),
        ("", "p  does not say which list it serves"),
    ],
)
def test_a_replica_says_which_list_it_serves(text: str, expected: str) -> None:
    state = replica("p", text)
    assert sentence(state, NEW) == expected
    assert state.serves(NEW) == (expected.startswith(f"p  serves {NEW} since") and "and not" not in expected)


def test_what_is_installed_is_read_from_the_files() -> None:
    whole = f'# words\nversion_info: "{NEW}"\nresources: []\n'
    assert installed([whole, whole]) == (NEW,)
    assert installed([whole, whole.replace(NEW, OLD)]) == (NEW, OLD)
    assert installed(["resources: []\n"]) == ()


ZONE = 'coredns_plugin_enabled{{name="template",server="dns://:17000",view="",zone="{}.corefile.dns-guard."}} 1\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ZONE.format(NEW) + "coredns_reload_failed_total 0\n", f"g  serves {NEW}"),
        (
            ZONE.format(NEW) + "coredns_reload_failed_total 3\n",
            f"g  serves {NEW}; it has refused 3 files since it started",
        ),
        (
            ZONE.format(OLD) + "coredns_reload_failed_total 0\n",
            f"g  serves {OLD}, and not {NEW}: Corefile has not arrived; python -m tools.egress push brings it now",
        ),
        (
            ZONE.format(OLD) + "coredns_reload_failed_total 1\n",
            f"g  serves {OLD}, and not {NEW}: CoreDNS refused Corefile, so the old list goes on; its log says why",
        ),
        ("coredns_build_info 1\n", "g  does not say which list it serves"),
    ],
)
def test_the_guard_says_which_file_it_serves(text: str, expected: str) -> None:
    assert sentence(guard_replica("g", text), NEW) == expected


def test_the_guards_file_names_its_hash() -> None:
    assert installed_corefile([f"# words\n{NEW}.corefile.dns-guard:17000 {{\n}}\n"]) == NEW
    assert installed_corefile([".:17000 {\n}\n"]) == ""


PROXY, GUARD = replica("p", stats(NEW, NEW)), guard_replica("g", ZONE.format(NEW))
OLD_GUARD = guard_replica("g", ZONE.format(OLD))


@pytest.mark.parametrize(
    ("state", "in_force"),
    [
        (State(NEW, (PROXY,)), True),
        (State(OLD, (PROXY,)), False),
        (State(NEW, ()), False),
        (State(NEW, (PROXY,), NEW, (GUARD,)), True),
        (State(NEW, (PROXY,), NEW, (GUARD, OLD_GUARD)), False),
        (State(NEW, (PROXY,), NEW, (Replica("g", fault="gone", program="CoreDNS"),)), False),
        # A Corefile of a chart that wrote no hash: it cannot be told, and is not waited for.
        (State(NEW, (PROXY,), "", (guard_replica("g", ""),)), True),
    ],
)
def test_a_list_is_in_force_when_the_guard_has_it_too(state: State, in_force: bool) -> None:
    assert state.in_force == in_force


class Replaced:
    """A proxy whose list another upgrade replaces while the first is waited for: replicas go to the newer one."""

    def __init__(self) -> None:
        self.pushed: list[str] = []

    def installed(self) -> str:
        return NEW if self.pushed else OLD

    def corefile(self) -> str:
        return ""

    def replicas(self) -> tuple[Replica, ...]:
        return (Replica("proxy-1", (("listeners.yaml", WatchedFile(NEW)),)),)

    def guard_replicas(self) -> tuple[Replica, ...]:
        return ()

    def push(self, version: str) -> None:
        self.pushed.append(version)


def test_a_list_that_is_replaced_meanwhile_is_waited_for_no_longer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replicas_now, "AGAIN_AFTER", 0)
    monkeypatch.setattr(replicas_now, "again", lambda running: running)
    running = Replaced()
    assert replicas_now.push(cast(Any, running), Namespace(wait=30, format="text")) == 0
    assert running.pushed == [OLD, NEW]
    assert capsys.readouterr().out.startswith(f"list {NEW} is installed, and in force on every replica after ")
