"""Bad input at the command line: a clear finding, the rest judged all the same, bounded time and memory."""

import json
import os
import resource
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reach.shell import GUARD, PODS, Ran, Runner
from tools.reach.command.options import parser

ROOT = Path(__file__).resolve().parents[3]
CALICO = """apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: g}
spec: {%s}
---
"""
OTHER = GUARD.replace("guard", "other")
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{letter}: &{letter} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, letter in zip("abcdefgh", "bcdefghi", strict=True)
)


def judged(run: Runner, *more: str) -> tuple[Ran, bool]:
    """The matrix as JSON, and whether GUARD was judged: stranger may not reach db, and web may."""
    ran = run("matrix", "--manifests", "all.yaml", "--format", "json", *more)
    pairs = {(row["src"], row["dst"]) for row in json.loads(ran.out)}
    closed = ("sark/stranger[Pod]", "sark/db[Pod]") not in pairs
    return ran, closed and ("sark/web[Pod]", "sark/db[Pod]") in pairs


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("spec: [\n---\n", 26, "not YAML: did not find expected node content"),
        ("a: 1\na: 2\n---\n", 26, "key 'a' is already set on line 25"),
        ("a: *b\n---\n", 25, "alias *b has no anchor before it"),
        ("a: !!python/object:os.system x\n---\n", 25, "the tag"),
        ("a: " + "[" * 5000 + "]" * 5000 + "\n---\n", 25, "nested deeper than 100 levels"),
        (LAUGHS + "---\n", 29, "aliases expand to more than 100000 values"),
        ("just words\n---\n", 25, "is not a Kubernetes object"),
        ("- a\n- b\n---\n", 25, "is not a Kubernetes object"),
        ("kind: Pod\nmetadata: {name: x}\n---\n", 25, "has no apiVersion, so it is not clear what it is"),
        ("apiVersion: v1\nmetadata: {name: x}\n---\n", 25, "has no kind, so it is not clear what it is"),
        ("apiVersion: v1\nkind: [Pod]\n---\n", 26, "has no kind, so it is not clear what it is"),
        (OTHER.replace("{app: db}", "[app]"), 29, "where a mapping belongs"),
        (OTHER.replace("8000", "0"), 32, "0 is not a port"),
        (OTHER.replace("{port: 8000}", "{port: 8000, endPort: 1}"), 32, "8000 to 1 is not a range of ports"),
        (OTHER.replace("matchLabels: {app: web}", "matchExpressions: [{key: a, operator: X}]"), 31, "is not one of"),
        (OTHER.replace("podSelector: {matchLabels: {app: web}}", "ipBlock: {cidr: x}"), 31, "'x' is not a CIDR"),
        (CALICO % "selector: \"a ==\"", 28, "column "),
        (CALICO % f"selector: \"{'(' * 50_000}all(){')' * 50_000}\"", 28, "column "),
        (CALICO % "order: high", 28, "order is not a number"),
        (CALICO % "ingress: [{action: Perhaps}]", 28, "'Perhaps' is not one of"),
    ],
)  # fmt: skip
def test_what_is_broken_is_said_and_the_rest_is_judged(run: Runner, text: str, line: int, message: str) -> None:
    """Whether it stands before the rest or behind it."""
    run.file("all.yaml", PODS + GUARD + text)
    ran, held = judged(run)
    assert (ran.code, held) == (1, True)
    assert any(
        problem.startswith(f"all.yaml:{line}: error: ") and message in problem for problem in ran.err.splitlines()
    )
    run.file("all.yaml", text + PODS + GUARD)
    ran, held = judged(run)
    assert (ran.code, held) == (1, True)
    assert f"all.yaml:{line - 24}: error: " in ran.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("replicas: 3\nimage: x\n---\n", "has neither apiVersion nor kind, so it is not a Kubernetes object"),
        ("apiVersion: example.com/v1\nkind: TrafficPolicy\n---\n", "its name suggests that it rules traffic"),
        ("apiVersion: extensions/v1beta1\nkind: NetworkPolicy\n---\n", "is not known, and it is left out"),
    ],
)
def test_what_is_not_known_is_a_note(run: Runner, text: str, message: str) -> None:
    run.file("all.yaml", PODS + GUARD + text)
    ran, held = judged(run)
    assert (ran.code, held) == (0, True)
    assert message in ran.err
    assert ": note: " in ran.err


def test_unknown_kinds_that_change_nothing_are_passed_over(run: Runner) -> None:
    run.file("all.yaml", PODS + GUARD + "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n---\n")
    assert judged(run) == (judged(run)[0], True)
    assert judged(run)[0].err == ""


