"""What every command line of the toolkit shares: exit codes, usage errors, and an end without a traceback."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import NoReturn

CLEAN = 0
FINDINGS = 1
COULD_NOT_RUN = 2
USAGE = 64
INTERRUPTED = 130
BROKEN_PIPE = 141
TRACEBACK = "SARK_TRACEBACK"

EXIT_CODES = f"""exit codes: {CLEAN} clean, {FINDINGS} findings, {COULD_NOT_RUN} a stage could not run, {USAGE} usage"""


class Parser(argparse.ArgumentParser):
    """An argument parser that exits with 64 on a usage error (argparse's 2 means here that a stage could not run)."""

    def error(self, message: str) -> NoReturn:
        """Print one line of help and leave."""
        self.exit(USAGE, f"{self.prog}: {message}; {self.prog} --help says what there is\n")


def run(main: Callable[[], int]) -> NoReturn:
    """Run a command and exit with its code. A closed pipe and Ctrl-C end it quietly, a fault with one line."""
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes stdout again on its way out, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        code = INTERRUPTED
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        print(fault(error), file=sys.stderr)
        code = COULD_NOT_RUN
    sys.exit(code)


def fault(error: Exception) -> str:
    """What is said of an error that nobody foresaw."""
    return f"a fault of the toolkit: {type(error).__name__}: {error} ({TRACEBACK}=1 shows where)"
