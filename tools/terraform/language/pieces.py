"""Cuts expressions out of the tokens of a file, as text for python-hcl2.

python-hcl2 does not see what it would read differently from HCL: comments and newlines are removed (a newline between
the entries of an object becomes a comma), and strings, numbers and names beyond ASCII are replaced by stand-ins, whose
real text is that of the token in the same place. Of several signs before a term it sees the last one, and of a
function's name the first word.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from tools.terraform.language.places import MalformedError
from tools.terraform.language.tokens import BAD, END, ID, NEWLINE, NUMBER, STRING, Tokens

# How deep brackets and blocks may be nested.
MAX_DEPTH = 60
CLOSE = {"(": ")", "[": "]", "{": "}"}
_ENDS = (ID, NUMBER, STRING, ")", "]", "}")
_SIGNS = ("-", "!")


@dataclass(slots=True)
class Piece:
    """The text of one expression, `x = (…)`, and the token at which it ends.

    `starts`: the offsets in the text at which the tokens `at` begin. `fault`: the fault that ended the expression.
    `signs`: for each sign in the text, the tokens of the signs before it. `names`: the whole names of functions, by
    their first token.
    """

    tokens: Tokens
    text: list[str] = field(default_factory=lambda: ["x = ("])
    starts: list[int] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    size: int = 6
    end: int = 0
    fault: MalformedError | None = None
    signs: dict[int, tuple[int, ...]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def add(self, text: str, at: int) -> None:
        """Add the text of a token."""
        self.text.append(text)
        self.starts.append(self.size)
        self.at.append(at)
        self.size += len(text) + 1

    def token(self, position: int) -> int:
        """Which token stands at a position of the text."""
        index = bisect_right(self.starts, position) - 1
        return self.at[index] if index >= 0 else self.end

    def offset(self, position: int) -> int:
        """The offset in the file of a position of the text."""
        return self.tokens.offsets[self.token(position)]


def unexpected(tokens: Tokens, at: int, closing: str = "") -> MalformedError:
    """The fault of a token that is not expected where it is."""
    kind, text, offset = tokens.kinds[at], tokens.texts[at], tokens.offsets[at]
    if kind == BAD:
        assert isinstance(text, MalformedError)
        return text
    if kind in (END, NEWLINE):
        return MalformedError("the expression ends too early", offset)
    if kind == STRING:
        return MalformedError("a string is not expected here", offset)
    if closing and kind in (")", "]", "}"):
        return MalformedError(f"`{kind}` where `{closing}` should be", offset)
    return MalformedError(f"`{text[:30]}` is not expected here", offset)


def piece(tokens: Tokens, start: int, depth: int, *, inside: bool = False) -> Piece:
    """The expression that starts at a token and ends with its line, or, inside brackets, with the tokens."""
    kinds = tokens.kinds
    cut = Piece(tokens)
    # The brackets that are open, and whether newlines separate entries in each.
    stack: list[tuple[str, bool]] = []
    signs: tuple[int, ...] = ()
    # Whether a term ends here: a sign is then an operator, and a name a word such as `in`.
    term = False
    at = start
    while (kind := kinds[at]) != END:
        before, ended, term = cut.text[-1], term, term and kind == NEWLINE
        if kind == NEWLINE:
            if not stack and not inside:
                break
            term = term and not (stack and stack[-1][1])
            if stack and stack[-1][1] and before not in ("{", ",") and kinds[_after_newlines(kinds, at)] != "}":
                cut.add(",", at)
        elif kind == BAD:
            break
        elif kind in CLOSE:
            if depth + len(stack) >= MAX_DEPTH:
                message = f"nested deeper than {MAX_DEPTH}; split it into locals"
                cut.fault = MalformedError(message, tokens.offsets[at])
                break
            last = 0
            if kind == "[" and kinds[at + 1] in ("*", NEWLINE):
                last = _splat_ends(kinds, at, skipping=_skips(stack, inside=inside))
            if last:
                cut.add("[*]", at)
                at = last
                term = True
            else:
                stack.append((CLOSE[kind], kind == "{" and not _is_for(tokens, at)))
                cut.add(kind, at)
        elif kind in (")", "]", "}"):
            if not stack:
                break
            closing, _ = stack.pop()
            term = True
            if kind != closing:
                cut.fault = unexpected(tokens, at, closing)
                break
            cut.add(kind, at)
        elif kind == NUMBER:
            text = tokens.texts[at]
            if before == "." and "." in text:
                message = f"`.{text}` is not an index; write [{text.replace('.', '][')}]"
                cut.fault = MalformedError(message, tokens.offsets[at])
                break
            cut.add("0", at)
            term = True
        elif kind == STRING:
            cut.add('""', at)
            term = True
        elif kind == ID:
            if not stack and not inside and at > start and kinds[at - 1] in _ENDS:
                break
            text = tokens.texts[at]
            opens = text == "for" and before in ("[", "{")
            term = not ended and not opens
            last = at
            if term and kinds[at + 1] in ("::", NEWLINE):
                last = _name_ends(kinds, at, skipping=_skips(stack, inside=inside))
            cut.add(text if text.isascii() else "x", at)
            if last > at:
                cut.names[at] = "::".join(tokens.texts[word] for word in range(at, last + 1) if kinds[word] == ID)
                at = last
        elif kind in _SIGNS and not ended:
            following = _after_newlines(kinds, at + 1) if _skips(stack, inside=inside) else at + 1
            if kinds[following] in _SIGNS:
                signs += (at,)
            else:
                cut.signs[at], signs = signs, ()
                cut.add(kind, at)
        elif kind == "." and kinds[_after_newlines(kinds, at + 1) if stack or inside else at + 1] == "*":
            at = _after_newlines(kinds, at + 1)
            cut.add(".*", at)
            term = True
        else:
            cut.add(kind, at)
            # `if` may follow it, but no term.
            term = kind == "..."
        at += 1
    cut.end = at
    cut.add(")", at)
    return cut


def _after_newlines(kinds: list[str], at: int) -> int:
    while kinds[at] == NEWLINE:
        at += 1
    return at


def _skips(stack: list[tuple[str, bool]], *, inside: bool) -> bool:
    """Whether newlines are ignored here."""
    return not stack[-1][1] if stack else inside


def _splat_ends(kinds: list[str], at: int, *, skipping: bool) -> int:
    """The last token of `[*]` that starts at a token; 0 for other brackets."""
    star = _after_newlines(kinds, at + 1) if skipping else at + 1
    if kinds[star] != "*":
        return 0
    closing = _after_newlines(kinds, star + 1) if skipping else star + 1
    return closing if kinds[closing] == "]" else 0


def _name_ends(kinds: list[str], at: int, *, skipping: bool) -> int:
    """The last token of a function's name that starts at a token, such as `provider::aws::arn_parse`."""
    last = at
    while True:
        mark = _after_newlines(kinds, last + 1) if skipping else last + 1
        if kinds[mark] != "::":
            # Without arguments it is not the name of a function.
            return last if kinds[mark] == "(" else at
        word = _after_newlines(kinds, mark + 1) if skipping else mark + 1
        if kinds[word] != ID:
            return at
        last = word


def _is_for(tokens: Tokens, brace: int) -> bool:
    at = _after_newlines(tokens.kinds, brace + 1)
    return tokens.kinds[at] == ID and tokens.texts[at] == "for"
