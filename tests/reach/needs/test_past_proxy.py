"""Which names go past the proxy, however a program reads NO_PROXY."""

from __future__ import annotations

import pytest

from tools.reach.needs.endpoints import HostCall
from tools.reach.needs.past_proxy import past, proxy_of

LEFT_OUT = [
    ("kong", "kong", True),
    ("Kong", "KONG", True),
    ("kong", "localhost, kong ,x", True),
    ("a.sark.svc", ".svc", True),
    ("a.sark.svc", "*.svc", True),
    ("anything", "*", True),
    # curl, Go and others differ on these: not left out by all.
    ("kong", ".kong", False),
    ("a.kong", "kong", False),
    ("akong", "kong", False),
    ("a.sark.svc.cluster.local", ".svc", False),
    ("kong", "kong:8001", False),
    ("a.sark.svc.", ".svc", False),
    ("kong", "", False),
    ("kong", ",,", False),
    ("kong", ".", False),
]


@pytest.mark.parametrize(("host", "written", "left_out"), LEFT_OUT)
def test_no_proxy(host: str, written: str, left_out: bool) -> None:
    assert past(host, {"NO_PROXY": written}) is left_out


def test_small_letters_come_first() -> None:
    assert past("kong", {"NO_PROXY": "kong", "no_proxy": "x"}) is False


@pytest.mark.parametrize(
    ("scheme", "values", "variable"),
    [
        ("http", {"HTTP_PROXY": "http://p:1"}, "HTTP_PROXY"),
        ("http", {"HTTPS_PROXY": "http://p:1"}, ""),
        ("https", {"HTTPS_PROXY": "http://p:1", "https_proxy": "http://q:1"}, "https_proxy"),
        ("https", {"HTTPS_PROXY": " "}, ""),
        ("redis", {"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:1"}, ""),
    ],
)
def test_the_variable_of_a_scheme(scheme: str, values: dict[str, str], variable: str) -> None:
    assert proxy_of(HostCall("kong", 1, scheme), values) == variable
