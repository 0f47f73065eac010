"""`python -m tools.cluster up | install | test | fuzz | down | all`: chart and judge, proven in kind with Calico."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from tools.cluster.options import CALICO_MANIFEST, COMMANDS, ROOT, TrialOptions
from tools.findings.cli import COULD_NOT_RUN, EXIT_CODES, Parser, complain, run
from tools.findings.report import FORMATS
from tools.manifests import configuration

DESCRIPTION = """Installs the chart in a kind cluster with Calico and probes every row of tests/flows.yaml there.

  up        make the cluster: kind, Calico, a test internet, stand-ins for SARK's parts
  install   install the chart, or upgrade it
  test      the trial: twins, install, rows, upgrade, rollback, proxy down, uninstall, SARK as shipped where --sark says
            where it is; leaves the chart uninstalled
  fuzz      random policies: what the offline judge says of them, beside what a cluster does; up and down as with all
  down      remove the cluster and the test internet
  all       up, test, down"""

# The options that a project may write down, and how many values each takes at most. Its values are for a cluster of its
# own, and those of --values here for kind's.
CONFIGURABLE = {"env": 1, "chart": 1, "flows": 1, "format": 1, "output": 1}


def parser(environment: Mapping[str, str]) -> Parser:
    """The command line; KIND_NODE_IMAGE and CALICO_MANIFEST are defaults from the environment."""
    usual = TrialOptions()
    made = Parser(
        prog="python -m tools.cluster",
        description=DESCRIPTION,
        epilog=EXIT_CODES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = made.add_argument
    add("command", choices=COMMANDS, metavar="|".join(COMMANDS))
    add("--name", default=usual.name, help="the kind cluster's name (%(default)s)")
    add("--node-image", default=environment.get("KIND_NODE_IMAGE", ""), help="kind's node image ($KIND_NODE_IMAGE)")
    add(
        "--calico-manifest",
        default=environment.get("CALICO_MANIFEST") or CALICO_MANIFEST,
        help="files or addresses, with commas between ($CALICO_MANIFEST, else a pinned release's)",
    )
    add("--kind-config", type=Path, default=usual.kind_config, help="kind's configuration (kind-config.yaml)")
    add(
        "--env",
        dest="environment",
        default=usual.environment,
        help="the chart's environment to start from (%(default)s)",
    )
    add("--values", type=Path, default=usual.values, help="laid over it (tests/cluster/values.yaml)")
    add("--flows", type=Path, default=usual.flows, help="the rows to probe (tests/flows.yaml)")
    add("--sark", type=Path, metavar="DIR", help="a checkout of SARK: its manifests are tried as shipped (none)")
    add("--chart", type=Path, default=usual.chart, help="the chart (charts/sark-network)")
    add("--keep", action="store_true", help="keep the cluster; the test internet is removed all the same")
    add("--reuse", action="store_true", help="use a cluster of that name that exists already")
    add("--seed", default=usual.seed, help="fuzz: where chance begins; the results say it (a random one)")
    add("--policies", type=_count, default=usual.policies, help="fuzz: how many random policies (fuzz 200, test 40)")
    add("--record", type=Path, help="fuzz: a file for the cases and what the cluster did in them")
    add("--diagnostics", type=Path, help="where to write what failed (build/cluster/NAME)")
    add("--format", choices=FORMATS, default="text", help="how to print the results (%(default)s)")
    add("--output", type=Path, help="write them to a file instead")
    add("--junit", type=Path, help="write JUnit XML, a case a row, beside them")
    configuration.add_option(made)
    return made


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{text!r} is no number of policies; write 1 or more")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    # What `make kind` and `make helm` built is good enough, and what is on PATH comes first.
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), str(ROOT / ".cache" / "bin")])
    given, _ = configuration.parsed(parser(os.environ), arguments, lambda _: CONFIGURABLE)
    named = (field.name for field in fields(TrialOptions) if hasattr(given, field.name))
    options = TrialOptions(**{name: getattr(given, name) for name in named})
    if options.kind_config == TrialOptions().kind_config and not options.kind_config.is_file():
        complain("cluster", f"there is no {options.kind_config}: run it in a checkout of the project, which has it")
        return COULD_NOT_RUN
    # Only now: the client of Kubernetes takes longer to load than --help may take.
    from tools.cluster.commands import RUN, Destination

    return RUN[given.command](options, Destination(given.format, given.output, given.junit))


if __name__ == "__main__":
    run(main, patient=True)
