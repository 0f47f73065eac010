# Each flow that EKS needs is open, and its neighbour is not.

mock_provider "aws" {
  override_during = plan
}

override_resource {
  target          = module.nodes.aws_security_group.gateway
  override_during = plan
  values          = { id = "sg-nodes" }
}

override_resource {
  target          = module.gateway.aws_security_group.gateway
  override_during = plan
  values          = { id = "sg-gateway" }
}

override_resource {
  target          = module.proxy.aws_security_group.gateway
  override_during = plan
  values          = { id = "sg-proxy" }
}

variables {
  vpc_id                          = "vpc-1"
  flow_log_bucket_arn             = "arn:aws:s3:::logs"
  cluster_security_group_id       = "sg-cluster"
  load_balancer_security_group_id = "sg-lb"
  endpoints_security_group_id     = "sg-endpoints"
  database_security_group_id      = "sg-database"
  cache_security_group_id         = "sg-cache"
  s3_prefix_list_id               = "pl-s3"
  dynamodb_prefix_list_id         = "pl-dynamodb"
}

run "platform" {
  command = plan

  assert {
    condition     = [for rule in module.nodes.rules.ingress : "${rule.protocol} ${rule.reference}" if rule.from_port <= 10250 && rule.to_port >= 10250] == ["tcp sg-cluster"]
    error_message = "kubelet: the control plane, and nobody else, reaches 10250"
  }
  assert {
    condition     = length([for rule in module.nodes.rules.ingress : rule if rule.from_port <= 10249 && rule.to_port >= 10249]) == 0
    error_message = "kubelet: its neighbour 10249, kube-proxy's metrics, is closed"
  }
  assert {
    condition     = { for port in [9443, 10251, 9444] : port => [for rule in module.nodes.rules.ingress : rule.reference if rule.from_port <= port && rule.to_port >= port] } == { "9443" = ["sg-cluster"], "10251" = ["sg-cluster"], "9444" = [] }
    error_message = "webhooks: the control plane reaches their ports, and not 9444 beside them"
  }
  assert {
    condition     = [for rule in module.nodes.rules.ingress : "${rule.protocol} ${rule.reference}" if rule.from_port == 53 && rule.protocol == "tcp"] == ["tcp sg-gateway", "tcp sg-proxy"]
    error_message = "coredns-tcp: the pods with groups of their own, and nobody else, reach CoreDNS by TCP"
  }
  assert {
    condition     = [for rule in module.nodes.rules.ingress : "${rule.protocol} ${rule.reference}" if rule.from_port == 53 && rule.protocol == "udp"] == ["udp sg-gateway", "udp sg-proxy"]
    error_message = "coredns-udp: the pods with groups of their own, and nobody else, reach CoreDNS by UDP"
  }
  assert {
    condition     = [for rule in module.nodes.rules.ingress : rule.reference if rule.from_port <= 8181 && rule.to_port >= 8181] == ["sg-gateway"] && length([for rule in module.nodes.rules.ingress : rule if rule.from_port <= 8182 && rule.to_port >= 8182]) == 0
    error_message = "opa: the gateway alone reaches it, and not 8182"
  }
  assert {
    condition     = [for rule in module.nodes.rules.ingress : rule.reference if rule.from_port <= 10256 && rule.to_port >= 10256] == ["sg-lb"] && length([for rule in module.nodes.rules.ingress : rule if rule.from_port <= 10257 && rule.to_port >= 10257]) == 0
    error_message = "kube-proxy-health: load balancers alone reach 10256, and not 10257"
  }
  assert {
    condition     = [for rule in module.nodes.rules.ingress : "${rule.from_port}-${rule.to_port} ${rule.reference}" if rule.to_port >= 29999 && rule.from_port <= 32768] == ["30000-32767 sg-lb"]
    error_message = "node-ports: load balancers alone reach 30000-32767, and not 29999 or 32768"
  }
  assert {
    condition     = length(module.nodes.rules.ingress) == 10
    error_message = "a rule that no flow above is: ${jsonencode(keys(module.nodes.rules.ingress))}"
  }

  assert {
    condition     = [for rule in module.nodes.rules.egress : rule.from_port if rule.reference == "sg-cluster"] == [443]
    error_message = "api-server: nodes reach the control plane at 443, and at no other port"
  }
  assert {
    condition     = [for rule in module.nodes.rules.egress : rule.from_port if rule.reference == "sg-gateway"] == [8000, 9090]
    error_message = "to-gateway: probes, node ports and monitoring reach 8000 and 9090 of the gateway's pods, and not 8001"
  }
  assert {
    condition     = [for rule in module.nodes.rules.egress : rule.from_port if rule.reference == "sg-proxy"] == [3128, 9902]
    error_message = "to-proxy: probes and monitoring reach 3128 and 9902 of the proxy's pods, and not 9901, Envoy's admin port"
  }
  assert {
    condition     = [for rule in module.nodes.rules.egress : rule.from_port if rule.reference == "sg-endpoints"] == [443]
    error_message = "endpoints: nodes reach interface endpoints at 443, and at no other port"
  }
  assert {
    condition     = [for rule in module.nodes.rules.egress : rule.from_port if rule.prefix_list == "pl-s3"] == [443]
    error_message = "s3: nodes reach S3's prefix list at 443, and not at 80"
  }
  assert {
    condition     = [for rule in module.nodes.rules.egress : rule.from_port if rule.prefix_list == "pl-dynamodb"] == [443]
    error_message = "dynamodb: nodes reach DynamoDB's prefix list at 443, and not at 80"
  }
  assert {
    condition     = length(module.nodes.rules.egress) == 8 && alltrue([for rule in module.nodes.rules.egress : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null])
    error_message = "a rule that no flow above is, or one to an address: ${jsonencode(keys(module.nodes.rules.egress))}"
  }
  assert {
    condition     = output.node_security_group_id == "sg-nodes"
    error_message = "the launch template is given another group"
  }

  assert {
    condition     = { for key, rule in module.gateway.rules.ingress : key => "${rule.from_port} ${coalesce(rule.reference, rule.cidr_ipv4, "-")}" } == { gateway-tcp-8000-load-balancer = "8000 sg-lb", gateway-tcp-8000-nodes = "8000 sg-nodes", metrics-tcp-9090-nodes = "9090 sg-nodes" }
    error_message = "gateway-in: load balancers by target IP and nodes reach 8000, monitoring 9090 too, and nobody another port: ${jsonencode(keys(module.gateway.rules.ingress))}"
  }
  assert {
    condition = { for key, rule in module.gateway.rules.egress : key => rule.reference } == {
      dns-tcp-53-coredns           = "sg-nodes"
      dns-udp-53-coredns           = "sg-nodes"
      opa-tcp-8181-nodes           = "sg-nodes"
      postgresql-tcp-5432-database = "sg-database"
      proxy-tcp-3128-proxy         = "sg-proxy"
      redis-tcp-6379-cache         = "sg-cache"
    }
    error_message = "gateway-out: CoreDNS, OPA, the stores and the proxy, and nobody else: ${jsonencode(keys(module.gateway.rules.egress))}"
  }
  assert {
    condition     = [for rule in module.proxy.rules.ingress : rule.from_port if rule.reference == "sg-gateway"] == [3128]
    error_message = "gateway: it reaches the proxy's own listener, and not 3129, another workload's"
  }
  assert {
    condition     = [for rule in module.proxy.rules.ingress : rule.from_port if rule.reference == "sg-nodes"] == [3128, 9902] && length(module.proxy.rules.ingress) == 3
    error_message = "probes: nodes reach the listener and 9902, and not 9901, Envoy's admin port"
  }
  assert {
    condition     = { for key, rule in module.proxy.rules.egress : key => rule.reference } == { dns-tcp-53-coredns = "sg-nodes", dns-udp-53-coredns = "sg-nodes" }
    error_message = "proxy-out: CoreDNS, and nobody else beside the internet"
  }
  assert {
    condition     = { for key, rule in aws_vpc_security_group_egress_rule.internet : key => "${rule.security_group_id} ${rule.cidr_ipv4} ${rule.from_port}-${rule.to_port}" } == { "443" = "sg-proxy 0.0.0.0/0 443-443" }
    error_message = "internet: the proxy alone reaches it, at the ports of the chart's list, and not at 80"
  }

  assert {
    condition = { for key, rule in aws_vpc_security_group_ingress_rule.other_end : key => "${rule.security_group_id} ${rule.referenced_security_group_id} ${rule.from_port}-${rule.to_port}" } == {
      api-server = "sg-cluster sg-nodes 443-443"
      cache      = "sg-cache sg-gateway 6379-6379"
      database   = "sg-database sg-gateway 5432-5432"
      endpoints  = "sg-endpoints sg-nodes 443-443"
    }
    error_message = "api-server, endpoints, database, cache: an end that does not let its caller in, or lets in another"
  }
  assert {
    condition     = { for key, rule in aws_vpc_security_group_egress_rule.control_plane : key => "${rule.security_group_id} ${rule.referenced_security_group_id}" } == { "10250" = "sg-cluster sg-nodes", "10251" = "sg-cluster sg-nodes", "9443" = "sg-cluster sg-nodes" }
    error_message = "kubelet, webhooks: the control plane's own end"
  }

  assert {
    condition     = [for document in split("---\n", output.security_group_policies) : yamldecode(document).spec.securityGroups.groupIds] == [["sg-gateway"], ["sg-proxy"]]
    error_message = "a pod has a group beside its own: beside the cluster's own group the list limits nothing"
  }
  assert {
    condition     = [for document in split("---\n", output.security_group_policies) : yamldecode(document).spec.podSelector.matchLabels["app.kubernetes.io/component"]] == ["api", "egress-proxy"]
    error_message = "the groups are not those pods'"
  }

  assert {
    condition     = module.nodes.self && !module.gateway.self && !module.proxy.self
    error_message = "self: nodes reach each other by every protocol, and SARK's pods do not"
  }
}

run "without_dynamodb" {
  command = plan
  variables {
    dynamodb_prefix_list_id = null
  }
  assert {
    condition     = !contains(keys(module.nodes.rules.egress), "dynamodb-tcp-443-dynamodb")
    error_message = "DynamoDB is open unasked"
  }
}
