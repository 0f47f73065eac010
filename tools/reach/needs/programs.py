"""The hosts that a command calls, by its program's own options: `nc -z HOST PORT`, `curl URL`, `pg_isready -h HOST`, …

Options are read as by getopt: a letter that takes a value takes the rest of its word, or the next word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tools.reach.needs.endpoints import HostCall, endpoints, host_and_port, is_host, port_number, url
from tools.reach.needs.shell import commands

# The most commands nested in each other, such as shells in shells; no real script goes deeper.
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class ProgramOptions:
    """The options of a program that take a value: single letters, and long names."""

    letters: str = ""
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A parsed command line: each option with its values, and the words that belong to no option."""

    given: Mapping[str, Sequence[str]]
    words: Sequence[str]

    def last(self, *names: str) -> str:
        """The last value of an option, by any of its names, or ""."""
        return next((self.given[name][-1] for name in names if self.given.get(name)), "")

    def has(self, *names: str) -> bool:
        """Whether an option was given."""
        return any(name in self.given for name in names)


def read(arguments: Sequence[str], options: ProgramOptions) -> CommandLine:
    """Parse a command line. A single dash before a long name, as Go programs have it, counts as two."""
    given: dict[str, list[str]] = {}
    words: list[str] = []
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            words.extend(rest)
        elif word.startswith("--") or (word.startswith("-") and _name(word) in options.names):
            name, sign, value = _name(word), "=" in word, word.partition("=")[2]
            given.setdefault(name, []).append(value if sign or name not in options.names else next(rest, ""))
        elif word.startswith("-") and len(word) > 1:
            for place, letter in enumerate(word[1:], 2):
                takes = letter in options.letters
                given.setdefault(letter, []).append((word[place:] or next(rest, "")) if takes else "")
                if takes:
                    break
        else:
            words.append(word)
    return CommandLine(given, words)


def _name(word: str) -> str:
    return word.lstrip("-").partition("=")[0]


def calls(argv: Sequence[str], variables: Mapping[str, str], depth: int = 0) -> Iterator[HostCall]:
    """The calls of a command, and of the commands that it runs."""
    if not argv or depth > DEEPEST:
        return
    program, arguments = argv[0].rpartition("/")[2], argv[1:]
    if program in SHELLS:
        for command in commands(_script(arguments), variables):
            yield from calls(command, variables, depth + 1)
    elif program in WRAPPERS:
        yield from calls(_wrapped(arguments, WRAPPERS[program]), variables, depth + 1)
    else:
        yield from (call for word in argv for call in _device(word))
        yield from PROGRAMS.get(program, _no_calls)(arguments)
        if program in WAITERS and "--" in arguments:
            yield from calls(arguments[list(arguments).index("--") + 1 :], variables, depth + 1)


def known(argv: Sequence[str]) -> bool:
    """Whether the options of a command's program are understood, so that its words are not read in another way."""
    program = argv[0].rpartition("/")[2] if argv else ""
    return program in SHELLS or program in WRAPPERS or program in PROGRAMS


SHELLS = frozenset(("sh", "bash", "ash", "dash", "ksh", "zsh"))
# Programs that run another command, by the number of their own words before it.
WRAPPERS = {
    **dict.fromkeys(("exec", "command", "sudo", "nohup", "setsid", "env", "nice", "busybox", "toybox", "time"), 0),
    **dict.fromkeys(("tini", "dumb-init"), 0),
    **dict.fromkeys(("timeout", "gosu", "su-exec"), 1),
}
WAITERS = frozenset(("wait-for-it", "wait-for-it.sh", "wait-for", "wait-for.sh", "wait4x", "dockerize"))


def _script(arguments: Sequence[str]) -> str:
    """The script after `-c`."""
    rest, running = iter(arguments), False
    for word in rest:
        if word in ("-o", "+o", "-O", "+O"):
            next(rest, "")
        elif word.startswith(("-", "+")):
            running = running or (not word.startswith("--") and "c" in word)
        else:
            return word if running else ""
    return ""


def _wrapped(arguments: Sequence[str], own: int) -> Sequence[str]:
    """The command after a wrapper's options and variables."""
    at = 0
    while at < len(arguments) and (arguments[at].startswith("-") or "=" in arguments[at]):
        # An option that takes a word: `timeout -s KILL`, `sudo -u app`.
        at += 2 if arguments[at] in ("-s", "-u", "-k", "-n", "-g") else 1
    return arguments[at + own :]


def _no_calls(_: Sequence[str]) -> Iterator[HostCall]:
    yield from ()


def _device(word: str) -> Iterator[HostCall]:
    """The call of bash's /dev/tcp/HOST/PORT."""
    for protocol in ("tcp", "udp"):
        _, calls, rest = word.partition(f"/dev/{protocol}/")
        host, _, port = rest.partition("/")
        number = port_number(port)
        if calls and is_host(host) and number:
            yield HostCall(host, number, "", protocol.upper())


def _netcat(arguments: Sequence[str]) -> Iterator[HostCall]:
    line = read(arguments, ProgramOptions("IiOPpqsTVWwXxecgGm", frozenset(("wait", "source", "source-port", "proxy"))))
    # With `-l` netcat listens.
    if len(line.words) > 1 and not line.has("l", "listen"):
        host, port = line.words[0], port_number(line.words[1])
        if is_host(host) and port:
            yield HostCall(host, port, "", "UDP" if line.has("u", "udp") else "TCP")


