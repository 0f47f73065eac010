"""Checks of services that are not for the internet: SSH, RDP, plain HTTP, databases, UDP, metadata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.findings.model import Check, Problem
from tools.manifests.addresses import METADATA, Net, network, within
from tools.terraform.clouds.firewall_rules import acl_openings, allowed
from tools.terraform.clouds.model import FirewallPeer
from tools.terraform.clouds.opening import CloudOpening, opens_everything
from tools.terraform.language.model import Module
from tools.terraform.rules.exposure import adding_up_to_the_world, peer_name

SERVICES = {
    20: "FTP",
    21: "FTP",
    23: "Telnet",
    25: "SMTP",
    111: "portmapper",
    135: "RPC",
    139: "NetBIOS",
    389: "LDAP",
    445: "SMB",
    1433: "SQL Server",
    1521: "Oracle",
    2049: "NFS",
    2375: "Docker",
    2379: "etcd",
    3306: "MySQL",
    5601: "Kibana",
    5672: "AMQP",
    6443: "Kubernetes",
    9092: "Kafka",
    9200: "Elasticsearch",
    10250: "kubelet",
    11211: "memcached",
    27017: "MongoDB",
}


def ssh_is_not_open_to_the_world(module: Module) -> Iterator[Problem]:
    """Nobody on the internet may try passwords and keys on port 22.

    A rule for a range of ports that holds 22, or for every protocol, counts, and so does a network ACL's rule for few
    ports. A peer that is not known is reported by ingress-is-not-open-to-the-world.
    Write the addresses of a bastion, or use the cloud's session manager and no rule at all.
    Peers: checkov CKV_AWS_24 CKV_AWS_232 CKV_GCP_2 CKV_AZURE_10; trivy GCP-0071 AZU-0050; terrascan AC_AWS_0227; tfsec
    google-compute-no-ingress-ssh azure-network-ssh-blocked-from-internet.
    Source: CIS AWS Foundations Benchmark 5.2, and its twins for Google Cloud and Azure.
    """
    yield from _opened(module, {22: "SSH"})


def rdp_is_not_open_to_the_world(module: Module) -> Iterator[Problem]:
    """Nobody on the internet may reach a remote desktop.

    Port 3389, by TCP or UDP, is tried by every scanner there is. A rule for a range of ports that holds it counts.
    Write the addresses of a bastion, or use the cloud's own console.
    Peers: checkov CKV_AWS_25 CKV_AWS_231 CKV_GCP_3 CKV_AZURE_9; trivy GCP-0070 AZU-0048; tfsec
    google-compute-no-ingress-rdp azure-network-disable-rdp-from-internet.
    Source: CIS AWS Foundations Benchmark 5.2, and its twins for Google Cloud and Azure.
    """
    yield from _opened(module, {3389: "RDP"}, ("tcp", "udp"))


def http_is_not_open_to_the_world(module: Module) -> Iterator[Problem]:
    """Plain HTTP is not served to the internet.

    What is sent to port 80 is read on the way, and a redirect from there can be replaced.
    Write 443, and let the load balancer redirect if it must.
    Peers: checkov CKV_AWS_260 CKV_GCP_106 CKV_AZURE_160.
    Source: RFC 9325 (recommendations for secure use of TLS), RFC 6797.
    """
    yield from _opened(module, {80: "plain HTTP"})


def stores_and_shares_are_not_open_to_the_world(module: Module) -> Iterator[Problem]:
    """No database, file share or control port is open to the internet.

    Many of these ask for no password in their first minutes, some never: FTP, Telnet, SMTP, RPC, NetBIOS, LDAP, SMB,
    SQL Server, Oracle, NFS, Docker, etcd, MySQL, Kibana, AMQP, the Kubernetes API, Kafka, Elasticsearch, kubelet,
    memcached and MongoDB.
    Write private ranges or a security group.
    Peers: checkov CKV_AWS_229 CKV_AWS_230 CKV_GCP_75 CKV_GCP_77 CKV_GCP_88; KICS 381c3f2a.
    Source: IANA service name and port number registry.
    """
    yield from _opened(module, SERVICES, ("tcp", "udp"))


def udp_is_not_open_to_the_world(module: Module) -> Iterator[Problem]:
    """No UDP service is open to the internet.

    UDP's source addresses are easily forged, so such a service sends its larger answers to a victim: it is a
    reflector.
    Write the addresses of those who call it. TCP or a tunnel does for the rest.
    Peers: checkov CKV_AZURE_77.
    Source: BCP 38 (RFC 2827), US-CERT TA14-017A.
    """
    for rule in allowed(module, "in"):
        for peer in rule.peers if rule.protocol == "udp" else ():
            if peer.world:
                message = (
                    f"{peer_name(peer)} lets everybody in to {rule.service}; write the addresses of those who call it"
                )
                about = CloudOpening(peer_name(peer), (rule.service,), opens_everything(rule), everybody=True)
                yield Problem(peer.value.where, message, about=about)


def metadata_service_is_out_of_reach(module: Module) -> Iterator[Problem]:
    """No egress rule is written for a cloud's metadata service.

    It hands a machine's credentials to whoever asks. AWS and Google Cloud let a machine reach its own whatever the
    firewall says, so such a rule helps only somebody who goes through another machine; Azure's is at an address that
    looks public (168.63.129.16). A range around the address, and Azure's tag `AzurePlatformIMDS`, count; a range that
    is the whole internet, alone or with others, is another rule's finding, and a rule for DNS alone (port 53)
    is accepted.
    Remove the rule, or narrow the range.
    Source: the clouds' documentation of their instance metadata services.
    """
    together = {peer.value.where for _, _, peers in adding_up_to_the_world(module) for peer in peers}
    for rule in allowed(module, "out"):
        if rule.only(53):
            continue
        for peer in rule.peers:
            if peer.value.where in together:
                continue
            problems = [f"{ip} ({whose})" for ip, whose in METADATA if _reaches(peer, network(str(ip)))]
            if peer.text.lower() == "azureplatformimds":
                problems = ["169.254.169.254 (Azure)"]
            if problems and not peer.world:
                message = f"{peer_name(peer)} reaches metadata services: {', '.join(problems)}; remove it or narrow it"
                yield Problem(peer.value.where, message, about=CloudOpening(peer_name(peer), outward=True))


def _opened(module: Module, services: dict[int, str], protocols: Iterable[str] = ("tcp",)) -> Iterator[Problem]:
    for rule in (*allowed(module, "in"), *acl_openings(module)):
        names = dict.fromkeys(
            f"{name} ({port})"
            for port, name in services.items()
            if any(rule.carries(protocol, port) for protocol in protocols)
        )
        if not names:
            continue
        several = [*names][:4]
        listed = ", ".join(several) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        for peer in rule.peers:
            if peer.world:
                message = f"{peer_name(peer)} lets everybody in to {listed}; write the addresses of those who may"
                about = CloudOpening(peer_name(peer), tuple(names), opens_everything(rule), everybody=True)
                yield Problem(peer.value.where, message, about=about)


def _reaches(peer: FirewallPeer, single: Net | None) -> bool:
    return single is not None and any(within(single, net) for net in peer.nets)


CHECKS: tuple[Check[Module], ...] = (
    ssh_is_not_open_to_the_world,
    rdp_is_not_open_to_the_world,
    http_is_not_open_to_the_world,
    stores_and_shares_are_not_open_to_the_world,
    udp_is_not_open_to_the_world,
    metadata_service_is_out_of_reach,
)
