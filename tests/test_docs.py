"""The docs say what is so: paths, keys, commands, outputs, values, tables, diagrams; and what each check must catch."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import doc_checks, doc_runs
from tools.manifests.documents import parse
from tools.validate.docs.values_table import rows

GUIDE = Path("docs/deployment/NETWORK_SECURITY.md")
CHART_README = Path("charts/sark-network/README.md")
# docs/rules.md is written from the rules' docstrings, which tests of their own hold to what the rules say.
PAGES = [
    Path("README.md"),
    Path("CONTRIBUTING.md"),
    CHART_README,
    Path("terraform/README.md"),
    *sorted(set(Path("docs").rglob("*.md")) - {Path("docs/rules.md")}),
]
Check = Callable[[str], Iterator[str]]

# Each check, a text that it must catch, and what it says of it.
CHECKS: list[tuple[Check, str, str]] = [
    (lambda text: doc_checks.paths(text, GUIDE), "see `tools/no_such.py`", "1: tools/no_such.py is not there"),
    (
        lambda text: doc_checks.paths(text, GUIDE),
        "`charts/sark-network/ci/<env>-value.yaml`",
        "1: charts/sark-network/ci/<env>-value.yaml is not there",
    ),
    (lambda text: doc_checks.paths(text, GUIDE), "in `value.yaml`", "1: value.yaml is not there"),
    (
        lambda text: doc_checks.paths(text, GUIDE),
        "[x](../architecture.markdown)",
        "1: the link to ../architecture.markdown leads nowhere",
    ),
    (lambda text: doc_checks.paths(text, GUIDE), "[x](#nowhere)\n# Somewhere", "1: #nowhere has no such heading"),
    (doc_checks.keys, "set `egress.domain`", "1: egress.domain is no key of values.yaml"),
    (doc_checks.keys, "set `egres.domains`", "1: egres.domains is no key of values.yaml"),
    (doc_checks.keys, "`egress.internal[].cidr`", "1: egress.internal[].cidr is no key of values.yaml"),
    (doc_checks.keys, "    helm upgrade x y --set egress.modes=audit", "1: egress.modes is no key of values.yaml"),
    (
        doc_runs.values_blocks,
        "```yaml values\nproxy: {replica: 3}\n```",
        "additional properties 'replica' not allowed",
    ),
    (doc_runs.values_blocks, "```yaml values\nproxy: {replicas: 2}\n```", "2: changes nothing"),
    (doc_runs.python_commands, "run `python -m tools.nothing`", "1: there is no tools.nothing"),
    (doc_runs.python_commands, "run `python -m tools.egress chek a.example.com`", "1: tools.egress has no chek"),
    (
        doc_runs.python_commands,
        "    python -m tools.egress check a.example.com --enviroment dev",
        "1: tools.egress has no --enviroment",
    ),
    (doc_checks.make_targets, "run `make validat`", "1: make has no target validat"),
    (doc_runs.object_names, "`configmap/sark-network-proxyenv`", "1: the chart renders no sark-network-proxyenv"),
    (doc_checks.mermaid, "```mermaid\nflowchat LR\n```", "2: `flowchat LR` begins no diagram"),
    (doc_checks.mermaid, "```mermaid\nflowchart LR\n  a[x --> b[y]\n```", "[ and ] are not balanced"),
    (doc_checks.mermaid, "```mermaid\nflowchart LR\n  subgraph s [t]\n  a[x] --> b[y]\n```", "2: 1 subgraph, 0 end"),
    (doc_checks.mermaid, "```mermaid\nflowchart LR\n  a[x] -->|8000| b\n```", "2: b has no label"),
    (
        doc_checks.semantics,
        "| Entry | Allows | Does not allow |\n|---|---|---|\n| `*.a.com` | `a.com` | |",
        "`*.a.com` does not allow a.com",
    ),
    (
        doc_checks.semantics,
        "| Entry | Allows | Does not allow |\n|---|---|---|\n| `*.a.com` | | `x.a.com` |",
        "`*.a.com` allows x.a.com",
    ),
    (
        doc_checks.semantics,
        "| Written | Because |\n|---|---|\n| `*.com` | a name, not an address |",
        "and not 'a name, not an address'",
    ),
    (doc_checks.semantics, "| Written | Because |\n|---|---|\n| `a.example.com` | a name |", "is told 'nothing'"),
    (doc_runs.outputs, "```console run\n$ echo one\ntwo\n```", "`echo one` prints\none"),
    (doc_runs.outputs, "```console run\n$ echo one; echo two\n…\none\n```", "prints\none\ntwo"),
    (
        doc_runs.notes,
        "```console\n$ true\n$ helm install sark-network charts/sark-network\nNOTES:\nsark-network 0.0.0 is here.\n```",
        "2: the notes are\nsark-network 0.",
    ),
    (doc_checks.described_policies, "# default-deny\n", "default-deny.yaml has no row in the table of policies"),
    (
        doc_checks.described_policies,
        "| Template | Says | Switched by |\n|---|---|---|\n| `default-deny.yaml` | | |",
        "default-deny.yaml has no section",
    ),
    (
        doc_checks.described_policies,
        "| Template | Says | Switched by |\n|---|---|---|\n| `gone.yaml` | | |",
        "gone.yaml is no template",
    ),
    (doc_checks.explained_reasons, "# Reasons", "no-address has no row"),
    (
        doc_checks.explained_reasons,
        "| Verdict | Reason | Means |\n|---|---|---|\n| denied | `private` | |",
        "private is no reason of the proxy's",
    ),
    (doc_checks.described_engines, "# Engines", "proxy has no row"),
    (
        doc_checks.described_engines,
        "| Engine | `*.d` becomes | Cannot say | Needs |\n|---|---|---|---|\n"
        "| `calico-enterprise` | | nothing | |\n| `x` | | | |",
        "calico-enterprise cannot say internal names\nx is no engine",
    ),
    (
        doc_checks.rooms,
        "| Core | For |\n|---|---|\n| `tools/render/helm.py` | |",
        "tools/render/helm.py is not of the core",
    ),
    (
        doc_checks.rooms,
        "| Shell | For |\n|---|---|\n| `tools/findings/model.py` | |",
        "tools/findings/model.py is not of the shell",
    ),
    (doc_checks.unfinished, "text\nTODO: more", "2: TODO: more"),
]
EVERY_PAGE: list[Check] = [
    doc_checks.keys,
    doc_runs.values_blocks,
    doc_runs.python_commands,
    doc_checks.make_targets,
    doc_runs.object_names,
    doc_checks.mermaid,
    doc_checks.semantics,
    doc_runs.outputs,
    doc_runs.notes,
    doc_checks.unfinished,
]


@pytest.mark.parametrize(
    ("check", "text", "caught"), CHECKS, ids=[f"{text.split()[0]}-{n}" for n, (_, text, _) in enumerate(CHECKS)]
)
def test_each_check_catches(check: Check, text: str, caught: str) -> None:
    assert caught in "\n".join(check(text))


@pytest.mark.parametrize("check", EVERY_PAGE, ids=lambda check: check.__name__)
@pytest.mark.parametrize("page", PAGES, ids=str)
def test_page(page: Path, check: Check) -> None:
    assert list(check(page.read_text())) == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_paths(page: Path) -> None:
    assert list(doc_checks.paths(page.read_text(), page)) == []


def test_guide_describes_every_policy() -> None:
    assert list(doc_checks.described_policies(GUIDE.read_text())) == []


def test_guide_explains_every_reason() -> None:
    assert list(doc_checks.explained_reasons(GUIDE.read_text())) == []


def test_every_engine_is_described() -> None:
    assert list(doc_checks.described_engines(Path("docs/engines.md").read_text())) == []


def test_core_and_shell() -> None:
    assert list(doc_checks.rooms(Path("docs/architecture.md").read_text())) == []


def test_guide_has_what_is_checked() -> None:
    """A check that finds nothing to look at would pass whatever the guide says."""
    guide = GUIDE.read_text()
    assert guide.count("```yaml values") >= 8
    assert guide.count("```mermaid") >= 1
    assert "| Entry | Allows | Does not allow |" in guide
    assert "| Written | Because |" in guide
    assert Path("README.md").read_text().count("```console run") >= 1


def test_every_value_is_documented() -> None:
    text = Path("charts/sark-network/values.yaml").read_text()
    [document] = parse(text, "values.yaml").documents
    assert [row.path for row in rows(document, text) if not row.meaning] == []
