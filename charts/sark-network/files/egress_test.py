"""Arguments: PROXY PORT ALLOWED DENIED MODE.

Exit 0: ALLOWED (name:port) answers through the proxy, and DENIED does not in any way. Where MODE is audit, the proxy
lets DENIED through and logs it; nothing but the proxy leads out all the same.
"""

import socket
import ssl
import sys
import time

REFUSED = "HTTP/1.1 403"


def tunnel(proxy, target, name):
    """The proxy's status line for CONNECT `target`, and whether TLS under `name` was answered in the tunnel."""
    with socket.create_connection(proxy, timeout=10) as connection:
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        status = connection.recv(4096).split(b"\r\n")[0].decode(errors="replace")
        if " 200" not in status:
            return status, False
        # Whose certificate it is does not matter here: that somebody answers does.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with context.wrap_socket(connection, server_hostname=name):
                return status, True
        except OSError:
            return status, False


def settled(proxy, target, is_right):
    """Ask until the answer is right, for a minute: policies take a moment to reach a new pod."""
    for _ in range(20):
        try:
            status, answered = tunnel(proxy, target, target.rpartition(":")[0])
        except OSError as error:
            status, answered = f"no answer from the proxy: {error}", False
        if is_right(status, answered):
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


def allowed_line(proxy, target):
    """Whether a listed name answers, and the sentence that says so."""
    good, status = settled(proxy, target, lambda status, answered: answered)
    if good:
        return True, f"ok: {target} answers through the proxy"
    if " 200" in status:
        status = "the proxy let it through, and no TLS answer came; set test.allowedName to a name that answers"
    return False, f"FAILED: {target} does not answer through the proxy ({status})"


def denied_line(proxy, target, audit):
    """Whether an unlisted name gets what the mode says, and the sentence that says so."""
    if audit:
        good, status = settled(
            proxy, target, lambda status, answered: status.startswith("HTTP/1.1 ") and not refused(status)
        )
        if good:
            return True, f"ok: {target} is let through and logged, because egress.mode is audit"
        return False, f"FAILED: {target} is not let through, although egress.mode is audit ({status})"
    good, status = settled(proxy, target, lambda status, answered: refused(status))
    if good:
        return True, f"ok: {target} is refused by the proxy"
    return False, f"FAILED: {target} is not refused by the proxy ({status})"


def refused(status):
    """Whether it is the proxy's own refusal; any other status says that it could not do its work."""
    return status.startswith(REFUSED)


def main():
    """Print what was seen, one line each; 0 when all is as it should be."""
    proxy, allowed, denied, mode = (sys.argv[1], int(sys.argv[2])), sys.argv[3], sys.argv[4], sys.argv[5]
    if allowed:
        answers, line = allowed_line(proxy, allowed)
        print(line)
    else:
        answers = True
        print("the list is empty: there is no name that should answer")
    denies, line = denied_line(proxy, f"{denied}:443", mode == "audit")
    print(line)
    reached = direct(allowed.rpartition(":")[0] or denied)
    print(f"FAILED: {reached} answers without the proxy" if reached else "ok: nothing answers without the proxy")
    return 0 if answers and denies and not reached else 1


sys.exit(main())
