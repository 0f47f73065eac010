"""Formats for people: text and Markdown of a matrix, an explanation and a diff, and Mermaid."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.reach.samples.examples import CHANGES, EXPLANATION, FILE, HOSTILE, LOCKDOWN, SMALL
from tests.reach.samples.matrices import made, peer
from tools.policies.model import DIRECTIONS
from tools.reach.diff import Changed
from tools.reach.formats import ANSWERS, MATRIX
from tools.reach.formats.mermaid import MOST_EDGES
from tools.reach.formats.names import addresses, printable, titled
from tools.reach.formats.writers import diff_formats, explanation_formats, matrix_formats
from tools.reach.model import ExplainedSide, Explanation, Group, Matrix, Step, Verdict, Word
from tools.reach.views import Focused

GRID = """\
Who may reach whom: 3 workloads in 2 namespaces

Rows send, columns receive; - is nothing.

                          db/             sark/            sark/         10.0.0.0/8  all IPv4 but
                          postgres        api              gateway                    10.0.0.0/8
                          [StatefulSet]   [Deployment]     [Deployment]
------------------------  --------------  ---------------  ------------  ----------  ------------
db/postgres[StatefulSet]                  -                -             everything  everything
sark/api[Deployment]      ? TCP 5432 [1]                   TCP 8080      -           -
sark/gateway[Deployment]  TCP 5432        TCP 80, 443-445                -           TCP 443
                          ? TCP 9187 [2]  UDP 53
{ingress-controller}      -               -                TCP 8443
10.0.0.0/8                everything      -                -
all IPv4 but 10.0.0.0/8   everything      -                -

Not isolated:
  no policy limits what arrives  db/postgres[StatefulSet]
  no policy limits what leaves   db/postgres[StatefulSet]

? depends on what the input does not say:
  [1] the address of the target is not known, and 10.1.0.0/16 may hold it
  [2] the rule asks for an HTTP path
"""

WORKLOADS = [f"shop/{name}[Deployment]" for name in "abcdefghijk"]
LARGE = made(
    [*WORKLOADS, "shop/y[Pod], shop/z[Pod]", "0.0.0.0-9.255.255.255", "10.0.0.0-10.255.255.255", "11.0.0.0-12.0.0.3"],
    {
        **{(0, other): "TCP 80" for other in range(1, 12)},
        (0, 12): "TCP 443",
        **{(1, block): "all" for block in (12, 13, 14)},
        **{(block, 1): "TCP 1" for block in (12, 13, 14)},
        (11, 11): "UDP 7",
        (2, 3): "? TCP 5 because the address of shop/d[Deployment] is not known",
        (2, 4): "? TCP 5 because the address of shop/e[Deployment] is not known",
    },
    dict.fromkeys(DIRECTIONS, (*WORKLOADS, "shop/y[Pod]", "shop/z[Pod]")),
)
LIST = """\
Who may reach whom: 13 workloads in 1 namespace

shop/a[Deployment]
  TCP 80   all other workloads
  TCP 443  0.0.0.0-9.255.255.255

shop/b[Deployment]
  everything  all addresses

shop/c[Deployment]
  ? TCP 5 [1]  shop/d[Deployment], shop/e[Deployment]
"""
LIST_END = """\
shop/y[Pod] +1
  UDP 7  each other

all addresses
  TCP 1  shop/b[Deployment]

What these names stand for:
  shop/y[Pod] +1  shop/y[Pod], shop/z[Pod]

? depends on what the input does not say:
  [1] the address of the target is not known
"""

EXPLAINED = f"""\
sark/api[Deployment] -> 8.8.8.8, UDP 53: denied

sark/api[Deployment] may not reach 8.8.8.8 on UDP 53: policies stop it on leaving
sark/api[Deployment].

leaving sark/api[Deployment]: denied
  decided by
    {LOCKDOWN}  egress[3]  Deny
      it is for everyone
      {FILE}:41
  also tried, in this order
    NetworkPolicy sark/dns  (dns.yaml)
      egress[0]  no match  8.8.8.8 is no pod (line 12)
    {LOCKDOWN}  ({FILE})
      egress[0]               no match  UDP 53 is not among TCP 443 (line 30)
      egress[1] to egress[2]  no match  8.8.8.8 is not in 10.0.0.0/8 (line 34)

entering 8.8.8.8: allowed
  no policy in the input can select 8.8.8.8, so entering it is open

