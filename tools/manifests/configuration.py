"""Options that a project writes down once: `[tool.sark-network]` in pyproject.toml, or `.sark-network.yaml`.

Its keys are the long options without their dashes, and every command reads the same file: a key that has no meaning
for a command is passed over there, and one that has none anywhere is an error. What the command line says replaces
what the file says; paths are taken from the current directory, as those of the command line are. `format` and `output`
are of reports alone, not of answers such as a matrix, and a --format on the command line is for standard output.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from tools.findings import cli
from tools.findings.errors import InputError
from tools.manifests.configuration_names import OWN, SHARED, TABLE

# What to judge: one of these on the command line replaces all of the file's.
SUBJECTS = ("env", "values", "manifests")
# What a chart is tried with besides, which means nothing to manifests.
OF_CHARTS = ("refused", "wrong-values", "coverage", "api-versions", "helm")
OF_REPORTS = ("format", "output", "fail-on", "disable")
# Options without a value, which a file sets to true.
FLAGS = ("wrong-values",)
# Of which it may write a number.
NUMBERS = ("coverage",)
# Of which it may write a list of none.
EMPTY = ("api-versions",)
KEYS = frozenset(
    (
        *SUBJECTS,
        "chart",
        "kube-version",
        "workloads",
        "flows",
        "schemas",
        "refused",
        "api-versions",
        "helm",
        "baseline",
        *OF_REPORTS,
        *FLAGS,
        *NUMBERS,
    )
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """The options of a file, which is "" when there is none; `lines` has the line of each key."""

    file: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    def check(self) -> None:
        """Raises InputError for a key that is no option of any command, and for a value that is none."""
        for key, value in self.options.items():
            if key not in KEYS:
                near = get_close_matches(str(key), KEYS, 1)
                advice = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(KEYS))}"
                raise InputError(f"{self.place(key)}: {key} cannot be set there; {advice}")
            items = _items(value)
            if key in FLAGS:
                if not isinstance(value, bool):
                    raise InputError(f"{self.place(key)}: {key} is neither true nor false")
                continue
            if key in NUMBERS and type(value) is int:
                continue
            if not (items or key in EMPTY) or not all(isinstance(item, str) for item in items):
                message = "is neither text nor a list of texts; write it as on the command line"
                raise InputError(f"{self.place(key)}: {key} {message}")
            if option := next((item for item in items if item.startswith("-") and item != "-"), ""):
                message = f"{option} begins as an option does, and {key} takes none; write a file's path as ./{option}"
                raise InputError(f"{self.place(key)}: {message}")

    def place(self, key: str) -> str:
        """The file, and the line of the key where it is known."""
        return f"{self.file}:{self.lines[key]}" if key in self.lines else self.file

    def words(self, key: str) -> list[str]:
        """What is written for a key, as the words of a command line."""
        return [str(item) for item in _items(self.options[key])]

    def arguments(self, given: Collection[str], allowed: Mapping[str, int | None]) -> list[str]:
        """The words that stand for the file beside a command line on which the options `given` are.

        `allowed`: the options that the command has, and how many values each takes at most. Raises InputError.
        """
        words_before: list[str] = []
        for key in self.options:
            if key not in allowed or key in given or (key in SUBJECTS and set(given) & {*SUBJECTS, "context"}):
                continue
            if key == "output" and "format" in given:
                # It is where a report of the file's format goes.
                continue
            if key in FLAGS:
                words_before.extend([f"--{key}"] * bool(self.options[key]))
                continue
            words, most = self.words(key), allowed[key]
            if most is not None and len(words) > most:
                message = f"{key} has {len(words)} values, and this command takes {most}; name it with --{key}"
                raise InputError(f"{self.place(key)}: {message}")
            words_before.extend((f"--{key}", *words))
        return words_before


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def add_option(made: argparse.ArgumentParser) -> None:
    """The option that names the file."""
    made.add_argument(
        "--config",
        metavar="FILE",
        type=cli.path,
        help=f"the file of options, by their long names: a .toml with a table [tool.{TABLE}], or YAML "
        f"(default: {SHARED} or {OWN} of the current directory)",
    )


def parsed(
    made: cli.Parser,
    line: Sequence[str] | None,
    allowed: Callable[[argparse.Namespace], Mapping[str, int | None]],
) -> tuple[argparse.Namespace, Configuration]:
    """The options of a command line and of the file that goes with it. A file that is wrong is a usage error.

    `allowed`: the keys that mean something for what the command line asks, and how many values each takes at most.
    """
    given = sys.argv[1:] if line is None else list(line)
    options = made.parse_args(given)
    try:
        file = configuration(options.config or "")
        words = file.arguments(options_on(given), allowed(options))
    except InputError as error:
        made.error(str(error))
    return made.parse_args(completed(given, words)), file


def options_on(line: Sequence[str]) -> set[str]:
    """The names of the long options on a command line."""
    words = line[: line.index("--")] if "--" in line else line
    return {word.partition("=")[0].removeprefix("--") for word in words if word.startswith("--")}


def completed(line: Sequence[str], words: Sequence[str]) -> list[str]:
    """A command line with the words of a file: after its own, which a list of values would swallow otherwise."""
    end = line.index("--") if "--" in line else len(line)
    return [*line[:end], *words, *line[end:]]


def configuration(named: str = "") -> Configuration:
    """The file that is named, or the one of the current directory. Raises InputError."""
    # Only now: --help reads no file.
    from tools.manifests.configuration_file import read

    settings = Configuration(*read(named))
    settings.check()
    return settings
