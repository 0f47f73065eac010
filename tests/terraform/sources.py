"""Files to parse: a seeded generator of Terraform's syntax, right mostly, and with a mistake in it otherwise."""

from __future__ import annotations

import random
from functools import partial

NAMES = ["a", "b1", "for_each", "var", "x-y", "_z", "in", "if", "true", "null", "π", "été", "e1"]
NUMBERS = ["0", "1", "12.5", "1e3", "2.5E-2", "1e400", "007", "99999999999999999999"]
OPERATORS = ["+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||"]
LEXEMES = [
    "{", "}", "[", "]", "(", ")", "=", ":", ",", ".", "*", "...", "=>", "?", "\n", " ", "#", "//", "/*", "*/", '"',
    "${", "%{", "~", "<<E\n", "E\n", "\\", "$", "%", "-", "!", "&", "|", "&&", "for", "in", "if", "endif", "1.", ".5",
    "2.2.5", "1e2.", "1.e3",
    "1e", "'", "`", ";", "::", "\t", "\r", "\r\n", "a", "1", "==", "<<-E\n", "@", "\u00a0", "\u2028", "\ufeff", "é",
]  # fmt: skip


class Files:
    """Makes files of attributes and blocks; about half of them have one or two lexemes put in, taken out or doubled."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0

    def file(self) -> str:
        """A file."""
        text = self.body(2)
        if self.random.random() < 0.1:
            text = text.rstrip("\n")
        if self.random.random() < 0.1:
            text = text.replace("\n", "\r\n")
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            text = self.broken(text)
        return text

    def broken(self, text: str) -> str:
        """The text with something put in, taken out, doubled or swapped."""
        at = self.random.randrange(len(text) + 1)
        size = self.random.choice([1, 1, 2, 5])
        piece = text[at : at + size]
        change = self.random.choice(["put", "put", "take", "take", "double", "swap"])
        if change == "put":
            return text[:at] + self.random.choice(LEXEMES) + text[at:]
        if change == "take":
            return text[:at] + text[at + size :]
        if change == "double":
            return text[:at] + piece + text[at:]
        return text[:at] + piece[::-1] + text[at + size :]

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def gap(self, *, inside: bool) -> str:
        """White space; inside brackets a newline and a comment too."""
        return self.pick("", " ", " ", "  ", "\t", " /* c */ ", *(("\n", " # c\n", "\n\n") if inside else ()))

    def body(self, depth: int) -> str:
        """Attributes and blocks, each on its line."""
        return "".join(self.item(depth) for _ in range(self.random.randint(0 if depth < 2 else 1, 4)))

    def item(self, depth: int) -> str:
        """One attribute, block, comment or blank line."""
        kind = self.random.random()
        if kind < 0.1:
            return self.pick("\n", "# c\n", "// c\n", "/* c\n c */\n", "  /* c */ \n")
        ends = self.pick("\n", "\n", "\n", " # c\n", " // c\n", " /* c */\n", "\n\n")
        if kind < 0.65 or depth <= 0:
            # A name that is set twice is no matter of syntax.
            self.count += 1
            sign = self.pick(" = ", "=", " =", "= ")
            return f"{self.pick(*NAMES)}{self.count}{sign}{self.expression(3, inside=False)}{ends}"
        labels = self.pick("", ' "a"', ' "a" "b"', " a", ' "a\\"b" c', ' "$${x}"')
        if self.random.random() < 0.2:
            inside = self.pick("", " ", " a = 1 ", f" a = {self.expression(1, inside=False)} ")
        else:
            inside = f"{self.pick('', ' # c')}\n{self.body(depth - 1)}"
        return f"{self.pick(*NAMES)}{labels} {{{inside}}}{ends}"

    def expression(self, depth: int, *, inside: bool) -> str:
        """An expression; inside brackets it may go over several lines."""
        space = self.gap(inside=inside)
        if depth <= 0:
            return self.pick(*NAMES[:5], *NUMBERS, '"x"', '""', "a.b", "a[0]", "true", "null")
        deeper = partial(self.expression, depth - 1, inside=inside)
        kind = self.random.randrange(14)
        if kind == 0:
            return f"{deeper()}{space}{self.pick(*OPERATORS)}{self.gap(inside=inside)}{deeper()}"
        if kind == 1:
            return f"{deeper()} ?{space}{deeper()} :{space}{deeper()}"
        if kind == 2:
            return f"{self.pick('-', '!', '- ', '--', '!!', f'-{space}!', f'- -{space}-')}{deeper()}"
        if kind == 3:
            return f"({self.gap(inside=True)}{self.expression(depth - 1, inside=True)}{self.gap(inside=True)})"
        if kind == 4:
            return self.listed(depth)
        if kind == 5:
            return self.object(depth)
        if kind in (6, 7):
            return self.loop(depth)
        if kind == 8:
            return self.call(depth, inside=inside)
        if kind in (9, 10):
            return self.steps(depth, inside=inside)
        if kind == 11:
            return self.heredoc(depth) if not inside else self.string(depth)
        return self.string(depth)

    def inner(self, depth: int) -> str:
        """An expression between brackets."""
        return f"{self.gap(inside=True)}{self.expression(depth - 1, inside=True)}{self.gap(inside=True)}"

    def listed(self, depth: int) -> str:
        """A list."""
        items = [self.inner(depth) for _ in range(self.random.randint(0, 3))]
        return f"[{','.join(items)}{self.pick('', ',') if items else self.gap(inside=True)}]"

    def object(self, depth: int) -> str:
        """An object."""
        entries = [
            f"{self.pick('a', 'true', '(a)', '(a.b)', '1', f'{chr(34)}k{chr(34)}', 'if')}{self.pick(' = ', '=', ' : ')}"
            + self.expression(depth - 1, inside=False)
            for _ in range(self.random.randint(0, 3))
        ]
        mark = self.pick(",", ", ", "\n", ",\n", "\n\n", " # c\n")
        start = self.pick("", " ", "\n")
        return f"{{{start}{mark.join(entries)}{self.pick('', ' ', chr(10), ',') if entries else ''}}}"

    def loop(self, depth: int) -> str:
        """A `for` expression."""
        head = f"for {self.pick('x', 'k, v', 'k,v')} in {self.inner(depth)}:{self.inner(depth)}"
        condition = f" if{self.gap(inside=True)} {self.inner(depth)}" if self.random.random() < 0.4 else ""
        if self.random.random() < 0.5:
            return f"[{self.gap(inside=True)}{head}{condition}]"
        return f"{{{self.gap(inside=True)}{head}=>{self.inner(depth)}{self.pick('', '...')}{condition}}}"

    def call(self, depth: int, *, inside: bool) -> str:
        """A function call."""
        space = self.gap(inside=inside)
        arguments = [self.inner(depth) for _ in range(self.random.randint(0, 3))]
        ends = self.pick("", "", ",", "...") if arguments else ""
        name = self.pick("f", "provider::a::b", "for", "a::b", "core::a", f"a::{space}b", "a::b::c::d")
        return f"{name}({','.join(arguments)}{ends})"

    def steps(self, depth: int, *, inside: bool) -> str:
        """A traversal."""
        found = self.pick("a", "f(a)", "[a]", "(a)")
        for _ in range(self.random.randint(1, 4)):
            gap = self.pick("", "", "", self.gap(inside=True)) if inside else ""
            found += gap + self.pick(
                ".b", ".0", ".*.c", ".*", "[*]", "[*].d", "[0]", f"[{self.inner(depth)}]", ".*.1.e"
            )
        return found

    def string(self, depth: int) -> str:
        """A string, with insertions and escapes."""
        return f'"{"".join(self.piece(depth) for _ in range(self.random.randint(0, 4)))}"'

    def piece(self, depth: int) -> str:
        """A piece of a template."""
        left, right = self.pick("", "", "~"), self.pick("", "", "~")
        words = ["x", " ", "$", "%", "$$", "$${", "%%{", "é", "#", "//", "{", "}"]
        text = self.pick(*words, f"${{{left}{self.inner(depth)}{right}}}")
        if self.random.random() < 0.2:
            gap = self.gap(inside=True)
            text = f"%{{{left}{gap} if {self.inner(depth)}{right}}}y" + self.pick(
                "", "%{ else }z", f"%{{~ {gap}else ~}}"
            )
            text += f"%{{ {gap}endif{gap} {right}}}"
        elif self.random.random() < 0.1:
            gap = self.gap(inside=True)
            text = f"%{{ {gap}for {self.pick('x', 'k, v')} in {self.inner(depth)}{right}}}y%{{{gap}endfor }}"
        return text

    def heredoc(self, depth: int) -> str:
        """A heredoc."""
        word = self.pick("E", "EOT", "E-F")
        lines = "".join(
            f"{self.pick('', '  ', '    ', chr(9))}{self.piece(depth)}{self.pick('', self.piece(depth))}\n"
            for _ in range(self.random.randint(0, 3))
        )
        return f"<<{self.pick('', '-')}{word}\n{lines}{self.pick('', '  ')}{word}"
