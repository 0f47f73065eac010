"""What Envoy says about its own configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.findings.model import Problem, Where


@dataclass(frozen=True, slots=True)
class EnvoyVerdict:
    """Envoy's complaints about the configuration at a place, as it words them; none when it accepts it."""

    where: Where
    complaints: tuple[str, ...]


def envoy_accepts_its_configuration(judgement: EnvoyVerdict) -> Iterator[Problem]:
    """Envoy's own release binary accepts the configuration that it would be started with.

    The schema of Kubernetes sees a string in a ConfigMap. Envoy refuses a listener or a route file that it cannot read
    and goes on with what it has, or with none: a first start without listeners looks healthy and denies everything. So
    the files are put together as the pod would see them and given to `envoy --mode validate`, of the version that the
    chart runs. A warning counts too: it names a field that the next version no longer knows.

    Write what the message asks for in the template that the finding names, `templates/_envoy*.tpl`.

    Source: Envoy documentation, Operations and administration, Command line options: `--mode validate`.
    """
    for complaint in judgement.complaints:
        yield Problem(judgement.where, f"Envoy does not accept it: {complaint}")


CHECKS = (envoy_accepts_its_configuration,)
