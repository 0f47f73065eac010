"""The stages of a run, and the modules that hold each one's checks.

Named, not imported: a run loads what it uses, and schemas take long to load.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tools.findings.model import Check, Severity, rule_id

MODULES: Mapping[str, tuple[str, ...]] = {
    "values": ("tools.manifests.rules.yaml", "tools.validate.rules.values", "tools.findings.suppress"),
    "render": ("tools.validate.rules.render",),
    "manifests": ("tools.manifests.rules.objects", "tools.manifests.rules.schemas", "tools.manifests.rules.calico_api"),
    "policies": ("tools.policies.rules.registry", "tools.reach.rules.registry"),
    "egress": ("tools.egress.rules",),
    "flows": ("tools.reach.flows.rules",),
    "envoy": ("tools.egress.envoy.rules",),
    "refusals": ("tools.validate.chart.refusals",),
    "wrong-values": ("tools.validate.chart.wrong_values",),
    "helms": ("tools.validate.chart.helms",),
    "terraform": ("tools.terraform.rules.source", "tools.terraform.rules.registry", "tools.terraform.rules.comments"),
    "layers": ("tools.terraform.rules.layers", "tools.terraform.rules.managed_stores", "tools.terraform.rules.eks"),
}
# Those that somebody has to ask for.
ASKED = ("refusals", "wrong-values", "helms")
# Those that need an environment's render; Terraform does not.
STAGES = tuple(name for name in MODULES if name not in ("terraform", "layers", *ASKED))


def checks(stage: str) -> tuple[Check[Any], ...]:
    """The checks of a stage."""
    return tuple(check for module in MODULES[stage] for check in importlib.import_module(module).CHECKS)


def severities(check: Callable[..., object]) -> tuple[Severity, ...]:
    """The severities that a check's findings have, the worst first: as its module declares them, else errors alone."""
    declared: Mapping[Callable[..., object], tuple[Severity, ...]] = getattr(
        importlib.import_module(check.__module__), "SEVERITIES", {}
    )
    return declared.get(check, (Severity.ERROR,))


def manual(stages: Iterable[str] = MODULES) -> dict[str, str]:
    """Each rule's id and manual entry: its docstring, the first line of which says the fact that holds."""
    entries = {rule_id(check): inspect.getdoc(check) or "" for stage in stages for check in checks(stage)}
    return dict(sorted(entries.items()))
