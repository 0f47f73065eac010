"""What a page must not say, found by reading: each check takes its text and yields what is wrong with it."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.markdown import anchors, blocks, commands, links, prose, spans, table
from tests.test_layers import in_shell
from tools.egress.allowlist import Suffixes, matches, parse_values
from tools.egress.engines import ENGINES

CHART = Path("charts/sark-network")
GOLDEN = Path("tests", "golden")
SUFFIXES = Suffixes.parse((CHART / "files/public-suffixes.txt").read_text())

_ROOTS = ("charts/", "tools/", "tests/", "docs/", "bench/", "terraform/", ".ci/")
_ROOT_FILE = re.compile(r"[\w.-]+\.(ya?ml|toml|md|lock|txt)|Makefile|LICENSE")
_KEY = re.compile(r"[a-z][A-Za-z]*(\[\]|\[\d+\])?(\.[a-z][A-Za-z]*(\[\]|\[\d+\])?)+")
_HOST = re.compile(r".*\.(com|test|example|uk|io|internal|svc|local)")
# Dotted words that are somebody else's: Calico's, Kubernetes', a shell's.
_NOT_VALUES = {
    "destination.domains",
    "rules.dns",
    "spec.ingress",
    "spec.egress",
    "override.tf",
    "platform.tf",
    "name.namespace",
    "projectcalico.org",
    "crd.projectcalico.org",
}


def paths(text: str, page: Path) -> Iterator[str]:
    """Repository paths in code, and relative links with their anchors."""
    words = [(word, line) for code, line in (*spans(text), *commands(text)) for word in code.split()]
    for word, line in words:
        path = word.strip("'\"(),;").removeprefix("./").removesuffix(":").split("#")[0]
        rooted = path.startswith(_ROOTS) and not any(Path().glob(re.sub(r"<\w+>|NAME", "*", path).rstrip("/")))
        if rooted or (_ROOT_FILE.fullmatch(path) and not _is_known_file(path, page)):
            yield f"{line}: {path} is not there"
    for target, line in links(text):
        file, _, anchor = target.partition("#")
        if file.startswith(("http://", "https://")):
            continue
        place = page.parent / file if file else page
        if not place.exists():
            yield f"{line}: the link to {target} leads nowhere"
        elif anchor and anchor not in anchors(text if not file else place.read_text()):
            yield f"{line}: {target} has no such heading"


def _is_known_file(name: str, page: Path) -> bool:
    if name == "mine.yaml":  # the reader's own
        return True
    return Path(name).exists() or (page.parent / name).exists() or any(Path("charts").rglob(name))


def keys(text: str) -> Iterator[str]:
    """Values keys in inline code and after --set."""
    for code, line in spans(text):
        word = re.split("[=:]", code)[0]
        foreign = _HOST.fullmatch(word) or _ROOT_FILE.fullmatch(word) or word in _NOT_VALUES
        if _KEY.fullmatch(word) and not foreign and not _is_key(word):
            yield f"{line}: {word} is no key of values.yaml"
    for command, line in commands(text):
        for setting in _settings(command):
            if not _is_key(setting):
                yield f"{line}: {setting} is no key of values.yaml"


def _settings(command: str) -> Iterator[str]:
    words = shlex.split(command)
    for flag, value in pairwise(words):
        if flag in ("--set", "--set-json", "--set-string"):
            whole = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", value)
            yield from (part.split("=")[0] for part in whole.split(",") if part)


@cache
def _schema() -> Mapping[str, Any]:
    schema: Mapping[str, Any] = json.loads((CHART / "values.schema.json").read_text())
    return schema


def _is_key(word: str) -> bool:
    node: Mapping[str, Any] = _schema()
    for part in re.sub(r"\[\d*\]", ".[]", word).split("."):
        node = _resolved(node)
        for more in node.get("allOf", ()):
            shared = _resolved(more)
            node = {**node, "properties": {**shared.get("properties", {}), **node.get("properties", {})}}
        other = node.get("additionalProperties") or {}
        node = node.get("items", {}) if part == "[]" else node.get("properties", {}).get(part, other)
        if not node:
            return False
    return True


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        node = _schema()["definitions"][node["$ref"].removeprefix("#/definitions/")]
    # An entry of the list is a string or an object; keys are the object's.
    return node.get("then", node) if "properties" not in node and "properties" in node.get("then", {}) else node


def make_targets(text: str) -> Iterator[str]:
    """`make X` is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", Path("Makefile").read_text(), re.MULTILINE))
    for command, line in commands(text):
        words = command.split()
        if words[0] == "make":
            for word in words[1:]:
                if "=" not in word and word not in targets:
                    yield f"{line}: make has no target {word}"


