"""Answers what is asked of the allowlist, of the proxy that enforces it and of the proxy's log."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from tools.egress import expiry
from tools.egress.allowlist import Allowlist, ExternalPeer, ListEntry, Suffixes, parse_values, refusal
from tools.egress.live import commands as running
from tools.egress.live import options as live
from tools.egress.live.edit import written
from tools.findings.cli import CLEAN, COULD_NOT_RUN, FINDINGS, USAGE, complain
from tools.findings.errors import InputError
from tools.findings.escaping import json_text, line
from tools.manifests.files import mapping
from tools.render import parts
from tools.render.chart import Chart, chart, layered
from tools.render.merge import merge

_NAME_AND_PORT = re.compile(r"(?P<host>[^:/]+):(?P<port>[0-9]{1,6})")
# An address, always with a port: IPv6 in brackets, and the protocol when it is not TCP.
_ADDRESS_AND_PORT = re.compile(
    r"(\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>[0-9.]+)):(?P<port>[0-9]{1,6})(/(?P<protocol>tcp|udp))?"
)


def run(options: argparse.Namespace) -> int:
    """Answer the question; 1 when some environment denies the name."""
    try:
        source = chart(options.chart)
        suffixes = Suffixes.parse(source.text("files/public-suffixes.txt"))
        needed = options.command in (*live.LIST_COMMANDS, "check", "list")
        lists = _lists(source, suffixes, options) if needed else {}
    except InputError as error:
        complain("egress", error)
        return COULD_NOT_RUN
    if isinstance(lists, str):
        complain("egress", lists)
        return USAGE
    if options.command in live.COMMANDS:
        return running.run(options, lists, suffixes)
    return _list(lists, options) if options.command == "list" else _check(lists, suffixes, options)


def _lists(source: Chart, suffixes: Suffixes, options: argparse.Namespace) -> dict[str, Allowlist] | str:
    """The allowlist of each environment that was asked for, or what is wrong with the question."""
    base = mapping(source.path / "values.yaml")
    unknown = sorted(set(options.env or ()) - source.environments.keys())
    if unknown:
        known = ", ".join(source.environments)
        return f"there is no environment {', '.join(unknown)}; there are {known}"
    over = options.values or []
    names = options.env or (() if over else source.environments)
    chosen: dict[str, Mapping[str, Any]] = {name: layered((source.environments[name], *over)) for name in names}
    if over and not names:
        chosen["values"] = layered(over)
    merged = {name: merge(base, layer) for name, layer in chosen.items()}
    workload = getattr(options, "workload", "gateway")
    own = dict.fromkeys(name for values in merged.values() for name in parts.names(source.parts, values))
    if workload not in own:
        return f"there is no part {workload}; there are {', '.join(own)}"
    now = datetime.now(UTC)
    lists = {name: parse_values(values, suffixes=suffixes)[0] for name, values in merged.items()}
    # What has expired opens nothing.
    open_now = {name: listed.at(expiry.as_of(merged[name].get("egress"), now)) for name, listed in lists.items()}
    if options.command == "list":
        return {name: replace(listed, ended=open_now[name].ended) for name, listed in lists.items()}
    return open_now


def _check(lists: Mapping[str, Allowlist], suffixes: Suffixes, options: argparse.Namespace) -> int:
    if address := _address(options.name):
        return _check_address(lists, *address, options)
    asked = _NAME_AND_PORT.fullmatch(options.name)
    host, port = (asked["host"], int(asked["port"])) if asked else (options.name, 443)
    name = host.lower().removesuffix(".")
    if write := _refusal(name, port, suffixes):
        complain("egress", f"`{options.name}` is no name that the list can hold: write {write}")
        return USAGE
    answers = {environment: _decides(listed, name, port, options.workload) for environment, listed in lists.items()}
    sentences = {}
    for environment, answer in answers.items():
        let_through = "" if answer or lists[environment].mode != "audit" else " (mode audit: let through and logged)"
        over = None if answer else lists[environment].find_ended(name, port, options.workload)
        sentences[environment] = f"{_sentence(answer, over, name, port, options.workload)}{let_through}"
    return _answer(answers, sentences, options)


def _answer(
    answers: Mapping[str, ListEntry | ExternalPeer | None], sentences: Mapping[str, str], options: argparse.Namespace
) -> int:
    """Print what each environment answers, as JSON or as a sentence; 1 when some environment denies."""
    if options.format == "json":
        print(json_text([_record(environment, entry) for environment, entry in answers.items()], 2, ascii=True))
    else:
        for environment, sentence in sentences.items():
            print(line(f"{environment:12} {sentence}"))
    return CLEAN if all(answers.values()) else FINDINGS


def _address(text: str) -> tuple[str, int, str] | None:
    """The address, port and protocol that the question is about, when it is about an address."""
    asked = _ADDRESS_AND_PORT.fullmatch(text)
    if not asked:
        return None
    try:
        address = str(ip_address(asked["six"] or asked["four"]))
    except ValueError:
        return None
    return (address, int(asked["port"]), asked["protocol"] or "tcp") if 0 < int(asked["port"]) < 65536 else None


def _check_address(
    lists: Mapping[str, Allowlist], address: str, port: int, protocol: str, options: argparse.Namespace
) -> int:
    """Answer for an address that is reached directly, by egress.external."""
    workload = options.workload
    answers = {environment: listed.peer(address, port, protocol, workload) for environment, listed in lists.items()}
    sentences = {}
    for environment, peer in answers.items():
        target = f"{address} on {protocol} port {port}"
        if peer:
            sentence = f"allowed  {workload} may reach {target} by {peer.path} ({peer.reason})"
        elif over := lists[environment].peer_ended(address, port, protocol, workload):
            sentence = f"denied   {workload} may not reach {target}; {_ended(over)}"
        else:
            cidr = f"{address}/{128 if ':' in address else 32}"
            whose = f", workloads: [{workload}]" if workload != "gateway" else ""
            udp = ", protocol: udp" if protocol == "udp" else ""
            entry = f"{{cidrs: [{json.dumps(cidr)}], ports: [{port}]{udp}{whose}, reason: …}}"
            sentence = f"denied   {workload} may not reach {target}; to allow it, add to egress.external: - {entry}"
        sentences[environment] = sentence
    return _answer(answers, sentences, options)


def _decides(listed: Allowlist, name: str, port: int, workload: str) -> ListEntry | None:
    """The entry that allows the name; a wildcard is asked for as itself."""
    if name.startswith("*."):
        same = (entry for entry in listed.entries if entry.name == name and port in entry.ports)
        return next((entry for entry in same if workload in entry.workloads), None)
    return listed.find(name, port, workload)


def _ended(item: ListEntry | ExternalPeer) -> str:
    """What to do about an item that has expired: the chart would refuse the same once more."""
    return f"{item.path} allowed it until {item.expires}; to allow it, give that entry a later expires"


def _sentence(allowing: ListEntry | None, over: ListEntry | None, name: str, port: int, workload: str) -> str:
    if allowing:
        at = f", at {', '.join(allowing.cidrs)} alone" if allowing.cidrs else ""
        return f"allowed  {workload} may reach {name}:{port} by {allowing.path} ({allowing.name}){at}"
    if over:
        return f"denied   {workload} may not reach {name}:{port}; {_ended(over)}"
    fields = {
        "name": name,
        **({"ports": [port]} if port != 443 else {}),
        **({"workloads": [workload]} if workload != "gateway" else {}),
    }
    return f"denied   {workload} may not reach {name}:{port}; to allow it, add to egress.domains: - {written(fields)}"


def _refusal(name: str, port: int, suffixes: Suffixes) -> str:
    """What to ask for instead, when no list can hold the name."""
    if write := refusal(name):
        return write
    if name.startswith("*.") and suffixes.covers(name[2:]):
        return f"a wildcard under a name of your own, such as *.example.{name[2:]}; {name[2:]} is a public suffix"
    return "" if 0 < port < 65536 else "a port from 1 to 65535"


def _record(environment: str, entry: ListEntry | ExternalPeer | None) -> dict[str, Any]:
    return {"environment": environment, "allowed": entry is not None, "entry": asdict(entry) if entry else None}


def _list(lists: Mapping[str, Allowlist], options: argparse.Namespace) -> int:
    if options.format == "json":
        every = {name: [asdict(item) for item in listed.items] for name, listed in lists.items()}
        print(json_text(every, 2, ascii=True))
        return CLEAN
    for environment, listed in lists.items():
        print(line(f"{environment}:"))
        for entry in listed.items:
            print(line("  " + "  ".join(_columns(entry, entry in listed.ended)).rstrip()))
    return CLEAN


def _columns(entry: ListEntry | ExternalPeer, expired: bool) -> tuple[str, ...]:
    name = entry.name if isinstance(entry, ListEntry) else ",".join(entry.cidrs)
    ports = ",".join(map(str, entry.ports)) + ("/udp" if entry.protocol == "udp" else "")
    return (
        f"{name:36}",
        f"{ports:10}",
        f"{','.join(entry.workloads):10}",
        f"{entry.owner or '-':16}",
        f"{'EXPIRED ' if expired else ''}{entry.expires or '-':10}",
        entry.reason or "-",
    )
