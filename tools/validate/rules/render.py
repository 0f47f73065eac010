"""The check of a render that failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.findings.model import Problem, Where
from tools.manifests.paths import leading
from tools.render.helm_errors import RenderError
from tools.render.values import Values


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a render of these values ended: `error` is None when it gave manifests. `chart` is the chart's directory."""

    values: Values
    chart: str
    error: RenderError | None


def chart_renders(rendering: Rendering) -> Iterator[Problem]:
    """The chart renders with these values.

    A template that fails says why: either it refuses the values itself (its message begins with the key that is
    wrong, and the finding stands at that key's line), or it has a fault, and the finding stands in the template. A
    values file that Helm cannot read is a finding, too, where nothing else was said of it.
    """
    error = rendering.error
    if error is not None and error.kind == "values":
        names = (layer.file for layer in rendering.values.layers)
        file = next((name for name in names if error.where.file.endswith(f"/{name.lstrip('./')}")), error.where.file)
        yield Problem(Where(file, "", error.where.line), error.message)
    if error is None or error.kind != "template":
        return
    path = leading(error.message)
    place = rendering.values.where(path) if path else Where("")
    if place.line:
        yield Problem(place, error.message)
    elif error.where.file:
        yield Problem(Where(f"{rendering.chart}/{error.where.file}", "", error.where.line), error.message)
    else:
        yield Problem(Where(rendering.values.file), error.message)


CHECKS = (chart_renders,)
