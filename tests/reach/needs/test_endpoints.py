"""Who is called by a text: URLs, `host:port`, lists; and nobody by anything else."""

from __future__ import annotations

import pytest

from tools.reach.needs.endpoints import HostCall, endpoints, is_host, port_number, url

CALLED = {
    "http://sark-kong-admin:8001": HostCall("sark-kong-admin", 8001, "http"),
    "http://api.sark.svc.cluster.local/v1?x=http://other:1": HostCall("api.sark.svc.cluster.local", 80, "http"),
    "HTTPS://Api.Example.com": HostCall("Api.Example.com", 443, "https"),
    "postgresql+asyncpg://user:pass@db:5433/sark": HostCall("db", 5433, "postgresql"),
    "postgresql://u:p@ss@db.stores/sark": HostCall("db.stores", 5432, "postgresql"),
    "jdbc:postgresql://db:5432/sark": HostCall("db", 5432, "postgresql"),
    "jdbc:sqlserver://db;databaseName=sark": HostCall("db", 1433, "sqlserver"),
    "redis://:secret@sark-valkey/0": HostCall("sark-valkey", 6379, "redis"),
    "ldaps://10.9.0.5": HostCall("10.9.0.5", 636, "ldaps"),
    "ldap://[2001:db8::5]:3389/dc=x": HostCall("2001:db8::5", 3389, "ldap"),
    "mongodb+srv://cluster.example.com:27017/x": HostCall("cluster.example.com", 27017, ""),
    "tcp://db:5432": HostCall("db", 5432, "tcp"),
    "udp://statsd:8125": HostCall("statsd", 8125, "udp", "UDP"),
    "thrift://hive:9083": HostCall("hive", 9083, "thrift"),
    "sark-postgres:5432": HostCall("sark-postgres", 5432),
    "[::2]:443": HostCall("::2", 443),
    '"quoted:80"': HostCall("quoted", 80),
}
NOBODY = (
    *(
        "",
        " ",
        ":",
        "://",
        "http://",
        "http://:80",
        "http:///path",
        ":8080",
        "host:",
        "host:0",
        "host:65536",
        "host:http",
    ),
    *("12:30", "1.2.3:80", "busybox:1.36", "a b:80", "-x:80", ".x:80", "a..b:80", "http://a b", "http://host:port"),
    *("s3://bucket/key", "gs://bucket", "file:///etc/passwd", "sqlite:///x.db", "mongodb+srv://cluster.example.com"),
    *("[::1", "[x]:80", "[::1]80", "::1", "user@host", "*.example.com:443", "$HOST:80", "http://$(HOST):80/", "a:b:c"),
    "é:80",
    "line\nhttp://host:80",
    f"http://{'a' * 254}:80",
    f"http://host:80/{'x' * 5000}",
)


@pytest.mark.parametrize("text", CALLED)
def test_somebody_is_called(text: str) -> None:
    assert list(endpoints(text)) == [CALLED[text]]


@pytest.mark.parametrize("text", NOBODY)
def test_nobody_is_called(text: str) -> None:
    assert list(endpoints(text)) == []


def test_a_list_calls_each_of_its_items() -> None:
    assert list(endpoints("kafka-0:9092, kafka-1:9092,,x")) == [HostCall("kafka-0", 9092), HostCall("kafka-1", 9092)]
    assert list(endpoints('["http://a:1","http://b:2"]')) == [HostCall("a", 1, "http"), HostCall("b", 2, "http")]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (HostCall("api", 80, "http"), "http://api:80"),
        (HostCall("db", 5432, "postgresql"), "db:5432"),
        (HostCall("db"), "db"),
        (HostCall("2001:db8::5", 636, "ldaps"), "[2001:db8::5]:636"),
    ],
)
def test_a_call_is_shown_without_what_is_secret(call: HostCall, text: str) -> None:
    assert str(call) == text


@pytest.mark.parametrize(
    "text", ["http://" + "@" * 100_000, "a:" * 50_000, "," * 100_000, "://" * 30_000, "[" * 100_000]
)
def test_long_texts_end_soon(text: str) -> None:
    assert url(text) is None
    assert list(endpoints(text)) == []


@pytest.mark.parametrize(("text", "port"), [("1", 1), ("65535", 65535), ("٣", None), ("+1", None), ("1_0", None)])
def test_ports_are_plain_numbers(text: str, port: int | None) -> None:
    assert port_number(text) == port


@pytest.mark.parametrize(
    ("text", "fits"), [("a", True), ("1.2.3.4", True), ("1.2.3", False), ("a_b", True), ("a/", False)]
)
def test_hosts(text: str, fits: bool) -> None:
    assert is_host(text) is fits
