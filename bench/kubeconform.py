"""kubeconform, with Kubernetes' own schemas and without a network.

Its program is built once, and each kind that is rendered has a schema, cut from those that kubernetes-validate brings.

kubeconform reads one file a kind and follows no reference into another, so a schema has to hold what it refers to.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate

ROOT = Path(__file__).resolve().parent.parent
VERSION = "v0.7.0"
SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / "v1.34.0-local-strict"
_REFERENCE = re.compile(r'"(?:/api/_definitions\.json)?#/\$defs/([^"]+)"')


def program() -> Path | str:
    """The executable, or why there is none."""
    path = ROOT / ".cache" / "bench" / "kubeconform"
    if path.exists():
        return path
    module = f"github.com/yannh/kubeconform/cmd/kubeconform@{VERSION}"
    command = ["env", f"GOBIN={path.parent}", "go", "install", module]
    try:
        built = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return path if built.returncode == 0 else built.stderr.strip()[-200:]


def command(program: Path, schemas: Path, files: Iterable[str]) -> list[str]:
    """Judge the files; kinds that no schema is there for, such as Calico's, are passed over."""
    location = f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    return [str(program), "-strict", "-ignore-missing-schemas", "-schema-location", location, *files]


def write_schemas(target: Path, objects: Iterable[Mapping[str, Any]]) -> int:
    """A schema for each kind of the objects that Kubernetes itself has, in `target`; how many."""
    definitions = json.loads((SCHEMAS / "_definitions.json").read_text())["$defs"]
    names = {_file(body) for body in objects}
    there = [name for name in sorted(names) if (SCHEMAS / name).exists()]
    for name in there:
        (target / name).write_text(_whole((SCHEMAS / name).read_text(), definitions))
    return len(there)


def _file(body: Mapping[str, Any]) -> str:
    group, _, version = str(body["apiVersion"]).rpartition("/")
    parts = (str(body["kind"]), group.partition(".")[0], version)
    return f"{'-'.join(filter(None, parts)).lower()}.json"


def _whole(text: str, definitions: Mapping[str, Any]) -> str:
    """A schema with the definitions that it refers to, and those that these refer to."""
    needed: dict[str, Any] = {}
    pending = _REFERENCE.findall(text)
    while pending:
        name = pending.pop()
        if name not in needed:
            needed[name] = definitions[name]
            pending += _REFERENCE.findall(json.dumps(definitions[name]))
    own = json.loads(text) | {"$defs": needed}
    return _REFERENCE.sub(r'"#/$defs/\1"', json.dumps(own))
