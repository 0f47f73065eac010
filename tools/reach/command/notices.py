"""The notices that go with an answer: what is broken in the input, and what a reader must know about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tools.findings.formats.text import place
from tools.findings.model import Problem, Severity
from tools.reach.diff import Alone
from tools.reach.formats.names import printable


@dataclass(frozen=True, slots=True)
class Notices:
    """Files that could not be read, problems that leave something of the input out, and notes."""

    unread: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, problems: Iterable[Problem], unread: Iterable[Problem] = ()) -> Notices:
        """Notices sorted by severity, each once."""
        once = tuple(dict.fromkeys(problems))
        return cls(
            tuple(dict.fromkeys(unread)),
            tuple(problem for problem in once if problem.severity is not Severity.NOTE),
            tuple(problem for problem in once if problem.severity is Severity.NOTE),
        )

    def lines(self) -> Iterator[str]:
        """One line for each notice, problems first."""
        yield from (_line(problem) for problem in (*self.unread, *self.problems, *self.notes))

    def paragraphs(self) -> Iterator[str]:
        """The notices as they stand below an answer, under headings."""
        for title, problems in (
            ("Not read, and so not judged:", self.unread),
            ("Broken in the input:", self.problems),
            ("Notes:", self.notes),
        ):
            if problems:
                yield f"\n{title}\n"
                yield from (f"  {_line(problem)}\n" for problem in problems)


def _line(problem: Problem) -> str:
    where = f"{place(problem.where)}: " if problem.where.file else ""
    path = problem.where.path
    subject = f"{path}: " if path and not problem.message.startswith(path) else ""
    return printable(f"{where}{problem.severity.value}: {_object(problem)}{subject}{problem.message}")


def _object(problem: Problem) -> str:
    """The object that the problem is in, unless the message names it."""
    identity = problem.where.identity
    return "" if identity is None or str(identity) in problem.message else f"{identity}: "


def one_sided(alone: Alone, before: str, after: str) -> Iterator[str]:
    """The workloads that one side of a diff has and the other does not."""
    for name, names in ((before, alone.before), (after, alone.after)):
        if names:
            yield printable(f"only in {name}: {', '.join(names)}")
