"""Renders the chart, and writes what came out as plain manifests."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.findings import cli
from tools.findings.errors import InputError
from tools.manifests.files import shown
from tools.render.chart import Chart, chart, layered
from tools.render.helm import HelmError
from tools.render.helm_errors import RenderError
from tools.render.manifest_files import by_template, write
from tools.render.options import parser
from tools.render.target import RenderTarget
from tools.render.template import rendered


def run(options: argparse.Namespace) -> int:
    """Render what was asked for; gives the exit code."""
    try:
        made = chart(options.chart)
        files = (*_environment(options.env, made), *options.values)
        layered(files)  # Refuses what is no values file, with its place.
        target = RenderTarget(options.release, options.namespace, options.kube_version)
        output = rendered(made.path, files, target)
        files_of = by_template(output)
        if not files_of:
            raise InputError("the chart renders no object with these values; nothing was written, and nothing removed")
        for path in write(files_of, options.to):
            print(shown(path))
    except (InputError, HelmError) as error:
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