def _telnet(arguments: Sequence[str]) -> Iterator[HostCall]:
    words = [word for word in arguments if not word.startswith("-")]
    if words and is_host(words[0]) and (port := port_number(words[1]) if len(words) > 1 else 23):
        yield HostCall(words[0], port)


CURL = ProgramOptions(
    "AbcCdDeEFHhKmoPQrTtuUwxXyYz",
    frozenset(
        (
            *("url", "header", "data", "data-raw", "data-binary", "request", "output", "user", "user-agent", "proxy"),
            *("max-time", "connect-timeout", "retry", "retry-delay", "retry-max-time", "write-out", "cookie", "form"),
            *("cacert", "cert", "key", "resolve", "connect-to", "referer", "noproxy", "interface", "proxy-user"),
        )
    ),
)
WGET = ProgramOptions(
    "aeiOoPQtTUw",
    frozenset(("header", "output-document", "timeout", "tries", "post-data", "user", "password", "user-agent", "wait")),
)


def _web(options: ProgramOptions) -> Callable[[Sequence[str]], Iterator[HostCall]]:
    def reader(arguments: Sequence[str]) -> Iterator[HostCall]:
        line = read(arguments, options)
        for word in (*line.words, *line.given.get("url", ())):
            # Without a scheme the URL is http, and a bare word is a host.
            if call := url(word if "://" in word else f"http://{word}"):
                yield call

    return reader


def _client(default: int, letters: str, port: str = "p") -> Callable[[Sequence[str]], Iterator[HostCall]]:
    """A reader for a database client: `-h HOST`, `-p PORT`, or a URL. `port`: the letter of the port's option."""
    names = frozenset(
        ("host", "port", "dbname", "username", "user", "uri", "timeout", "eval", "password", "command", "file")
    )

    def reader(arguments: Sequence[str]) -> Iterator[HostCall]:
        line = read(arguments, ProgramOptions(letters, names))
        urls = (*line.words, *line.given.get("uri", ()), *line.given.get("dbname", ()))
        urls = (*urls, *line.given.get("u", ()), *line.given.get("d", ()))
        yield from (call for word in urls if "://" in word for call in endpoints(word))
        host, number = line.last("h", "host"), line.last(port, "port")
        if is_host(host) and (called_port := port_number(number) if number else default):
            yield HostCall(host, called_port)

    return reader


def _waiter(arguments: Sequence[str]) -> Iterator[HostCall]:
    """The calls of wait-for-it, wait-for, dockerize and wait4x: URLs and `host:port` before `--`."""
    own = list(arguments)
    own = own[: own.index("--")] if "--" in own else own
    names = frozenset(("timeout", "wait-retry-interval", "wait-http-header", "template", "stdout", "stderr", "host"))
    line = read(own, ProgramOptions("htpqW", names | {"port", "wait", "interval"}))
    for word in (*line.words, *line.given.get("wait", ())):
        yield from endpoints(word)
    host, port = line.last("h", "host"), port_number(line.last("p", "port"))
    if is_host(host) and port:
        yield HostCall(host, port)


def _connect(arguments: Sequence[str]) -> Iterator[HostCall]:
    """The call of openssl s_client -connect HOST:PORT."""
    line = read(arguments, ProgramOptions("", frozenset(("connect", "servername", "CAfile", "cert", "key"))))
    if call := host_and_port(line.last("connect")):
        yield call


def _ldap(arguments: Sequence[str]) -> Iterator[HostCall]:
    line = read(arguments, ProgramOptions("bDfHhlpswyYz"))
    yield from endpoints(line.last("H"))
    if is_host(line.last("h")):
        yield HostCall(line.last("h"), port_number(line.last("p")) or 389, "ldap")


Reader = Callable[[Sequence[str]], Iterator[HostCall]]
PROGRAMS: Mapping[str, Reader] = {
    **dict.fromkeys(("nc", "ncat", "netcat", "nc.openbsd", "nc.traditional"), _netcat),
    "telnet": _telnet,
    "curl": _web(CURL),
    "wget": _web(WGET),
    "pg_isready": _client(5432, "dhptU"),
    "psql": _client(5432, "cdfFhLoPpRTUv"),
    **dict.fromkeys(("pg_dump", "pg_dumpall", "pg_restore"), _client(5432, "dfhjLnNpStTUZ")),
    "pg_basebackup": _client(5432, "cdDFhlpRrsSTUXZ"),
    **dict.fromkeys(("mysql", "mysqladmin", "mysqldump", "mariadb", "mariadb-admin"), _client(3306, "DehPSu", "P")),
    **dict.fromkeys(("redis-cli", "valkey-cli"), _client(6379, "adhinpPrstuDX")),
    **dict.fromkeys(("mongo", "mongosh", "mongodump"), _client(27017, "dhpu")),
    **dict.fromkeys(WAITERS, _waiter),
    "openssl": _connect,
    **dict.fromkeys(("ldapsearch", "ldapwhoami"), _ldap),
}
