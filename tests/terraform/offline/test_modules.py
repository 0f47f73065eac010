"""The Terraform modules: every command passes in every directory, with no provider there; and broken, they fail.

Terraform itself is needed. Each test asks for what it looks at, so that the processes of a run share the work.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import tools.terraform.__main__
from tests.programs import program
from tests.terraform.offline.answers import answers
from tools.render.own import CHART
from tools.terraform.offline.check import INIT, CommandResult, TerraformError, directories, find, run, run_all
from tools.terraform.offline.server import offline

ROOT = Path(__file__).resolve().parent.parent.parent.parent
TERRAFORM = ROOT / "terraform"
NETWORK = TERRAFORM / "modules" / "network"
MODULES = {"aws": NETWORK, "gcp": NETWORK / "gcp", "azure": NETWORK / "azure", "policy": NETWORK / "policy"}
PROVIDERS = {"aws": {"aws"}, "gcp": {"google"}, "azure": {"azurerm"}, "policy": set[str]()}
CLUSTERS = {"aws": "eks", "gcp": "gke", "azure": "aks", "policy": "three-clouds"}
DIRECTORIES = directories([TERRAFORM])
Results = Callable[[Path], tuple[CommandResult, ...]]
BREAKS: list[dict[str, Any]] = yaml.load(
    (ROOT / "tests" / "terraform" / "breaks.yaml").read_text("utf-8"), yaml.CSafeLoader
)
RUN = re.compile(r'^run "(\w+)".*?^}\n', re.M | re.S)
# What a reader puts into the examples of the READMEs, and a rule of each that has to be planned.
GIVEN = {
    "vpc_id": "vpc-1",
    "flow_log_bucket_arn": "arn:aws:s3:::logs",
    "load_balancer_security_group_id": "sg-1",
    "database_security_group_id": "sg-2",
    "s3_prefix_list_id": "pl-1",
    "network": "sark",
    "node_service_account": "nodes@project.iam.gserviceaccount.com",
    "resource_group_name": "sark",
    "node_subnet_id": "/subscriptions/s/subnets/nodes",
}
PLANNED = {
    "network": 'aws_vpc_security_group_egress_rule.gateway["images-tcp-443-s3"] will be created',
    "gcp": 'google_compute_firewall.allow["google-apis-ipv4"] will be created',
    "azure": 'azurerm_network_security_rule.allow["monitor"] will be created',
}
READMES = [MODULES[name] / "README.md" for name in ("aws", "gcp", "azure")]


@dataclass(frozen=True)
class Commands:
    """Terraform, offline."""

    terraform: str
    environment: Mapping[str, str]

    def run(self, directory: Path, *arguments: str) -> CommandResult:
        return run(self.terraform, directory, arguments, self.environment)


@pytest.fixture(scope="module")
def commands() -> Iterator[Commands]:
    try:
        terraform = find(os.environ)
    except TerraformError as error:
        pytest.fail(str(error))
    with offline() as environment:
        yield Commands(terraform, environment)


@pytest.fixture(scope="module")
def results(commands: Commands) -> Results:
    """A directory -> what init, validate and test said there."""

    @cache
    def of(directory: Path) -> tuple[CommandResult, ...]:
        return answers(commands.terraform, directory, commands.environment, (TERRAFORM, CHART / "values.yaml"))

    return of


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_part_has_its_directory() -> None:
    assert {relative(directory) for directory in DIRECTORIES} == {
        "terraform/modules/network",
        *(f"terraform/modules/network/{name}" for name in ("gcp", "azure", "policy")),
        *(f"terraform/examples/{name}" for name in ("aws", "gcp", "azure", "eks", "gke", "aks")),
        *(f"terraform/examples/three-clouds{name}" for name in ("", "/aws", "/gcp", "/azure")),
    }


def test_format(commands: Commands) -> None:
    ran = commands.run(TERRAFORM, "fmt", "-check", "-recursive", "-diff", "-no-color")
    assert ran.code == 0, f"run `terraform fmt -recursive terraform`:\n{ran.output}"


@pytest.mark.parametrize("directory", DIRECTORIES, ids=relative)
def test_init_validate_test(directory: Path, results: Results) -> None:
    ran = results(directory)
    assert [(result.command, result.code) for result in ran] == [("init", 0), ("validate", 0), ("test", 0)], ran[
        -1
    ].output
    assert re.search(r"Success! [1-9]\d* passed, 0 failed\.$", ran[-1].output.strip()), ran[-1].output


@pytest.mark.parametrize("directory", DIRECTORIES, ids=relative)
def test_nothing_was_downloaded(directory: Path, results: Results) -> None:
    output = results(directory)[0].output
    assert "Terraform has been successfully initialized!" in output
    assert "Finding" not in output
    assert "Installing" not in output


@pytest.mark.parametrize("cloud", [*PROVIDERS])
def test_a_user_of_one_cloud_configures_no_other(cloud: str, commands: Commands, tmp_path: Path) -> None:
    """`terraform providers` names what a module and everything that it calls needs."""
    examples = TERRAFORM / "examples"
    roots = (MODULES[cloud], examples / cloud, examples / CLUSTERS[cloud], examples / "three-clouds" / cloud)
    for number, directory in enumerate(roots):
        if not directory.is_dir():
            assert cloud == "policy"
            continue
        environment = {**commands.environment, "TF_DATA_DIR": str(tmp_path / str(number))}
        assert run(commands.terraform, directory, INIT, environment).code == 0
        named = run(commands.terraform, directory, ("providers", "-no-color"), environment)
        assert named.code == 0, named.output
        assert set(re.findall(r"provider\[[\w.-]+/hashicorp/(\w+)\]", named.output)) == PROVIDERS[cloud]


@pytest.mark.parametrize("cloud", [*MODULES])
def test_modules_hold_no_provider_block(cloud: str) -> None:
    for file in MODULES[cloud].glob("*.tf"):
        assert not re.search(r"^\s*provider\s", file.read_text("utf-8"), re.M), file


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_every_cloud_shares_the_policys_inputs(cloud: str) -> None:
    shared = (MODULES["policy"] / "variables.tf").read_text("utf-8").partition("\n\n")[2]
    assert (MODULES[cloud] / "variables.tf").read_text("utf-8").endswith(f"share, word for word.\n\n{shared}")


def test_the_first_file_says_where_each_clouds_is() -> None:
    table = (NETWORK / "firewall.tf").read_text("utf-8").partition("\n\n")[0]
    for cloud in ("gcp", "azure"):
        assert f"{cloud}/firewall.tf" in table
        assert (MODULES[cloud] / "firewall.tf").is_file()


@pytest.mark.parametrize(
    ("cloud", "planned"),
    [
        ("aws", 'aws_networkfirewall_rule_group.domains["listed"]'),
        ("gcp", 'google_network_security_gateway_security_policy_rule.domains["8443"]'),
        ("azure", 'azurerm_firewall_policy_rule_collection_group.domains["gateway"]'),
    ],
)
def test_everything_switched_on_is_planned(cloud: str, planned: str, commands: Commands, tmp_path: Path) -> None:
    """With no mock: the served provider plans, so that nested blocks are held to the schema's counts too."""
    environment = {**commands.environment, "TF_DATA_DIR": str(tmp_path)}
    assert run(commands.terraform, MODULES[cloud], INIT, environment).code == 0
    given = ROOT / "tests" / "terraform" / f"{cloud}.tfvars.json"
    arguments = ("plan", "-no-color", "-lock=false", f"-var-file={given}")
    ran = run(commands.terraform, MODULES[cloud], arguments, environment)
    assert ran.code == 0, ran.output
    assert f"# {planned} will be created" in ran.output
    assert "0 to change, 0 to destroy" in ran.output


