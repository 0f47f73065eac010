"""The command line: what can be asked, and what `--help` says of it."""

from __future__ import annotations

from tools.findings import cli
from tools.manifests import arguments, configuration
from tools.render.own import CHART
from tools.render.target import KUBE_VERSION, NAMESPACE, RELEASE

DESCRIPTION = (
    "Renders the chart: `python -m tools.render --env NAME --to DIR` writes plain manifests for `kubectl apply`."
)

# The options that a project may write down, and how many values each takes at most.
CONFIGURABLE = {"env": 1, "values": None, "chart": 1, "kube-version": 1}


def parser() -> cli.Parser:
    """The command line."""
    made = cli.Parser(prog="python -m tools.render", description=DESCRIPTION, epilog=cli.EXIT_CODES)
    made.add_argument("--env", metavar="NAME", help="an environment of the chart's ci directory")
    cli.add_several(
        made, "--values", metavar="FILE", type=cli.file_path, default=[], help="values files, merged as Helm does"
    )
    made.add_argument(
        "--to", metavar="DIR", type=cli.file_path, required=True, help="where to write, one file a template"
    )
    made.add_argument("--release", metavar="NAME", type=arguments.release, default=RELEASE, help="default: %(default)s")
    made.add_argument(
        "--namespace", metavar="NAME", type=arguments.namespace, default=NAMESPACE, help="default: %(default)s"
    )
    made.add_argument("--kube-version", metavar="X.Y.Z", default=KUBE_VERSION, help="default: %(default)s")
    cli.add_chart(made, CHART)
    configuration.add_option(made)
    return made
