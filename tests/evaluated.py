"""This project's Terraform, evaluated once in a process: most tests that run the validator in theirs are about values.

The commands evaluate it in every run; tests that start a command, and those of tests/terraform, see that.
"""

from __future__ import annotations

import json
from dataclasses import fields
from functools import cached_property
from pathlib import Path

from tests.remembered import content
from tools.render.own import CHART
from tools.terraform.job import TerraformRequest
from tools.terraform.language.model import Module
from tools.terraform.modules.cache import Cache
from tools.terraform.modules.files import Disk
from tools.terraform.modules.read import Loader
from tools.terraform.stage import TerraformJob

_EVALUATIONS: dict[str, TerraformJob] = {}


class EvaluatedJob(TerraformJob):
    """A job whose modules are those of an earlier one in this process, where no file has changed since."""

    @cached_property
    def cache(self) -> Cache:
        return self._first.cache

    @cached_property
    def disk(self) -> Disk:
        return self._first.disk

    @cached_property
    def loader(self) -> Loader:
        return self._first.loader

    @cached_property
    def evaluated(self) -> dict[str, Module]:
        return self._first.evaluated

    @cached_property
    def _first(self) -> TerraformJob:
        """The job of this directory, and of the chart's values, which its examples read."""
        read = [content(self.directory), content(CHART.parent)]
        key = json.dumps([str(self.directory), str(Path.cwd()), self.cached, read])
        if key not in _EVALUATIONS:
            settings = {field.name: getattr(self, field.name) for field in fields(TerraformRequest)}
            _EVALUATIONS[key] = TerraformJob(**settings)
        return _EVALUATIONS[key]
