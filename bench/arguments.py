"""The command line of a bench that takes turns."""

from __future__ import annotations

import argparse


def turns(page: str | None, default: int) -> int:
    """How many turns the command line asks for, as `page` says; what is no number ends with code 2."""
    parser = argparse.ArgumentParser(description=page, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("turns", nargs="?", type=positive, default=default, metavar="TURNS", help=f"turns ({default})")
    return int(parser.parse_args().turns)


def positive(text: str) -> int:
    """A whole number above zero; `argparse` makes a sentence of a ValueError."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is no number of turns; write 1 or more")
    return number
