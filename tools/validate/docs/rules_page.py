"""docs/rules.md, from the docstrings of the checks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.findings.model import rule_id
from tools.findings.stages import MODULES, checks, severities
from tools.validate.docs.page_file import PageFile

FILE = Path(__file__).parents[3] / "docs" / "rules.md"

INTRODUCTION = """# Rules

Written by `python -m tools.validate.docs` from the docstrings of the checks; edit those, not this file.
`python -m tools.validate --explain RULE` prints an entry.

Errors and warnings fail a run, notes do not, unless `--fail-on` says otherwise; `--disable RULE` leaves a rule out, and
the report says so. Each of these switches off a finding in place, with a reason and a last day:

- in a values file or in Terraform, the comment `# sark:ignore RULE until YYYY-MM-DD: REASON`, on the line or alone
  above it; in Terraform also above a block, for all of it;
- on an object, the annotation `sark-network/ignore: "RULE until YYYY-MM-DD: REASON"`, with one rule on each line;
- in Terraform, comments of checkov, Trivy, tfsec, TFLint and KICS, for the rules that list the same id as a peer. A
  note reports each of them.

A finding that begins with "cannot tell" says what is not known, and fails nothing; set the value in a tfvars file.
"""

TITLES = {
    "values": "Values",
    "render": "Rendering",
    "manifests": "Manifests: any object",
    "policies": "Policies",
    "egress": "Egress: what the manifests allow against what the values list",
    "envoy": "Envoy: its own verdict on the proxy's configuration",
    "refusals": "Refusals: values that a chart has to refuse (`--refused`)",
    "wrong-values": "Wrong values: made from the schema, tried at each place of it (`--wrong-values`)",
    "helms": "Helms: one chart by several versions of Helm (`--helm`)",
    "baseline": "Baseline: findings that somebody has accepted (`--baseline`)",
    "coverage": "Coverage: branches that no environment reaches, values that nothing reads (`--coverage`)",
    "terraform": "Terraform",
    "layers": "Layers: the clouds' firewalls against each other and against the chart's values",
}


def manual() -> str:
    """The whole of docs/rules.md."""
    return "\n".join((INTRODUCTION, *_index(), *(part for stage in MODULES for part in _stage(stage))))


def _index() -> Iterator[str]:
    yield "| rule | severity | what holds |\n|---|---|---|"
    for stage in MODULES:
        for check in sorted(checks(stage), key=rule_id):
            yield f"| [{rule_id(check)}](#{rule_id(check)}) | {_severity(check)} | {_entry(check)[0]} |"
    yield ""


def _stage(stage: str) -> Iterator[str]:
    yield f"## {TITLES.get(stage, stage.capitalize())}\n"
    for check in sorted(checks(stage), key=rule_id):
        fact, text = _entry(check)
        yield f"### {rule_id(check)}\n"
        yield f"**{fact}** ({_severity(check)})\n"
        yield f"{text}\n"


def _entry(check: Callable[..., object]) -> tuple[str, str]:
    """A docstring's first line, and the rest."""
    fact, _, text = (inspect.getdoc(check) or "").partition("\n")
    return fact, text.strip()


def _severity(check: Callable[..., object]) -> str:
    return " or ".join(severities(check))


def pages() -> Iterator[PageFile]:
    """The one page."""
    yield PageFile(FILE, manual(), "it is not what the checks' docstrings say")
