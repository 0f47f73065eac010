# What GKE itself needs, each with its reason and with the page of Google's that says so. A key names a flow in
# tests/platform.tftest.hcl and in ../README.md.
#
# GKE makes ingress rules of its own, at priority 1000, and relies on egress being open, which the module denies at 1100.
# The ingress rules are written here all the same: in a shared VPC GKE may not be allowed to make them.

locals {
  # Nodes and pods reach each other by any protocol and port. Addresses of Services are translated on the node, and stand
  # here for what sends to one before it is.
  # https://docs.cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules
  cluster_cidrs = setunion(var.node_cidrs, var.pod_cidrs, var.service_cidrs)

  # Global load balancers send from these, to pods with container-native load balancing; regional ones from a proxy-only
  # subnet. Network load balancers keep their clients' addresses: GKE opens the Service's port to those itself.
  # https://docs.cloud.google.com/load-balancing/docs/firewall-rules
  load_balancer_cidrs = setunion(["35.191.0.0/16", "130.211.0.0/22"], var.proxy_only_cidrs)

  # Health checks of both kinds of load balancer, from the module's ranges: pods with container-native load balancing,
  # and kube-proxy's port for Services of type LoadBalancer.
  # https://docs.cloud.google.com/load-balancing/docs/health-check-concepts
  probed_ports = [local.ports.gateway, 10256]

  # Ingress without container-native load balancing, and Services with externalTrafficPolicy: Local, have node ports.
  # https://docs.cloud.google.com/kubernetes-engine/docs/concepts/ingress
  node_ports = "30000-32767"

  # https://docs.cloud.google.com/vpc/docs/configure-private-google-access
  google_apis = { private = "199.36.153.8/30", restricted = "199.36.153.4/30" }

  rules = {
    # https://docs.cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules
    kubelet = {
      direction   = "ingress"
      description = "The control plane to kubelet, and to the metrics server at 443"
      ports       = ["443", "10250"]
      cidrs       = var.control_plane_cidrs
    }

    # https://docs.cloud.google.com/kubernetes-engine/docs/how-to/private-clusters#add_firewall_rules
    webhooks = {
      direction   = "ingress"
      description = "The control plane to the pods of admission webhooks, at their own ports"
      ports       = sort(var.webhook_ports)
      cidrs       = var.control_plane_cidrs
    }

    # https://docs.cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules
    api-server = {
      direction   = "egress"
      description = "Nodes and pods to the API server"
      ports       = ["443"]
      cidrs       = var.control_plane_cidrs
    }

    # https://kubernetes.io/docs/tasks/extend-kubernetes/setup-konnectivity/
    konnectivity = {
      direction   = "egress"
      description = "konnectivity-agent to the control plane, which reaches kubelet and webhooks through it"
      ports       = ["8132"]
      cidrs       = var.control_plane_cidrs
    }

    # https://docs.cloud.google.com/vpc/docs/configure-private-google-access
    google-apis = {
      direction   = "egress"
      description = "Artifact Registry, Cloud Logging, Cloud Monitoring and other Google APIs"
      ports       = ["443"]
      cidrs       = [local.google_apis[var.google_apis]]
    }
  }

  # The ports of the chart's list; a name alone means 443.
  https_ports = distinct(flatten([
    for domain in concat(local.chart.egress.domains, local.chart.egress.extraDomains) : try(domain.ports, [443])
  ]))
}
