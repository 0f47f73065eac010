# What EKS itself needs, each with its reason and with the page of AWS's that says so. A key names a flow in
# tests/platform.tftest.hcl and in ../README.md.

locals {
  node_rules = merge(
    {
      # https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
      kubelet = {
        direction   = "ingress"
        description = "The control plane to kubelet: logs, exec, metrics"
        ports       = ["10250"]
        references  = { control-plane = var.cluster_security_group_id }
      }

      # https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
      webhooks = {
        direction   = "ingress"
        description = "The control plane to admission webhooks and aggregated APIs"
        ports       = var.webhook_ports
        references  = { control-plane = var.cluster_security_group_id }
      }

      # https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
      api-server = {
        direction   = "egress"
        description = "kubelet, kube-proxy and controllers to the API server"
        ports       = ["443"]
        references  = { control-plane = var.cluster_security_group_id }
      }

      # https://docs.aws.amazon.com/eks/latest/userguide/sg-pods-example-deployment.html
      coredns-tcp = {
        direction   = "ingress"
        description = "Pods with groups of their own to CoreDNS, whose pods have the group of the nodes"
        ports       = ["53"]
        references  = { gateway = module.gateway.security_group_id, proxy = module.proxy.security_group_id }
      }

      # https://docs.aws.amazon.com/eks/latest/userguide/sg-pods-example-deployment.html
      coredns-udp = {
        direction   = "ingress"
        description = "Pods with groups of their own to CoreDNS, whose pods have the group of the nodes"
        protocol    = "udp"
        ports       = ["53"]
        references  = { gateway = module.gateway.security_group_id, proxy = module.proxy.security_group_id }
      }

      # https://docs.aws.amazon.com/eks/latest/userguide/sg-pods-example-deployment.html
      to-gateway = {
        direction   = "egress"
        description = "Probes of kubelet, node ports, ingress controllers and monitoring to the pods of the gateway"
        ports       = distinct([tostring(local.ports.gateway), tostring(local.ports.metrics)])
        references  = { gateway = module.gateway.security_group_id }
      }

      # https://docs.aws.amazon.com/eks/latest/userguide/sg-pods-example-deployment.html
      to-proxy = {
        direction   = "egress"
        description = "Probes of kubelet and monitoring to the pods of the proxy"
        ports       = [tostring(local.ports.proxy), tostring(local.proxy_metrics)]
        references  = { proxy = module.proxy.security_group_id }
      }

      # https://docs.aws.amazon.com/eks/latest/userguide/sg-pods-example-deployment.html
      opa = {
        direction   = "ingress"
        description = "The gateway to OPA, whose pods have the group of the nodes"
        ports       = [tostring(local.ports.opa)]
        references  = { gateway = module.gateway.security_group_id }
      }

      # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html
      kube-proxy-health = {
        direction   = "ingress"
        description = "Health checks of load balancers with instance targets, which kube-proxy answers"
        ports       = ["10256"]
        references  = { load-balancer = var.load_balancer_security_group_id }
      }

      # https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
      endpoints = {
        direction   = "egress"
        description = "Interface endpoints: EC2, ECR, STS, EKS, EKS Auth, CloudWatch Logs, Elastic Load Balancing"
        ports       = ["443"]
        references  = { endpoints = var.endpoints_security_group_id }
      }

      # https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
      s3 = {
        direction    = "egress"
        description  = "S3 by its gateway endpoint: the layers of images in ECR are there"
        ports        = ["443"]
        prefix_lists = { s3 = var.s3_prefix_list_id }
      }
    },
    # https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
    {
      for name, list in { dynamodb = var.dynamodb_prefix_list_id } : name => {
        direction                  = "egress"
        description                = "DynamoDB by its gateway endpoint, for workloads that keep something there"
        ports                      = ["443"]
        prefix_lists               = { dynamodb = list }
      } if list != null
    },
  )

  proxy_rules = {
    # https://docs.aws.amazon.com/eks/latest/userguide/sg-pods-example-deployment.html
    gateway = {
      direction   = "ingress"
      description = "The gateway to the egress proxy"
      ports       = [tostring(local.ports.proxy)]
      references  = { gateway = module.gateway.security_group_id }
    }

    # https://docs.aws.amazon.com/eks/latest/userguide/sg-pods-example-deployment.html
    probes = {
      direction   = "ingress"
      description = "Probes of kubelet, which ask the listener and the admin port, and monitoring"
      ports       = [tostring(local.ports.proxy), tostring(local.proxy_metrics)]
      references  = { nodes = module.nodes.security_group_id }
    }
  }

  # The ports of the chart's list; a name alone means 443.
  https_ports = distinct(flatten([
    for domain in concat(local.chart.egress.domains, local.chart.egress.extraDomains) : try(domain.ports, [443])
  ]))

  other_ends = {
    # https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
    api-server = { group = var.cluster_security_group_id, from = module.nodes.security_group_id, port = 443, description = "Nodes to the API server" }
    # https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    endpoints = { group = var.endpoints_security_group_id, from = module.nodes.security_group_id, port = 443, description = "Nodes to the interface endpoints" }
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html
    database = { group = var.database_security_group_id, from = module.gateway.security_group_id, port = local.ports.postgresql, description = "The gateway of SARK to PostgreSQL" }
    # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/elasticache-vpc-accessing.html
    cache = { group = var.cache_security_group_id, from = module.gateway.security_group_id, port = local.ports.redis, description = "The gateway of SARK to Redis" }
  }
}
