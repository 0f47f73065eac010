"""A picture for documents: rows send, columns receive, and a coloured box says on which ports.

Plain SVG without scripts or external fonts; light, or dark where the reader's system is. Boxes have their connections
in words as a tooltip (`<title>`), and titles have the full name.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from xml.sax.saxutils import escape

from tools.reach.formats.frame import GAP, HEIGHT, LETTER, MARGIN, NARROWEST, Frame, cut, framed
from tools.reach.formats.names import printable
from tools.reach.formats.picture import MOST_SINGLE, OUTSIDE, Box, Line, Picture, judged, pictured, too_many
from tools.reach.formats.view import heading
from tools.reach.model import Matrix

LEADING, MOST_LETTERS, FEW_LETTERS = 18, 2000, 200

_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'DejaVu Sans',sans-serif"
_STYLE = f"""text{{font-family:{_FONT};font-size:11px;fill:#1f2328}}
.page{{fill:#fff}}.h1{{font-size:16px;font-weight:600}}.dim{{fill:#59636e}}.ns{{font-weight:700;fill:#0b57a4}}
.none{{fill:#eef1f4}}.self{{stroke:#ccd3da}}.cut{{stroke:#fff}}.b{{font-size:10px;text-anchor:middle}}
.all{{fill:#1a7f4b}}.some{{fill:#b7e4c9}}.perhaps{{fill:#ffe08a;stroke:#b07d00;stroke-dasharray:3 2}}
.tall{{fill:#fff;font-weight:600}}.tsome{{fill:#0b3d24}}.tperhaps{{fill:#5c4100}}.mark{{fill:#e0a100}}
.ring{{fill:none;stroke:#c2410c;stroke-width:2}}"""
_DARK = """@media(prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}.dim{fill:#9198a1}.ns{fill:#79b8ff}
.none{fill:#1b222b}.self{stroke:#3d444d}.cut{stroke:#0d1117}.all{fill:#3fb96f}.some{fill:#1d4d34}
.perhaps{fill:#4d3b00;stroke:#d9a400}.tall{fill:#04140a}.tsome{fill:#c9f2da}.tperhaps{fill:#ffe9a8}.mark{fill:#d9a400}
.ring{stroke:#ff9a5c}}"""


def matrix(matrix: Matrix) -> Iterator[str]:
    """The picture as an SVG document; for a matrix that is too large, a picture that says so."""
    if why := too_many(matrix):
        yield from _only(heading(matrix), why)
        return
    picture = pictured(matrix)
    frame = framed(picture)
    legend, bottom = _legend(picture, frame)
    width, height = round(frame.width), round(bottom + MARGIN)
    yield _start(width, height, picture.view.heading)
    yield _text(MARGIN, 50, "Rows send, columns receive. A number in a box is a port of TCP.", "dim")
    yield from _ground(picture, frame)
    yield from _titles(picture, frame)
    yield from (_box(box, picture, frame) for box in picture.boxes)
    yield from legend
    yield "</svg>\n"


def _start(width: int, height: int, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img">\n<title>{_xml(title)}</title>\n<style>{_STYLE}\n{_DARK}</style>\n'
        f'<rect class="page" width="{width}" height="{height}"/>\n{_text(MARGIN, 32, _xml(title), "h1")}'
    )


def _only(title: str, why: str) -> Iterator[str]:
    """A picture that only says why the matrix is not drawn."""
    lines = wrap(why, int((NARROWEST - 2 * MARGIN) / LETTER))
    yield _start(NARROWEST, 50 + LEADING * len(lines) + MARGIN, title)
    yield from (_text(MARGIN, 54 + LEADING * number, _xml(line)) for number, line in enumerate(lines))
    yield "</svg>\n"


def _ground(picture: Picture, frame: Frame) -> Iterator[str]:
    """A block for every two sections, cut into boxes: blank where two lines are no pair, crossed out for a line and
    itself.
    """
    for down in frame.row_runs:
        for across in frame.column_runs:
            yield _rect("none", across.start, down.start, across.size * frame.box, down.size * HEIGHT)
    lines, part = picture.lines, picture.view.only is not None
    for row, y in frame.rows.items():
        for column, x in frame.columns.items() if part or lines[row].section == OUTSIDE else ():
            yield "" if judged(picture.view, lines[row], lines[column]) else _rect("page", x, y, frame.box, HEIGHT)
        if row in frame.columns and not lines[row].many and judged(picture.view, lines[row], lines[row]):
            x = frame.columns[row]
            yield _rect("page", x, y, frame.box, HEIGHT)
            yield f'<path class="self" d="M{x + 2:g} {y + 2:g}l{frame.box - 4:g} {HEIGHT - 4}"/>\n'
    cuts = [f"M{frame.left:g} {y:g}H{frame.right:g}" for y in frame.rows.values()]
    cuts += [f"M{x:g} {frame.top:g}V{frame.bottom:g}" for x in frame.columns.values()]
    yield f'<path class="cut" d="{"".join(cuts)}"/>\n'


def _rect(style: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{style}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"/>\n'


def _titles(picture: Picture, frame: Frame) -> Iterator[str]:
    for run in frame.row_runs:
        yield _text(frame.left - 6, run.start - 7, _xml(cut(run.section)), "ns", "end")
    for run in frame.column_runs:
        yield _slanted(frame, run.start - GAP / 2 + 4, _xml(cut(run.section)), "ns")
    for number, y in frame.rows.items():
        line, middle = picture.lines[number], y + HEIGHT / 2
        yield _text(frame.left - 22, middle + 4, _name(line), "", "end")
        yield _ring(frame.left - 11, middle) if "Egress" in line.open else ""
    for number, x in frame.columns.items():
        line, middle = picture.lines[number], x + frame.box / 2
        yield _slanted(frame, middle + 4, _name(line), "", 12)
        yield _ring(middle, frame.top - 1) if "Ingress" in line.open else ""


def _slanted(frame: Frame, x: float, content: str, style: str, up: float = 0) -> str:
    start = f'<text class="{style}" transform="translate({x:g} {frame.top - 6 - up / 1.5:g}) rotate(-{frame.angle})">'
    return f"{start}{content}</text>\n"


def _name(line: Line) -> str:
    return f"{_xml(cut(line.title))}<title>{_xml(line.full)}</title>"


def _ring(x: float, y: float) -> str:
    return f'<circle class="ring" cx="{x:g}" cy="{y:g}" r="4"/>\n'


def _box(box: Box, picture: Picture, frame: Frame) -> str:
    x, y = frame.columns[box.column], frame.rows[box.row]
    most = MOST_LETTERS if len(picture.lines) <= MOST_SINGLE else FEW_LETTERS
    source, target = (cut_names(picture.lines[number].full, most) for number in (box.row, box.column))
    mark = f'<path class="mark" d="M{x + frame.box - 1.5:g} {y + 1.5:g}v8l-8 -8z"/>' if box.partly else ""
    return (
        f"<g><title>{_xml(source)} → {_xml(target)}: {_xml(box.words)}</title>"
        f"{_sample(box.kind, box.text, x, y, frame.box)}{mark}</g>\n"
    )


def _sample(kind: str, content: str, x: float, y: float, wide: float) -> str:
    rect = f'<rect class="{kind}" x="{x + 1.5:g}" y="{y + 1.5:g}" width="{wide - 3:g}" height="{HEIGHT - 3}" rx="3"/>'
    return f'{rect}<text class="b t{kind}" x="{x + wide / 2:g}" y="{y + HEIGHT / 2 + 3.5:g}">{_xml(content)}</text>'


def _legend(picture: Picture, frame: Frame) -> tuple[list[str], float]:
    """The legend below the table, and where it ends."""
    y, pieces = frame.bottom + 24, list[str]()
    for kind, sample, words in _SAMPLES:
        if kind == "ring":
            pieces.append(_ring(MARGIN + 16, y + HEIGHT / 2))
        else:
            pieces.append(_sample(kind, sample, MARGIN, y, 32) + "\n")
        pieces.append(_text(MARGIN + 42, y + HEIGHT / 2 + 4, words))
        y += HEIGHT
    columns = max(1, int((frame.width - 2 * MARGIN) // 300))
    for number, (letter, words) in enumerate(picture.keys):
        x = MARGIN + 300 * (number % columns)
        y += LEADING if number % columns == 0 else 0
        pieces.append(_text(x + 8, y + 4, f'<tspan font-weight="700">{letter}</tspan>  {_xml(cut_words(words))}'))
    for note in _notes(picture):
        y += 6
        for line in wrap(note, int((frame.width - 2 * MARGIN) / LETTER), break_long_words=False):
            y += LEADING
            pieces.append(_text(MARGIN, y + 4, _xml(line), "dim"))
    return pieces, y


_SAMPLES = (
    ("all", "all", "every port of every protocol, or of TCP, UDP and SCTP"),
    ("some", "80", "these ports; a letter where they do not fit"),
    ("perhaps", "80?", "depends on what the input does not say; in a box with this corner, a part of it does"),
    ("none", "", "nothing"),
    ("ring", "", "no policy limits what it sends (in a row) or receives (in a column)"),
)


def cut_names(names: str, most: int) -> str:
    """The names of a line for the tooltips of its boxes. The tooltip of the line's own title has all of them."""
    return names if len(names) <= most else f"{names[: most - 1]}…"


def cut_words(words: str) -> str:
    """The meaning of a letter, cut where there is no room. The box's tooltip has all of it."""
    return words if len(words) <= 44 else f"{words[:43]}…"


def _notes(picture: Picture) -> Iterator[str]:
    drawn = {line.title for line in picture.lines if line.many or line.section == OUTSIDE}
    drawn |= {f"{line.section}/{line.title}" for line in picture.lines if line.many}
    yield from (f"{title}: {holds}" for title, holds in picture.view.alike if title in drawn)
    yield from (f"[{number}] {printable(reason)}" for reason, number in picture.view.reasons.numbers.items())


def _text(x: float, y: float, content: str, style: str = "", anchor: str = "") -> str:
    attributes = (f' class="{style}"' if style else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text{attributes} x="{x:g}" y="{y:g}">{content}</text>\n'


def _xml(text: str) -> str:
    """Text escaped for the content of an element."""
    return escape(printable(text))
