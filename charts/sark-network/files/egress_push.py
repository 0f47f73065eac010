"""Arguments: NAMESPACE SELECTOR LIST METRICS_PORT SECONDS.

Exit 0: every pod that the selector finds serves LIST. An annotation of each is patched, which makes its kubelet bring
the pod's ConfigMaps up to date at once; then each is asked until it says so.
"""

import json
import os
import pathlib
import re
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
ANNOTATION = "sark-network/pushed"
VERSION = re.compile(
    r'^envoy_(?:listener_manager_lds|cluster_manager_cds|http_rds|runtime)_version_text\{.*text_value="([^"]*)"', re.M
)
AGAIN_AFTER = 2


def api(path, body=None):
    """An answer of the API server, to whom this pod's own account speaks."""
    token = pathlib.Path(f"{ACCOUNT}/token").read_text(encoding="utf-8")
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    request = urllib.request.Request(
        f"https://{f'[{host}]' if ':' in host else host}:{port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/merge-patch+json"},
        method="GET" if body is None else "PATCH",
    )
    context = ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:
        return json.load(answer)


def replicas(namespace, selector):
    """Name and address of each pod that is there to stay; whatever else carries the labels has no metrics port."""
    query = urllib.parse.urlencode({"labelSelector": selector})
    pods = api(f"/api/v1/namespaces/{namespace}/pods?{query}")["items"]
    living = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp") and measured(pod)]
    return {pod["metadata"]["name"]: pod["status"].get("podIP", "") for pod in living}


def measured(pod):
    """Whether a container of the pod has a port called metrics."""
    return any(port.get("name") == "metrics" for each in pod["spec"]["containers"] for port in each.get("ports") or ())


def push(namespace, names, version):
    """Patch the annotation of each pod; what the API server says of those that it refuses.

    One that is gone needs no push, and neither does one that came after the hook's rights were written: it began with
    the new list.
    """
    refusals = []
    for name in names:
        stamp = f"{version} {time.time():.3f}"
        try:
            api(f"/api/v1/namespaces/{namespace}/pods/{name}", {"metadata": {"annotations": {ANNOTATION: stamp}}})
        except urllib.error.HTTPError as error:
            if error.code not in (403, 404):
                raise
            refusals.append(f"{name}: {error}")
    return refusals


def serves(address, port):
    """The lists that a replica's files are of; why it cannot be asked, as the only one."""
    host = f"[{address}]" if ":" in address else address
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/stats/prometheus?text_readouts", timeout=2) as answer:
            return sorted(set(VERSION.findall(answer.read().decode()))) or ["nothing that it names"]
    except OSError as error:
        return [f"nothing that can be read ({error})"]


def main(namespace, selector, version, port, seconds):
    """Push, and wait."""
    started = time.monotonic()
    told = -AGAIN_AFTER
    found, now, refusals = {}, {}, []
    trouble = "the API server was not asked"
    while time.monotonic() - started < float(seconds):
        try:
            if time.monotonic() - told > AGAIN_AFTER:
                found = replicas(namespace, selector)
                refusals = push(namespace, found, version)
                told = time.monotonic()
                trouble = "there is no replica"
        except OSError as error:
            # Policies take a moment to reach a new pod.
            trouble = f"the API server: {error}"
        now = {name: serves(address, port) for name, address in found.items() if address}
        if now and all(lists == [version] for lists in now.values()):
            print(f"list {version} is in force on {', '.join(now)} after {time.monotonic() - started:.1f} s")
            return 0
        time.sleep(0.2)
    behind = {name: lists for name, lists in now.items() if lists != [version]}
    for name, lists in behind.items():
        print(f"{name} serves {' and '.join(lists)}, and not {version}; if Envoy refused it, its log says why")
    for refusal in refusals:
        print(f"the annotation could not be patched on {refusal}")
    if not now:
        print(f"list {version} is in force nowhere: {trouble}")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
