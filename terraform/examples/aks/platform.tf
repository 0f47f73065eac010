# What AKS itself needs, each with its reason and with the page of Microsoft's that says so. A key names a flow in
# tests/platform.tftest.hcl and in ../README.md.
#
# AKS has a security group of its own at the nodes' interfaces, in the cluster's node resource group, into which it writes
# rules for Services from priority 500 on. It leaves the subnets' groups alone, which these are: both have to let a
# connection through.

locals {
  # Pods of an overlay are not encapsulated: the subnet's group sees the addresses of pods as they are.
  # https://learn.microsoft.com/azure/aks/azure-cni-overlay
  cluster_cidrs = setunion(var.node_cidrs, var.pod_cidrs)

  # Azure's load balancer asks kube-proxy where clusterServiceLoadBalancerHealthProbeMode is Shared. Otherwise, and with
  # externalTrafficPolicy: Local, it asks node ports.
  # https://kubernetes-sigs.github.io/cloud-provider-azure/topics/loadbalancer/
  probed_ports = ["10256"]

  # Without floating IP, which is what azure-disable-load-balancer-floating-ip says, clients arrive at node ports too.
  # https://learn.microsoft.com/azure/load-balancer/load-balancer-floating-ip
  node_ports = "30000-32767"

  rules = merge(
    {
      # https://learn.microsoft.com/azure/load-balancer/load-balancer-floating-ip
      services = {
        direction   = "ingress"
        description = "Clients of Services: with floating IP the group sees the port of the Service"
        priority    = 200
        ports       = sort(var.service_ports)
        cidrs       = var.client_cidrs
      }

      # https://learn.microsoft.com/azure/aks/api-server-vnet-integration
      kubelet = {
        direction   = "ingress"
        description = "The API server to kubelet and webhooks, which it reaches directly with VNet Integration"
        priority    = 210
        ports       = concat(["10250"], sort(var.webhook_ports))
        cidrs       = var.api_server_cidrs
      }

      # https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
      api-server = {
        direction   = "egress"
        description = "Nodes and pods to the API server, konnectivity-agent included"
        priority    = 200
        ports       = ["443", "4443"]
        cidrs       = var.api_server_cidrs
      }

      # https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
      registry = {
        direction   = "egress"
        description = "Images of the cluster itself, from the Microsoft Container Registry"
        priority    = 230
        ports       = ["443"]
        service_tag = "MicrosoftContainerRegistry"
      }

      # https://learn.microsoft.com/azure/virtual-network/service-tags-overview
      registry-front-door = {
        direction   = "egress"
        description = "Layers of those images: the tag MicrosoftContainerRegistry depends on this one"
        priority    = 231
        ports       = ["443"]
        service_tag = "AzureFrontDoor.FirstParty"
      }

      # https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
      entra = {
        direction   = "egress"
        description = "Microsoft Entra: login.microsoftonline.com"
        priority    = 240
        ports       = ["443"]
        service_tag = "AzureActiveDirectory"
      }

      # https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
      resource-manager = {
        direction   = "egress"
        description = "The Azure API: management.azure.com"
        priority    = 241
        ports       = ["443"]
        service_tag = "AzureResourceManager"
      }

      # https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
      monitor = {
        direction   = "egress"
        description = "Azure Monitor for containers: metrics and logs"
        priority    = 242
        ports       = ["443"]
        service_tag = "AzureMonitor"
      }
    },
    # https://learn.microsoft.com/azure/container-registry/container-registry-firewall-access-rules
    {
      for name, cidrs in { own-registry = var.registry_cidrs } : name => {
        direction                       = "egress"
        description                     = "A registry of your own, by its private endpoint"
        priority                        = 232
        ports                           = ["443"]
        cidrs                           = cidrs
      } if length(cidrs) > 0
    },
    # https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
    {
      for name, tunnel in {
        tunnel-tcp = { protocol = "tcp", port = "9000", priority = 210 }
        tunnel-udp = { protocol = "udp", port = "1194", priority = 211 }
        } : name => {
        direction   = "egress"
        description = "The tunnel to the control plane of a public cluster without konnectivity-agent"
        priority    = tunnel.priority
        protocol    = tunnel.protocol
        ports       = [tunnel.port]
        cidrs       = var.api_server_cidrs
      } if !var.konnectivity
    },
    # https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
    {
      for name, reason in { names = var.names_are_judged_by } : name => {
        direction                 = "egress"
        description               = "What AKS needs and has no service tag"
        priority                  = 250
        ports                     = ["443"]
        service_tag               = "Internet"
        public_reason             = reason
      } if reason != ""
    },
  )

  # The ports of the chart's list; a name alone means 443.
  https_ports = distinct(flatten([
    for domain in concat(local.chart.egress.domains, local.chart.egress.extraDomains) : try(domain.ports, [443])
  ]))
}
