"""Arguments: NAMESPACE SECONDS, and for each kind of pod SELECTOR VERSION METRICS_PORT METRICS_PATH.

Exit 0: every pod that a selector finds serves its VERSION. An annotation of each is patched, which makes its kubelet
bring the pod's ConfigMaps up to date at once; then each is asked until it says so.
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
# Envoy's metrics name the version of each file that it took, CoreDNS's the zones that it serves: one is a hash.
VERSION = re.compile(
    r'^envoy_(?:listener_manager_lds|cluster_manager_cds|http_rds|runtime)_version_text\{.*text_value="([^"]*)"'
    r'|^coredns_plugin_enabled\{.*zone="([0-9a-f]{12})\.corefile\.dns-guard\."',
    re.M,
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


def serves(address, port, path):
    """The versions that a replica's files are of; why it cannot be asked, as the only one."""
    host = f"[{address}]" if ":" in address else address
    try:
        with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=2) as answer:
            versions = {"".join(each) for each in VERSION.findall(answer.read().decode())}
    except OSError as error:
        return [f"nothing that can be read ({error})"]
    return sorted(versions) or ["nothing that it names"]


def main(namespace, seconds, *kinds):
    """Push, and wait."""
    targets = [kinds[at : at + 4] for at in range(0, len(kinds), 4)]
    started = time.monotonic()
    pushed = -AGAIN_AFTER
    living, now, refusals = [{} for _ in targets], {}, []
    fault = "the API server was not asked"
    while time.monotonic() - started < float(seconds):
        try:
            if time.monotonic() - pushed > AGAIN_AFTER:
                living = [replicas(namespace, selector) for selector, _, _, _ in targets]
                refusals = []
                for (_, version, _, _), pods in zip(targets, living, strict=True):
                    refusals += push(namespace, pods, version)
                pushed = time.monotonic()
                fault = "there is no replica"
        except OSError as error:
            # Policies take a moment to reach a new pod.
            fault = f"the API server: {error}"
        now = {
            (name, version): serves(address, port, path)
            for (_, version, port, path), pods in zip(targets, living, strict=True)
            for name, address in pods.items()
            if address
        }
        if all(living) and now and all(versions == [version] for (_, version), versions in now.items()):
            lists = " and ".join(version for _, version, _, _ in targets)
            names = ", ".join(name for name, _ in now)
            print(f"list {lists} is in force on {names} after {time.monotonic() - started:.1f} s")
            return 0
        time.sleep(0.2)
    for (name, version), versions in now.items():
        if versions != [version]:
            print(f"{name} serves {' and '.join(versions)}, and not {version}; if it refused it, its log says why")
    for refusal in refusals:
        print(f"the annotation could not be patched on {refusal}")
    for (selector, version, _, _), pods in zip(targets, living, strict=True):
        if not pods:
            print(f"list {version} is in force nowhere ({selector}): {fault}")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
