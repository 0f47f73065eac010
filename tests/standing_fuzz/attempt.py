"""One case, judged within a bound of time, and everything that can go wrong with it made a failure."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.standing_fuzz.case import Failure, Subject, Unmet
from tests.standing_fuzz.shrink import shrunk
from tools.cluster.fuzz.dice import Dice

# A busy machine is no hang: processor time is bounded, and the clock only so that nothing waits for ever.
PATIENCE = 20
LAST_FRAMES = 4


class Overtime(BaseException):
    """The bound was reached. No `except Exception` of what is judged may take it."""


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Raise Overtime in here once the seconds are used up."""

    def over(signum: int, frame: object) -> None:
        raise Overtime

    before = [signal.signal(each, over) for each in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds * PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for each, handler in zip((signal.SIGPROF, signal.SIGALRM), before, strict=True):
            signal.signal(each, handler)


def outcome(subject: Subject, case: Any) -> str | tuple[str, str]:
    """The word for how the case ended, or the kind and the detail of its failure."""
    try:
        with bounded(subject.seconds):
            return subject.judge(case)
    except Overtime:
        return "hang", f"no end within {subject.seconds:g} s of processor time"
    except Unmet as unmet:
        return unmet.kind, unmet.detail
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        last = frames[-1]
        places = " < ".join(f"{Path(it.filename).name}:{it.lineno}" for it in reversed(frames[-LAST_FRAMES:]))
        return f"crash {type(error).__name__} in {Path(last.filename).name} {last.name}", f"{error} ({places})"


def attempt(subject: Subject, seed: str, index: int) -> str | Failure:
    """Make a case and judge it."""
    case = made(subject, seed, index)
    result = outcome(subject, case)
    return result if isinstance(result, str) else Failure(subject.name, seed, index, *result, case)


def made(subject: Subject, seed: str, index: int) -> Any:
    """The input of one case: the same for the same seed."""
    return subject.make(Dice(subject.name, seed, index))


def reduced(subject: Subject, failure: Failure) -> Failure:
    """The failure with an input as small as it was had."""

    def shows(smaller: Any) -> bool:
        result = outcome(subject, smaller)
        return not isinstance(result, str) and result[0] == failure.kind

    smallest = shrunk(failure.input, shows)
    result = outcome(subject, smallest)
    detail = result[1] if not isinstance(result, str) else failure.detail
    return Failure(failure.subject, failure.seed, failure.index, failure.kind, detail, smallest)
