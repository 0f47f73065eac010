"""Work in a process of its own, beside the one that goes on: a second core has it, and the first does not wait."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable
from typing import TypeVar

from tools import COMMAND

Result = TypeVar("Result")


def begun(work: Callable[[], Result]) -> Callable[[], Result]:
    """Begin the work; what is given waits for its result.

    A process is copied where the toolkit is a command and nothing else runs in it yet: not in somebody's test, nor on a
    system that has no fork. There, and when the copy ends without a result, the work is done when it is asked for.
    """
    if not COMMAND or not hasattr(os, "fork") or (os.cpu_count() or 1) < 2:
        return work
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        _answer(work, writer)
    os.close(writer)
    return lambda: _result(reader, child, work)


def _answer(work: Callable[[], object], writer: int) -> None:
    """What the copy does: it works, writes the result, and is gone without a word."""
    # Ctrl-C goes to both, and is answered once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    code = 1
    try:
        with os.fdopen(writer, "wb") as out:
            pickle.dump(work(), out)
        code = 0
    finally:
        os._exit(code)


def _result(reader: int, child: int, work: Callable[[], Result]) -> Result:
    with os.fdopen(reader, "rb") as answer:
        data = answer.read()
    _, status = os.waitpid(child, 0)
    if status:
        # Whatever it was, it is said where it can be.
        return work()
    result: Result = pickle.loads(data)
    return result