@pytest.mark.parametrize("environment", ["dev", "staging", "production"])
def test_an_environments_variables_are_taken(
    environment: str, commands: Commands, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `vars` writes passes the inputs' validation, which every cloud shares with policy/."""
    assert tools.terraform.__main__.main(["vars", "--env", environment, "--cloud", "aws"]) == 0
    variables = tmp_path / "environment.tfvars.json"
    variables.write_text(capsys.readouterr().out, encoding="utf-8")
    planned = commands.run(MODULES["policy"], "plan", "-no-color", "-lock=false", f"-var-file={variables}")
    assert planned.code == 0, planned.output
    assert "Value for undeclared variable" not in planned.output


@pytest.mark.parametrize("readme", READMES, ids=relative)
def test_readmes_example_is_valid(readme: Path, commands: Commands, tmp_path: Path) -> None:
    [example] = re.findall(r"```hcl\n(.*?)```", readme.read_text("utf-8"), re.S)
    shutil.copytree(NETWORK, tmp_path / "modules" / "network")
    directory = tmp_path / "examples" / "readme"
    directory.mkdir(parents=True)
    names = sorted(set(re.findall(r"var\.(\w+)", example)))
    declared = "".join(f'variable "{name}" {{\n  type = string\n}}\n' for name in names)
    (directory / "main.tf").write_text(example + declared, encoding="utf-8")
    given = tuple(f"-var={name}={GIVEN[name]}" for name in names)
    plan = ("plan", "-lock=false", *given)
    ran = run_all(commands.terraform, directory, commands.environment, (INIT, ("validate",), plan))
    assert [(result.command, result.code) for result in ran] == [("init", 0), ("validate", 0), ("plan", 0)], ran[
        -1
    ].output
    assert PLANNED[readme.parent.name] in ran[-1].output
    assert "0 to change, 0 to destroy" in ran[-1].output


# The modules, broken


def broken(text: str, case: Mapping[str, Any]) -> str:
    """The text with the case's fault in it; `occurrence` says which, when `from` stands there more than once."""
    parts = text.split(case["from"])
    which = case.get("occurrence", 1)
    assert len(parts) - 1 >= which, f"{case['from']!r} is not in {case['file']} any more"
    assert "occurrence" in case or len(parts) == 2, f"{case['from']!r} is not the only one in {case['file']}"
    old: str = case["from"]
    return f"{old.join(parts[:which])}{case['to']}{old.join(parts[which:])}"


def failing(commands: Commands, case: Mapping[str, Any], folder: Path) -> tuple[CommandResult, ...]:
    """What Terraform says of a copy of the modules with the case's fault in it."""
    shutil.copytree(NETWORK, folder)
    module = folder / MODULES[case["module"]].relative_to(NETWORK)
    file = module / case["file"]
    file.write_text(broken(file.read_text("utf-8"), case), encoding="utf-8")
    last: tuple[str, ...] = ("validate",)
    if "with" in case:
        last = ("test", f"-filter=tests/{case['with']}.tftest.hcl")
        tests = module / "tests" / f"{case['with']}.tftest.hcl"
        tests.write_text(catching(tests.read_text("utf-8"), case["says"]), encoding="utf-8")
    return answers(commands.terraform, module, commands.environment, (folder,), (INIT, last))


def catching(text: str, says: str) -> str:
    """A module's tests without the runs that cannot say it: Terraform plans for each, and what one catches, all do."""
    sign = "expect_failures" if says == "Missing expected failure" else says
    saying = "".join(run[0] for run in RUN.finditer(text) if sign in run[0])
    # A run may compare its own plan with another's.
    compared = re.findall(r"\brun\.(\w+)", saying)
    kept = RUN.sub(lambda run: run[0] if sign in run[0] or run[1] in compared else "", text)
    return kept if saying else text


def identified(case: Mapping[str, Any]) -> str:
    return f"{case['module']}-{case['name']}"


def unwrapped(output: str) -> str:
    """Terraform breaks its lines where the terminal would."""
    return re.sub(r"\s+", " ", output)


def test_each_module_is_broken_in_ten_ways() -> None:
    assert {module: sum(case["module"] == module for case in BREAKS) >= 10 for module in MODULES} == dict.fromkeys(
        MODULES, True
    )
    assert len({identified(case) for case in BREAKS}) == len(BREAKS)


@pytest.mark.parametrize("case", BREAKS, ids=identified)
def test_what_terraform_catches(case: Mapping[str, Any], commands: Commands, tmp_path: Path) -> None:
    last = failing(commands, case, tmp_path / "network")[-1]
    if case["caught"] == "nothing":
        assert (last.command, last.code) == ("validate", 0), last.output
    else:
        assert (last.command, last.code) == (case["caught"], 1), last.output
        assert case["says"] in unwrapped(last.output)


# Terraform that is not there


def test_no_terraform() -> None:
    with pytest.raises(TerraformError) as refused:
        find({"PATH": "/nowhere"})
    assert str(refused.value).startswith(
        "terraform is not on PATH. Terraform 1.11 or later is needed: install it (brew "
    )


@pytest.mark.parametrize(
    ("printed", "says"),
    [
        ('{"terraform_version": "1.5.7"}', " is Terraform 1.5.7. Terraform 1.11 or later is needed"),
        ("Terraform v1.11", " does not say its version. Terraform 1.11 or later is needed"),
    ],
)
def test_a_terraform_that_will_not_do(tmp_path: Path, printed: str, says: str) -> None:
    fake = program(tmp_path / "terraform", f"echo '{printed}'")
    with pytest.raises(TerraformError) as refused:
        find({"SARK_TERRAFORM": str(fake)})
    assert str(refused.value).startswith(f"{fake}{says}")


def test_a_directory_without_terraform_is_said(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tools.terraform.offline", "check", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (2, f"no .tf file in {tmp_path}\n")
