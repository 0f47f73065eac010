"""Text, numbers and whole values that were a fault somewhere once."""

from __future__ import annotations

from typing import Any

from tools.cluster.fuzz.dice import Dice

TEXTS = (
    *("", " ", "null", "~", "true", "yes", "off", "123", "1e3"),
    *("0x1f", "010", "1_000", ".inf", "-0", "2026-01-01", "="),
    *("<<", "- x", "a: b", "a:\n  b: c", "# c", "x #c", "|", ">"),
    *("@x", "`x`", "%x", "&a", "*a", "!x", "!!binary x", "{", "["),
    *('"', "'", "\\", "''", '"\n"', "a\nb", "a\rb", "a\r\nb", "a\tb"),
    *("\ta", "a ", " a", "x\nhostNetwork: true", "---", "..."),
    *("{{ .Values }}", "{{", "}}", '{{ fail "x" }}', "${x}", "%{x}"),
    *("$(x)", "%s%d", "\x1b[31mred", "a\x00b", "\x7f", "\x85"),
    *("\u2028", "\u202e", "\ufeff", "\u00e9", "\u00df" * 70, "\U0001f600"),
    *("a" * 64, "a" * 254, "a" * 5000, "::error::x", "\n::stop-commands::x"),
    *("../../etc/passwd", "a/b", "a/b/c", "-", ".", "..", "*", "*."),
    *("*.*", "**", "-a", "a-", "A", "_", "a_b", "a.b", "a..b"),
    *("0.0.0.0/0", "::/0", "10.0.0.1", "10.0.0.1/8", "010.0.0.1/32"),
    *("1.2.3/24", "::ffff:a9fe:a9fe/128", "169.254.169.254"),
    *("helm.sh/hook", "=1+1", "+1", "@SUM(A1)", "<a>&b</a>", "]]>", "<!--", "a|b", "a`b", "[a](b)"),
)  # fmt: skip
NUMBERS: tuple[int | float, ...] = (
    *(0, -1, 1, 2, 53, 80, 443, 1023, 1024, 9901, 65535, 65536),
    *(99_999, 1_000_000, 10_000_000, 2**31 - 1, 2**31, 2**53),
    *(2**53 + 1, 2**63 - 1, 2**63, 10**30, 0.5, 1.5, -0.0, 1e-7, 1e21, 1e300),
)


def text(dice: Dice) -> str:
    """A hostile text, or an innocent one with a hostile one in it."""
    chosen = dice.pick(TEXTS)
    if dice.chance(0.7):
        return chosen
    return dice.pick((f"a{chosen}", f"{chosen}a", f"a{chosen}b", f"{chosen}{dice.pick(TEXTS)}"))


def number(dice: Dice) -> int | float:
    """A number at an edge."""
    return dice.pick(NUMBERS)


def value(dice: Dice) -> Any:
    """A value of any type."""
    kind = dice.weighted({"null": 3, "text": 6, "number": 4, "boolean": 2, "list": 2, "mapping": 2})
    if kind == "text":
        return text(dice)
    if kind == "number":
        return number(dice)
    if kind == "list":
        return [value(dice) for _ in dice.times(0, 2)]
    if kind == "mapping":
        return {text(dice)[:80]: value(dice) for _ in dice.times(0, 2)}
    return dice.chance(0.5) if kind == "boolean" else None
