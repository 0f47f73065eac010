"""The Terraform stages of a run of the validator: this project's modules, and its clouds against each environment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from tools.findings import suppress
from tools.findings.errors import InputError
from tools.findings.model import Finding, Stage, run
from tools.findings.recorder import Recorder
from tools.manifests.files import shown
from tools.render.load import load
from tools.render.own import CHART
from tools.terraform import releases, with_chart
from tools.terraform.clouds import CLOUDS
from tools.terraform.clouds.chart import Layers
from tools.terraform.job import TerraformRequest
from tools.terraform.language.model import Module
from tools.terraform.lint import in_comments, lint
from tools.terraform.modules.cache import Cache, folder
from tools.terraform.modules.files import Disk, roots
from tools.terraform.modules.read import Loader, evaluate_directory
from tools.terraform.rules import layers as terraform_layers


class TerraformJob(TerraformRequest):
    """What is asked for, with the modules read and evaluated, each once."""

    @cached_property
    def cache(self) -> Cache:
        """What was parsed before, or nothing."""
        return Cache(folder() if self.cached else None)

    @cached_property
    def disk(self) -> Disk:
        """The files, and which of them were looked at."""
        return Disk((self.directory.parent,))

    @cached_property
    def loader(self) -> Loader:
        """Reads the modules' files, each once."""
        return Loader(self.disk, parser=self.cache.parse)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The directory of every module and example."""
        return tuple(root.path for root in roots([str(self.directory)]))

    @cached_property
    def evaluated(self) -> dict[str, Module]:
        """Those that were evaluated already, by their directory."""
        return {}

    @property
    def looked_at(self) -> frozenset[Path]:
        """Every path that was read, or that would have been had it been there."""
        return frozenset((*self.disk.asked, *releases.charts(self.evaluated.values())))

    def module(self, path: str) -> Module:
        """A module or an example, evaluated with the chart's own values."""
        if path not in self.evaluated:
            self.evaluated[path] = evaluate_directory(path, self.loader.sources, loader=self.loader)
        return self.evaluated[path]

    @property
    def modules(self) -> tuple[Module, ...]:
        """Every module and example."""
        return tuple(map(self.module, self.paths))

    @property
    def others(self) -> dict[str, Module]:
        """The examples that are not the root of one of the three clouds, by name."""
        examples = shown(self.directory / "examples")
        named = {path.removeprefix(f"{examples}/"): path for path in self.paths}
        return {name: self.module(path) for name, path in named.items() if "/" not in name and name not in CLOUDS}


def stages(job: TerraformJob, *, of_modules: bool = True) -> tuple[Stage, ...]:
    """The stage of the modules, and that of the layers for each environment."""
    recorder = Recorder("", job.done, job.gate)
    if of_modules:
        recorder.run("terraform", lambda: modules(job))
    findings = list(recorder.stages)
    for name, chosen in job.environments.items():
        environment_recorder = Recorder(name, job.done, job.gate)
        environment_recorder.run("layers", partial(layers, job, chosen.environment, chosen.files))
        findings.extend(environment_recorder.stages)
    job.cache.tidy()
    return tuple(findings)


def modules(job: TerraformJob) -> tuple[Finding, ...]:
    """The findings in every module and example."""
    of_releases = releases.judged(job.modules, job.today, job.known)
    return (*lint(job.modules, job.today, job.known), *of_releases)


def layers(job: TerraformJob, name: str, files: Sequence[Path]) -> tuple[Finding, ...]:
    """The findings where the clouds open something else than an environment's values.

    The examples read the chart's values.yaml; here they see the environment's values in its place.
    """
    try:
        loaded = load(name, files, job.chart)
    except InputError:
        # The stage that reads the values says so.
        return ()
    values = loaded.values.body
    clouds = dict(_clouds(job, values))
    subject = Layers(clouds, values, name, shown(files[-1]) if files else "")
    written = in_comments(tuple(clouds.values()), job.today, job.known)
    in_values = suppress.Suppressions((*written.items, *loaded.suppressions), job.today, job.known)
    of_clouds = dict.fromkeys(with_chart.in_values_files(run(terraform_layers.CHECKS, subject), loaded.values))
    every = replace(subject, roots={**clouds, **job.others})
    of_stores = with_chart.findings(every, loaded.values, loaded.suppressions, job.today, job.known)
    return (*suppress.apply(of_clouds, in_values), *of_stores)


def _clouds(job: TerraformJob, values: Mapping[str, Any]) -> Iterator[tuple[str, Module]]:
    # The examples name this project's chart, of which the one that is judged may be a copy.
    chart = CHART / "values.yaml"
    source = replace(job.disk, instead={chart: json.dumps(values)})
    # A parsed file is the same for every environment.
    loader = replace(job.loader, sources=source)
    for cloud in CLOUDS:
        folder = job.directory / "examples" / cloud
        if folder.is_dir():
            yield cloud, evaluate_directory(shown(folder), source, loader=loader)
