"""Calico's selector grammar: parsed once into a tree that can be matched against labels.

Source: libcalico-go lib/selector, tokenizer and parser. `||` binds least, then `&&`, then `!`, which may be
repeated. A label is 1 to 512 of [A-Za-z0-9_./-]; strings are in single or double quotes and know no escapes. An
empty selector is `all()`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tools.policies.calico_expression import All, And, Comparison, Expression, Global, Has, Not, Or


class SelectorError(ValueError):
    """A selector that Calico refuses; `column` counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The tree of a selector. Raises SelectorError, with the column, for what Calico would refuse."""
    parser = _SelectorParser(tuple(_tokens(text)))
    if parser.kind == "end":
        return All()
    expression = parser.disjunction()
    if parser.kind != "end":
        raise parser.error("write && or || before it")
    return expression


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int
    shown: str = ""


# Calico looks for a word operator only right after a label, and for has(), all() and global() only elsewhere.
_AFTER_LABEL = re.compile(r"(?P<op>contains|starts[ \t]*with|ends[ \t]*with|not[ \t]*in\b|in\b)")
_ELSEWHERE = re.compile(
    r"has\([ \t]*(?P<has>[A-Za-z0-9_./-]{1,512})[ \t]*\)|(?P<all>all\([ \t]*\))|(?P<global>global\([ \t]*\))"
    r"|(?P<label>[A-Za-z0-9_./-]{1,512})"
)
_SIGN = re.compile(r"==|!=|&&|\|\||[!(){},]")
_STRING = re.compile(r"'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"")
_WORDS = {"contains": "contains", "startswith": "starts with", "endswith": "ends with", "notin": "not in", "in": "in"}
_HALF_SIGNS = {"=": "==", "&": "&&", "|": "||"}


def _tokens(text: str) -> Iterator[_Token]:
    position, after_label = 0, False
    while position < len(text):
        if text[position] in " \t":
            position += 1
            continue
        token, length = _token(text, position, after_label)
        yield token
        after_label = token.kind == "label"
        position += length
    yield _Token("end", "the end", len(text) + 1)


def _token(text: str, at: int, after_label: bool) -> tuple[_Token, int]:
    if match := _SIGN.match(text, at):
        return _Token(match[0], match[0], at + 1), len(match[0])
    if match := _STRING.match(text, at):
        return _Token("string", match["single"] or match["double"] or "", at + 1), len(match[0])
    if text[at] in "'\"":
        raise SelectorError(f"a string starts here and does not end; close it with {text[at]}", at + 1)
    if text[at] in _HALF_SIGNS:
        raise SelectorError(f"{text[at]!r} is not an operator; write {_HALF_SIGNS[text[at]]}", at + 1)
    match = (_AFTER_LABEL if after_label else _ELSEWHERE).match(text, at)
    if match and after_label:
        operator = _WORDS["".join(match["op"].split())]
        return _Token("operator", operator, at + 1), len(match[0])
    if match:
        kind = match.lastgroup or ""
        return _Token(kind, match[kind], at + 1, match[0]), len(match[0])
    if after_label:
        expected = "==, !=, in {…}, not in {…}, contains, starts with or ends with"
        raise SelectorError(f"no operator after the label; write {expected}", at + 1)
    raise SelectorError(f"{text[at]!r} means nothing here; write a label, has(), all() or a string in quotes", at + 1)


class _SelectorParser:
    """Recursive descent over the tokens, one method a level of precedence."""

    def __init__(self, tokens: tuple[_Token, ...]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.at].kind

    def error(self, advice: str) -> SelectorError:
        token = self.tokens[self.at]
        what = "it ends too early" if token.kind == "end" else f"{(token.shown or token.text)!r} does not fit here"
        return SelectorError(f"{what}; {advice}", token.column)

    def take(self, *kinds: str, advice: str) -> _Token:
        if self.kind not in kinds:
            raise self.error(advice)
        self.at += 1
        return self.tokens[self.at - 1]

    def disjunction(self) -> Expression:
        expression = [self.conjunction()]
        while self.kind == "||":
            self.at += 1
            expression.append(self.conjunction())
        return expression[0] if len(expression) == 1 else Or(tuple(expression))

    def conjunction(self) -> Expression:
        expression = [self.operation()]
        while self.kind == "&&":
            self.at += 1
            expression.append(self.operation())
        return expression[0] if len(expression) == 1 else And(tuple(expression))

    def operation(self) -> Expression:
        negated = False
        while self.kind == "!":
            negated = not negated
            self.at += 1
        expression = self.operand()
        return Not(expression) if negated else expression

    def operand(self) -> Expression:
        expected = ("has", "all", "global", "label", "(")
        token = self.take(*expected, advice="write a label, has(label), all() or a parenthesis")
        match token.kind:
            case "has":
                return Has(token.text)
            case "all":
                return All()
            case "global":
                return Global()
            case "(":
                return self.parenthesis()
        return self.comparison(token.text)

    def parenthesis(self) -> Expression:
        self.depth += 1
        if self.depth > 100:
            raise self.error("nest at most 100 parentheses")
        expression = self.disjunction()
        self.take(")", advice="close the parenthesis with )")
        self.depth -= 1
        return expression

    def comparison(self, label: str) -> Expression:
        operator = self.take("==", "!=", "operator", advice="write an operator after the label, such as ==").text
        if operator in ("in", "not in"):
            return Comparison(label, operator, self.values())
        value = self.take("string", advice="write the value in quotes")
        return Comparison(label, operator, (value.text,))

    def values(self) -> tuple[str, ...]:
        self.take("{", advice="write the values as {'a', 'b'}")
        texts: list[str] = []
        while self.kind == "string":
            texts.append(self.take("string", advice="").text)
            if self.kind != ",":
                break
            self.at += 1
        self.take("}", advice="write strings in quotes between commas, and close the set with }")
        return tuple(texts)
