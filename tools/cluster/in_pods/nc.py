#!/usr/bin/env python3
"""The one thing that SARK's init containers ask of busybox: `nc -z HOST PORT`, true when somebody listens there."""

import socket
import sys


def main() -> int:
    """0: a connection came about. 1: it did not, or there is no such host. 2: that is not what this can do."""
    if len(sys.argv) != 4 or sys.argv[1] != "-z":
        print(f"this stand-in knows `nc -z HOST PORT` only, and not {' '.join(sys.argv[1:])}", file=sys.stderr)
        return 2
    try:
        socket.create_connection((sys.argv[2], int(sys.argv[3]))).close()
    except OSError as error:
        print(f"nc: {sys.argv[2]}:{sys.argv[3]}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
