"""The Terraform stages of a run of the validator: this project's modules, and its clouds against each environment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from tools.findings import suppress
from tools.findings.model import Finding, Stage, run
from tools.findings.recorder import Recorder
from tools.manifests.files import CHART, Chart, InputError, shown
from tools.render.values import load
from tools.terraform import beside
from tools.terraform.clouds.chart import Layers
from tools.terraform.language.model import Module
from tools.terraform.lint import in_comments, lint
from tools.terraform.modules.cache import Cache, folder
from tools.terraform.modules.files import TERRAFORM, Disk, roots
from tools.terraform.modules.read import Loader, evaluate_directory
from tools.terraform.rules import layers as terraform_layers
from tools.validate.manifests import Rules
from tools.validate.pipeline import Chosen

CLOUDS = ("aws", "gcp", "azure")


@dataclass(frozen=True, slots=True)
class Job:
    """What to judge: the chart, its environments and their files, the rules, and who is told of each stage.

    `cached` says whether files that were parsed before come from the user's cache.
    """

    chart: Chart
    environments: Mapping[str, Chosen]
    rules: Rules
    done: Callable[[Stage], None]
    directory: Path = TERRAFORM
    cached: bool = True
    cache: Cache = field(init=False)
    # Examples of none of the three clouds' roots, evaluated once, with the chart's own values.
    others: dict[str, Module] = field(default_factory=dict, init=False)
    loader: Loader = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cache", Cache(folder() if self.cached else None))
        object.__setattr__(self, "loader", Loader(Disk((self.directory.parent,)), parser=self.cache.parse))


def stages(job: Job) -> tuple[Stage, ...]:
    """The stage of the modules, and that of the layers for each environment."""
    recorder = Recorder("", job.done, job.rules.gate)
    recorder.run("terraform", lambda: modules(job))
    found = list(recorder.stages)
    for name, chosen in job.environments.items():
        one = Recorder(name, job.done, job.rules.gate)
        one.run("layers", partial(layers, job, chosen.environment, chosen.files))
        found.extend(one.stages)
    job.cache.tidy()
    return tuple(found)


def modules(job: Job) -> tuple[Finding, ...]:
    """The findings in every module and example."""
    loader = job.loader
    source = loader.sources
    judged = [evaluate_directory(root.path, source, loader=loader) for root in roots([str(job.directory)])]
    examples = shown(job.directory / "examples")
    for module in judged:
        parent, _, name = module.directory.rpartition("/")
        if parent == examples and name not in CLOUDS:
            job.others[name] = module
    return lint(judged, job.rules.today, job.rules.known)


def layers(job: Job, name: str, files: Sequence[Path]) -> tuple[Finding, ...]:
    """What the clouds open against what an environment's values open.

    The examples read the chart's values.yaml; here they see the environment's values in its place.
    """
    try:
        loaded = load(name, files, job.chart)
    except InputError:
        # The stage that reads the values says so.
        return ()
    values = loaded.values.body
    found = dict(_clouds(job, values))
    subject = Layers(found, values, name, shown(files[-1]) if files else "")
    today, known = job.rules.today, job.rules.known
    written = in_comments(tuple(found.values()), today, known)
    in_values = suppress.Suppressions((*written.items, *loaded.suppressions), today, known)
    of_clouds = dict.fromkeys(beside.placed(run(terraform_layers.CHECKS, subject), loaded.values))
    of_stores = beside.judged({**found, **job.others}, loaded, name, subject.file, today, known)
    return (*suppress.apply(of_clouds, in_values), *of_stores)


def _clouds(job: Job, values: Mapping[str, Any]) -> Iterator[tuple[str, Module]]:
    # The examples name this project's chart, of which the one that is judged may be a copy.
    chart = CHART / "values.yaml"
    source = Disk((job.directory.parent,), {chart: json.dumps(values)})
    # What was parsed once is the same for every environment.
    loader = replace(job.loader, sources=source)
    for cloud in CLOUDS:
        folder = job.directory / "examples" / cloud
        if folder.is_dir():
            yield cloud, evaluate_directory(shown(folder), source, loader=loader)
