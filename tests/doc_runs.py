"""What a page must not say, found by running it: each check takes its text and yields what is wrong with it."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.markdown import blocks, commands, spans
from tools.render.helm import find

CHART = Path("charts/sark-network")
RELEASE = ("sark-network", "sark")


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
        manifests, complaint = rendered(yaml.safe_load(block.text))
        if complaint:
            yield f"{block.line}: does not render: {complaint.strip()}"
        elif manifests == _default():
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
        elif rest and re.search(rf"^    {re.escape(rest[0])} ", text_of_help, re.MULTILINE):
            text_of_help = _help(words[2], rest[0])[1]
        for option in rest:
            name = option.split("=")[0]
            if name.startswith("--") and not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text_of_help):
                yield f"{line}: {words[2]} has no {name}"


@cache
def _help(*words: str) -> tuple[bool, str]:
    ran = subprocess.run([sys.executable, "-m", *words, "--help"], capture_output=True, text=True, check=False)
    return ran.returncode == 0, ran.stdout


def object_names(text: str) -> Iterator[str]:
    """Objects named in commands and in code are ones that the chart renders, under the release that the docs use."""
    for code, line in (*spans(text), *commands(text)):
        for name in re.findall(r"(?<![\w.-])sark-network-[a-z-]+[a-z](?![\w.-])", code):
            if name not in _objects():
                yield f"{line}: the chart renders no {name}"


@cache
def _objects() -> frozenset[str]:
    """Every name of every object, with all workloads on the list, Calico and the DNS guard on."""
    listed = [{"name": "all.example.com", "workloads": ["gateway", "database", "cache", "opa"]}]
    on = {"enabled": True}
    manifests, complaint = rendered({"egress": {"domains": listed}, "calico": on, "dnsGuard": {**on, "steering": on}})
    assert not complaint
    return frozenset(body["metadata"]["name"] for body in yaml.load_all(manifests, yaml.CSafeLoader) if body)


def outputs(text: str) -> Iterator[str]:
    """Blocks headed `console run`: each `$` line is run, and prints what follows; a line `…` stands for any lines."""
    for block in blocks(text):
        if block.info != ("console", "run"):
            continue
        for part in re.split(r"^\$ ", re.sub(r"\\\n\s*", " ", block.text), flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            printed = _run(command)
            if not fits(shown.strip("\n"), printed):
                yield f"{block.line}: `{command}` prints\n{printed}"


@cache
def _run(command: str) -> str:
    # What `make validate` does once everything is set up.
    words = re.sub("^make validate$", "python -m tools.validate", command)
    words = re.sub(
        "^python ", f"{shlex.quote(sys.executable)} ", re.sub("^helm ", f"{shlex.quote(find().path)} ", words)
    )
    ran = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=False)
    return (ran.stdout + ran.stderr).strip("\n")


def fits(shown: str, printed: str) -> bool:
    """Whether the shown output is the printed one. A line `…` is any lines; `…` inside a line is any text."""
    pattern = "".join(
        r"(?:[^\n]*\n)*?" if line.strip() == "…" else re.escape(line).replace("…", r"[^\n]*") + r"\n"
        for line in shown.splitlines()
    )
    return re.fullmatch(pattern, "".join(f"{line.rstrip()}\n" for line in printed.splitlines())) is not None


def notes(text: str) -> Iterator[str]:
    """After `NOTES:` in a shown `helm install` stands what the chart says for the values of that command."""
    for block in blocks(text):
        joined = re.sub(r"\\\n\s*", " ", block.text)
        for part in re.split(r"^\$ ", joined, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            _, separator, after = shown.partition("NOTES:\n")
            if separator and not fits(after.strip("\n"), expected := _notes(command.removeprefix("helm "))):
                yield f"{block.line}: the notes are\n{expected}"


@cache
def _notes(command: str) -> str:
    """The notes of a `helm install` command, as the pages show it."""
    words = [word for word in shlex.split(command) if word not in ("--install", "--create-namespace")]
    return _rendered(words[1], words[3:], "")


def rendered_notes(values: Mapping[str, Any]) -> str:
    """The notes for values, of release sark in namespace sark."""
    return _rendered("sark", ["-n", "sark", "-f", "-"], json.dumps(values))


def _rendered(release: str, flags: list[str], values: str) -> str:
    """NOTES.txt, rendered as an object of a copy of the chart: Helm 3 shows notes to those with a cluster alone."""
    with tempfile.TemporaryDirectory() as made:
        copy = Path(made) / "chart"
        shutil.copytree(CHART, copy)
        template = (copy / "templates/NOTES.txt").read_text()
        (copy / "templates/NOTES.txt").unlink()
        shape = '{{ define "told" }}%s{{ end }}\nkind: Notes\ntext: {{ include "told" . | toJson }}\n'
        (copy / "templates/notes.yaml").write_text(shape % template)
        only = ["--show-only", "templates/notes.yaml", "--kube-version", "1.34.0"]
        command = [find().path, "template", release, str(copy), *flags, *only]
        ran = subprocess.run(command, input=values, capture_output=True, text=True, check=False)
    body = yaml.safe_load(ran.stdout) or {"text": ran.stderr}
    return str(body["text"]).strip("\n")
