"""Terraform without its providers: `check [PATH…]`, or `run -chdir=DIR plan …` and every other command of Terraform."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tools.findings import cli
from tools.findings.home import home
from tools.terraform.offline.check import TerraformError, checked, directories, find

TERRAFORM = home() / "terraform"


def main(arguments: list[str] | None = None) -> int:
    """Exit codes of `check` are the toolkit's; `run` has Terraform's own."""
    given = sys.argv[1:] if arguments is None else arguments
    if not (find_spec("grpc") and find_spec("msgpack")):
        print("grpcio and msgpack are not installed: pip install -r requirements-dev.lock", file=sys.stderr)
        return cli.COULD_NOT_RUN
    try:
        return _run(given[1:]) if given[:1] == ["run"] else _check(given)
    except TerraformError as error:
        print(error, file=sys.stderr)
        return cli.COULD_NOT_RUN


def _run(arguments: list[str]) -> int:
    from tools.terraform.offline.server import offline

    terraform = find(os.environ)
    with offline() as environment:
        return subprocess.run([terraform, *arguments], env=environment, check=False).returncode


def _check(given: list[str]) -> int:
    parser = cli.Parser(prog="python -m tools.terraform.offline", description=__doc__, epilog=cli.EXIT_CODES)
    parser.add_argument(
        "command", choices=["check"], help="fmt, init, validate and test in every directory; see run above"
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, default=[TERRAFORM])
    paths: list[Path] = parser.parse_args(given).paths
    if not directories(paths):
        print(f"no .tf file in {' '.join(map(str, paths))}", file=sys.stderr)
        return cli.COULD_NOT_RUN
    from tools.terraform.offline.server import offline

    terraform, failed = find(os.environ), 0
    with offline() as environment:
        for ran in checked(terraform, paths, environment):
            failed += bool(ran.code)
            shown = os.path.relpath(ran.directory)
            print(f"{'FAILED' if ran.code else 'ok':<8}{ran.command:<10}{ran.seconds:5.1f} s  {shown}", flush=True)
            if ran.code:
                print(ran.output)
    return cli.FINDINGS if failed else cli.CLEAN


if __name__ == "__main__":
    cli.run(main, patient=True)
