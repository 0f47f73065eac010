"""This project's Terraform, evaluated once in a process: most tests that run the validator in theirs are about values.

The commands evaluate it in every run; tests that start a command, and those of tests/terraform, see that.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path

from tests.remembered import content
from tools.render.own import CHART
from tools.terraform.language.model import Module
from tools.terraform.modules.read import Loader
from tools.terraform.stage import TerraformJob

Evaluation = tuple[Loader, tuple[Module, ...]]
_EVALUATIONS: dict[str, Evaluation] = {}


class EvaluatedJob(TerraformJob):
    """A job whose modules are those of an earlier one in this process, where no file has changed since."""

    @cached_property
    def loader(self) -> Loader:
        return self._evaluation[0]

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        return self._evaluation[1]

    @cached_property
    def _evaluation(self) -> Evaluation:
        """Of the directory, and of the chart's values, which its examples read."""
        read = [content(self.directory), content(CHART.parent)]
        key = json.dumps([str(self.directory), str(Path.cwd()), self.cached, read])
        if key not in _EVALUATIONS:
            job = TerraformJob(
                self.chart, self.environments, self.today, self.known, self.gate, self.done, self.directory, self.cached
            )
            _EVALUATIONS[key] = (job.loader, job.modules)
        return _EVALUATIONS[key]
