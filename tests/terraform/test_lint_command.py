"""`python -m tools.terraform`: what it prints, where, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.render.chart import chart
from tools.render.own import CHART
from tools.terraform.__main__ import main
from tools.terraform.modules.files import disk
from tools.terraform.modules.read import evaluate_directory
from tools.terraform.vars import variables

OPEN = """
variable "cidr" {
  description = "Who may come in."
  type        = string
}
resource "aws_security_group" "g" {
  name        = "g"
  description = "g"
  vpc_id      = "vpc-1"
}
resource "aws_vpc_security_group_ingress_rule" "r" {
  security_group_id = aws_security_group.g.id
  description       = "PostgreSQL"
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_ipv4         = var.cidr
}
"""


@pytest.fixture(autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own cache is left alone."""
    home = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    return home


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "main.tf").write_text(OPEN)
    return tmp_path


STORE = """
resource "aws_db_instance" "d" {
  engine = "postgres"
  port   = 5433
}
resource "azurerm_redis_cache" "r" {
  name = "r"
}
"""


@pytest.mark.parametrize(
    ("options", "environment", "port"),
    [
        (["--env", "production"], " in production", 5432),
        (["--values", "mine.yaml"], "", 15432),
        (["--env", "production", "--values", "mine.yaml"], " in production", 15432),
    ],
)
def test_stores_are_judged_beside_values(
    options: list[str], environment: str, port: int, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "net" / "main.tf").write_text(STORE)
    (project / "mine.yaml").write_text("database:\n  ports:\n    postgresql: 15432\n  externalCidrs: [10.2.0.0/24]\n")
    messages = {
        finding["message"]
        for finding in judged(capsys, "net", *options)[1]
        if finding["rule"] == "stores-listen-on-the-charts-ports"
    }
    assert messages == {
        f"the database aws_db_instance.d listens on 5433, and database.ports.postgresql is {port}{environment}; "
        "write the same port",
        f"the cache azurerm_redis_cache.r listens on 6380, and cache.ports.redis is 6379{environment}; "
        "write the same port",
    }
    without = judged(capsys, "net")[1]
    assert not [finding for finding in without if finding["rule"] == "stores-listen-on-the-charts-ports"]


def test_a_finding_about_the_values_has_their_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "net" / "main.tf").write_text(
        STORE.replace("port   = 5433", "db_subnet_group_name = aws_db_subnet_group.g.name")
        + 'resource "aws_db_subnet_group" "g" {\n  subnet_ids = [aws_subnet.s.id]\n}\n'
        + 'resource "aws_subnet" "s" {\n  cidr_block = "10.9.0.0/24"\n}\n'
    )
    (project / "mine.yaml").write_text("database:\n  externalCidrs: [10.2.0.0/24]\n")
    findings = judged(capsys, "net", "--values", "mine.yaml")[1]
    [place] = [item for item in findings if item["rule"] == "stores-stand-where-the-chart-looks"]
    assert (place["file"], place["line"], place["severity"]) == ("mine.yaml", 2, "error")


def test_values_that_are_not_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "net", "--values", "none.yaml"]) == 2
    assert capsys.readouterr().err == "terraform: cannot read none.yaml: No such file or directory\n"
    with pytest.raises(SystemExit) as end:
        main(["lint", "net", "--env", "prod"])
    assert end.value.code == 64
    assert "there is no environment prod; there are " in capsys.readouterr().err


def judged(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    code = main(["lint", "--format", "json", *arguments])
    report = json.loads(capsys.readouterr().out)
    assert report["exit"] == code
    [stage] = report["stages"]
    assert stage["name"] == "terraform"
    return code, stage["findings"], stage["skipped"]


def of_line(findings: list[dict[str, Any]], line: int) -> list[tuple[str, str, str]]:
    return [
        (finding["rule"], finding["severity"], finding["message"]) for finding in findings if finding["line"] == line
    ]


def test_what_is_not_known_is_a_note_and_tfvars_settle_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, unsettled, _ = judged(capsys, "net")
    notes = of_line(unsettled, 17)
    assert notes
    assert all(severity == "note" and message.startswith("cannot tell: ") for _, severity, message in notes)
    (project / "open.tfvars").write_text('cidr = "0.0.0.0/0"\n')
    code, settled, _ = judged(capsys, "net", "--tfvars", "open.tfvars")
    assert code == 1
    assert "error" in {severity for _, severity, _ in of_line(settled, 17)}
    assert {finding["file"] for finding in settled} == {"net/main.tf"}
    (project / "closed.tfvars").write_text('cidr = "10.0.0.0/16"\n')
    _, closed, _ = judged(capsys, "net", "--tfvars", "open.tfvars", "closed.tfvars")
    assert of_line(closed, 17) == []


@pytest.mark.parametrize("name", ["text", "json", "junit", "sarif", "github", "tap"])
def test_every_format_lists_what_is_not_known(name: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["lint", "net", "--format", name, "--output", "report"])
    assert capsys.readouterr().out == ""
    assert "cannot tell: " in (project / "report").read_text("utf-8")


def test_a_file_is_judged_with_its_directory(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "net" / "other.tf").write_text("locals {\n  a = var.none\n}\n")
    _, findings, _ = judged(capsys, "net/main.tf")
    assert {item["file"] for item in findings} == {"net/main.tf"}
    _, findings, _ = judged(capsys, "net")
    assert ("terraform-references-are-declared", "error", "var.none is not declared") in of_line(
        [item for item in findings if item["file"] == "net/other.tf"], 2
    )


def test_a_module_that_several_call_is_reported_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "net" / "main.tf").write_text("locals {\n  a = var.none\n}\n")
    for name in ("one", "two"):
        (project / name).mkdir()
        (project / name / "main.tf").write_text('module "net" {\n  source = "../net"\n}\n')
    _, findings, _ = judged(capsys, ".")
    assert [item["file"] for item in findings if item["message"] == "var.none is not declared"] == ["net/main.tf"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("none", "cannot read none: no such file or directory"),
        ("empty", "empty holds no .tf or .tf.json file"),
        ("a.txt", "a.txt is not Terraform: its name does not end in .tf or .tf.json"),
    ],
)
def test_what_is_no_terraform(path: str, reason: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "empty").mkdir()
    (project / "a.txt").write_text("")
    assert judged(capsys, path) == (2, [], reason)


