"""The clients: how each is run, and why one of them cannot be run here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).with_name("clients")
Command = Callable[[Sequence[str]], list[str]]


class NoClientError(Exception):
    """This client is not to be had here; the message says why."""


@dataclass(frozen=True)
class Program:
    """`prepare` is given a folder of its own, and returns how to ask for some URLs."""

    name: str
    prepare: Callable[[Path], Command]


def _path(program: str) -> str:
    path = shutil.which(program)
    if not path:
        raise NoClientError(f"{program} is not on PATH: its reading of NO_PROXY was not tested")
    return path


def _version(*command: str) -> tuple[int, ...]:
    """The first version number that a command prints."""
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    number = re.search(r"\d+\.\d+", printed)
    assert number, printed
    return tuple(int(part) for part in number[0].split("."))


def _curl(_: Path) -> Command:
    curl = _path("curl")
    if _version(curl, "--version") < (7, 86):
        raise NoClientError("this curl is older than 7.86, the first that reads CIDRs in NO_PROXY: it was not tested")
    flags = ["--silent", "--show-error", "--insecure", "--max-time", "5"]
    return lambda urls: [curl, *flags, *(part for url in urls for part in ("--output", "/dev/null", url))]


def _python(module: str) -> Callable[[Path], Command]:
    source = SOURCES / f"python_{module}.py"
    return lambda _: lambda urls: [sys.executable, str(source), *urls]


def _go(folder: Path) -> Command:
    go, program = _path("go"), folder / "go_http"
    built = subprocess.run(
        [go, "build", "-o", str(program), str(SOURCES / "go_http.go")], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return lambda urls: [str(program), *urls]


def _reads_variables(node: str) -> bool:
    """Does this Node read NODE_USE_ENV_PROXY?"""
    version = _version(node, "--version")
    return version >= (24, 0) or (22, 21) <= version < (23, 0)


def _node_fetch(_: Path) -> Command:
    node = _path("node")
    if _reads_variables(node):
        return lambda urls: [node, str(SOURCES / "node_fetch.cjs"), *urls]
    if not (20, 20) <= _version(node, "--version") < (21, 0):
        raise NoClientError(
            "this Node reads no NODE_USE_ENV_PROXY (22.21 and 24.0 do), and the undici within it has no "
            "EnvHttpProxyAgent that works (20.20 has): its fetch was not tested"
        )
    return lambda urls: [node, "--expose-internals", str(SOURCES / "node_fetch.cjs"), *urls]


def _node_http(_: Path) -> Command:
    node = _path("node")
    if _version(node, "--version") < (24, 16):
        raise NoClientError(
            "this Node is older than 24.16, the first whose node:http minds a leading dot: see earlier-node-http"
        )
    return lambda urls: [node, str(SOURCES / "node_http.cjs"), *urls]


def _earlier_node_http(_: Path) -> Command:
    node = _path("node")
    version = _version(node, "--version")
    if not ((24, 5) <= version < (24, 16) or (22, 21) <= version < (23, 0)):
        raise NoClientError(
            "only the node:http of Node 22.21 and later and of 24.5 to 24.15 is this client: it was not tested"
        )
    return lambda urls: [node, str(SOURCES / "node_http.cjs"), *urls]


PROGRAMS = (
    Program("curl", _curl),
    Program("requests", _python("requests")),
    Program("httpx", _python("httpx")),
    Program("urllib", _python("urllib")),
    Program("go", _go),
    Program("node-fetch", _node_fetch),
    Program("node-http", _node_http),
    Program("earlier-node-http", _earlier_node_http),
)
