"""The wheel: its own name, every module, and the files that its commands read; and its hooks, action and template."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.wheel_build import built
from tools.__main__ import COMMANDS
from tools.findings.completion import name_of
from tools.findings.home import home, placed, portable
from tools.render.helm import find


def setup_module_of_the_project() -> ModuleType:
    specification = importlib.util.spec_from_file_location("project_setup", "setup.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


RENAMED: Callable[[str], str] = setup_module_of_the_project().renamed


@pytest.mark.parametrize(
    ("written", "built"),
    [
        ("from tools.findings import cli", "from sark_network.findings import cli"),
        ("import tools.reach.world", "import sark_network.reach.world"),
        ("from tools import __version__", "from sark_network import __version__"),
        ("    import tools", "    import sark_network"),
        ('f"tools.reach.formats.{name}"', 'f"sark_network.reach.formats.{name}"'),
        ("`python -m tools.validate --env dev`", "`sark-network validate --env dev`"),
        ("run python -m tools.validate.docs", "run python -m sark_network.validate.docs"),
        ('prog="python -m tools.egress"', 'prog="sark-network egress"'),
        ("[tool.sark-network]", "[tool.sark-network]"),
        ("devtools.reach", "devtools.reach"),
        ("the tools. They", "the tools. They"),
    ],
)
def test_what_a_module_says_of_another(written: str, built: str) -> None:
    assert RENAMED(written) == built


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that the built package stands in, as site-packages would hold it."""
    return built(tmp_path_factory.mktemp("built"))


def test_nothing_but_the_package_is_installed(installed: Path) -> None:
    assert [path.name for path in installed.iterdir()] == ["sark_network"]


def test_every_module_is_there_and_none_speaks_of_tools(installed: Path) -> None:
    modules = {path.relative_to(installed / "sark_network") for path in installed.rglob("*.py")}
    ours = {path.relative_to("tools") for path in Path("tools").rglob("*.py")}
    data = {module for module in modules if module.parts[0] == "data"}
    assert modules - data == ours
    left = re.compile(r"^\s*(from|import) tools\b|[\"']tools\.\w", re.MULTILINE)
    assert [module for module in modules - data if left.search((installed / "sark_network" / module).read_text())] == []


def test_it_carries_what_its_commands_read(installed: Path) -> None:
    data = installed / "sark_network/data"
    for name in ("charts/sark-network/Chart.yaml", "charts/sark-network/templates/_helpers.tpl", "tests/flows.yaml"):
        assert (data / name).read_text() == Path(name).read_text()
    assert sorted((data / "terraform/modules").rglob("*.tf")) != []