def test_tiers_that_only_pass(run: Runner) -> None:
    """However often Pass hands on, the last tier's end is the end; there is no way back."""
    passing = CALICO % "tier: t%d, selector: all(), ingress: [{action: Pass}], egress: [{action: Pass}]"
    tier = "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: t%d}\nspec: {order: %d}\n---\n"
    tiers = "".join(tier % (n, n) + passing.replace("name: g", f"name: t{n}.g") % n for n in range(50))
    run.file("all.yaml", PODS + GUARD + tiers)
    ran, held = judged(run)
    assert (ran.code, held, ran.err) == (0, True, "")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 64, "nothing to judge; name --env, --values, --chart, --manifests or --context"),
        (
            ("--env", "nowhere"),
            64,
            "has no environment nowhere; there are app-sark, dev, full, guarded, production, staging, steered",
        ),
        (("--manifests", "gone.yaml"), 2, "cannot read gone.yaml: No such file or directory"),
        (("--manifests", "empty"), 2, "empty holds no .yaml, .yml, .json file"),
        (("--manifests", "latin.yaml"), 2, "cannot read latin.yaml: line 2 is not UTF-8; save it as UTF-8"),
        (("--values", "gone.yaml"), 2, "cannot read gone.yaml: No such file or directory"),
        (("--values", "list.yaml"), 2, "list.yaml: values are no mapping"),
        (("--values", "wrong.yaml"), 2, "egress"),
        (("--chart", "empty"), 2, "empty is no chart: it has no Chart.yaml"),
        (("--manifests", "ok.yaml", "--output", "empty"), 2, "cannot write empty: Is a directory"),
        (("--manifests", "ok.yaml", "--focus", "nobody"), 64, "no peer is called nobody"),
        (("--manifests", "ok.yaml", "--focus", "wab"), 64, "no workload wab; did you mean sark/web[Pod]?"),
        (("--manifests", "ok.yaml", "--pod-cidr", "10"), 64, "argument --pod-cidr: '10' is not a CIDR"),
        (("--manifests", "ok.yaml", "--format", "yaml"), 64, "argument --format: invalid choice: 'yaml'"),
        (("--env", "dev", "--kube-version", "2"), 64, "argument --kube-version: "),
        (("--manifests", "-", "--workloads", "-"), 64, "standard input can be read only once"),
        (("--nonsense",), 64, "unrecognized arguments: --nonsense"),
    ],
)
def test_how_a_run_that_cannot_be_ends(run: Runner, arguments: tuple[str, ...], code: int, message: str) -> None:
    (run.folder / "empty").mkdir()
    (run.folder / "latin.yaml").write_bytes(b"a: 1\nb: \xe9\n")
    run.file("list.yaml", "- a\n")
    run.file("wrong.yaml", "egress: {engine: magic}\n")
    run.file("ok.yaml", PODS + GUARD)
    ran = run("matrix", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_no_command(run: Runner) -> None:
    ran = run()
    assert (ran.code, ran.out) == (64, "")
    assert "the following arguments are required: command" in ran.err


@pytest.mark.parametrize("command", ["matrix", "explain", "diff", "check"])
def test_the_examples_of_help_are_commands(run: Runner, command: str) -> None:
    ran = run(command, "--help")
    assert ran.code == 0
    lines = [line for line in ran.out.splitlines() if line.startswith("  ") and "python -m tools.reach " in line]
    for line in lines:
        words = shlex.split(line.partition("python -m tools.reach ")[2])
        assert parser().parse_args(words).command == command
    assert lines or command == "check"


def test_a_chart_without_helm(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.render import helm

    monkeypatch.setenv("SARK_HELM", "/nowhere/helm")
    helm.located.cache_clear()
    try:
        ran = run("matrix", "--env", "dev")
    finally:
        helm.located.cache_clear()
    assert ran.code == 2
    assert "SARK_HELM names /nowhere/helm" in ran.err


# --- large ---


def policies(count: int) -> str:
    return "".join(GUARD.replace("guard", f"guard-{number}") for number in range(count))


HUGE: dict[str, Callable[[], str]] = {
    "two megabytes, broken at the end": lambda: PODS + policies(2_000_000 // len(GUARD)) + "a: [",
    "one label of ten megabytes": lambda: PODS + GUARD.replace("app: web", f"app: {'x' * 10_000_000}"),
    "a million broken documents": lambda: PODS + GUARD + "a: [\n---\n" * 1_000_000,
    "billion laughs, again and again": lambda: PODS + GUARD + (LAUGHS + "---\n") * 20_000,
    "nested two hundred thousand deep": lambda: PODS + GUARD + "a: " + "{a: " * 200_000 + "}" * 200_000,
}
SECONDS, MEMORY = 60, 1 << 30


@pytest.mark.parametrize("name", HUGE)
def test_large_input_is_bounded(tmp_path: Path, name: str) -> None:
    """Seconds of the processor and bytes of memory, whatever else the machine does; and never a traceback."""
    text = HUGE[name]()
    assert len(text) < 12_000_000
    (tmp_path / "all.yaml").write_text(text)
    command = [sys.executable, "-m", "tools.reach", "matrix", "--manifests", str(tmp_path / "all.yaml")]
    with (tmp_path / "err").open("w") as err:
        ran = subprocess.Popen(
            [*command, "--format", "connlist"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=err,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS)),
        )
    _, status, used = os.wait4(ran.pid, 0)
    ran.returncode = os.waitstatus_to_exitcode(status)
    messages = (tmp_path / "err").read_text()
    assert ran.returncode in (0, 1), messages[:500]
    assert used.ru_maxrss * 1024 < MEMORY
    assert "Traceback" not in messages
    assert "internal error (please report)" not in messages
    assert messages.count("\n") < 60
