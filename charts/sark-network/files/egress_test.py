"""Arguments: PROXY PORT ALLOWED DENIED.

Exit 0: ALLOWED (name:port) answers through the proxy, and DENIED does not in any way.
"""

import socket
import ssl
import sys
import time


def tunnel(proxy, target, name):
    """The proxy's status line for CONNECT `target`, and whether TLS under `name` was answered in the tunnel."""
    with socket.create_connection(proxy, timeout=10) as connection:
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        status = connection.recv(4096).split(b"\r\n")[0].decode(errors="replace")
        if " 200" not in status:
            return status, False
        # Whose certificate it is does not matter here: that somebody answers does.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with context.wrap_socket(connection, server_hostname=name):
                return status, True
        except OSError:
            return status, False


def settled(proxy, target, name, expected):
    """Ask until the answer is the expected one, for a minute: policies take a moment to reach a new pod."""
    for _ in range(20):
        try:
            status, answered = tunnel(proxy, target, name)
        except OSError as error:
            status, answered = f"no answer from the proxy ({error})", None
        if answered is expected:
            return True, status
        time.sleep(3)
    return False, status


def direct(name):
    """Whether `name`, or a public address, can be reached without the proxy."""
    for host in (name, "1.1.1.1"):
        try:
            socket.create_connection((host, 443), timeout=4).close()
            return host
        except OSError:
            continue
    return ""


def main():
    """Print what was found, one line each; 0 when all is as it should be."""
    proxy, allowed, denied = (sys.argv[1], int(sys.argv[2])), sys.argv[3], sys.argv[4]
    failed = False
    if allowed:
        good, status = settled(proxy, allowed, allowed.rpartition(":")[0], True)
        print(f"{'ok' if good else 'FAILED'}: {allowed} answers through the proxy ({status})")
        failed |= not good
    else:
        print("the list is empty: there is no name that should answer")
    good, status = settled(proxy, f"{denied}:443", denied, False)
    good = good and " 403" in status
    print(f"{'ok' if good else 'FAILED'}: {denied}:443 is refused by the proxy ({status})")
    reached = direct(allowed.rpartition(":")[0] or denied)
    print(f"FAILED: {reached} answers without the proxy" if reached else "ok: nothing answers without the proxy")
    return 1 if failed or not good or reached else 0


sys.exit(main())
