"""Collects the needs of workloads: the hosts that their containers' commands, probes and settings call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tools.manifests.node import Node, root
from tools.manifests.pod_templates import template
from tools.manifests.pods import Pod
from tools.reach.needs.endpoints import HostCall
from tools.reach.needs.environment import ConfigMaps, EnvironmentVariable, environment, substituted
from tools.reach.needs.programs import calls
from tools.reach.needs.programs import known as understood
from tools.reach.needs.settings import ConfiguredCall, settings

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
HOOKS = ("postStart", "preStop")


@dataclass(frozen=True, slots=True)
class Need:
    """A host that a workload calls. `what` says so in words; `node` is where the manifest says it.

    `values`: the variables of the calling container. `keys`, `shown` and `alone` are as in ConfiguredCall; a command
    has no keys. `first`: an init container calls, so that the workload does not start without it.
    """

    node: Node
    what: str
    call: HostCall
    values: Mapping[str, str]
    keys: tuple[str, ...] = ()
    shown: bool = False
    alone: bool = False
    first: bool = False


def needs(pod: Pod, maps: ConfigMaps) -> Iterator[Need]:
    """The needs of a workload: those of its containers' commands, then those of their settings."""
    spec = template(root(pod.manifest))["spec"]
    containers = [
        *((node, f"init container {node['name'].text()}", True) for node in spec["initContainers"].items()),
        *((node, f"container {node['name'].text()}", False) for node in spec["containers"].items()),
    ]
    known = [(node, name, first, environment(node, pod.namespace, maps)) for node, name, first in containers]
    for container, name, first, variables in known:
        yield from _commands(container, name, variables, first=first)
    for container, _, first, variables in known:
        yield from _settings(container, variables, first=first)


def _commands(
    container: Node, name: str, variables: Mapping[str, EnvironmentVariable], *, first: bool
) -> Iterator[Need]:
    values = {key: variable.value for key, variable in variables.items()}
    for what, arguments in _runs(container, name):
        argv = [substituted(node.text(), variables) for node in arguments]
        for call in dict.fromkeys(calls(argv, values)):
            yield Need(_place(arguments, call), f"{what} calls {call}", call, values, first=first)


def _runs(container: Node, name: str) -> Iterator[tuple[str, Sequence[Node]]]:
    """The command lines of a container, each with a description of what runs it."""
    yield name, (*container["command"].items(), *container["args"].items())
    for key in PROBES:
        yield f"the {key} of {name}", container[key]["exec"]["command"].items()
    for key in HOOKS:
        yield f"the {key} hook of {name}", container["lifecycle"][key]["exec"]["command"].items()


def _place(arguments: Sequence[Node], call: HostCall) -> Node:
    """The argument that names the host; where a variable names it, the longest argument, which is a script."""
    longest = max(arguments, key=lambda node: len(node.text()))
    return next((node for node in arguments if call.host in node.text()), longest)


def _settings(container: Node, variables: Mapping[str, EnvironmentVariable], *, first: bool) -> Iterator[Need]:
    values = {key: variable.value for key, variable in variables.items()}
    own = frozenset(port for item in container["ports"].items() if (port := item["containerPort"].number()))
    for setting in settings(values, own):
        yield _setting(setting, variables[setting.keys[0]].node, values, first=first)
    for key, text, node in _options(container, variables):
        for setting in settings({key: text}, own):
            if not setting.alone:
                yield _setting(setting, node, values, first=first)


def _setting(setting: ConfiguredCall, node: Node, values: Mapping[str, str], *, first: bool) -> Need:
    verb = "name" if len(setting.keys) > 1 else "names"
    what = f"{' and '.join(setting.keys)} {verb} {setting.call}"
    return Need(node, what, setting.call, values, setting.keys, setting.shown, setting.alone, first)


def _options(container: Node, variables: Mapping[str, EnvironmentVariable]) -> Iterator[tuple[str, str, Node]]:
    """The options `--key=value` and `--key value` of a program that PROGRAMS does not know."""
    arguments = [*container["command"].items(), *container["args"].items()]
    words = [substituted(node.text(), variables) for node in arguments]
    if understood(words):
        return
    for place, word in enumerate(words):
        key, sign, value = word.partition("=")
        following = words[place + 1] if place + 1 < len(words) else ""
        if word.startswith("-") and sign:
            yield key, value, arguments[place]
        elif word.startswith("-") and following and not following.startswith("-"):
            yield word, following, arguments[place + 1]
