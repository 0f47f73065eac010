"""What the API server takes for a name, a label's key or a label's value.

Source: k8s.io/apimachinery pkg/util/validation. Each function returns what is wrong and what to write, or the empty
string.
"""

from __future__ import annotations

import re

WORD = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
OLD_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
PORT_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

WORD_RULE = "letters, digits, '-', '_' and '.', starting and ending with a letter or digit, at most 63"
LABEL_RULE = "lower-case letters, digits and '-', starting and ending with a letter or digit, at most 63"

SUBDOMAIN_RULE = "lower-case letters, digits, '-' and '.', starting and ending with a letter or digit"


def key_fault(key: str) -> str:
    """A label's or annotation's key: `name` or `prefix/name`."""
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > 253 or not SUBDOMAIN.fullmatch(prefix)):
        return f"{key!r} has no valid prefix; before the / write a DNS name such as example.com"
    if len(name) > 63 or not WORD.fullmatch(name):
        return f"{_shown(key)} is not a label key; write {WORD_RULE}"
    return ""


def value_fault(value: str) -> str:
    """A label's value, which may be empty."""
    if value and (len(value) > 63 or not WORD.fullmatch(value)):
        return f"{_shown(value)} is not a label value; write {WORD_RULE}"
    return ""


def _shown(text: str) -> str:
    """In quotes, and no longer than a line: a message is for people."""
    return repr(text) if len(text) <= 80 else f"{text[:77]!r}…"


def subdomain_fault(name: str) -> str:
    """An object's name, for most kinds: a DNS subdomain (RFC 1123)."""
    if len(name) > 253:
        return f"the name is {len(name)} characters long; write at most 253"
    if not SUBDOMAIN.fullmatch(name):
        return f"{name!r} is not a valid name; write {SUBDOMAIN_RULE}"
    return ""


def label_fault(name: str) -> str:
    """A namespace's name, and the name of a Calico policy: a DNS label (RFC 1123)."""
    return "" if len(name) <= 63 and LABEL.fullmatch(name) else f"{name!r} is not a valid name here; write {LABEL_RULE}"


def service_fault(name: str) -> str:
    """A Service's name: a DNS label that starts with a letter (RFC 1035)."""
    if len(name) <= 63 and OLD_LABEL.fullmatch(name):
        return ""
    return f"{name!r} is not a valid Service name; write {LABEL_RULE}, with a letter first"


def port_name_fault(name: str) -> str:
    """A port's name (RFC 6335): at most 15 characters, one letter at least."""
    if len(name) <= 15 and PORT_NAME.fullmatch(name) and any(character.isalpha() for character in name):
        return ""
    form = "at most 15 lower-case letters, digits and single '-', a letter among them"
    return f"{name!r} is not a port name; write a number, or {form}"