def run(installed: Path, directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; sys.argv[0] = 'sark-network'; from sark_network.__main__ import main; sys.exit(main())"
    command = [sys.executable, "-c", program, *words]
    environment = {"PYTHONPATH": str(installed), "PATH": "/usr/bin:/bin", "SARK_HELM": find().path}
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


def test_it_runs_in_an_empty_directory(installed: Path, tmp_path: Path) -> None:
    ran = run(installed, tmp_path, "egress", "check", "api.openai.com", "--env", "production")
    expected = "production   allowed  gateway may reach api.openai.com:443 by egress.domains[0] (api.openai.com)\n"
    assert (ran.stdout, ran.stderr, ran.returncode) == (expected, "", 0)


@pytest.mark.parametrize(
    ("words", "code", "printed"),
    [
        (["--version"], 0, "sark-network 0."),
        (["--help"], 0, "usage: sark-network COMMAND …"),
        ([], 64, "usage: sark-network COMMAND …"),
        (["--print-completion", "bash"], 0, "-F _shtab_sark_network sark-network"),
        (["--print-completion", "ksh"], 64, "sark-network: write --print-completion and a shell: bash, fish, zsh"),
        (["egress", "add", "a.example.com", "b"], 64, "sark-network egress add --help says what there is"),
        (["valdate"], 64, "sark-network: there is no command 'valdate'; sark-network --help lists them"),
        (["validate", "--help"], 0, "usage: sark-network validate"),
        (["validate", "--no"], 64, "sark-network validate --help says what there is"),
        (["cluster", "down"], 2, "run it in a checkout of the project"),
    ],
)
def test_the_command(installed: Path, tmp_path: Path, words: list[str], code: int, printed: str) -> None:
    ran = run(installed, tmp_path, *words)
    assert ran.returncode == code, ran.stderr
    # It is a command already, and a function of that name would call itself.
    assert "sark-network()" not in ran.stdout
    assert printed in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_report_does_not_say_where_python_is(installed: Path, tmp_path: Path) -> None:
    """A baseline is written on one machine and read on another."""
    (tmp_path / "mine.yaml").write_text("egress: {domains: [api.openai.com]}\n")
    ran = run(installed, tmp_path, "validate", "--values", "mine.yaml", "--baseline", "old.jsonl", "--write-baseline")
    assert ran.returncode == 0, ran.stderr
    accepted = (tmp_path / "old.jsonl").read_text()
    assert '"file": "sark_network/data/charts/sark-network/templates/' in accepted
    assert str(installed) not in accepted


def test_every_command_is_a_package_that_runs() -> None:
    assert [name for name in COMMANDS if not Path("tools", name, "__main__.py").is_file()] == []


def test_the_chart_is_the_checkouts_then_the_directorys_then_the_packages(tmp_path: Path) -> None:
    package = tmp_path / "site/sark_network"
    (package / "data").mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert home(package, elsewhere) == package / "data"
    chart = elsewhere / "charts/sark-network"
    chart.mkdir(parents=True)
    (chart / "Chart.yaml").touch()
    assert home(package, elsewhere) == elsewhere
    assert home(elsewhere / "tools", tmp_path) == elsewhere


def test_a_file_of_the_wheel_has_one_name_everywhere(tmp_path: Path) -> None:
    package = tmp_path / "site/sark_network"
    file = package / "data/terraform/main.tf"
    file.parent.mkdir(parents=True)
    name = Path("sark_network/data/terraform/main.tf")
    assert portable(file, package) == name
    assert placed(str(name), package) == file
    # A checkout has no data below its package, and the name is then somebody's own.
    assert placed(str(name), tmp_path / "sark_network") == name
    assert portable(tmp_path / "main.tf", package) is None
    assert placed("main.tf", package) == Path("main.tf")


@pytest.mark.parametrize("program", ["python -m tools.validate", "sark-network validate"])
def test_a_shell_knows_the_command_by_one_name(program: str) -> None:
    assert name_of(program) == "sark-validate"


def test_hooks_for_others_run_commands_that_there_are() -> None:
    hooks = yaml.safe_load(Path(".pre-commit-hooks.yaml").read_text())
    assert {hook["language"] for hook in hooks} == {"python"}
    assert {hook["entry"].split()[1] for hook in hooks} <= COMMANDS.keys()
    assert {hook["entry"].split()[0] for hook in hooks} == {"sark-network"}


@pytest.mark.parametrize(
    ("name", "judged"),
    [
        ("deploy/all.yaml", True),
        ("manifests/web-policy.yml", True),
        (".github/workflows/ci.yaml", False),
        ("deploy/.hidden.yaml", False),
        ("deploy/templates/all.yaml", False),
        ("deploy/Chart.yaml", False),
        ("values.yaml", False),
        ("production-values.yaml", False),
        ("deploy/kustomization.yaml", False),
    ],
)
def test_the_hook_of_manifests_is_given_manifests(name: str, judged: bool) -> None:
    [hook] = [hook for hook in yaml.safe_load(Path(".pre-commit-hooks.yaml").read_text()) if "exclude" in hook]
    assert (re.search(hook["exclude"], name) is None) == judged


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: i}]}\n"


@pytest.mark.parametrize(
    ("hook", "arguments", "files", "code"),
    [
        ("sark-network-manifests", [], ["a pod.yaml", "b.yaml"], 0),
        ("sark-network-manifests", ["--fail-on", "note"], ["a pod.yaml"], 0),
        ("sark-network-manifests", ["--schemas=crds"], ["a pod.yaml", "wrong.yaml"], 1),
        ("sark-network-terraform", [], ["a b.tf", "variables.tf"], 1),
        ("sark-network-terraform", ["--tfvars=a.tfvars"], ["a b.tf"], 1),
        ("sark-network-validate", ["--values", "mine.yaml"], [], 0),
        # Nothing of the repository is named.
        ("sark-network-validate", [], [], 64),
    ],
)
def test_a_hook_runs_as_pre_commit_runs_it(
    installed: Path, tmp_path: Path, hook: str, arguments: list[str], files: list[str], code: int
) -> None:
    """The entry's words, then those of `args`, then the files' names."""
    crd = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.a.example}\n"
        "spec:\n  group: a.example\n  names: {kind: Thing, plural: things}\n  scope: Namespaced\n"
        "  versions: [{name: v1, schema: {openAPIV3Schema: {type: object}}}]\n"
    )
    for name, text in {
        "a pod.yaml": POD,
        "b.yaml": POD.replace("{name: a}", "{name: b}"),
        "wrong.yaml": POD.replace("image:", "imag:"),
        "crds/thing.yaml": crd,
        "a b.tf": 'resource "aws_security_group" "a" {\n  name = "a"\n}\n',
        "variables.tf": 'variable "a" {\n  type = string\n}\n',
        "a.tfvars": "",
        "mine.yaml": "egress: {domains: [api.openai.com]}\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    [words] = [
        entry["entry"].split()
        for entry in yaml.safe_load(Path(".pre-commit-hooks.yaml").read_text())
        if entry["id"] == hook
    ]
    ran = run(installed, tmp_path, *words[1:], *arguments, *files)
    assert ran.returncode == code, ran.stdout + ran.stderr


