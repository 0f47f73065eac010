"""Reads manifest files so that what is broken in one place hides nothing elsewhere.

`tools.manifests.documents.parse` stops at the first line that is not YAML. This module still reads the documents after
it, each by itself, within the one limit on aliases that applies to a whole file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import yaml

from tools.findings.model import Manifest, Problem, Severity, Where
from tools.manifests.documents import LOADER, Document, Parsed, manifests, parse
from tools.manifests.yaml_reader import Reader, RefusedTextError

_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)
# A file with more broken documents than this is not a manifest file, and listing more would not help.
MOST_BROKEN = 50
NO_OBJECT = "has neither apiVersion nor kind, so it is not a Kubernetes object and is left out"


@dataclass(frozen=True, slots=True)
class FileObjects:
    """The objects of a file, and what is wrong with the file or its objects, each with its line."""

    manifests: tuple[Manifest, ...] = ()
    problems: tuple[Problem, ...] = ()


def read(text: str, file: str) -> FileObjects:
    """The Kubernetes objects in a text. A document that is not an object is a problem, and is left out."""
    parsed = _parsed(text, file)
    objects: list[Manifest] = []
    problems = list(parsed.problems)
    for manifest in manifests(parsed, file):
        problem = _not_an_object(manifest)
        problems.extend([problem] if problem else [])
        if problem is None:
            objects.append(manifest)
    return FileObjects(tuple(objects), tuple(problems))


def _parsed(text: str, file: str) -> Parsed:
    whole = parse(text, file)
    if not whole.problems:
        return whole
    del whole  # Two copies of a large file would be most of the memory of a run.
    return _each(text, file)


def _each(text: str, file: str) -> Parsed:
    reader = Reader(file)
    documents: list[Document] = []
    broken: list[Problem] = []
    for offset, chunk in _chunks(text):
        try:
            for body, lines in reader.documents(yaml.parse(chunk, Loader=LOADER)):
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
            message = "there are too many errors before this line; the rest of the file is not read"
            broken.append(Problem(Where(file, "", line), message))
            break
    return Parsed(tuple(documents), tuple(broken))


def _problems(chunk: str, offset: int, file: str) -> tuple[Problem, ...]:
    """What is wrong in a document. It is read at its place in the file, because messages name lines too."""
    return parse("\n" * offset + chunk, file).problems


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    """Each document, and the number of lines before it. `---` at the start of a line ends whatever came before."""
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
    """The notes, with those on documents that are not objects merged into one: a folder may have hundreds of them."""
    others = []
    for note in notes:
        if note.message == NO_OBJECT:
            others.append(note)
        else:
            yield note
    if others:
        more = f" (and {len(others) - 1:,} more documents like it)" if len(others) > 1 else ""
        yield replace(others[0], message=f"{NO_OBJECT}{more}")


def _not_an_object(manifest: Manifest) -> Problem | None:
    """Why a document is not an object; None when it is one."""
    body, where = manifest.body, manifest.where()
    if not body:
        return Problem(where, "is not a Kubernetes object; write a mapping with apiVersion, kind and metadata")
    if "kind" not in body and "apiVersion" not in body:
        return Problem(where, NO_OBJECT, Severity.NOTE)
    for key, example in (("apiVersion", "apps/v1"), ("kind", "Deployment")):
        if not isinstance(body.get(key), str):
            return Problem(
                manifest.where(key), f"has no {key}, so it is not clear what it is; write one, such as {example}"
            )
    return None
