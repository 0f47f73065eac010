"""Scripts, read into simple commands; broken ones give what could be read."""

from __future__ import annotations

import time

import pytest

from tools.reach.needs.shell import commands

KNOWN = {"HOST": "db", "PORT": "5432", "EMPTY": ""}
READ: dict[str, list[tuple[str, ...]]] = {
    "nc -z db 5432": [("nc", "-z", "db", "5432")],
    "until nc -z $HOST ${PORT}; do\n  sleep 2\ndone": [("nc", "-z", "db", "5432"), ("sleep", "2")],
    "a && b || c | d & e": [("a",), ("b",), ("c",), ("d",), ("e",)],
    "echo 'a b; $HOST' \"$HOST-x\" un\\ quoted": [("echo", "a b; $HOST", "db-x", "un quoted")],
    "a # nc -z x 1\nb": [("a",), ("b",)],
    "a#b": [("a#b",)],
    "nc -z \\\n  db 1": [("nc", "-z", "db", "1")],
    "nc $UNKNOWN ${UNKNOWN2:-two} ${EMPTY:-three} ${HOST:-four}": [("nc", "$UNKNOWN", "two", "three", "db")],
    "H=x; nc -z $H 1": [("nc", "-z", "x", "1")],
    "export H=x\nnc $H 1": [("nc", "x", "1")],
    "H=x nc $H 1": [("nc", "$H", "1")],
    "for h in a b $HOST; do nc $h 1; done": [("nc", "a", "1"), ("nc", "b", "1"), ("nc", "db", "1")],
    'HOSTS="a b"; for h in $HOSTS; do nc $h 1; done': [("nc", "a", "1"), ("nc", "b", "1")],
    "nc -z a 1 >/dev/null 2>&1": [("nc", "-z", "a", "1", "/dev/null", "1")],
    "echo > /dev/tcp/db/5432": [("echo", "/dev/tcp/db/5432")],
    "(echo </dev/tcp/db/1) 2>/dev/null": [("echo", "/dev/tcp/db/1"), ("/dev/null",)],
    'if [ "$(curl -s http://a:1/h)" = ok ]; then b; fi': [
        ("[", ""),
        ("curl", "-s", "http://a:1/h"),
        ("", "=", "ok", "]"),
        ("b",),
    ],
    "x=`curl http://a:1`; b": [("curl", "http://a:1"), ("b",)],
    "cat <<EOF >f\nnc -z no 1\nEOF\nnc -z yes 1": [("cat", "f"), ("nc", "-z", "yes", "1")],
    "cat <<-'E'\n\tnc no 1\n\tE\nb": [("cat",), ("b",)],
    "grep x <<< nc\nb": [("grep", "x", "nc"), ("b",)],
    "! { nc a 1; }": [("nc", "a", "1")],
    "": [],
    "'open": [("open",)],
    '"open $HOST': [("open db",)],
    "${open": [("$open",)],
    "a \\": [("a", "")],
    "$": [("$",)],
    "echo $1 $@ $$": [("echo", "$1", "$@", "$$")],
}


@pytest.mark.parametrize("script", READ)
def test_scripts_are_read_into_commands(script: str) -> None:
    assert list(commands(script, KNOWN)) == READ[script]


HOSTILE = ("$(" * 40_000, "`" * 80_000, '"' * 80_001, "${" * 40_000, "<<" * 40_000, "a=" * 40_000, "\\" * 80_000)


@pytest.mark.parametrize("script", [*HOSTILE, "a" * 300_000, "for a in b; " * 8_000, "x " * 60_000, "<<E\n" * 20_000])
def test_hostile_scripts_end_soon(script: str) -> None:
    started = time.perf_counter()
    assert len(list(commands(script, {}))) <= len(script)
    assert time.perf_counter() - started < 5


def test_loops_in_loops_do_not_multiply_for_ever() -> None:
    script = "for a in {}; do nc $a$a$a$a$a$a$a$a$a$a $a $a $a $a 1; done".format(" ".join(map(str, range(100))))
    assert len(list(commands(script, {}))) == 64