@pytest.mark.parametrize(
    "text",
    ["", "\n", "# nothing\n", "/* a\n*/", 'terraform {\n  required_version = ">= 1.9"\n}\n', "locals {}\n"],
)
def test_terraform_that_says_nothing_is_not_clean(text: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "bare" / "below").mkdir(parents=True)
    (project / "bare" / "main.tf").write_text(text)
    (project / "bare" / "below" / "empty.tf.json").write_text("{}")
    reason = "{}: there is no resource, output or module call in it, so nothing was judged"
    for path in ("bare", "bare/main.tf"):
        assert judged(capsys, path) == (2, [], reason.format(path))
    assert judged(capsys, "bare", "net")[2] == ""
    # A module that only gives values is judged by how it gives them.
    (project / "bare" / "values.tf").write_text('output "a" {\n  description = "A."\n  value       = 1\n}\n')
    assert judged(capsys, "bare") == (0, [], "")


def test_bytes_that_are_no_text(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "net" / "bad.tf").write_bytes(b"# one\n# \xff\n")
    (project / "net" / "gone.tf").symlink_to("nowhere")
    code, findings, _ = judged(capsys, "net")
    assert code == 1
    messages = {item["file"]: item["message"] for item in findings if item["rule"] == "terraform-is-readable"}
    assert messages == {
        "net/bad.tf": "it cannot be read: line 2 is not UTF-8; save it as UTF-8",
        "net/gone.tf": "it cannot be read: No such file or directory",
    }


def test_expressions_read_no_file_outside(project: Path) -> None:
    outside = project.parent / "secret"
    outside.write_text("x")
    (project / "inside").write_text("y")
    (project / "net" / "link").symlink_to(outside)
    texts = ("../inside", "link", "../../secret", "/etc/hostname")
    lines = "".join(f'  a{at} = file("{text}")\n' for at, text in enumerate(texts))
    (project / "net" / "main.tf").write_text(f"locals {{\n{lines}}}\n")
    values = evaluate_directory("net", disk(["net"])).locals
    assert values["a0"].value.data == "y"
    message = "it is outside the directories that were named"
    assert [getattr(values[f"a{at}"].value.data, "reason", "") for at in (1, 2, 3)] == [
        f"{text}: {message}" for text in texts[1:]
    ]


def test_explain_and_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--explain", "terraform-is-readable"]) == 0
    assert capsys.readouterr().out.startswith("terraform-is-readable\n\nTerraform files parse")
    for arguments, words in (
        (["lint"], "lint needs a PATH"),
        (["lint", "--explain", "none"], "there is no rule none"),
        (
            ["vars", "--env", "none", "--cloud", "aws"],
            f"there is no environment none; there are {', '.join(chart(CHART).environments)}",
        ),
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 64
        assert words in capsys.readouterr().err


def test_vars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vars", "--env", "production", "--cloud", "gcp"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ports"] == {
        "gateway": 8000, "metrics": 9090, "postgresql": 5432, "redis": 6379, "opa": 8181, "dns": 53, "proxy": 3128,
    }  # fmt: skip
    assert {"name": "mcp.partner.example", "ports": [8443]} in document["domains"]
    assert "peers" not in document
    output = tmp_path / "production.tfvars.json"
    assert main(["vars", "--env", "production", "--cloud", "gcp", "--output", str(output)]) == 0
    assert json.loads(output.read_text("utf-8")) == document


def test_vars_name_the_peers_that_the_values_name() -> None:
    values = {
        "database": {"enabled": True, "externalCidrs": ["10.1.0.0/24"], "ports": {"postgresql": 5433}},
        "cache": {"enabled": False, "externalCidrs": ["10.2.0.0/24"]},
        "dns": {"ports": [5353, 53]},
    }
    assert variables(values, ()) == {
        "ports": {"postgresql": 5433, "dns": 5353},
        "domains": [],
        "peers": {"database": {"cidrs": ["10.1.0.0/24"]}},
    }
