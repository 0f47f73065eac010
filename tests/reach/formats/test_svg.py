"""The picture: valid, whole, and with a box for each pair that may talk."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest

from tests.reach.samples.examples import HOSTILE, SMALL
from tests.reach.samples.matrices import made
from tools.reach.formats.picture import MOST_SINGLE, Picture, pictured, room
from tools.reach.formats.writers import matrix_formats
from tools.reach.model import Matrix

SVG = "{http://www.w3.org/2000/svg}"
EVERYBODY = [f"ns{number % 5}/workload-{number}[Deployment]" for number in range(30)]
THIRTY = made(
    [*EVERYBODY, "{node}", "0.0.0.0-255.255.255.255"],
    {(a, b): "TCP 80" for a in range(32) for b in range(32) if a != b and (a + 3 * b) % 7 == 0},
)


def drawn(matrix: Matrix) -> Xml.Element:
    return Xml.fromstring("".join(matrix_formats()["svg"](matrix)))


def tips(root: Xml.Element) -> list[str]:
    return [group.findtext(f"{SVG}title") or "" for group in root.iter(f"{SVG}g")]


def boxes(matrix: Matrix) -> dict[tuple[str, str], tuple[str, str, bool]]:
    picture = pictured(matrix)
    return {
        (picture.lines[box.row].title, picture.lines[box.column].title): (box.kind, box.text, box.partly)
        for box in picture.boxes
    }


@pytest.mark.parametrize("matrix", [SMALL, THIRTY, made([], {}), made([HOSTILE, "a/y[Pod]"], {(0, 1): "all"})])
def test_it_is_xml_that_stands_alone(matrix: Matrix) -> None:
    root = drawn(matrix)
    width, height = root.attrib["width"], root.attrib["height"]
    assert root.attrib["viewBox"] == f"0 0 {width} {height}"
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "style", "rect", "path", "g", "text", "tspan", "circle")
    }
    assert not any("href" in key or key.startswith("on") for element in root.iter() for key in element.attrib)
    style = root.findtext(f"{SVG}style") or ""
    assert "url(" not in style
    assert "@import" not in style


def test_nothing_is_outside_of_it() -> None:
    root = drawn(THIRTY)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for rect in root.iter(f"{SVG}rect"):
        assert float(rect.get("x", "0")) + float(rect.attrib["width"]) <= width
        assert float(rect.get("y", "0")) + float(rect.attrib["height"]) <= height
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x", "0")) <= width
        assert 0 <= float(text.get("y", "0")) <= height


def test_every_pair_that_may_talk_has_a_box_and_no_other() -> None:
    expected = {f"{row.src} → {row.dst}: TCP 80" for row in THIRTY.rows()}
    named = {tip.replace("all IPv4", "0.0.0.0-255.255.255.255") for tip in tips(drawn(THIRTY))}
    assert named == expected
    assert len(tips(drawn(THIRTY))) == len(expected)


def test_what_is_in_a_box() -> None:
    by_pair = boxes(SMALL)
    assert by_pair["api", "gateway"] == ("some", "8080", False)
    assert by_pair["api", "postgres"] == ("perhaps", "5432?", False)
    assert by_pair["gateway", "postgres"][:1] + by_pair["gateway", "postgres"][2:] == ("some", True)
    assert by_pair["10.0.0.0/8", "postgres"] == ("all", "all", False)
    letters = dict(pictured(SMALL).keys)
    assert letters[by_pair["gateway", "api"][1]] == "TCP 80, 443-445; UDP 53"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("all", "all"),
        ("TCP 80", "80"),
        ("TCP 80,443", "80,443"),
        ("TCP 8000-8080", "8000-8080"),
        ("TCP 80,443,8000-8080", "A"),
        ("UDP 53", "A"),
        ("TCP 80; ICMP", "A"),
        ("TCP", "A"),
        ("? UDP 53", "A?"),
        ("? all", "all?"),
        ("TCP; UDP; SCTP", "A"),
    ],
)
def test_the_text_of_a_box(words: str, text: str) -> None:
    [box] = pictured(made(["a/x[Pod]", "a/y[Pod]"], {(0, 1): words})).boxes
    assert box.text == text
    assert len(text) <= room(2)


def test_a_kind_is_said_where_the_name_alone_is_not_enough() -> None:
    picture = pictured(made(["a/x[Pod]", "a/x[Deployment]", "b/x[Pod]"], {}))
    assert [line.title for line in picture.lines] == ["x[Deployment]", "x[Pod]", "x"]


def test_who_has_no_column_and_what_is_no_pair() -> None:
    root = drawn(SMALL)
    titles = [text.text for text in root.iter(f"{SVG}text") if "rotate" in text.get("transform", "")]
    assert "{ingress-controller}" not in titles
    assert {"postgres", "api", "gateway", "10.0.0.0/8", "sark", "db", "outside"} <= set(titles)


def test_alike_workloads_are_drawn_apart_until_there_are_too_many() -> None:
    def lines(number: int) -> Picture:
        return pictured(made([", ".join(f"a/w{each}[Pod]" for each in range(number)), "b/x[Pod]"], {(0, 0): "TCP 1"}))

    few, many = lines(3), lines(MOST_SINGLE)
    assert [line.title for line in few.lines] == ["w0", "w1", "w2", "x"]
    assert len(few.boxes) == 6
    assert [line.title for line in many.lines] == [f"w0[Pod] +{MOST_SINGLE - 1}", "x"]
    assert [(box.row, box.column) for box in many.boxes] == [(0, 0)]


def test_who_is_not_isolated_has_a_ring() -> None:
    rings = list(drawn(SMALL).iter(f"{SVG}circle"))
    assert len(rings) == 2 + 1  # postgres in both directions, and the legend


def test_the_reasons_and_what_titles_stand_for_are_below() -> None:
    texts = {text.text or "" for text in drawn(SMALL).iter(f"{SVG}text")}
    assert any(text.startswith("[1] the address of the target is not known") for text in texts)
