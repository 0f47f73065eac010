"""Reads files: text, YAML, and the manifests that paths of a command line name."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from tools.findings.errors import InputError
from tools.findings.home import portable
from tools.findings.model import Manifest
from tools.manifests.documents import Parsed, manifests, parse
from tools.manifests.source import Source, chart_refusal, nothing_in
from tools.manifests.text_lines import text_lines

MANIFESTS = (".yaml", ".yml", ".json")
# What Python puts into a virtual environment; the packages in one may hold manifests of their own.
ENVIRONMENT = "pyvenv.cfg"
# The most that is read of one file: a dump of ten thousand workloads is a third of it.
MOST_BYTES = 64 << 20


def shown(path: Path) -> str:
    """A path as the user would type it: relative when it is below the current directory; or its name everywhere."""
    try:
        # A link is called by its own name, wherever it leads.
        absolute = path.parent.resolve() / path.name if path.is_symlink() else path.resolve()
        here = Path.cwd()
    except (OSError, RuntimeError):  # A loop of symbolic links, or a directory that is gone.
        return str(path)
    if name := portable(absolute):
        return str(name)
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)


def read_text(path: Path) -> str:
    """The text of a file, in UTF-8. Raises InputError."""
    try:
        return decoded(read_bytes(path), shown(path))
    except OSError as error:
        raise InputError(f"cannot read {shown(path)}: {error.strerror or error}") from None


def read_bytes(path: Path) -> bytes:
    """What a regular file of at most MOST_BYTES holds. Raises OSError, whose `strerror` says what is wrong with it."""
    with os.fdopen(_opened(path), "rb") as file:
        return _bounded(file)


def file_lines(path: Path) -> Iterator[str]:
    """The lines of a regular file of any size, unpacked where it is packed. Raises OSError as above."""
    with os.fdopen(_opened(path), "rb") as file:
        yield from text_lines(file)


def input_lines() -> Iterator[str]:
    """The lines of standard input, in the same way. Raises InputError."""
    if sys.stdin is None:
        raise InputError("cannot read standard input: it is closed")
    try:
        yield from text_lines(sys.stdin.buffer)
    except OSError as error:
        raise InputError(f"cannot read standard input: {error.strerror or error}") from None


def _opened(path: Path) -> int:
    # Without waiting: a pipe is opened when nobody writes into it, too.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        raise OSError(errno.EINVAL, "it is not a regular file; what a pipe gives is read from standard input")
    return descriptor


def _bounded(file: BinaryIO) -> bytes:
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {MOST_BYTES >> 20} MiB, which is the most that is read")
    return data


def decoded(data: bytes, name: str) -> str:
    """Bytes as UTF-8 text. Raises InputError with the line of the first byte that is none."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"cannot read {name}: line {line} is not UTF-8; save it as UTF-8") from None


def read_yaml(path: Path) -> Parsed:
    """A YAML file. Raises InputError when it cannot be read; what is wrong in it is among its problems."""
    return parse(read_text(path), shown(path))


def mapping(path: Path) -> Mapping[str, Any]:
    """The mapping in a values file. Raises InputError when it holds anything else."""
    parsed = read_yaml(path)
    if parsed.problems:
        problem = parsed.problems[0]
        raise InputError(f"{problem.where.file}:{problem.where.line}: {problem.message}")
    body = parsed.documents[0].body if parsed.documents else {}
    if not isinstance(body, Mapping) or len(parsed.documents) > 1:
        raise InputError(f"{shown(path)}: values are no mapping; write `key: value` lines, in one document")
    return body


def manifest_sources(paths: Sequence[str]) -> Iterator[Source]:
    """Each manifest file: a file, each YAML or JSON file below a directory, or `-` (standard input).

    A file that two paths lead to is one file. Git's own directory and virtual environments of Python are passed over.
    """
    known: set[Path] = set()
    for name in paths:
        if name == "-":
            yield _source("<stdin>", _standard_input)
        elif _is_folder(name):
            yield from _below(Path(name), known)
        elif _is_new(Path(name), known):
            yield _source(shown(Path(name)), partial(read_text, Path(name)))


def _is_new(path: Path, known: set[Path]) -> bool:
    """Whether no path before led to the file; it is known from now on."""
    try:
        real = path.resolve()
    except (OSError, RuntimeError):  # A loop of symbolic links; reading it says so.
        return True
    before = len(known)
    known.add(real)
    return len(known) > before


def manifest_texts(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(file, text) of each manifest file. Raises InputError for the first that cannot be read."""
    for source in manifest_sources(paths):
        if source.refusal:
            raise InputError(source.refusal)
        yield source.file, source.text


def objects(paths: Sequence[str]) -> tuple[Manifest, ...]:
    """The Kubernetes objects of manifest files. Raises InputError, also when there is none, or what is none."""
    texts = list(manifest_texts(paths))
    documents: list[Manifest] = []
    for file, text in texts:
        parsed = parse(text, file)
        for problem in parsed.problems:
            raise InputError(f"{file}:{problem.where.line}: {problem.message}")
        for document in manifests(parsed, file):
            if not document.body:
                line = document.lines.get("", 1)
                raise InputError(
                    f"{file}:{line}: this document is not an object; write apiVersion, kind and metadata.name"
                )
            documents.append(document)
    if not documents:
        raise InputError(nothing_in(file for file, _ in texts))
    return tuple(documents)


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except OSError:  # Such as a name that is too long; reading it says so.
        return False


def _source(file: str, read: Callable[[], str]) -> Source:
    try:
        return Source(file, read())
    except InputError as error:
        return Source(file, refusal=str(error))


def _standard_input() -> str:
    if sys.stdin is None:
        raise InputError("cannot read standard input: it is closed")
    try:
        return decoded(_bounded(sys.stdin.buffer), "standard input")
    except OSError as error:
        raise InputError(f"cannot read standard input: {error.strerror or error}") from None


def _below(directory: Path, known: set[Path]) -> Iterator[Source]:
    """The manifest files of a directory. A chart below it is refused: its templates and values are no manifests."""
    unreadable: list[Source] = []
    charts: list[Source] = []
    paths: list[Path] = []

    def refused(error: OSError) -> None:
        folder = str(error.filename)
        unreadable.append(Source(folder, refusal=f"cannot read {folder}: {error.strerror}"))

    for folder, folders, files in os.walk(directory, onerror=refused):
        if "Chart.yaml" in files:
            name = shown(Path(folder))
            charts.append(Source(name, refusal=chart_refusal(name), is_chart=True))
            folders.clear()
        elif ENVIRONMENT in files:
            folders.clear()
        else:
            folders[:] = [name for name in folders if name != ".git"]
            paths.extend(Path(folder, file) for file in files if file.endswith(MANIFESTS))
    yield from unreadable
    yield from sorted(charts, key=lambda source: source.file)
    if not paths and not unreadable and not charts:
        yield Source(shown(directory), refusal=f"{shown(directory)} holds no {', '.join(MANIFESTS)} file")
    for path in sorted(paths):
        if _is_new(path, known):
            yield _source(shown(path), partial(read_text, path))
