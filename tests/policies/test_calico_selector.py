"""Calico's selector grammar: what matches what, and what is refused where."""

from __future__ import annotations

import pytest

from tools.policies.calico_expression import And, Comparison, Has, Not, Or, parts
from tools.policies.calico_selector import SelectorError, parse

POD = {"app": "api", "tier": "front", "example.com/team": "ai", "empty": ""}

MATCHES = {
    "": True,
    "  \t": True,
    "all()": True,
    "all( )": True,
    "!all()": False,
    "global()": True,
    "!global()": False,
    "app == 'api'": True,
    'app=="api"': True,
    "app == 'web'": False,
    "none == ''": False,
    "empty == ''": True,
    "app != 'web'": True,
    "app != 'api'": False,
    "none != 'x'": True,
    "app in {'api', \"web\"}": True,
    "app in {}": False,
    "none in {'x'}": False,
    "app not in {'api'}": False,
    "none not in {'x'}": True,
    "app notin {'web',}": True,
    "app contains 'pi'": True,
    "none contains ''": False,
    "app starts with 'a'": True,
    "app startswith 'b'": False,
    "app ends with 'i'": True,
    "app endswith 'x'": False,
    "has(app)": True,
    "has( none )": False,
    "!has(none)": True,
    "!!has(app)": True,
    "!(app == 'api')": False,
    "example.com/team == 'ai'": True,
    # && binds more than ||, and ! more than both.
    "app == 'api' || none == 'x' && none == 'y'": True,
    "(app == 'api' || none == 'x') && none == 'y'": False,
    "!has(none) && app == 'api'": True,
    "!has(app) || has(tier)": True,
    # Words of the grammar are labels where a label is due.
    "in != 'x'": True,
    "hasty != 'x'": True,
}

REFUSED = {
    "app": (4, "it ends too early; write an operator after the label, such as =="),
    "app = 'api'": (5, "'=' is not an operator; write =="),
    "app == api": (8, "'api' does not fit here; write the value in quotes"),
    "app == 'api": (8, "a string starts here and does not end; close it with '"),
    "app & has(x)": (5, "'&' is not an operator; write &&"),
    "has(a) | has(b)": (8, "'|' is not an operator; write ||"),
    "has(a) has(b)": (8, "'has(b)' does not fit here; write && or || before it"),
    "has(a) &&": (10, "it ends too early; write a label, has(label), all() or a parenthesis"),
    "(has(a)": (8, "it ends too early; close the parenthesis with )"),
    "has(a))": (7, "')' does not fit here; write && or || before it"),
    "has()": (4, "'(' does not fit here; write an operator after the label, such as =="),
    "app in 'x'": (8, "'x' does not fit here; write the values as {'a', 'b'}"),
    "app in {'x' 'y'}": (13, "'y' does not fit here; write strings in quotes between commas, and close the set with }"),
    "app in {x}": (9, "'x' does not fit here; write strings in quotes between commas, and close the set with }"),
    "app is 'x'": (
        5,
        "no operator after the label; write ==, !=, in {…}, not in {…}, contains, starts with or ends with",
    ),
    "has(\na)": (5, "'\\n' means nothing here; write a label, has(), all() or a string in quotes"),
    "app starts\nwith 'a'": (
        5,
        "no operator after the label; write ==, !=, in {…}, not in {…}, contains, starts with or ends with",
    ),
    "has(a)\n&& has(b)": (7, "'\\n' means nothing here; write a label, has(), all() or a string in quotes"),
    "$app == 'x'": (1, "'$' means nothing here; write a label, has(), all() or a string in quotes"),
    f"{'(' * 102}all(){')' * 102}": (102, "'(' does not fit here; nest at most 100 parentheses"),
}


@pytest.mark.parametrize("text", MATCHES)
def test_matches(text: str) -> None:
    assert parse(text).matches(POD) is MATCHES[text]


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(SelectorError) as caught:
        parse(text)
    assert (caught.value.column, caught.value.message) == REFUSED[text]


def test_tree() -> None:
    tree = parse("a == 'x' && !(has(b) || c in {'y', 'z'})")
    inner = Or((Has("b"), Comparison("c", "in", ("y", "z"))))
    assert tree == And((Comparison("a", "==", ("x",)), Not(inner)))
    assert list(parts(tree)) == [tree, tree.parts[0], tree.parts[1], inner, inner.parts[0], inner.parts[1]]


def test_many_terms_are_no_recursion() -> None:
    assert parse(" || ".join(["a == 'x'"] * 20_000 + ["has(app)"])).matches(POD)
