"""What the command lines of the toolkit share: exit codes, usage errors, and an end without a traceback."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tools import COMMAND, SHELLS, __version__
from tools.findings.escaping import line, printable
from tools.findings.faults import TRACEBACK, fault, revealed

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

CLEAN = 0
FINDINGS = 1
COULD_NOT_RUN = 2
USAGE = 64
INTERRUPTED = 130
BROKEN_PIPE = 141
PROGRAM = re.compile(r"(python -m tools\.|sark-network )\w+")
# What a command makes it keeps to its end: Python looks for what nothing refers to after so many new objects, not 700.
OBJECTS = 50_000
# The error numbers of a full disk, a quota, a lost device and a closed descriptor.
_OF_OUTPUT = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)

EXIT_CODES = f"""exit codes: {CLEAN} clean, {FINDINGS} findings, {COULD_NOT_RUN} a stage could not run, {USAGE} usage"""


class _Completion(argparse.Action):
    """Prints what a shell reads, and leaves."""

    def __call__(self, parser: argparse.ArgumentParser, _: object, shell: Any, *__: object) -> None:
        from tools.findings.completion import script

        sys.stdout.write(script(parser, (path, file_path, Path), shell))
        parser.exit(CLEAN)


class Parser(argparse.ArgumentParser):
    """An argument parser that exits with 64 on a usage error (argparse's 2 means here that a stage could not run).

    Every command, and every command of a command, has --version; options are written in full. The command as a whole
    has --print-completion.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **{"allow_abbrev": False, **settings})
        version = f"sark-network {__version__}"
        self.add_argument("--version", action="version", version=version, help="print the version and exit")
        if PROGRAM.fullmatch(self.prog):
            self.add_argument(
                "--print-completion",
                action=_Completion,
                choices=SHELLS,
                help="print the completion script for that shell and exit",
            )

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does it, but refuses `--option=--`, of which some versions of Python make an empty list."""
        words = sys.argv[1:] if args is None else list(args)
        for word in words[: words.index("--")] if "--" in words else words:
            option, sign, value = word.partition("=")
            if option.startswith("--") and sign and value == "--":
                self.error(f"argument {option}: '--' is no value")
        options, unknown = super().parse_known_args(words, namespace)
        if unknown and not PROGRAM.fullmatch(self.prog):
            # A command of a command, whose own --help says what there is; argparse would name the whole.
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """As argparse does it, but an output that cannot be written is an error here."""
        if message:
            (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        """Print one line of help and leave."""
        self.exit(USAGE, f"{self.prog}: {printable(message)}; {self.prog} --help says what there is\n")


def complain(program: str, message: object) -> None:
    """Say on standard error why the command gives no answer. Text that came from input is escaped."""
    for part in f"{program}: {message}".split("\n"):
        print(line(part), file=sys.stderr)


def path(text: str) -> str:
    """The type of an option that names a file or a directory: the empty text names none."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty; name a file or a directory")
    try:
        possible = b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise argparse.ArgumentTypeError("it holds a character that no path can")
    return text


def words(text: str) -> str:
    """The type of an option whose value is text: what was typed, also in a locale without UTF-8."""
    try:
        return os.fsencode(text).decode("utf-8")
    except UnicodeError:
        raise argparse.ArgumentTypeError("it is no text in UTF-8") from None


def add_several(group: argparse._ActionsContainer, option: str, **settings: Any) -> None:
    """An option that takes several values, and may be given more than once: all of them count."""
    group.add_argument(option, nargs="+", action="extend", **settings)


def add_chart(group: argparse._ActionsContainer, usual: Path) -> None:
    """The option that names a chart."""
    group.add_argument(
        "--chart",
        metavar="DIR",
        type=file_path,
        default=usual,
        help="another chart than this project's: a directory, or oci://REGISTRY/NAME:VERSION",
    )


def add_gate(rules: argparse._ArgumentGroup) -> None:
    """The options that say what fails a run."""
    rules.add_argument(
        "--fail-on",
        choices=("error", "warning", "note"),
        default="warning",
        help="the least severe finding that fails the run (default: %(default)s)",
    )
    add_several(rules, "--disable", metavar="RULE", default=[], help="rules that are not asked for")


def file_path(text: str) -> Path:
    """As `path`, and gives a Path."""
    return Path(path(text))


def run(main: Callable[[], int], *, patient: bool = False) -> NoReturn:
    """Run a command and exit with its code. A closed pipe and Ctrl-C end it quietly, a fault with one line.

    `patient`: Ctrl-C is raised, so that the command can remove what it made; else it ends the process where it is.
    """
    _open_streams()
    if COMMAND:
        gc.set_threshold(OBJECTS)
    if COMMAND and patient and signal.getsignal(signal.SIGINT) not in (signal.SIG_IGN, None):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = _unraisable
    try:
        code = _code(main)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        code = BROKEN_PIPE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        code = INTERRUPTED
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        _discard_output()
        print(_unwritten(error) or fault(error), file=sys.stderr)
        code = COULD_NOT_RUN
    if COMMAND:
        # The verdict is out, and nothing is left that could be interrupted.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if not patient:
            _leave(code)
    sys.exit(code)


def _leave(code: int) -> NoReturn:
    """End the process where it is. Python would take every object apart first, which the system does at once."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _code(main: Callable[[], int]) -> int:
    """What the command ends with; --help, --version and usage errors leave it by themselves."""
    try:
        with revealed(bool(os.environ.get(TRACEBACK))):
            return main()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else CLEAN


def _open_streams() -> None:
    """Make both streams take any text. Writing to a closed standard output fails; a closed error is no loss."""
    if sys.stdout is None:
        sys.stdout = _ClosedOutput()
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class _ClosedOutput(StringIO):
    """Standard output that whoever started the command had closed."""

    def write(self, text: str) -> int:
        raise OSError(errno.EBADF, "it is closed")


def _discard_output() -> None:
    """Python flushes standard output again on its way out, and would complain."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # A stream without a descriptor, such as one that a test put there.
        sys.stdout = StringIO()


def _unwritten(error: Exception) -> str:
    """The message for output that could not be written, "" for any other error."""
    if isinstance(error, OSError) and error.filename is None and error.errno in _OF_OUTPUT:
        return f"cannot write to standard output: {error.strerror}"
    return ""


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """Ctrl-C where Python can raise nothing, such as while it destroys an object, is Ctrl-C all the same."""
    if unraisable.exc_type is KeyboardInterrupt:
        os.write(2, b"interrupted\n")
        os._exit(INTERRUPTED)
    sys.__unraisablehook__(unraisable)
