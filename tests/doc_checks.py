"""What the docs must not say: each check takes the text of one page and yields what is wrong with it."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from markdown import anchors, blocks, commands, links, prose, spans, table

from tools.allowlist import Suffixes, matches, parse_values
from tools.helm import find

CHART = Path("charts/sark-network")
SUFFIXES = Suffixes.parse((CHART / "files/public-suffixes.txt").read_text())
RELEASE = ("sark-network", "sark")

_ROOTS = ("charts/", "tools/", "tests/", "docs/", "bench/", "terraform/", ".ci/")
_ROOT_FILE = re.compile(r"[\w.-]+\.(ya?ml|toml|md|lock|txt)|Makefile|LICENSE")
_KEY = re.compile(r"[a-z][A-Za-z]*(\[\]|\[\d+\])?(\.[a-z][A-Za-z]*(\[\]|\[\d+\])?)+")
_HOST = re.compile(r".*\.(com|test|example|uk|io|internal|svc|local)")
# Dotted words that are somebody else's: Calico's, Kubernetes', a shell's.
_NOT_VALUES = {"destination.domains", "rules.dns"}


def paths(text: str, page: Path) -> Iterator[str]:
    """Repository paths in code, and relative links with their anchors."""
    words = [(word, line) for code, line in (*spans(text), *commands(text)) for word in code.split()]
    for word, line in words:
        path = word.strip("'\"(),;").removeprefix("./").removesuffix(":").split("#")[0]
        rooted = path.startswith(_ROOTS) and not any(Path().glob(re.sub(r"<\w+>", "*", path).rstrip("/")))
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


def rendered(values: Mapping[str, Any]) -> tuple[str, str]:
    """What helm template prints for the values, and what it complains of."""
    command = [find().path, "template", RELEASE[0], str(CHART), "-n", RELEASE[1], "--kube-version", "1.34.0", "-f", "-"]
    ran = subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, check=False)
    return ran.stdout, ran.stderr if ran.returncode else ""


def values_blocks(text: str) -> Iterator[str]:
    """Blocks headed `yaml values` render, and say something that the defaults do not."""
    for block in blocks(text):
        if block.info != ("yaml", "values"):
            continue
        said, complaint = rendered(yaml.safe_load(block.text))
        if complaint:
            yield f"{block.line}: does not render: {complaint.strip()}"
        elif said == _default():
            yield f"{block.line}: changes nothing"


@cache
def _default() -> str:
    return rendered({})[0]


def python_commands(text: str) -> Iterator[str]:
    """`python -m tools.X …`: the module is there, and its --help knows the words and options."""
    for command, line in commands(text):
        words = shlex.split(command.split(" | ")[0].split(" > ")[0])
        if words[:2] != ["python", "-m"] or not words[2].startswith("tools."):
            continue
        known, text_of_help = _help(words[2])
        if not known:
            yield f"{line}: there is no {words[2]}"
            continue
        rest = words[3:]
        choices = re.search(r"^  \{([\w,-]+)\}$", text_of_help, re.MULTILINE)
        if choices and rest and not rest[0].startswith("-"):
            if rest[0] not in choices[1].split(","):
                yield f"{line}: {words[2]} has no {rest[0]}"
                continue
            text_of_help = _help(words[2], rest[0])[1]
        for option in rest:
            name = option.split("=")[0]
            if name.startswith("--") and not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text_of_help):
                yield f"{line}: {words[2]} has no {name}"


@cache
def _help(*words: str) -> tuple[bool, str]:
    ran = subprocess.run([sys.executable, "-m", *words, "--help"], capture_output=True, text=True, check=False)
    return ran.returncode == 0, ran.stdout


def make_targets(text: str) -> Iterator[str]:
    """`make X` is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", Path("Makefile").read_text(), re.MULTILINE))
    for command, line in commands(text):
        words = command.split()
        if words[0] == "make":
            for word in words[1:]:
                if "=" not in word and word not in targets:
                    yield f"{line}: make has no target {word}"


def object_names(text: str) -> Iterator[str]:
    """Objects named in commands and in code are ones that the chart renders, under the release that the docs use."""
    for code, line in (*spans(text), *commands(text)):
        for name in re.findall(r"(?<![\w.-])sark-network-[a-z-]+[a-z](?![\w.-])", code):
            if name not in _objects():
                yield f"{line}: the chart renders no {name}"


@cache
def _objects() -> frozenset[str]:
    """Every name of every object, with all workloads on the list and Calico on."""
    listed = [{"name": "all.example.com", "workloads": ["gateway", "database", "cache", "opa"]}]
    said, complaint = rendered({"egress": {"domains": listed}, "calico": {"enabled": True}})
    assert not complaint
    return frozenset(body["metadata"]["name"] for body in yaml.load_all(said, yaml.CSafeLoader) if body)


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
    plain = re.sub(r"\|[^|]*\|", " ", body)
    labelled = set(re.findall(r"\b(\w+)(?=[\[({])", plain)) | set(
        re.findall(r"^\s*subgraph (\w+)", plain, re.MULTILINE)
    )
    bare = re.sub(r"[\[({]+[^\])}]*[\])}]+", " ", plain)
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
        said = " ".join(problem.message for problem in problems)
        if because not in said:
            yield f"{written}: is told {said or 'nothing'!r} and not {because!r}"


def outputs(text: str) -> Iterator[str]:
    """Blocks headed `console run`: each `$` line is run, and prints what follows; a line `…` stands for any lines."""
    for block in blocks(text):
        if block.info != ("console", "run"):
            continue
        for part in re.split(r"^\$ ", re.sub(r"\\\n\s*", " ", block.text), flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            printed = _run(command)
            if not _fits(shown.strip("\n"), printed):
                yield f"{block.line}: `{command}` prints\n{printed}"


@cache
def _run(command: str) -> str:
    words = command.replace("python -m", f"{sys.executable} -m", 1) if command.startswith("python -m") else command
    if words.startswith("helm "):
        words = f"{find().path} {words[5:]}"
    ran = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=False)
    return (ran.stdout + ran.stderr).strip("\n")


def _fits(shown: str, printed: str) -> bool:
    """Whether the shown output is the printed one. A line `…` is any lines; `…` inside a line is any text."""
    pattern = "".join(
        r"(?:[^\n]*\n)*?" if line.strip() == "…" else re.escape(line).replace("…", r"[^\n]*") + r"\n"
        for line in shown.splitlines()
    )
    return re.fullmatch(pattern, "\n".join(line.rstrip() for line in printed.splitlines()) + "\n") is not None


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


def unfinished(text: str) -> Iterator[str]:
    """Marks that somebody meant to come back to."""
    for number, line in enumerate(prose(text).splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX|TBD)\b", line):
            yield f"{number}: {line.strip()}"
