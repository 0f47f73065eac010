"""Manifest files, read so that what is broken in one place hides nothing of what stands elsewhere.

`tools.manifests.documents.parse` stops at the first line that is no YAML. Here the documents after it are read all the
same, each by itself, within the one bound on aliases that a whole file has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from tools.findings.model import Manifest, Problem, Severity, Where
from tools.manifests.documents import Document, Parsed, manifests, parse
from tools.manifests.yaml_reader import Reader, RefusedTextError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)
# After so many broken documents a file is no manifest file, and naming more helps nobody.
MOST_BROKEN = 50
NO_OBJECT = "has neither apiVersion nor kind, so it is no Kubernetes object, and is left out"


@dataclass(frozen=True, slots=True)
class Read:
    """The objects of a file, and what is wrong with it or with some of them, each with its line."""

    manifests: tuple[Manifest, ...] = ()
    problems: tuple[Problem, ...] = ()


def read(text: str, file: str) -> Read:
    """The Kubernetes objects of a text. What is no object is a problem, and is left out."""
    parsed = _parsed(text, file)
    found: list[Manifest] = []
    problems = list(parsed.problems)
    for manifest in manifests(parsed, file):
        problem = _fault(manifest)
        problems.extend([problem] if problem else [])
        if problem is None:
            found.append(manifest)
    return Read(tuple(found), tuple(problems))


def _parsed(text: str, file: str) -> Parsed:
    whole = parse(text, file)
    if not whole.problems:
        return whole
    del whole  # Twice a large file would be most of what a run takes.
    return _each(text, file)


def _each(text: str, file: str) -> Parsed:
    reader = Reader(file)
    documents: list[Document] = []
    broken: list[Problem] = []
    for offset, chunk in _chunks(text):
        try:
            for body, lines in reader.documents(yaml.parse(chunk, Loader=_Loader)):
                if body is not None:
                    documents.append(Document(body, {path: line + offset for path, line in lines.items()}, file))
        except RefusedTextError as refused:
            broken.append(_moved(refused.problem, offset))
        except (yaml.YAMLError, UnicodeEncodeError):
            broken.extend(_problems(chunk, offset, file)[-1:])
        if reader.problems:
            broken.extend(_problems(chunk, offset, file)[: len(reader.problems)])
            reader.problems.clear()
        if len(broken) > MOST_BROKEN:
            line = broken[-1].where.line
            broken.append(Problem(Where(file, "", line), "too much is broken here; the rest of the file is not read"))
            break
    return Parsed(tuple(documents), tuple(broken))


def _problems(chunk: str, offset: int, file: str) -> tuple[Problem, ...]:
    """What is wrong in a document, read where it stands: messages name lines too."""
    return parse("\n" * offset + chunk, file).problems


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    """Each document, and how many lines stand before it. `---` at the start of a line ends whatever was open."""
    starts = [0, *(match.start() for match in _SEPARATOR.finditer(text))]
    line = 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        chunk = text[start:end]
        yield line, chunk
        line += chunk.count("\n")


def _moved(problem: Problem, offset: int) -> Problem:
    where = problem.where
    return replace(problem, where=replace(where, line=where.line + offset if where.line else 0))


def once(notes: Iterable[Problem]) -> Iterator[Problem]:
    """Notes of documents that are no objects as one: a folder may hold hundreds of values files and the like."""
    strangers = []
    for note in notes:
        if note.message == NO_OBJECT:
            strangers.append(note)
        else:
            yield note
    if strangers:
        more = f" (and {len(strangers) - 1:,} more documents like it)" if len(strangers) > 1 else ""
        yield replace(strangers[0], message=f"{NO_OBJECT}{more}")


def _fault(manifest: Manifest) -> Problem | None:
    """Why a document is no object; None when it is one."""
    body, where = manifest.body, manifest.where()
    if not body:
        return Problem(where, "is no Kubernetes object: a mapping with apiVersion, kind and metadata belongs here")
    if "kind" not in body and "apiVersion" not in body:
        return Problem(where, NO_OBJECT, Severity.NOTE)
    for key, example in (("apiVersion", "apps/v1"), ("kind", "Deployment")):
        if not isinstance(body.get(key), str):
            return Problem(
                manifest.where(key), f"has no {key}, so nobody knows what it is; write one, such as {example}"
            )
    return None
