"""The table of what an API refuses (tests/reach/validation.yaml), and a cluster asked whether it says the same.

Of Kubernetes' kinds a dry run is asked for. Calico's API server validates only while it stores, so there an object is
made, which selects nobody, and taken away again. Kinds that the cluster does not serve are told and not tried.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from kubernetes import dynamic

from tools.cluster.errors import CannotRunError
from tools.cluster.kube import Kube, explain
from tools.cluster.verdict import FAIL, PASS, Result
from tools.manifests.documents import LOADER

TABLE = Path("tests/reach/validation.yaml")
STATE = "what the API refuses"
_REPEATED = re.compile(r"<(.)\*(\d+)>")
TIMES = "<times>"
NULL = "<null>"


@dataclass(frozen=True, slots=True)
class RefusalCase:
    """One object, and whether it is taken. `offline`: why a cluster is not asked."""

    rule: str
    where: str
    body: Mapping[str, Any]
    good: bool
    says: tuple[str, ...]
    offline: str = ""

    @property
    def title(self) -> str:
        """How results call it."""
        return f"{self.body['kind']}: {self.rule}"


def cases(table: Mapping[str, Any]) -> Iterator[RefusalCase]:
    """Every case of the table."""
    for row in table["rows"]:
        says = row["says"] if isinstance(row["says"], list) else [row["says"]]
        for good in (True, False):
            for over in row["good" if good else "bad"]:
                body = nulls(laid_over(table["bases"][row["of"]], written_out(over)))
                yield RefusalCase(row["rule"], row["where"], body, good, tuple(says), row.get("offline", ""))


def read(path: Path = TABLE) -> tuple[RefusalCase, ...]:
    """The cases of a file."""
    return tuple(cases(yaml.load(path.read_text(encoding="utf-8"), LOADER)))


def laid_over(base: Any, over: Any) -> Any:
    """Mappings field by field, null takes away; anything else replaces."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    merged = {key: value for key, value in base.items() if key not in over}
    return merged | {key: laid_over(base.get(key), value) for key, value in over.items() if value is not None}


def written_out(value: Any) -> Any:
    """The same with what is short for many written out: `<x*3>` in a text, `{<times>: 3, item: …}` in a list."""
    if isinstance(value, str):
        return _REPEATED.sub(lambda match: match[1] * int(match[2]), value)
    if isinstance(value, dict):
        return {written_out(key): written_out(inner) for key, inner in value.items()}
    if not isinstance(value, list):
        return value
    items = [written_out(item) for item in value]
    return [part for item in items for part in (_many(item) if isinstance(item, dict) and TIMES in item else [item])]


def nulls(value: Any) -> Any:
    """The same with null for the text <null>: a null of the table takes a field away."""
    if isinstance(value, dict):
        return {key: nulls(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [nulls(item) for item in value]
    return None if value == NULL else value


def _many(item: Mapping[str, Any]) -> list[Any]:
    return [item["item"]] * int(item[TIMES])


@dataclass
class ClusterAnswers:
    """What a cluster said to the cases that it could be asked."""

    results: list[Result] = field(default_factory=list)
    agreed: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def ask(kube: Kube, every: tuple[RefusalCase, ...]) -> ClusterAnswers:
    """Each case tried in a cluster: a failed result for each that is taken and should not be, or the contrary."""
    outcomes = ClusterAnswers()
    for case in every:
        if case.offline:
            outcomes.left_out[case.offline] += 1
            continue
        try:
            resource = kube.kind(case.body["apiVersion"], case.body["kind"])
        except dynamic.exceptions.ResourceNotFoundError:
            outcomes.left_out[f"{case.body['apiVersion']} is not served"] += 1
            continue
        refusal = _refusal(resource, case.body)
        if bool(refusal) == case.good:
            outcome = f"is refused: {refusal}" if refusal else "is taken"
            body = yaml.safe_dump(dict(case.body), default_flow_style=True, width=10_000).strip()[:2000]
            outcomes.results.append(
                Result(f"refused-as-written-{len(outcomes.results)}", STATE, FAIL, f"{case.title} {outcome}: {body}")
            )
        else:
            outcomes.agreed += 1
    outcomes.results.append(_summed_up(outcomes))
    return outcomes


def _summed_up(outcomes: ClusterAnswers) -> Result:
    left = "".join(f"; {number} not tried: {why}" for why, number in outcomes.left_out.items())
    message = f"{outcomes.agreed} of {outcomes.agreed + len(outcomes.results)} cases are as the table has them{left}"
    return Result("refused-as-written", STATE, FAIL if outcomes.results or not outcomes.agreed else PASS, message)


def _refusal(resource: Any, body: Mapping[str, Any]) -> str:
    """Why an object is refused; "" when it is taken. Nothing of it is left."""
    metadata = body["metadata"]
    space = metadata.get("namespace") if resource.namespaced else None
    dry = {} if "projectcalico.org" in body["apiVersion"] else {"dry_run": "All"}
    try:
        made = resource.create(body=dict(body), namespace=space, **dry)
    except dynamic.exceptions.ConflictError as error:
        raise CannotRunError(f"{body['kind']} {metadata.get('name')} is there already: {explain(error)}") from error
    except dynamic.exceptions.DynamicApiError as error:
        return explain(error) or "refused"
    if not dry:
        resource.delete(name=made.metadata.name, namespace=space)
    return ""
