"""A job whose Terraform was evaluated before says what one says that evaluates it, and reads no more than is hashed."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.evaluated import EvaluatedJob
from tools.findings.report import Gate
from tools.render.chart import chart
from tools.render.load import Chosen
from tools.render.own import CHART, TERRAFORM
from tools.terraform.modules.files import Disk
from tools.terraform.stage import TerraformJob, stages


def job(sort: type[TerraformJob], directory: Path = TERRAFORM) -> TerraformJob:
    judged = chart(CHART)
    chosen = {"dev": Chosen((judged.environments["dev"],), "dev")}
    return sort(judged, chosen, date(2026, 1, 1), frozenset(), Gate(), directory=directory)


def test_it_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[Path] = set()
    text = Disk._file

    def recorded(disk: Disk, path: Path) -> object:
        read.add(path.resolve())
        return text(disk, path)

    monkeypatch.setattr(Disk, "_file", recorded)
    first, again = (
        [(stage.name, stage.environment, stage.findings, stage.skipped) for stage in stages(job(sort))]
        for sort in (TerraformJob, EvaluatedJob)
    )
    assert first == again
    assert CHART / "values.yaml" in read
    assert [path for path in read if not path.is_relative_to(TERRAFORM) and not path.is_relative_to(CHART.parent)] == []


def test_a_changed_file_is_evaluated_anew(tmp_path: Path) -> None:
    shutil.copytree(TERRAFORM / "modules" / "network" / "policy", tmp_path / "terraform" / "policy")
    directory = tmp_path / "terraform"
    first = job(EvaluatedJob, directory).modules
    assert job(EvaluatedJob, directory).modules[0] is first[0]
    (directory / "policy" / "more.tf").write_text("locals {\n  more = 1\n}\n")
    [policy] = job(EvaluatedJob, directory).modules
    assert policy.locals["more"].value.data == 1
    assert "more" not in first[0].locals
