"""Whom settings call, by their keys and values."""

from __future__ import annotations

import pytest

from tools.reach.needs.endpoints import HostCall
from tools.reach.needs.settings import ConfiguredCall, key_words, settings

WORDS = {
    "POSTGRES_HOST": ("POSTGRES", "HOST"),
    "postgres.host": ("POSTGRES", "HOST"),
    "--postgresHost": ("POSTGRES", "HOST"),
    "PGHOST": ("PGHOST",),
    "KONG2_URL": ("KONG2", "URL"),
    "": (),
    "__": (),
}


@pytest.mark.parametrize("key", WORDS)
def test_keys_are_words(key: str) -> None:
    assert key_words(key) == WORDS[key]


CALLING: dict[str, tuple[dict[str, str], list[ConfiguredCall]]] = {
    "a URL": (
        {"KONG_ADMIN_URL": "http://kong:8001"},
        [ConfiguredCall(("KONG_ADMIN_URL",), HostCall("kong", 8001, "http"))],
    ),
    "a list": (
        {"KAFKA_BROKERS": "k-0:9092,k-1:9092"},
        [
            ConfiguredCall(("KAFKA_BROKERS",), HostCall("k-0", 9092)),
            ConfiguredCall(("KAFKA_BROKERS",), HostCall("k-1", 9092)),
        ],
    ),
    "a pair": (
        {"POSTGRES_HOST": "db", "POSTGRES_PORT": "5432", "POSTGRES_DB": "sark"},
        [ConfiguredCall(("POSTGRES_HOST", "POSTGRES_PORT"), HostCall("db", 5432))],
    ),
    "a pair without an underscore": (
        {"PGHOST": "db", "PGPORT": "5432"},
        [ConfiguredCall(("PGHOST", "PGPORT"), HostCall("db", 5432))],
    ),
    "a pair in small letters": (
        {"db.host": "db.example.com", "db.port": "5432"},
        [ConfiguredCall(("db.host", "db.port"), HostCall("db.example.com", 5432))],
    ),
    "a host whose port is in another form": ({"DB_HOST": "db", "DB_PORT": "sql"}, []),
    "a host alone": ({"REDIS_HOST": "cache"}, [ConfiguredCall(("REDIS_HOST",), HostCall("cache"), alone=True)]),
    "an address": (
        {"LDAP_SERVER": "ldaps://10.9.0.5"},
        [ConfiguredCall(("LDAP_SERVER",), HostCall("10.9.0.5", 636, "ldaps"))],
    ),
    "a name of its own": (
        {"NGINX_HOST": "sark.example.com", "NGINX_PORT": "80"},
        [ConfiguredCall(("NGINX_HOST", "NGINX_PORT"), HostCall("sark.example.com", 80), shown=True)],
    ),
    "a name for browsers": (
        {"VITE_API_URL": "https://api.example.com"},
        [ConfiguredCall(("VITE_API_URL",), HostCall("api.example.com", 443, "https"), shown=True)],
    ),
    "the port that it listens on": (
        {"SITE2_HOST": "x.example.com", "SITE2_PORT": "8000"},
        [ConfiguredCall(("SITE2_HOST", "SITE2_PORT"), HostCall("x.example.com", 8000), shown=True)],
    ),
}


@pytest.mark.parametrize("name", CALLING)
def test_settings_call(name: str) -> None:
    values, expected = CALLING[name]
    assert list(settings(values, frozenset((8000,)))) == expected


SILENT = (
    *({"CORS_ORIGINS": "https://a.example.com"}, {"ALLOWED_HOSTS": "a:80"}, {"cors.allowedOrigins": "http://a:80"}),
    *(
        {"HOST": "0.0.0.0", "PORT": "80"},
        {"HOSTNAME": "a.b.c"},
        {"LISTEN_ADDR": "a:80"},
        {"KAFKA_ADVERTISED": "a:9092"},
    ),
    *({"NO_PROXY": "a:80"}, {"no_proxy": "a:80"}, {"REDIRECT_URI": "https://a.example.com"}, {"IMAGE": "reg:5000"}),
    *({"APP_NAME": "sark"}, {"OTEL_SERVICE_NAME": "sark-api"}, {"LOG_LEVEL": "info"}, {"VERSION": "1.2.3"}),
    *({"DB_HOST": ""}, {"POSTGRES_POOL_SIZE": "20"}),
)


@pytest.mark.parametrize("values", SILENT, ids=str)
def test_settings_that_call_nobody(values: dict[str, str]) -> None:
    assert list(settings(values)) == []
