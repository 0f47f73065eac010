"""What a replica's metrics say of the list that it serves."""

from __future__ import annotations

import pytest

from tools.egress.live.replicas import installed, replica, sentence

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
