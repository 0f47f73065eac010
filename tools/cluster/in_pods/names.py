"""Runs inside a stand-in pod and asks for names. Reads one line of JSON from standard input, a list of questions:

    {"id", "name", "server": "10.96.0.53" or "", "type": 1, "class": 1, "tcp": false, "timeout": 2.0}

Without a server the pod's own resolver is asked, search domains and all, for an IPv4 address. Writes one line of JSON a
question, `{"id", "outcome", "detail"}`, then `{"done": n}`. Outcomes: `answer` (there is one, and `detail` is its
response code and its addresses), `timeout`, `unprobed` (neither).
"""

import json
import socket
import struct
import sys
import threading
from typing import Any

CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
PRINTING = threading.Lock()
Question = dict[str, Any]


def message(question: Question) -> bytes:
    """The query on the wire."""
    labels = (label.encode() for label in question["name"].split(".") if label)
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    header = b"\x53\x4b" + struct.pack(">HHHHH", 0x0100, 1, 0, 0, 0)
    return header + name + struct.pack(">HH", question["type"], question["class"])


def by_wire(question: Question) -> str:
    """Ask a server, and say what it answered."""
    query = message(question)
    kind = socket.SOCK_STREAM if question["tcp"] else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.settimeout(question["timeout"])
        sock.connect((question["server"], 53))
        sock.sendall(struct.pack(">H", len(query)) + query if question["tcp"] else query)
        reply = sock.recv(65535)[2 if question["tcp"] else 0 :]
    answers = struct.unpack(">H", reply[6:8])[0]
    code = CODES.get(reply[3] & 15, str(reply[3] & 15))
    last = socket.inet_ntoa(reply[-4:]) if answers and question["type"] == 1 else f"{answers} answers"
    return f"{code} {last}"


def by_resolver(question: Question) -> str:
    """Ask as a program does."""
    try:
        infos = socket.getaddrinfo(question["name"], 443, socket.AF_INET, socket.SOCK_STREAM)
    except socket.gaierror as error:
        return f"no address: {error.strerror}"
    return " ".join(sorted({str(item[4][0]) for item in infos}))


def outcome(question: Question) -> tuple[str, str]:
    """What became of a question."""
    try:
        return "answer", by_wire(question) if question["server"] else by_resolver(question)
    except TimeoutError:
        return "timeout", f"nothing within {question['timeout']} s"
    except OSError as error:
        return "unprobed", str(error)


def run(question: Question) -> None:
    """One question from start to report."""
    word, detail = outcome(question)
    with PRINTING:
        print(json.dumps({"id": question["id"], "outcome": word, "detail": detail}), flush=True)


def main() -> None:
    """All questions at once."""
    questions = json.loads(sys.stdin.readline())
    threads = [threading.Thread(target=run, args=(question,), daemon=True) for question in questions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"done": len(questions)}), flush=True)


if __name__ == "__main__":
    main()
