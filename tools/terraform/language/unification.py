"""The one type that values of several types are converted to, as Terraform unifies types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tools.terraform.language.values import Any_, Type, UndecidedError


def unify(types: Sequence[Type]) -> Type | None:
    """The type that values of all these types are converted to where they must have one; None when there is none.

    Raises UndecidedError where null or an unknown leaves it open.
    """
    known = [item for item in types if item != Any_]
    if not known:
        return Any_
    if all(item == known[0] for item in known) and (len(known) == len(types) or known[0] == "string"):
        return known[0]
    if len(known) < len(types):
        raise UndecidedError
    shared = _unify_known(known)
    if shared is None and any(Any_ in flat(item) for item in known):
        raise UndecidedError
    return shared


def all_text(kind: Type) -> bool:
    """Whether a value of that type holds strings and unknown values alone, which no conversion changes."""
    if isinstance(kind, str):
        return kind in ("string", Any_)
    if kind[0] == "object":
        return all(all_text(inner) for _, inner in kind[1])
    return all(map(all_text, kind[1])) if kind[0] == "tuple" else all_text(kind[1])


def _unify_known(types: Sequence[Type]) -> Type | None:
    if all(isinstance(item, str) for item in types):
        return "string" if "string" in types else None
    if any(isinstance(item, str) for item in types):
        return None
    kinds = {item[0] for item in types}
    if len(kinds) == 1 and kinds <= {"list", "set", "map"}:
        return _within(kinds.pop(), [item[1] for item in types])
    if kinds <= {"map", "object"}:
        return _unify_records(types, kinds)
    if kinds <= {"list", "tuple"}:
        return _unify_series(types, kinds)
    if kinds <= {"list", "set", "tuple"}:
        raise UndecidedError
    return None


def _within(kind: str, types: Sequence[Type]) -> Type | None:
    inner = unify(types)
    return None if inner is None else (kind, inner)


def _unify_records(types: Sequence[Type], kinds: set[str]) -> Type | None:
    if kinds == {"object"} and len({tuple(name for name, _ in item[1]) for item in types}) == 1:
        names = [name for name, _ in types[0][1]]
        inner = [unify([item[1][at][1] for item in types]) for at, _ in enumerate(names)]
        return None if None in inner else ("object", tuple(zip(names, inner, strict=True)))
    every = [
        inner_type for item in types for inner_type in ([t for _, t in item[1]] if item[0] == "object" else [item[1]])
    ]
    return _within("map", every)


def _unify_series(types: Sequence[Type], kinds: set[str]) -> Type | None:
    if kinds == {"tuple"} and len({len(item[1]) for item in types}) == 1:
        inner = [unify([item[1][at] for item in types]) for at, _ in enumerate(types[0][1])]
        return None if None in inner else ("tuple", tuple(inner))
    every = [inner_type for item in types for inner_type in (item[1] if item[0] == "tuple" else (item[1],))]
    return _within("list", every)


def flat(type_: Type) -> Iterable[str]:
    if isinstance(type_, str):
        yield type_
    elif type_[0] == "object":
        for _, inner in type_[1]:
            yield from flat(inner)
    elif type_[0] == "tuple":
        for inner in type_[1]:
            yield from flat(inner)
    else:
        yield from flat(type_[1])
