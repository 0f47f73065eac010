"""What is tried in a cluster: the rows of the specification, and the programs that try them."""

from __future__ import annotations

from pathlib import Path

from tools.cluster.errors import CannotRunError
from tools.cluster.internet import IN_PODS
from tools.reach.flows.read import Specification, read

SCRIPTS = ("answer.py", "probe.py")
# The environment of the specification that is installed here: that of TrialOptions, with its `values` laid over.
TRIAL = "trial"
# That of SARK's own manifests: the chart's defaults with `sark_values` laid over; only for rows that name it.
SHIPPED = "shipped"


def specification(path: Path, environment: str = TRIAL) -> Specification:
    """The rows that are tried in an environment, or a `CannotRunError` that names every bad one."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRunError(f"{path} cannot be read: {error}") from error
    spec, problems = read(text, str(path))
    if spec is None:
        problem_lines = "\n".join(f"  {it.where.file}:{it.where.line}: {it.where.path} {it.message}" for it in problems)
        raise CannotRunError(f"the specification of flows is wrong:\n{problem_lines}")
    rows = spec.of(environment)
    if not rows.flows:
        raise CannotRunError(f"{path}: no row holds in {environment}, which is what is tried in a cluster")
    return rows


def programs() -> dict[str, str]:
    """The programs that run inside the stand-ins."""
    return {name: (IN_PODS / name).read_text(encoding="utf-8") for name in SCRIPTS}
