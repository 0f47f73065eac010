"""Runs `status` and `push`: which replica serves which list, and have them take the one that is installed."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict

from tools.egress.live.cluster import ProxyInCluster, again, proxy
from tools.egress.live.replicas import Replica, sentence
from tools.findings.cli import CLEAN, COULD_NOT_RUN, FINDINGS, complain
from tools.findings.errors import InputError
from tools.findings.escaping import json_text, line

# A kubelet that had not seen the new ConfigMap yet when it was told to look is told once more.
AGAIN_AFTER = 2.0


def run(options: argparse.Namespace) -> int:
    """Answer, with 1 when some replica does not serve the list that is installed."""
    try:
        running = proxy(options.context, options.namespace, options.release)
        if options.command == "push":
            return push(running, options)
        installed = running.installed()
        replicas = running.replicas()
    except InputError as error:
        complain("egress", error)
        return COULD_NOT_RUN
    return _answer(installed, replicas, options)


def _answer(installed: str, replicas: tuple[Replica, ...], options: argparse.Namespace, took: str = "") -> int:
    behind = [replica for replica in replicas if not replica.serves(installed)]
    if options.format == "json":
        body = {"list": installed, "replicas": [_record(replica, installed) for replica in replicas]}
        print(json_text(body, 2, ascii=True))
    else:
        print(line(f"list {installed} is installed{took}"))
        for replica in replicas:
            print(line(f"  {sentence(replica, installed)}"))
    return FINDINGS if behind or not replicas else CLEAN


def _record(replica: Replica, installed: str) -> dict[str, object]:
    files = {name: asdict(file) for name, file in replica.files}
    return {
        "pod": replica.pod,
        "ready": replica.ready,
        "in_force": replica.serves(installed),
        "lists": list(replica.lists),
        "since": replica.since,
        "refused": replica.refused,
        "fault": replica.fault,
        "files": files,
    }


def push(running: ProxyInCluster, options: argparse.Namespace) -> int:
    """Have every replica take the list that is installed, and wait until each has. Raises InputError."""
    installed = running.installed()
    started = time.monotonic()
    running.push(installed)
    sent = started
    while True:
        replicas = running.replicas()
        elapsed = time.monotonic() - started
        if all(replica.serves(installed) for replica in replicas) or elapsed > options.wait:
            break
        if _refusing(replicas, installed):
            break
        if time.monotonic() - sent > AGAIN_AFTER:
            running = again(running)
            running.push(installed)
            sent = time.monotonic()
        time.sleep(0.1)
    in_force = all(replica.serves(installed) for replica in replicas)
    took = f", and in force on every replica after {elapsed:.1f} s" if in_force else f"; waited {elapsed:.1f} s"
    return _answer(installed, replicas, options, took)


def _refusing(replicas: tuple[Replica, ...], installed: str) -> bool:
    """Whether a replica has taken some files of the list and refused others: waiting would change nothing."""
    return any(
        any(file.list == installed for _, file in replica.files)
        and any(file.list != installed and file.refused for _, file in replica.files)
        for replica in replicas
    )
