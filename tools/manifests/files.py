"""Reads the files that a run is about: the chart, its environments, values files, manifests."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, BinaryIO

from tools.findings.model import Manifest
from tools.manifests.documents import Parsed, manifests, parse
from tools.render import parts
from tools.render.merge import overlay
from tools.render.parts import Part
from tools.render.provenance import helpers
from tools.render.schema import fault

CHART = Path(__file__).resolve().parent.parent.parent / "charts" / "sark-network"
FLOWS = CHART.parents[1] / "tests" / "flows.yaml"
SUFFIX = "-values.yaml"
MANIFESTS = (".yaml", ".yml", ".json")
# The most that is read of one file: a dump of ten thousand workloads is a third of it.
MOST_BYTES = 64 << 20


class InputError(Exception):
    """Something that cannot be read; the message names it and says why."""


@dataclass(frozen=True)
class Chart:
    """A chart's directory, and what stands in it."""

    path: Path

    @property
    def name(self) -> str:
        """The directory as the user would type it from here."""
        return shown(self.path)

    @cached_property
    def environments(self) -> dict[str, Path]:
        """Each environment and its values file: `ci/NAME-values.yaml`."""
        files = sorted((self.path / "ci").glob(f"*{SUFFIX}"))
        return {file.name.removesuffix(SUFFIX): file for file in files}

    @cached_property
    def title(self) -> str:
        """The name in its Chart.yaml, which a copy elsewhere has too; "" when there is none."""
        documents = read_yaml(self.path / "Chart.yaml").documents
        body = documents[0].body if documents else None
        name = body.get("name") if isinstance(body, Mapping) else None
        return name if isinstance(name, str) else ""

    @property
    def own(self) -> bool:
        """Whether it is this project's chart, or a copy of it."""
        return self.title == CHART.name

    @cached_property
    def has_list(self) -> bool:
        """Whether its values list the names that may be reached, as those of this project's chart do."""
        documents = self.values.documents
        body = documents[0].body if documents else None
        egress = body.get("egress") if isinstance(body, Mapping) else None
        return isinstance(egress, Mapping) and "domains" in egress

    @cached_property
    def workloads(self) -> tuple[Manifest, ...] | None:
        """The workloads that the policies are for, `ci/workloads.yaml`; None when the chart says nothing of them."""
        path = self.path / "ci" / "workloads.yaml"
        return objects([str(path)]) if path.is_file() else None

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The parts that the chart knows, of its files/parts.yaml; none when it has no such file."""
        text = self.text(parts.FILE)
        try:
            return parts.read(text, shown(self.path / parts.FILE)) if text else ()
        except parts.PartsError as error:
            raise InputError(str(error)) from None

    @cached_property
    def values(self) -> Parsed:
        """The chart's own values.yaml; a chart needs none."""
        path = self.path / "values.yaml"
        return read_yaml(path) if path.exists() else Parsed()

    @cached_property
    def schema(self) -> Any:
        """values.schema.json; everything is allowed where there is none."""
        path = self.path / "values.schema.json"
        if not path.exists():
            return {}
        try:
            return json.loads(read_text(path))
        except json.JSONDecodeError as error:
            raise InputError(f"{shown(path)}:{error.lineno}: not JSON: {error.msg}") from None
        except (ValueError, RecursionError) as error:
            raise InputError(f"{shown(path)}: not JSON that can be read: {error}") from None

    @cached_property
    def schema_fault(self) -> str:
        """What makes the schema itself unusable, or ""."""
        return fault(self.schema)

    def template(self, file: str) -> tuple[str, ...]:
        """The lines of a template; none when `file` is no file of the chart."""
        path = Path(file)
        return tuple(read_text(path).splitlines()) if path.is_file() else ()

    @cached_property
    def helpers(self) -> dict[str, tuple[str, ...]]:
        """The lines of each named template."""
        return helpers(read_text(path) for path in sorted((self.path / "templates").glob("*.tpl")))

    def text(self, file: str) -> str:
        """A file of the chart, or "" when the chart has none of that name."""
        path = self.path / file
        return read_text(path) if path.is_file() else ""


