"""Runs `status` and `push`: which replica serves which list, and have them take the one that is installed."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, dataclass

from tools.egress.live.cluster import NoProxyError, ProxyInCluster, again, proxy
from tools.egress.live.replicas import Replica, sentence
from tools.egress.live.upgrading import upgrade
from tools.findings.cli import CLEAN, COULD_NOT_RUN, FINDINGS, complain
from tools.findings.errors import InputError
from tools.findings.escaping import json_text, line

# A kubelet that had not seen the new ConfigMap yet when it was told to look is told once more.
AGAIN_AFTER = 2.0


@dataclass(frozen=True, slots=True)
class State:
    """What is installed, by its hash, and what each replica of the proxy, and of the DNS guard if any, serves."""

    list: str
    replicas: tuple[Replica, ...]
    corefile: str = ""
    guards: tuple[Replica, ...] = ()

    @property
    def pairs(self) -> tuple[tuple[Replica, str], ...]:
        """Each replica with the hash that it is to serve. A guard whose Corefile has none cannot be told apart."""
        guards = self.guards if self.corefile else ()
        return (*((each, self.list) for each in self.replicas), *((each, self.corefile) for each in guards))

    @property
    def in_force(self) -> bool:
        """Whether every replica serves what is installed; the proxy has one at least."""
        return bool(self.replicas) and all(replica.serves(version) for replica, version in self.pairs)


def run(options: argparse.Namespace) -> int:
    """Answer, with 1 when some replica does not serve the list that is installed."""
    try:
        if options.command == "push":
            return _pushed(options)
        running = proxy(options.context, options.namespace, options.release)
        state = _state(running)
    except InputError as error:
        complain("egress", error)
        return COULD_NOT_RUN
    return _answer(state, options)


def _pushed(options: argparse.Namespace) -> int:
    """Push, after the command that upgrades the release and while it runs, if one is given. Raises InputError."""
    chosen = (options.context, options.namespace, options.release)
    if options.upgrade:
        try:
            running = proxy(*chosen)
        except NoProxyError:
            # The first install: its pods begin with the list that it brings.
            running = None
        upgrade(options.upgrade, running)
    return push(_awaited(chosen, options.wait if options.upgrade else 0), options)


def _awaited(chosen: tuple[str, str, str], seconds: float) -> ProxyInCluster:
    """The proxy, once there is a pod of it: a Deployment that has just been written has none yet. Raises InputError."""
    end = time.monotonic() + seconds
    while True:
        try:
            return proxy(*chosen)
        except NoProxyError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.2)


def _state(running: ProxyInCluster) -> State:
    return State(running.installed(), running.replicas(), running.corefile(), running.guard_replicas())


def _answer(state: State, options: argparse.Namespace, took: str = "") -> int:
    if options.format == "json":
        body = {"list": state.list, "replicas": [_record(replica, state.list) for replica in state.replicas]}
        if state.guards:
            body |= {"corefile": state.corefile, "guards": [_record(each, state.corefile) for each in state.guards]}
        print(json_text(body, 2, ascii=True))
    else:
        print(line(f"list {state.list} is installed{took}"))
        for replica in state.replicas:
            print(line(f"  {sentence(replica, state.list)}"))
        if state.guards:
            own = f"Corefile {state.corefile}" if state.corefile else "a Corefile without a hash"
            print(line(f"the DNS guard has {own}"))
        for guard in state.guards:
            print(line(f"  {sentence(guard, state.corefile)}"))
    return CLEAN if state.in_force else FINDINGS


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
    installed, corefile = running.installed(), running.corefile()
    started = time.monotonic()
    running.push(installed)
    sent = started
    while True:
        state = State(installed, running.replicas(), corefile, running.guard_replicas())
        elapsed = time.monotonic() - started
        if state.in_force or elapsed > options.wait or _refusing(state.replicas, installed):
            break
        if time.monotonic() - sent > AGAIN_AFTER:
            running = again(running)
            # Another upgrade may have replaced the list meanwhile, and no replica comes to the old one then.
            installed, corefile = running.installed(), running.corefile()
            running.push(installed)
            sent = time.monotonic()
        time.sleep(0.1)
    took = f", and in force on every replica after {elapsed:.1f} s" if state.in_force else f"; waited {elapsed:.1f} s"
    return _answer(state, options, took)


def _refusing(replicas: tuple[Replica, ...], installed: str) -> bool:
    """Whether a replica has taken some files of the list and refused others: waiting would change nothing."""
    return any(
        any(file.list == installed for _, file in replica.files)
        and any(file.list != installed and file.refused for _, file in replica.files)
        for replica in replicas
    )