# What stands for Python in the steps below: an environment whose pip notes what it is asked for, and whose command
# notes its words, a line each.
PYTHON = """\
#!/bin/sh
mkdir -p "$3/bin"
printf '#!/bin/sh\\nprintf "%%s\\\\n" pip "$@" >> "$NOTED"\\n' > "$3/bin/pip"
printf '#!/bin/sh\\nprintf "%%s\\\\n" command "helm=$SARK_HELM" "$@" >> "$NOTED"\\nexit 7\\n' > "$3/bin/sark-network"
chmod +x "$3/bin/pip" "$3/bin/sark-network"
"""
ARGUMENTS = '--manifests "a dir" *.yaml\n--fail-on note'


def stepped(folder: Path, script: str, shell: str, **environment: str) -> tuple[int, list[str]]:
    """The exit code of a CI system's script, and the words that it gave to pip and to the command."""
    (folder / "bin").mkdir()
    (folder / "bin/python3").write_text(PYTHON)
    (folder / "bin/python3").chmod(0o755)
    (folder / "a.yaml").touch()
    known = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "NOTED": str(folder / "noted"), "RUNNER_TEMP": str(folder)}
    ran = subprocess.run([*shell.split(), script], cwd=folder, env={**known, **environment}, check=False)
    return ran.returncode, (folder / "noted").read_text().splitlines()


@pytest.mark.parametrize(
    ("index", "index_words"), [("", []), ("https://p.example/a b", ["--index-url", "https://p.example/a b"])]
)
@pytest.mark.parametrize("helm", ["", "/a b/helm"])
def test_the_action_gives_what_it_was_given(tmp_path: Path, index: str, index_words: list[str], helm: str) -> None:
    [step] = yaml.safe_load(Path("action.yml").read_text())["runs"]["steps"]
    assert set(step["env"]) == {"ARGUMENTS", "PACKAGE", "INDEX_URL", "HELM"}
    code, noted = stepped(
        tmp_path,
        step["run"],
        "bash --noprofile --norc -eo pipefail -c",
        ARGUMENTS=ARGUMENTS,
        PACKAGE="a b.whl",
        INDEX_URL=index,
        HELM=helm,
        SARK_HELM="the job's",
    )
    assert code == 7
    install = ["pip", "install", "--quiet", "--disable-pip-version-check", *index_words, "a b.whl"]
    words = ["command", f"helm={helm or 'the job' + chr(39) + 's'}", "validate", "--format", "github", "--arguments"]
    assert noted == [*install, *words, *ARGUMENTS.split("\n")]


@pytest.mark.parametrize("shell", ["bash -eo pipefail -c", "sh -e -c"])
@pytest.mark.parametrize(
    ("index", "index_words"), [("", []), ("https://p.example/a b", ["--index-url", "https://p.example/a b"])]
)
def test_the_template_gives_what_it_was_given(tmp_path: Path, shell: str, index: str, index_words: list[str]) -> None:
    [job] = yaml.safe_load(Path("ci-templates/sark-network.gitlab-ci.yml").read_text()).values()
    code, noted = stepped(
        tmp_path,
        "\n".join(job["script"]),
        shell,
        SARK_NETWORK_ARGUMENTS=ARGUMENTS,
        SARK_NETWORK_PACKAGE="a b.whl",
        SARK_NETWORK_INDEX_URL=index,
        TMPDIR=str(tmp_path),
    )
    assert code == 7
    install = ["pip", "install", "--quiet", "--disable-pip-version-check", *index_words, "a b.whl"]
    words = ["command", "helm=", "validate", "--format", "junit", "--output", "sark-network.xml", "--arguments"]
    assert noted == [*install, *words, *ARGUMENTS.split("\n")]
    assert not (tmp_path / ".sark-network").exists()


def test_the_action_and_the_template_run_the_validator() -> None:
    [step] = yaml.safe_load(Path("action.yml").read_text())["runs"]["steps"]
    assert subprocess.run(["bash", "-n"], input=step["run"], text=True, check=False).returncode == 0
    [job] = yaml.safe_load(Path("ci-templates/sark-network.gitlab-ci.yml").read_text()).values()
    assert '/sark-network" validate --format github --arguments "$ARGUMENTS"' in step["run"]
    assert '/sark-network" validate --format junit' in job["script"][-1]
    # Nothing but an index is asked, and that one can be named.
    assert "://" not in step["run"] + "".join(job["script"])
