"""Whom a command calls, program by program."""

from __future__ import annotations

import pytest

from tools.reach.needs.endpoints import HostCall
from tools.reach.needs.programs import calls

VARIABLES = {"POSTGRES_HOST": "sark-postgres", "POSTGRES_PORT": "5432"}
DB = HostCall("db", 5432)
CALLING: dict[str, list[HostCall]] = {
    "nc -z db 5432": [DB],
    "nc -zv -w 3 db 5432": [DB],
    "nc -zvw3 db 5432": [DB],
    "nc -uz statsd 8125": [HostCall("statsd", 8125, "", "UDP")],
    "busybox nc -z db 5432": [DB],
    "/usr/bin/nc -z db 5432": [DB],
    "timeout -s KILL 5 nc -z db 5432": [DB],
    "env A=b nc -z db 5432": [DB],
    "tini -- nc -z db 5432": [DB],
    "telnet db 5432": [DB],
    "wget -qO- http://api:8000/health": [HostCall("api", 8000, "http")],
    "wget --spider -T 3 api:8000/health": [HostCall("api", 8000, "http")],
    "curl -fsS --max-time 3 -H x:1 https://api/health": [HostCall("api", 443, "https")],
    "curl -o /dev/null -w fmt --url http://a:1 b/path": [HostCall("b", 80, "http"), HostCall("a", 1, "http")],
    "curl -X POST -d http://data:1 http://api:2": [HostCall("api", 2, "http")],
    "curl --retry 5 --proxy http://proxy:3128 http://api:2": [HostCall("api", 2, "http")],
    "pg_isready -h db -p 5432 -U sark": [DB],
    "pg_isready -hdb": [DB],
    "pg_isready --host=db --port=5433": [HostCall("db", 5433)],
    "pg_isready -d postgresql://db:5432/sark": [HostCall("db", 5432, "postgresql")],
    "psql postgresql://u:p@db/sark -c select": [HostCall("db", 5432, "postgresql")],
    "pg_dump -Fc -h db sark": [DB],
    "mysqladmin ping -h db -P 3307": [HostCall("db", 3307)],
    "redis-cli -h cache -p 6379 -a secret ping": [HostCall("cache", 6379)],
    "redis-cli -u redis://cache:6380": [HostCall("cache", 6380, "redis")],
    "mongosh --host mongo --port 27018": [HostCall("mongo", 27018)],
    "wait-for-it.sh db:5432 -t 60 -- curl http://api:1": [DB, HostCall("api", 1, "http")],
    "wait-for-it -h db -p 5432": [DB],
    "dockerize -wait tcp://db:5432 -wait http://api:8000 -timeout 60s run": [
        HostCall("db", 5432, "tcp"),
        HostCall("api", 8000, "http"),
    ],
    "wait4x tcp db:5432": [DB],
    "openssl s_client -connect ldap.example.com:636": [HostCall("ldap.example.com", 636)],
    "ldapsearch -H ldaps://10.9.0.5 -x": [HostCall("10.9.0.5", 636, "ldaps")],
    "sh -c 'until nc -z db 5432; do sleep 1; done'": [DB],
    "bash -o pipefail -ec 'exec 3<>/dev/tcp/db/5432'": [DB],
    "sh -c 'sh -c \"nc -z db 5432\"'": [DB],
    "sh -c 'nc -z $POSTGRES_HOST $POSTGRES_PORT'": [HostCall("sark-postgres", 5432)],
    "sh -c 'cat < /dev/udp/dns/53'": [HostCall("dns", 53, "", "UDP")],
}
SILENT = (
    *(
        "nc -l 5432",
        "nc -lk -p 80",
        "nc -z db",
        "nc -z db http",
        "nc -z db 1-1000",
        "nc -z $HOST 5432",
        "nc",
        "nc -h db",
    ),
    *("sh", "sh -c", "sh run.sh", "curl", "curl -d http://data:1", "curl -h x:80", "echo http://a:1", "sleep 5"),
    *("pg_isready", "redis-cli ping", "psql -c 'select 1'", "openssl version", "ldapsearch"),
    *("dockerize -wait file:///x", "wait-for-it.sh", "timeout 5", "env A=b", "python -c x"),
)


def words(line: str) -> list[str]:
    """The words of a command line, as Kubernetes' lists hold them."""
    split, quoted = [""], False
    for sign in line:
        if sign == "'":
            quoted = not quoted
        elif sign == " " and not quoted:
            split.append("")
        else:
            split[-1] += sign
    return [word for word in split if word]


@pytest.mark.parametrize("line", CALLING)
def test_commands_call(line: str) -> None:
    assert list(calls(words(line), VARIABLES)) == CALLING[line]


@pytest.mark.parametrize("line", SILENT)
def test_commands_that_call_nobody(line: str) -> None:
    assert list(calls(words(line), {})) == []


@pytest.mark.parametrize(
    "argv", [["sh", "-c"] * 5_000, ["env"] * 50_000, ["timeout", "-s"] * 20_000, ["nc", "-" + "z" * 90_000]]
)
def test_hostile_commands_end(argv: list[str]) -> None:
    assert list(calls(argv, {})) == []
