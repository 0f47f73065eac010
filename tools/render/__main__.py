"""Renders the chart: `python -m tools.render --env NAME --to DIR` writes plain manifests for `kubectl apply`."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.findings import cli, configuration
from tools.manifests.files import CHART, Chart, InputError, chart, layered, shown
from tools.render.helm import HelmError, located
from tools.render.helm_errors import RenderError, classify
from tools.render.manifest_files import by_template, write

RELEASE = "sark"
NAMESPACE = "sark"
KUBE_VERSION = "1.34.0"
# The options that a project may write down, and how many values each takes at most.
CONFIGURABLE = {"env": 1, "values": None, "chart": 1, "kube-version": 1}

# pyhelm3 logs each failure, which is reported here already; asyncio logs the children of a run that was interrupted.
for _name in ("pyhelm3", "asyncio"):
    logging.getLogger(_name).addHandler(logging.NullHandler())

# A backslash that stands for itself is passed over, so that what follows it is no escape.
_PAIR = re.compile(r"\\\\|(?P<pair>\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})")

__all__ = ["KUBE_VERSION", "RenderError", "Target", "render"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a render is for: the release, its namespace, and the cluster's version and APIs.

    The version is always said, because Helm's own default changes from one release to the next.
    """

    release: str = RELEASE
    namespace: str = NAMESPACE
    kube_version: str = KUBE_VERSION
    api_versions: tuple[str, ...] = ()

    @property
    def arguments(self) -> list[str]:
        """The flags of `helm template`."""
        apis = [part for api in self.api_versions for part in ("--api-versions", api)]
        return ["--namespace", self.namespace, "--kube-version", self.kube_version, *apis]


async def render(
    chart: Path,
    values: Mapping[str, Any] | None = None,
    *,
    files: Sequence[Path] = (),
    target: Target = Target(),
    helm: str | None = None,
) -> str:
    """The chart's manifests as Helm prints them, with its `# Source:` lines.

    `files` are values files, which Helm reads itself, and `values` one mapping, laid over them and the chart's own;
    `null` in it deletes. Raises RenderError, and HelmError when there is no helm.
    """
    from pyhelm3 import Command, errors

    command = Command(executable=helm or located())
    given = [_as_flag(file) for file in files] + (["--values=-"] if values else [])
    arguments = ["template", target.release, str(chart), *target.arguments, *given]
    try:
        output = await command.run(arguments, as_yaml(values or {}).encode())
    except errors.Error as error:
        raise classify(error.stderr.decode("utf-8", "replace"), error.returncode) from None
    return bytes(output).decode("utf-8", "replace")


def _as_flag(file: Path) -> str:
    """The flag that names a values file. Helm splits its text at commas, as CSV, and takes `x://` for an address."""
    name = str(file.absolute()).replace('"', '""')
    return f'--values="{name}"'


def as_yaml(values: Mapping[str, Any]) -> str:
    """Values as JSON that YAML reads too: JSON writes a character beyond U+FFFF as two escapes, which YAML refuses."""
    return _PAIR.sub(_one_escape, json.dumps(values))


def _one_escape(match: re.Match[str]) -> str:
    if not match["pair"]:
        return match[0]
    character: str = json.loads('"' + match["pair"] + '"')
    return f"\\U{ord(character):08X}"


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
