"""The needs of workloads: whom their containers' commands, probes and settings call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tools.manifests.node import Node, root
from tools.manifests.pod_templates import template
from tools.manifests.pods import Pod
from tools.reach.needs.endpoints import Call
from tools.reach.needs.environment import ConfigMaps, Variable, environment, substituted
from tools.reach.needs.programs import calls
from tools.reach.needs.programs import known as understood
from tools.reach.needs.settings import Setting, settings

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
HOOKS = ("postStart", "preStop")


@dataclass(frozen=True, slots=True)
class Need:
    """Somebody whom a workload calls. `what` says it in words, `node` is where it is written.

    `values`: the variables of the container that calls. `keys`, `shown`, `alone`: as in Setting; a command has no keys.
    `first`: before the workload's own process runs, so that nothing starts without it.
    """

    node: Node
    what: str
    call: Call
    values: Mapping[str, str]
    keys: tuple[str, ...] = ()
    shown: bool = False
    alone: bool = False
    first: bool = False


def needs(pod: Pod, maps: ConfigMaps) -> Iterator[Need]:
    """The needs of a workload: what its containers run first, then what they are told."""
    spec = template(root(pod.manifest))["spec"]
    containers = [
        *((one, f"init container {one['name'].text()}", True) for one in spec["initContainers"].items()),
        *((one, f"container {one['name'].text()}", False) for one in spec["containers"].items()),
    ]
    known = [(node, name, first, environment(node, pod.namespace, maps)) for node, name, first in containers]
    for container, name, first, variables in known:
        yield from _commands(container, name, variables, first=first)
    for container, _, first, variables in known:
        yield from _settings(container, variables, first=first)


def _commands(container: Node, name: str, variables: Mapping[str, Variable], *, first: bool) -> Iterator[Need]:
    values = {key: variable.value for key, variable in variables.items()}
    for what, arguments in _runs(container, name):
        argv = [substituted(node.text(), variables) for node in arguments]
        for call in dict.fromkeys(calls(argv, values)):
            yield Need(_place(arguments, call), f"{what} calls {call}", call, values, first=first)


def _runs(container: Node, name: str) -> Iterator[tuple[str, Sequence[Node]]]:
    """The command lines of a container, each with what runs it."""
    yield name, (*container["command"].items(), *container["args"].items())
    for key in PROBES:
        yield f"the {key} of {name}", container[key]["exec"]["command"].items()
    for key in HOOKS:
        yield f"the {key} hook of {name}", container["lifecycle"][key]["exec"]["command"].items()


def _place(arguments: Sequence[Node], call: Call) -> Node:
    """The word that names the host; the longest one, a script, where a variable does."""
    longest = max(arguments, key=lambda node: len(node.text()))
    return next((node for node in arguments if call.host in node.text()), longest)


def _settings(container: Node, variables: Mapping[str, Variable], *, first: bool) -> Iterator[Need]:
    values = {key: variable.value for key, variable in variables.items()}
    own = frozenset(port for item in container["ports"].items() if (port := item["containerPort"].number()))
    for setting in settings(values, own):
        yield _setting(setting, variables[setting.keys[0]].node, values, first=first)
    for key, text, node in _options(container, variables):
        for setting in settings({key: text}, own):
            if not setting.alone:
                yield _setting(setting, node, values, first=first)


def _setting(setting: Setting, node: Node, values: Mapping[str, str], *, first: bool) -> Need:
    verb = "name" if len(setting.keys) > 1 else "names"
    what = f"{' and '.join(setting.keys)} {verb} {setting.call}"
    return Need(node, what, setting.call, values, setting.keys, setting.shown, setting.alone, first)


def _options(container: Node, variables: Mapping[str, Variable]) -> Iterator[tuple[str, str, Node]]:
    """`--key=value` and `--key value` of a program whose options nobody here knows."""
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
