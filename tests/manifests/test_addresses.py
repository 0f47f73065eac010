"""What is left of a network, what is private, and which IPv6 ranges hold IPv4 addresses."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from tools.manifests.addresses import ALL_IPV4, INSIDE, METADATA, UNUSUAL, left, mapped, network, private


@pytest.mark.parametrize(
    ("whole", "holes", "expected"),
    [
        ("10.0.0.0/8", [], ["10.0.0.0/8"]),
        ("10.0.0.0/8", ["10.0.0.0/8"], []),
        ("10.0.0.0/8", ["0.0.0.0/0"], []),
        ("10.0.0.0/8", ["11.0.0.0/8", "::/0"], ["10.0.0.0/8"]),
        ("10.0.0.0/30", ["10.0.0.0/32", "10.0.0.2/31"], ["10.0.0.1/32"]),
        ("10.0.0.0/30", ["10.0.0.0/31", "10.0.0.2/31"], []),
        ("fd00::/126", ["fd00::/127"], ["fd00::2/127"]),
    ],
)
def test_left(whole: str, holes: list[str], expected: list[str]) -> None:
    nets = left(ip_network(whole), [ip_network(hole) for hole in holes])
    assert sorted(map(str, nets)) == expected


def test_ipv4_inside_ipv6_is_known() -> None:
    six = {str(net) for net in UNUSUAL}
    assert {"64:ff9b::a9fe:0/112", "2002:a9fe::/32", "64:ff9b::a00:0/104", "2002:a00::/24"} <= six
    # 6to4 of 10.1.2.3, written by hand.
    assert any(ip_address("2002:a01:203::1") in net for net in UNUSUAL if net.version == 6)


def test_every_metadata_address_but_azures_and_oracles_is_inside() -> None:
    outside = [str(ip) for ip, _ in METADATA if not any(ip in net for net in INSIDE)]
    assert outside == ["168.63.129.16", "192.0.0.192"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1.0.0/16", True),
        ("8.8.8.0/24", False),
        ("0.0.0.0/0", False),
        ("fd12::/48", True),
        ("203.0.113.0/24", False),
    ],
)
def test_private(text: str, expected: bool) -> None:
    assert private(ip_network(text)) is expected


def test_network_reads_what_an_api_would() -> None:
    assert network("0.0.0.0/0") == ALL_IPV4
    assert [network(text) for text in ("", "x", "10.0.0.0/33", "010.0.0.0/8", "10.0.0")] == [None] * 5
    assert network("10.0.0.0/255.0.0.0") is None
    assert mapped(ip_network("::ffff:0:0/96")) == ALL_IPV4
    assert mapped(ip_network("::ffff:10.0.0.0/104")) == ip_network("10.0.0.0/8")
    assert mapped(ip_network("::/0")) is None
