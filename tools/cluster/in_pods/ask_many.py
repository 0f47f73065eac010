"""Runs inside a pod and stays: for each line of JSON on standard input it tries many connections at once.

    {"timeout": 1.0, "attempts": [["id", "192.168.1.7", 80, "TCP" | "UDP" | "DNS", "token", "203.0.113.10"], …]}

The last of these is the address to come from, "" for the usual one. Each attempt says `sark-probe TOKEN` and waits for
a line, or, over DNS, asks for a name and waits for any reply; UDP says it again until it is answered. When all have
ended one line of JSON is written:

    {"done": 2, "answers": {"id": "sark-answer …"}, "refused": {"id": "Connection refused"}}

An id in neither of the two was met with silence.
"""

import asyncio
import json
import os
import sys
from typing import Any

Source = tuple[str, int] | None
AGAIN = 0.3
QUERY = b"\x53\x4b\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04test\x00\x00\x01\x00\x01"


class Datagrams(asyncio.DatagramProtocol):
    """The first datagram that comes back."""

    def __init__(self) -> None:
        self.came: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, _address: object) -> None:
        if not self.came.done():
            self.came.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.came.done():
            self.came.set_exception(exc)


async def by_tcp(host: str, port: int, payload: bytes, source: Source) -> str:
    """One line there, one line back."""
    reader, writer = await asyncio.open_connection(host, port, local_addr=source)
    try:
        writer.write(payload)
        line = await reader.readline()
        if not line:
            raise ConnectionResetError("hung up")
        return line.decode("ascii", "replace").strip()
    finally:
        writer.close()


async def by_udp(host: str, port: int, payload: bytes, source: Source) -> str:
    """One datagram there, again and again, and one back."""
    loop = asyncio.get_running_loop()
    channel, protocol = await loop.create_datagram_endpoint(Datagrams, local_addr=source, remote_addr=(host, port))
    try:
        while True:
            channel.sendto(payload)
            done, _ = await asyncio.wait([protocol.came], timeout=AGAIN)
            if done:
                data = protocol.came.result()
                return "sark-answer dns" if payload == QUERY else data.decode("ascii", "replace").strip()
    finally:
        channel.close()


async def attempt(host: str, port: int, protocol: str, token: str, source: str) -> str:
    """What came back."""
    here = (source, 0) if source else None
    if protocol == "TCP":
        return await by_tcp(host, port, f"sark-probe {token}\n".encode(), here)
    return await by_udp(host, port, QUERY if protocol == "DNS" else f"sark-probe {token}\n".encode(), here)


async def ask(order: dict[str, Any]) -> dict[str, Any]:
    """All attempts of one order at once."""
    tasks = {name: asyncio.ensure_future(attempt(*rest)) for name, *rest in order["attempts"]}
    if tasks:
        await asyncio.wait(tasks.values(), timeout=order["timeout"])
    ended = {name: task for name, task in tasks.items() if task.done()}
    late = [task for task in tasks.values() if not task.done()]
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    answers = {name: task.result() for name, task in ended.items() if not task.exception()}
    refused = {name: words(task.exception()) for name, task in ended.items() if task.exception()}
    return {"done": len(tasks), "answers": answers, "refused": refused}


def words(error: BaseException | None) -> str:
    """Why it was refused: the system's own words, where there are any."""
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number else str(error) or type(error).__name__


def main() -> None:
    """Order after order, until there is no more."""
    for line in sys.stdin:
        print(json.dumps(asyncio.run(ask(json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
