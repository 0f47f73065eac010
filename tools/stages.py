"""The stages of a run, and the modules that hold each one's checks.

Named, not imported: a run loads what it uses, and schemas take long to load.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from tools.model import Check, rule_id

MODULES: Mapping[str, tuple[str, ...]] = {
    "values": ("tools.checks.source", "tools.checks.values", "tools.suppress"),
    "render": ("tools.checks.render",),
    "manifests": ("tools.checks.manifests", "tools.checks.schemas", "tools.checks.calico_api"),
    "policies": ("tools.checks.policies",),
    "egress": ("tools.checks.egress",),
    "flows": ("tools.checks.flows",),
    "envoy": ("tools.checks.envoy",),
    "terraform": ("tools.checks.terraform_source", "tools.checks.terraform"),
    "layers": ("tools.checks.terraform_layers", "tools.checks.terraform_managed", "tools.checks.terraform_eks"),
}
# Those that need an environment's render; Terraform does not.
STAGES = tuple(name for name in MODULES if name not in ("terraform", "layers"))


def checks(stage: str) -> tuple[Check[Any], ...]:
    """The checks of a stage."""
    return tuple(check for module in MODULES[stage] for check in importlib.import_module(module).CHECKS)


def manual(stages: Iterable[str] = MODULES) -> dict[str, str]:
    """Each rule's id and manual entry: its docstring, the first line of which says the fact that holds."""
    found = {rule_id(check): inspect.getdoc(check) or "" for stage in stages for check in checks(stage)}
    return dict(sorted(found.items()))
