"""Renders the chart: `python -m tools.render --env NAME --to DIR` writes plain manifests for `kubectl apply`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tools.findings import cli
from tools.findings.errors import InputError
from tools.manifests import configuration
from tools.manifests.files import shown
from tools.render.chart import CHART, Chart, chart, layered
from tools.render.helm import HelmError
from tools.render.helm_errors import RenderError
from tools.render.manifest_files import by_template, write
from tools.render.target import KUBE_VERSION, NAMESPACE, RELEASE, Target
from tools.render.template import render

# The options that a project may write down, and how many values each takes at most.
CONFIGURABLE = {"env": 1, "values": None, "chart": 1, "kube-version": 1}


def parser() -> cli.Parser:
    """The command line."""
    made = cli.Parser(prog="python -m tools.render", description=__doc__, epilog=cli.EXIT_CODES)
    made.add_argument("--env", metavar="NAME", help="an environment of the chart's ci directory")
    made.add_argument(
        "--values",
        metavar="FILE",
        nargs="+",
        action="extend",
        type=cli.file_path,
        default=[],
        help="values files, merged as Helm does",
    )
    made.add_argument(
        "--to", metavar="DIR", type=cli.file_path, required=True, help="where to write, one file a template"
    )
    made.add_argument("--release", default=RELEASE, help="default: %(default)s")
    made.add_argument("--namespace", default=NAMESPACE, help="default: %(default)s")
    made.add_argument("--kube-version", metavar="X.Y.Z", default=KUBE_VERSION, help="default: %(default)s")
    made.add_argument(
        "--chart", metavar="DIR", type=cli.file_path, default=CHART, help="another chart than this project's"
    )
    configuration.add_option(made)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; gives the exit code."""
    options, _ = configuration.parsed(parser(), arguments, lambda _: CONFIGURABLE)
    try:
        made = chart(options.chart)
        files = (*_environment(options.env, made), *options.values)
        layered(files)  # Refuses what is no values file, with its place.
        target = Target(options.release, options.namespace, options.kube_version)
        output = asyncio.run(render(made.path, files=files, target=target))
        for path in write(by_template(output), options.to):
            print(shown(path))
    except (InputError, HelmError, OSError) as error:
        cli.complain("render", error)
        return cli.COULD_NOT_RUN
    except RenderError as error:
        cli.complain("render", error)
        return cli.COULD_NOT_RUN if error.kind in ("helm", "values") else cli.FINDINGS
    return cli.CLEAN


def _environment(name: str | None, made: Chart) -> tuple[Path, ...]:
    if name and name not in made.environments:
        parser().error(f"there is no environment {name}; there are {', '.join(made.environments)}")
    return (made.environments[name],) if name else ()


if __name__ == "__main__":
    cli.run(main)