def chart(path: Path = CHART) -> Chart:
    """The chart at `path`. Raises InputError when there is none."""
    if not (path / "Chart.yaml").is_file():
        raise InputError(f"{shown(path)} is no chart: it has no Chart.yaml; name one with --chart DIR")
    return Chart(path)


def is_chart(name: str) -> bool:
    """Whether a directory of that name is a chart."""
    try:
        return Path(name, "Chart.yaml").is_file()
    except OSError:  # Such as a name that is too long; reading it says so.
        return False


def shown(path: Path) -> str:
    """A path as the user would type it: relative when it is below the current directory."""
    try:
        absolute, here = path.resolve(), Path.cwd()
    except (OSError, RuntimeError):  # A loop of symbolic links, or a directory that is gone.
        return str(path)
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)


def read_text(path: Path) -> str:
    """The text of a file, in UTF-8. Raises InputError."""
    try:
        return decoded(read_bytes(path), shown(path))
    except OSError as error:
        raise InputError(f"cannot read {shown(path)}: {error.strerror or error}") from None


def read_bytes(path: Path) -> bytes:
    """What a regular file of at most MOST_BYTES holds. Raises OSError, whose `strerror` says what is wrong with it."""
    # Without waiting: a pipe is opened when nobody writes into it, too.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        raise OSError(errno.EINVAL, "it is no regular file; what a pipe gives is read from standard input")
    with os.fdopen(descriptor, "rb") as file:
        return _bounded(file)


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


def layered(files: Iterable[Path]) -> dict[str, Any]:
    """Values files laid over each other, the later above, as Helm does. Raises InputError."""
    merged: dict[str, Any] = {}
    for file in files:
        merged = overlay(merged, mapping(file))
    return merged


@dataclass(frozen=True, slots=True)
class Source:
    """A manifest file as it was read: its text, or the reason why there is none."""

    file: str
    text: str = ""
    refusal: str = ""


def manifest_sources(paths: Sequence[str]) -> Iterator[Source]:
    """Each manifest file: a file, each YAML or JSON file below a directory, or `-` (standard input)."""
    for name in paths:
        if name == "-":
            yield _source("<stdin>", _standard_input)
        elif _is_folder(name):
            yield from _below(Path(name))
        else:
            yield _source(shown(Path(name)), partial(read_text, Path(name)))


def manifest_texts(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(file, text) of each manifest file. Raises InputError for the first that cannot be read."""
    for source in manifest_sources(paths):
        if source.refusal:
            raise InputError(source.refusal)
        yield source.file, source.text


def objects(paths: Sequence[str]) -> tuple[Manifest, ...]:
    """The Kubernetes objects of manifest files. Raises InputError, also when there is none."""
    texts = list(manifest_texts(paths))
    found = tuple(item for file, text in texts for item in manifests(parse(text, file), file))
    if not found:
        raise InputError(nothing_in(file for file, _ in texts))
    return found


def nothing_in(files: Iterable[str]) -> str:
    """What is said of files without an object."""
    names = ["standard input" if file == "<stdin>" else file for file in files]
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"no Kubernetes object is in {listed}, so nothing was judged; what was to write it may have failed"


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


def _below(directory: Path) -> Iterator[Source]:
    unreadable: list[Source] = []

    def refused(error: OSError) -> None:
        folder = str(error.filename)
        unreadable.append(Source(folder, refusal=f"cannot read {folder}: {error.strerror}"))

    found = sorted(
        Path(folder, file)
        for folder, _, files in os.walk(directory, onerror=refused)
        for file in files
        if file.endswith(MANIFESTS)
    )
    yield from unreadable
    if not found and not unreadable:
        yield Source(shown(directory), refusal=f"{shown(directory)} holds no {', '.join(MANIFESTS)} file")
    for path in found:
        yield _source(shown(path), partial(read_text, path))
