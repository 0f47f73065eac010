"""What a shell completes: `eval "$(python -m tools.validate --print-completion bash)"`, then `sark-validate --<TAB>`.

A shell completes a command by its first word, which is `python` for all of them. So what is printed gives each command
a name of its own, as a function of the shell that runs it. `sark-network` of the wheel is one already.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Callable, Collection, Iterator

WHOLE = "sark-network"
_MODULE = "python -m "


def name_of(program: str) -> str:
    """What the shell calls a command: sark-validate for the validator, however it is installed."""
    if program in (WHOLE, f"{_MODULE}tools"):
        return WHOLE
    return f"sark-{re.split('[. ]', program)[-1].replace('_', '-')}"


def script(made: argparse.ArgumentParser, paths: Collection[Callable[[str], object]], shell: str) -> str:
    """The lines that `shell` reads, one of `tools.SHELLS`. `paths`: what reads the text of an option that names a
    file or a directory.
    """
    import shtab

    name, program = name_of(made.prog), made.prog
    if program.startswith(_MODULE):
        program = f"{shlex.quote(sys.executable)} -m {program.removeprefix(_MODULE)}"
    for action in _actions(made):
        if action.type in paths:
            action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]
    made.prog = name
    completion: str = shtab.complete(made, shell, root_prefix=name.replace("-", "_"))
    called = f"function {name}; {program} $argv; end" if shell == "fish" else f'{name}() {{ {program} "$@"; }}'
    function = f"{called}\n" if program != name else ""
    return f"{function}{completion}\n"


def _actions(made: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in made._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
