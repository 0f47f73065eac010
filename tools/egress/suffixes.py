"""`python -m tools.egress.suffixes`: rewrites the chart's lists of public suffixes from the `publicsuffixlist` package.

The chart refuses a wildcard under a public suffix (https://publicsuffix.org), where anyone can register a name, and one
under a name that has such suffixes below it. A template cannot search a list for those, so that they stand in a second
file. Suffixes of one label are left out: values.schema.json refuses a wildcard under any of those.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import metadata, resources
from pathlib import Path

from tools.egress.allowlist import Suffixes

TARGET = Path("charts/sark-network/files/public-suffixes.txt")
ABOVE = Path("charts/sark-network/files/public-suffix-parents.txt")
HEADER = """\
# The rules of the Public Suffix List (https://publicsuffix.org), those of two labels or more, in punycode.
# Made by `python -m tools.egress.suffixes` from publicsuffixlist {version}. This Source Code Form is subject to the
# terms of the Mozilla Public License, v. 2.0; a copy of it is at https://mozilla.org/MPL/2.0/.
"""
ABOVE_HEADER = """\
# Names that are no public suffix and have some below them, each with the first of those, in punycode.
# Made by `python -m tools.egress.suffixes` from public-suffixes.txt, under its terms (Mozilla Public License, v. 2.0).
"""


def rules(text: str) -> Iterator[str]:
    """The rules of a public_suffix_list.dat, without comments, in punycode; those of one label left out."""
    for line in text.splitlines():
        rule = line.split("//", 1)[0].strip()
        if "." in rule:
            mark = "!" if rule.startswith("!") else ""
            labels = rule.removeprefix("!").split(".")
            yield mark + ".".join(label if label.isascii() else label.encode("idna").decode() for label in labels)


def parents(suffixes: Suffixes) -> str:
    """The text of the second file: each name above suffixes, a space, and the first suffix below it."""
    return ABOVE_HEADER + "".join(f"{name} {below}\n" for name, below in sorted(suffixes.parents.items()))


def main() -> int:
    """Write the files; 2 when the package is not installed."""
    try:
        version = metadata.version("publicsuffixlist")
        text = resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text("utf-8")
    except ModuleNotFoundError:
        print("publicsuffixlist is not installed: pip install publicsuffixlist", file=sys.stderr)
        return 2
    listed = sorted(set(rules(text)))
    TARGET.write_text(HEADER.format(version=version) + "\n".join(listed) + "\n", "utf-8")
    ABOVE.write_text(parents(Suffixes(frozenset(listed))), "utf-8")
    print(f"{TARGET}: {len(listed)} rules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