def mermaid(text: str) -> Iterator[str]:
    """Diagrams: a known kind, balanced brackets and subgraphs, and no edge to a node that nothing describes."""
    for block in blocks(text):
        if block.info[:1] != ("mermaid",):
            continue
        first, *rest = block.text.splitlines()
        if not re.fullmatch(r"flowchart (LR|TD|TB|RL|BT)|sequenceDiagram", first.strip()):
            yield f"{block.line}: `{first}` begins no diagram"
            continue
        body = "\n".join(rest)
        for left, right in ("[]", "()", "{}"):
            if body.count(left) != body.count(right):
                yield f"{block.line}: {left} and {right} are not balanced"
        opened, closed = (len(re.findall(rf"^\s*{word}\b", body, re.MULTILINE)) for word in ("subgraph", "end"))
        if opened != closed:
            yield f"{block.line}: {opened} subgraph, {closed} end"
        if first.startswith("flowchart"):
            yield from (f"{block.line}: {node} has no label" for node in sorted(_unlabelled(body)))


def _unlabelled(body: str) -> set[str]:
    """Nodes that an edge uses and that nowhere have a label: a name that was mistyped."""
    unlabelled = re.sub(r"\|[^|]*\|", " ", body)
    labelled = set(re.findall(r"\b(\w+)(?=[\[({])", unlabelled)) | set(
        re.findall(r"^\s*subgraph (\w+)", unlabelled, re.MULTILINE)
    )
    bare = re.sub(r"[\[({]+[^\])}]*[\])}]+", " ", unlabelled)
    edges = [line for line in bare.splitlines() if re.search(r"--|-\.|==", line)]
    used = {
        word for line in edges for word in re.findall(r"\b\w+\b", re.sub(r"[xo]?[-=.]{2,}[->xo]*|-\.-[x>]?", " ", line))
    }
    return used - labelled


def semantics(text: str) -> Iterator[str]:
    """The tables of what an entry allows, and of what is refused."""
    for entry, allows, denies in table(text, "Entry", "Allows", "Does not allow"):
        for cell, expected in ((allows, True), (denies, False)):
            for host in re.findall(r"`([^`]+)`", cell):
                if matches(entry.strip("`"), host) is not expected:
                    yield f"{entry} {'does not allow' if expected else 'allows'} {host}"
    for written, because in table(text, "Written", "Because"):
        name = written.strip("`")
        _, problems = parse_values({"egress": {"domains": [name]}}, suffixes=SUFFIXES)
        messages = " ".join(problem.message for problem in problems)
        if because not in messages:
            yield f"{written}: is told {messages or 'nothing'!r} and not {because!r}"


def described_policies(guide: str) -> Iterator[str]:
    """Every policy template has a heading and a row in the guide."""
    rows = {row[0].strip("`") for row in table(guide, "Template", "Says", "Switched by")}
    for template in sorted(CHART.glob("templates/*.yaml")):
        if template.stem == "requirements":
            continue
        if template.name not in rows:
            yield f"{template.name} has no row in the table of policies"
        if template.stem not in anchors(guide):
            yield f"{template.name} has no section"
    for name in sorted(rows - {template.name for template in CHART.glob("templates/*.yaml")}):
        yield f"{name} is no template"


def explained_reasons(guide: str) -> Iterator[str]:
    """Every reason that the proxy's log can give has a row, and every row's reason is one that it gives."""
    notices = {row[1].strip("`") for row in table(guide, "Verdict", "Reason", "Means") if row[1].startswith("`")}
    rendered = "\n".join(file.read_text() for file in sorted(GOLDEN.glob("*/*.yaml")))
    # A reason stands in a line of the log, or is a route's name there.
    given = set(re.findall(r'^ +reason: "([a-z.-]+)"$', rendered, re.MULTILINE)) | set(
        re.findall(r"name: (not-in-[a-z.]+|plain-http|expired)\n", rendered)
    )
    yield from (f"{reason} has no row" for reason in sorted(given - notices))
    yield from (f"{reason} is no reason of the proxy's" for reason in sorted(notices - given))


def described_engines(page: str) -> Iterator[str]:
    """Every engine has a row, which names each of its gaps."""
    rows = {row[0].strip("`"): row[2] for row in table(page, "Engine", "`*.d` becomes", "Cannot say", "Needs")}
    for engine in ENGINES:
        yield from (
            f"{engine.name} cannot say {gap.name}" for gap in engine.gaps if gap.name not in rows.get(engine.name, "")
        )
        if engine.name not in rows:
            yield f"{engine.name} has no row"
    yield from (f"{name} is no engine" for name in sorted(rows.keys() - {engine.name for engine in ENGINES}))


def rooms(page: str) -> Iterator[str]:
    """The core and the shell of the page are those that tests/test_layers.py keeps apart."""
    for side, shell in (("Core", False), ("Shell", True)):
        named = re.findall(r"`(tools/[\w/.]+)`", " ".join(row[0] for row in table(page, side, "For")))
        yield from (
            f"{name} is not of the {side.lower()}" for name in named if in_shell(name.removesuffix(".py")) is not shell
        )


def unfinished(text: str) -> Iterator[str]:
    """Marks that somebody meant to come back to."""
    for number, line in enumerate(prose(text).splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX|TBD)\b", line):
            yield f"{number}: {line.strip()}"
