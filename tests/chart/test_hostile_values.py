"""Text and numbers of any kind at every place of the values: refused, or in the manifests as what they are."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm import helm, template
from tools.manifests.documents import parse
from tools.manifests.files import mapping
from tools.render.chart import chart
from tools.render.merge import merge
from tools.render.schema import checker, judge

CHART = Path("charts/sark-network")
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
BASE = mapping(CHART / "values.yaml")
HOSTILE = (
    "x\n      hostNetwork: true", "{{ .Release.Name }}", "'", '"', "!!int 3", "null", "123", "1e3", "~", "yes", "0x1f",
    "a: b", "- a", "&a", "*a", "# a", "a #b", "[a]", "{a: b}", "%a", "@a", "`a`", "\t",
    "---", "2027-01-01", "x\x00", "é",
)  # fmt: skip
# Every optional thing is there, so that each has a text in it.
FULL: dict[str, Any] = {
    "calico": {"enabled": True, "tier": {"enabled": True}},
    "admission": {"labels": {"enabled": True, "users": ["deployer"], "serviceAccounts": ["ci/deployer"]}},
    "cluster": {"cidrs": ["203.0.113.0/28"], "podCidrs": ["10.244.0.0/16"]},
    "commonLabels": {"team": "a"},
    "commonAnnotations": {"note": "a"},
    "nameOverride": "a",
    "gateway": {"namespace": "a", "podSelector": {"matchLabels": {"app": "a"}}, "services": ["a"]},
    "opa": {"namespaceSelector": {"matchLabels": {"ns": "a"}}},
    "database": {
        "allowFrom": [{"podSelector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["a"]}]}}]
    },
    "extraParts": {
        "vault": {"namespace": "a", "podSelector": {"matchLabels": {"app": "vault"}}, "ports": {"http": 8200}}
    },
    "egress": {
        "domains": [{"name": "a.example.com", "reason": "a", "owner": "a", "expires": "2027-01-01"}],
        "internal": [{"name": "b.example.com", "cidrs": ["10.20.0.10/32"], "protocol": "http", "ports": [80]}],
    },
    "proxy": {
        "priorityClassName": "a",
        "imagePullSecrets": [{"name": "a"}],
        "nodeSelector": {"disk": "a"},
        "podLabels": {"a": "a"},
        "podAnnotations": {"a": "a"},
        "tolerations": [{"key": "a", "operator": "Equal", "value": "a", "effect": "NoSchedule"}],
        "affinity": {"nodeAffinity": {"a": "a"}},
        "noProxy": [".corp.example"],
        "resolvers": ["10.96.0.10"],
    },
}


def rendered(values: dict[str, Any], *flags: str) -> tuple[int, str, str]:
    ran = template(values, str(CHART), "-n", "sark", *flags)
    return ran.returncode, ran.stdout, ran.stderr


def objects(text: str) -> list[dict[str, Any]]:
    return [body for body in yaml.load_all(text, yaml.CSafeLoader) if body]


def leaves(value: Any, kind: type, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, kind, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, kind, (*path, index))
    elif type(value) is kind:
        yield path


def changed(values: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    copy = values.copy()
    copy[path[0]] = changed(values[path[0]], path[1:], new)
    return copy


def skeleton(value: Any) -> Any:
    """The shape of an object: keys and kinds of values, without what the values are and how the list is written out."""
    if isinstance(value, dict):
        return {key: skeleton(item) for key, item in sorted(value.items())}
    return [skeleton(item) for item in value] if isinstance(value, list) else type(value).__name__


def shape(text: str) -> list[str]:
    return sorted(json.dumps([body["kind"], skeleton(body)], sort_keys=True) for body in objects(text))


WHOLE = json.loads(json.dumps(merge(BASE, FULL)))
ENUMERATED = (
    "protocol",
    "operator",
    "effect",
    "pullPolicy",
    "ipFamily",
    "logLevel",
    "ipFamilyPolicy",
    "mode",
    "engine",
)
TEXTS = [path for path in leaves(WHOLE, str) if path[-1] not in ENUMERATED]


# A part's own name or namespace decides whether peers need a namespaceSelector and which parts meet; those may differ.
FREE = {"noProxy", "namespace", "services", "callers", "calls", "workloads", "ports"}


# The same reading as judge's, which ends at the first refusal.
ACCEPTS = checker(SCHEMA)
# What the schema says of the values as a whole, and of no block by itself.
BETWEEN_BLOCKS = {**SCHEMA, "properties": dict.fromkeys(SCHEMA["properties"], True)}


def accepted(values: dict[str, Any], block: str) -> bool:
    """Whether the schema accepts values that differ in one block from values that it accepts."""
    possible = block not in values or ACCEPTS(SCHEMA["properties"][block], values[block])
    return possible and ACCEPTS(BETWEEN_BLOCKS, values)


def test_a_block_and_what_is_between_blocks_are_all_that_the_schema_judges() -> None:
    assert ACCEPTS(SCHEMA, WHOLE)
    assert ACCEPTS(SCHEMA, BASE)
    for text in ("a", "x\n      hostNetwork: true"):
        others = [(changed(WHOLE, path, text), str(path[0])) for path in TEXTS[::4]]
        verdicts = [accepted(other, block) for other, block in others]
        assert verdicts == [ACCEPTS(SCHEMA, other) for other, _ in others]
        assert False in verdicts


def everywhere(text: str) -> tuple[int, dict[str, Any]]:
    """The values with a text at each place where the schema accepts it, and how many those are."""
    values, count = WHOLE, 0
    for path in TEXTS:
        if not FREE & set(map(str, path)) and accepted(other := changed(values, path, text), str(path[0])):
            values, count = other, count + 1
    return count, values


def test_each_text_that_the_schema_accepts_leaves_the_manifests_skeleton_as_it_was() -> None:
    code, base, error = rendered(WHOLE)
    assert code == 0, error
    filled = [everywhere(text) for text in HOSTILE]
    assert sum(count for count, _ in filled) > 100
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda case: rendered(case[1]), filled))
    assert [(text, error) for text, (code, _, error) in zip(HOSTILE, outcomes, strict=True) if code] == []
    assert [text for text, (_, out, _) in zip(HOSTILE, outcomes, strict=True) if shape(out) != shape(base)] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: ".".join(map(str, path)))
def test_what_breaks_a_line_is_refused_or_inside_quotes(path: tuple[str | int, ...]) -> None:
    for text in ("x\n      hostNetwork: true", "x\x00"):
        refused = not accepted(changed(WHOLE, path, text), str(path[0]))
        free = {"reason", "owner", "commonAnnotations", "podAnnotations", "affinity", "users"}
        assert refused or free & set(map(str, path)), text


def string_leaves(schema: Any, path: str = "#") -> Iterator[str]:
    """Each place of the schema that takes text and says nothing of which."""
    if isinstance(schema, dict):
        constraints = {"pattern", "enum", "const", "$ref", "if", "allOf"} & schema.keys()
        if schema.get("type") == "string" and not constraints:
            yield path
        for key, item in schema.items():
            # A condition refuses nothing.
            yield from string_leaves(item, f"{path}/{key}") if key != "if" else ()
    elif isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from string_leaves(item, f"{path}/{index}")


def test_every_text_of_the_schema_has_a_pattern() -> None:
    assert list(string_leaves(SCHEMA)) == []


INTEGERS = [path for path in leaves(WHOLE, int) if "ports" not in path]
SIZES = (0, 1, 2, 53, 1024, 65535, 99999, 100000, 999999, 1000000, 1234567, 31536000, 2147483647, 4294967295, 10**15)


def test_integers_of_every_size_are_refused_or_render_as_integers() -> None:
    filled: list[dict[str, Any]] = []
    # What connections and buffers may take must fit into the limit of memory.
    base = changed(WHOLE, ("proxy", "resources", "limits", "memory"), "100000Ti")
    for size in SIZES:
        values = base
        for path in INTEGERS:
            values = other if accepted(other := changed(values, path, size), str(path[0])) else values
        filled.append(values)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(rendered, filled))
    assert [(size, error) for size, (code, _, error) in zip(SIZES, outcomes, strict=True) if code] == []
    exponents = re.compile(r"\b[0-9.]+e\+[0-9]+")
    assert [size for size, (_, out, _) in zip(SIZES, outcomes, strict=True) if exponents.search(out)] == []
    assert sum(values != base for values in filled) > 10


def test_a_timeout_of_a_million_seconds_is_written_out() -> None:
    _, text, _ = rendered(
        {
            "proxy": {
                "idleTimeoutSeconds": 1000000,
                "maxConnections": 1000000,
                "resources": {"limits": {"memory": "1Ti"}},
            }
        }
    )
    assert "idle_timeout: 1000000s" in text
    assert "max_active_downstream_connections: 1000000\n" in text


@pytest.mark.parametrize(
    ("release", "namespace", "values"),
    [
        ("123", "123", {}),
        ("1e3", "null", {}),
        ("0x1f", "true", {"calico": {"enabled": True}}),
        ("null", "null", {"nameOverride": "null"}),
        ("sark", "sark", {"nameOverride": "123"}),
        ("sark", "sark", {"fullnameOverride": "123"}),
        ("a.b", "sark", {}),
        ("sark", "sark", {"opa": {"namespace": "123"}, "commonLabels": {"a": "1e3", "b": "null", "c": "yes"}}),
    ],
)
def test_names_that_look_like_something_else_are_text(release: str, namespace: str, values: dict[str, Any]) -> None:
    ran = helm(["template", release, str(CHART), "-n", namespace, "--kube-version", "1.34.0", "-f", "-"], values)
    assert ran.returncode == 0, ran.stderr
    for body in objects(ran.stdout):
        meta = body["metadata"]
        texts = [meta["name"], meta.get("namespace", ""), *meta["labels"].values()]
        pod = body["spec"].get("template", {}).get("metadata", {}).get("labels", {}) if "spec" in body else {}
        assert all(isinstance(text, str) for text in (*texts, *pod.values())), body["metadata"]
        if body["kind"] == "Service":
            assert re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", meta["name"])


def paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key)
            yield from paths(item, (*path, key))


def nested(path: tuple[str, ...], leaf: Any) -> Any:
    for step in reversed(path):
        leaf = {step: leaf}
    return leaf


def test_nothing_in_the_place_of_any_value_is_refused() -> None:
    # A part that is on unless switched off stays on (test_parts).
    on = {(name, "enabled") for name, block in BASE.items() if isinstance(block, dict) and block.get("enabled")}
    kept = on & {(part.name, "enabled") for part in chart().parts}
    cases = [path for path in paths(BASE) if path != ("global",) and path not in kept]
    assert [path for path in cases if accepted(merge(BASE, nested(path, None)), path[0])] == []
    sample = [path for path in cases if len(path) == 1 or path[-1] in ("enabled", "tag", "podSelector", "cpu")]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda path: rendered(nested(path, None)), sample))
    assert [path for path, (code, _, error) in zip(sample, outcomes, strict=True)
            if not code or f"missing property '{path[-1]}'" not in error] == []  # fmt: skip


def test_the_keys_that_must_be_there_are_those_of_values_yaml() -> None:
    from tools.render.parts import complete_line

    assert complete_line(chart().values.documents[0].body) in (CHART / "values.schema.json").read_text().splitlines()


def test_a_users_own_anchors_may_stand_beside_the_values() -> None:
    values = "x-labels: &labels {team: a}\ncommonLabels: *labels\n"
    ran = helm(["template", "sark", str(CHART), "-f", "-"], values)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert judge(SCHEMA, merge(BASE, yaml.safe_load(values))) == ()


def test_a_key_that_is_null_is_refused_by_both() -> None:
    values = "commonLabels: {null: x}\n"
    ran = helm(["template", "sark", str(CHART), "-f", "-"], values)
    assert "unsupported map key" in ran.stderr
    assert [problem.message for problem in parse(values, "values.yaml").problems] == [
        "a key is empty or null, which Helm and kubectl refuse; write it in quotes"
    ]
