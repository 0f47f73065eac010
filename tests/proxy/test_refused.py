"""A list that Envoy refuses: the old one goes on, and its metrics tell which replica stayed behind and why."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.proxy.client import tls
from tests.proxy.conftest import Start
from tests.proxy.proxy import Proxy
from tests.proxy.test_change import until
from tests.proxy.test_log import version
from tools.egress.live.replicas import STATS, Replica, replica, sentence

NEXT = "cccccccccccc"

FAULTS: dict[str, Callable[[str], str]] = {
    "no YAML": lambda text: f'version_info: "{NEXT}"\nresources: [\n',
    "unknown field": lambda text: text.replace("internal_listener: {}", "internal_listener: {}\n  inner: true", 1),
    "unknown enum": lambda text: text.replace("codec_type: HTTP1", "codec_type: HTTP9", 1),
    "wrong type": lambda text: text.replace("generate_request_id: false", "generate_request_id: 7", 1),
}


def served(proxy: Proxy) -> Replica:
    return replica("p", proxy.get(STATS)[1])


def answers(proxy: Proxy) -> bool:
    return tls(proxy.namespace, proxy.ports["gateway"], "api.openai.com:443", "api.openai.com").text.startswith("203.")


@pytest.mark.parametrize("fault", FAULTS)
def test_the_old_list_goes_on_and_the_metrics_say_so(start: Start, fault: str) -> None:
    proxy = start({"egress": {"domains": ["api.openai.com"]}})
    first = version(proxy)
    assert until(lambda: served(proxy).serves(first))
    good = {path.name: path.read_text() for path in (proxy.folder / "list").glob("*.yaml")}
    changed = {name: text.replace(first, NEXT) for name, text in good.items()}
    changed["listeners.yaml"] = FAULTS[fault](changed["listeners.yaml"])
    assert changed["listeners.yaml"] != good["listeners.yaml"].replace(first, NEXT)
    proxy.put(changed)
    assert until(lambda: served(proxy).refused >= 1)
    behind = served(proxy)
    assert behind.behind(NEXT) == ("listeners.yaml",)
    assert "Envoy refused listeners.yaml, so the old list goes on" in sentence(behind, NEXT)
    assert answers(proxy)
    proxy.put({name: text.replace(first, NEXT) for name, text in good.items()})
    assert until(lambda: served(proxy).serves(NEXT))
    proxy.stop()