the smallest change after which it is allowed
  add to {LOCKDOWN}, before egress[3]
  {FILE}:41

      - action: Allow
        protocol: UDP
        destination: {{nets: [8.8.8.8/32], ports: [53]}}

notes
  - Pods are taken to have addresses in 10.0.0.0/8.
"""


def written(name: str, matrix: Matrix) -> str:
    return "".join(matrix_formats()[name](matrix))


def explained(name: str, explanation: Explanation, *, colour: bool = False) -> str:
    return "".join(explanation_formats(colour=colour)[name](explanation))


def differing(name: str, *changes: Changed, colour: bool = False) -> str:
    return "".join(diff_formats(colour=colour)[name](changes))


def test_the_tables_of_formats_are_the_lists_of_formats() -> None:
    assert tuple(matrix_formats()) == MATRIX
    assert tuple(explanation_formats()) == tuple(diff_formats()) == ANSWERS
    for name in MATRIX:
        assert written(name, SMALL).endswith("\n")
        assert bool(written(name, made([], {}))) == (name != "connlist")


def test_a_small_matrix_is_a_grid() -> None:
    assert written("text", SMALL) == GRID


def test_a_large_matrix_is_a_list_by_source() -> None:
    text = written("text", LARGE)
    assert text.startswith(LIST)
    assert text.endswith(LIST_END)
    assert "shop/f[Deployment]\n  reaches nobody\n" in text


def test_lines_of_text_are_no_wider_than_a_hundred_columns() -> None:
    names = [f"namespace-{number:03}/a-rather-long-name[StatefulSet]" for number in range(20)]
    matrix = made(names, {(a, b): "TCP 80,443,8080-8099; UDP 53" for a in range(20) for b in range(20) if a != b})
    for text in (written("text", LARGE), written("text", matrix), explained("text", EXPLANATION)):
        assert max(map(len, text.splitlines())) <= 100


def test_workloads_that_nothing_isolates_are_pointed_out() -> None:
    matrix = made(["a/x[Pod]", "a/y[Pod]"], {(0, 1): "all"}, {"Ingress": ["a/y[Pod]"]})
    text = written("text", matrix)
    assert "  no policy limits what arrives  a/x[Pod]\n" in text
    assert "  no policy limits what leaves   every workload\n" in text
    assert "Not isolated, no policy limits what arrives: a/x[Pod]\n" in written("markdown", matrix)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("10.0.0.0-10.255.255.255", "10.0.0.0/8"),
        ("10.0.0.0-10.255.255.254", "10.0.0.0-10.255.255.254"),
        ("0.0.0.0-255.255.255.255", "all IPv4"),
        ("0.0.0.0-255.255.255.255, ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "all IPv4 and IPv6"),
        ("0.0.0.0-9.255.255.255, 11.0.0.0-255.255.255.255", "all IPv4 but 10.0.0.0/8"),
        ("10.20.0.0-10.20.0.9, 10.20.0.11-10.20.0.15", "10.20.0.0/28 but 10.20.0.10"),
        ("10.20.0.0-10.20.0.9, 10.20.0.11-10.20.0.14", "10.20.0.0-10.20.0.9, 10.20.0.11-10.20.0.14"),
        ("1.1.1.1, 2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "1.1.1.1; 2001:db8::/32"),
        ("1.1.1.1, no address", "1.1.1.1, no address"),
    ],
)
def test_addresses_as_people_write_them(names: str, words: str) -> None:
    assert addresses(names.split(", ")) == words


def test_titles_are_different_and_say_what_sort_of_addresses_they_are() -> None:
    public = "1.0.0.0-1.1.1.1, 2.0.0.0-2.2.2.2, 3.0.0.0-3.3.3.3"
    private = "10.0.0.0-10.1.1.1, 172.16.0.0-172.16.1.1, 192.168.0.0-192.168.2.2"
    groups = ["4.0.0.0-4.0.0.6, 5.0.0.0-5.0.5.5, 6.0.0.0-6.0.6.6", public, private, f"{public}, {private}"]
    titleds = titled([Group(tuple(peer(name) for name in names.split(", "))) for names in groups])
    assert sorted(titled_group.title for titled_group in titleds) == [
        "non-public IPv4",
        "public IPv4 A",
        "public IPv4 B",
        "some IPv4",
    ]
    assert all(titled_group.holds for titled_group in titleds)


def test_an_explanation() -> None:
    assert explained("text", EXPLANATION) == EXPLAINED


def test_an_explanation_has_colour_only_when_asked() -> None:
    text = explained("text", EXPLANATION, colour=True)
    assert "UDP 53\x1b[0m: \x1b[31mdenied\x1b[0m\n" in text
    assert re.sub("\x1b\\[[0-9]+m", "", text) == EXPLAINED


def test_the_end_of_policies_that_decides_names_them_all() -> None:
    end = Step("NetworkPolicy a/one, NetworkPolicy a/two", "", "Deny", "none of their rules matches")
    side = ExplainedSide("Ingress", "denied", "", end, (end,))
    text = explained("text", replace(EXPLANATION, sides=(side,)))
    assert "  decided by the end of\n    NetworkPolicy a/one\n    NetworkPolicy a/two\n      none of" in text
    assert "also looked at" not in text


@pytest.mark.parametrize(
    ("verdict", "sides", "sentence"),
    [
        ("allowed", ("allowed", "allowed"), "sark/api[Deployment] may reach 8.8.8.8 on UDP 53."),
        ("denied", ("denied", "denied"), "policies stop it on leaving sark/api[Deployment] and entering 8.8.8.8."),
        (
            "conditional",
            ("allowed", "conditional"),
            "input does not say; the verdict is open on entering 8.8.8.8.",
        ),
        ("conditional", ("allowed", "allowed"), "depends on what the input does not say."),
    ],
)
def test_the_first_sentence(verdict: Word, sides: tuple[Word, Word], sentence: str) -> None:
    both = tuple(replace(side, verdict=word) for side, word in zip(EXPLANATION.sides, sides, strict=True))
    text = explained("text", replace(EXPLANATION, verdict=verdict, sides=both))
    assert sentence in " ".join(text.split("\n\n")[1].split("\n"))


@pytest.mark.parametrize(
    ("protocol", "port", "message"),
    [
        ("TCP", 80, "TCP 80"),
        ("6", 80, "TCP 80"),
        ("ICMP", 8 << 8, "ICMP type 8 code 0"),
        ("47", 0, "protocol 47"),
        ("UDPLite", 0, "UDPLite"),
    ],
)
def test_what_was_asked_for(protocol: str, port: int, message: str) -> None:
    text = explained("text", replace(EXPLANATION, protocol=protocol, port=port))
    assert text.startswith(f"sark/api[Deployment] -> 8.8.8.8, {message}: denied\n")


def test_several_changes_are_numbered_and_the_last_brings_it() -> None:
    [change] = EXPLANATION.changes
    first = replace(change, becomes="denied", text="add the first")
    text = explained("text", replace(EXPLANATION, changes=(first, change)))
    assert "the smallest changes, one after the other, after which it is allowed\n  1. add the first\n" in text
    assert f"  2. add to {LOCKDOWN}" in text


def test_a_diff() -> None:
    assert differing("text", *CHANGES) == (
        "+ a/x[Pod] -> 8.8.8.0/24: TCP 80\n"
        "~ a/x[Pod] -> b/y[Deployment]: TCP 80, 443; ? UDP 53 [1] (was TCP 80)\n"
        "- b/y[Deployment] -> a/x[Pod]: everything\n"
        "\n? depends on what the input does not say:\n"
        "  [1] the address of the target is not known\n"
        "\n1 added, 1 removed, 1 changed\n"
    )
    assert differing("text") == "nothing changed\n"
    assert differing("text", CHANGES[0], colour=True).startswith("\x1b[32m+ a/x[Pod] -> 8.8.8.0/24: TCP 80\x1b[0m\n")


def tcp(*ports: int) -> Verdict:
    return Verdict(tuple((6 << 16 | port, 6 << 16 | port) for port in ports))


def test_addresses_that_change_alike_are_one_line() -> None:
    """The ranges between the private networks are dozens, and one port more is one thing to review."""
    before, after = tcp(443), tcp(443, 8443)
    public = ("1.0.0.0-9.255.255.255", "11.0.0.0-100.63.255.255", "100.128.0.0-126.255.255.255")
    other = ("128.0.0.0-168.63.129.15", "168.63.129.17-169.253.255.255", "169.255.0.0-172.15.255.255")
    rows = [
        *(Changed("a/x[Pod]", name, before, after) for name in public),
        *(Changed("a/x[Pod]", name, Verdict(), tcp(80)) for name in other),
        Changed("8.8.8.0-8.8.8.255", "a/x[Pod]", Verdict(), tcp(80)),
    ]
    assert differing("text", *rows) == (
        "~ a/x[Pod] -> public IPv4: TCP 443, 8443 (was TCP 443)\n"
        "+ a/x[Pod] -> public IPv4 (2): TCP 80\n"
        "+ 8.8.8.0/24 -> a/x[Pod]: TCP 80\n"
        "\nWhat these names stand for:\n"
        "  public IPv4      1.0.0.0-9.255.255.255, 11.0.0.0-100.63.255.255, 100.128.0.0-126.255.255.255\n"
        "  public IPv4 (2)  128.0.0.0-168.63.129.15, 168.63.129.17-169.253.255.255,\n"
        "                   169.255.0.0-172.15.255.255\n"
        "\n2 added, 1 changed\n"
    )
    lines = differing("markdown", *rows).splitlines()
    assert lines[2] == "| changed | `a/x[Pod]` | `public IPv4` | TCP 443 | TCP 443, 8443 |"
    assert lines[8] == ("- `public IPv4`: 1.0.0.0-9.255.255.255, 11.0.0.0-100.63.255.255, 100.128.0.0-126.255.255.255")


def test_a_change_of_certainty_alone_is_a_change() -> None:
    before, after = Verdict(((6 << 16 | 80, 6 << 16 | 80),)), Verdict((), ((6 << 16 | 80, 6 << 16 | 80),))
    assert differing("text", Changed("a/x[Pod]", "1.1.1.1", before, after)).startswith(
        "~ a/x[Pod] -> 1.1.1.1: ? TCP 80 (was TCP 80)\n"
    )


def test_markdown_of_a_matrix() -> None:
    lines = written("markdown", SMALL).splitlines()
    assert lines[:5] == [
        "**Who may reach whom: 3 workloads in 2 namespaces**",
        "",
        "| from | may reach | on |",
        "|---|---|---|",
        "| `db/postgres[StatefulSet]` | `10.0.0.0/8`<br>`all IPv4 but 10.0.0.0/8` | everything |",
    ]
    assert "| all addresses | `db/postgres[StatefulSet]` | everything |" in lines
    assert "| `sark/gateway[Deployment]` | `sark/api[Deployment]` | TCP 80, 443-445; UDP 53 |" in lines
    assert "- [1] the address of the target is not known, and 10.1.0.0/16 may hold it" in lines


def test_markdown_of_an_explanation_and_of_a_diff() -> None:
    text = explained("markdown", EXPLANATION)
    assert text.startswith("### `sark/api[Deployment]` → `8.8.8.8`, UDP 53: denied\n")
    assert f"Decided by `egress[3]` of `{LOCKDOWN}`: Deny (`{FILE}:41`); it is for everyone\n" in text
    assert "\n```yaml\n- action: Allow\n" in text
    lines = differing("markdown", *CHANGES).splitlines()
    assert lines[2] == "| added | `a/x[Pod]` | `8.8.8.0/24` | nothing | TCP 80 |"
    assert differing("markdown") == "Nothing changed.\n"


def test_yaml_in_markdown_cannot_end_its_fence() -> None:
    [change] = EXPLANATION.changes
    text = explained("markdown", replace(EXPLANATION, changes=(replace(change, yaml="a: |\n  ````\n  <b>\n"),)))
    assert "\n`````yaml\na: |\n  ````\n  <b>\n`````\n" in text


@pytest.mark.parametrize("name", ["text", "markdown", "mermaid"])
def test_a_hostile_name_breaks_nothing(name: str) -> None:
    matrix = made([HOSTILE, "a/y[Pod]"], {(0, 1): "TCP 80", (1, 0): f"? TCP 1 because of {HOSTILE}"})
    honest = made(["a/x[Pod]", "a/y[Pod]"], {(0, 1): "TCP 80", (1, 0): "? TCP 1 because of a/x[Pod]"})
    text = written(name, matrix)
    assert not {"\x1b", "\u202e"} & set(text)
    if name == "markdown":
        assert [line.count("|") for line in text.splitlines()] == [
            line.count("|") for line in written(name, honest).splitlines()
        ]
        assert not re.search(r"<(?!br>|/?code>)", text)


@pytest.mark.parametrize("name", ["text", "markdown"])
def test_a_hostile_name_breaks_no_explanation_and_no_diff(name: str) -> None:
    hostile = replace(EXPLANATION, dst=peer(HOSTILE), notes=(HOSTILE,))
    change = Changed(HOSTILE, "a/y[Pod]", Verdict(), Verdict(((0, 5),)))
    for text in (explained(name, hostile), differing(name, change)):
        assert not {"\x1b", "\u202e"} & set(text)
        assert "\n# f" not in text


def test_mermaid() -> None:
    lines = written("mermaid", SMALL).splitlines()
    assert lines[0] == "flowchart LR"
    assert lines[1:4] == ['  subgraph s0["db"]', '    g2["postgres[StatefulSet]"]', "  end"]
    assert '  g0 -->|"TCP 8080"| g1' in lines
    assert '  g0 -.->|"? TCP 5432 [1]"| g2' in lines
    assert '  g3{{"#123;ingress-controller#125;"}}' in lines
    assert "  class g2 open" in lines
    assert "  %% [2] the rule asks for an HTTP path" in lines


MERMAID_LINE = re.compile(
    r"flowchart LR|  subgraph s\d+\[\"[^\"]*\"\]|  end|  classDef open stroke-dasharray: 4 3|  class [g\d,]+ open"
    r"|  (  )?g\d+(\[\"[^\"]*\"\]|\{\{\"[^\"]*\"\}\}|\[\[\"[^\"]*\"\]\]|\(\[\"[^\"]*\"\]\))"
    r"|  g\d+ -\.?->\|\"[^\"|]*\"\| g\d+|  %% [^{}]*"
)


@pytest.mark.parametrize("matrix", [SMALL, LARGE, made([HOSTILE, "a/y[Pod]"], {(0, 1): "TCP 80"})])
def test_every_line_of_mermaid_is_one_of_few_kinds(matrix: Matrix) -> None:
    text = written("mermaid", matrix)
    assert [line for line in text.splitlines() if not MERMAID_LINE.fullmatch(line)] == []
    assert all(
        not re.search(r"[<>`&]", line.replace("<br/>", "").replace("-->", "").replace(".->", ""))
        for line in text.splitlines()
        if "%%" not in line
    )


def test_mermaid_says_when_it_is_more_than_is_drawn() -> None:
    names = [f"a/w{number}[Pod]" for number in range(24)]
    matrix = made(names, {(a, b): "TCP 80" for a in range(24) for b in range(24) if a != b})
    assert written("mermaid", matrix).splitlines()[1].startswith(f"  %% 552 arrows: Mermaid draws {MOST_EDGES} unless")


@pytest.mark.parametrize(
    ("text", "safe"),
    [("a/b[Pod]", "a/b[Pod]"), ("a\nb", "a\\nb"), ("\x1b[0m", "\\x1b[0m"), ("é", "é"), ("\udc80", "\\udc80")],
)
def test_what_a_terminal_does_not_print_is_escaped(text: str, safe: str) -> None:
    assert printable(text) == safe


def test_a_part_of_a_matrix_does_not_speak_of_what_it_leaves_out() -> None:
    """Somebody asked for one workload: of the others it is not known here whether they reach nobody."""
    part = Focused(LARGE, frozenset(["shop/b[Deployment]"]))
    for name in ("text", "markdown"):
        text = written(name, part)
        assert "Whom shop/b[Deployment] may reach, and who may reach it" in text
        assert "Not isolated" not in text
        assert "nobody" not in text
    assert "stroke-dasharray" not in written("mermaid", part)
    alone = Focused(made(["a/x[Pod]", "a/y[Pod]", "a/z[Pod]"], {(1, 2): "all"}), frozenset(["a/x[Pod]"]))
    assert "a/x[Pod]\n" in written("text", alone)


def test_a_grid_of_a_part_is_empty_where_nothing_is_known() -> None:
    part = Focused(
        made(["a/x[Pod]", "a/y[Pod]", "a/z[Pod]"], {(0, 1): "all", (1, 2): "all", (2, 0): "all"}),
        frozenset(["a/x[Pod]"]),
    )
    [line] = [line for line in written("text", part).splitlines() if line.startswith("a/y[Pod]")]
    assert line.split() == ["a/y[Pod]", "-"]
