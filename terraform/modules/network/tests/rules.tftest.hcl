mock_provider "aws" {}

variables {
  vpc_id   = "vpc-1"
  flow_log = null
}

run "every_kind_of_peer" {
  command = plan
  variables {
    peers = { database = { prefix_lists = { stores = "pl-1" } } }
    rules = {
      registry = { direction = "egress", description = "Images", ports = ["443"], prefix_lists = { s3 = "pl-2" } }
      backup   = { direction = "egress", description = "Backups", ports = ["8400-8403"], cidrs = ["10.9.0.0/24", "fd00:9::/64"] }
      agent    = { direction = "ingress", description = "The agent", protocol = "udp", ports = ["9000"], references = { agent = "sg-agent" } }
      gossip   = { direction = "ingress", description = "Each other", ports = ["7946"], self = true }
      ping     = { direction = "ingress", description = "Path MTU", protocol = "icmp", cidrs = ["10.9.0.0/24"] }
    }
  }
  assert {
    condition = { for key, rule in aws_vpc_security_group_egress_rule.gateway : key => "${rule.ip_protocol} ${rule.from_port}-${rule.to_port} ${coalesce(rule.cidr_ipv4, rule.cidr_ipv6, rule.prefix_list_id, "nobody")}" if !startswith(key, "dns-") } == {
      "backup-tcp-8400-8403-10.9.0.0/24" = "tcp 8400-8403 10.9.0.0/24"
      "backup-tcp-8400-8403-fd00:9::/64" = "tcp 8400-8403 fd00:9::/64"
      postgresql-tcp-5432-stores         = "tcp 5432-5432 pl-1"
      registry-tcp-443-s3                = "tcp 443-443 pl-2"
    }
    error_message = "a peer is missing: ${jsonencode(keys(aws_vpc_security_group_egress_rule.gateway))}"
  }
  assert {
    condition = { for key, rule in aws_vpc_security_group_ingress_rule.gateway : key => "${rule.ip_protocol} ${rule.from_port}-${rule.to_port}" } == {
      agent-udp-9000-agent       = "udp 9000-9000"
      gossip-tcp-7946-self       = "tcp 7946-7946"
      "ping-icmp--1-10.9.0.0/24" = "icmp -1--1"
    }
    error_message = jsonencode(keys(aws_vpc_security_group_ingress_rule.gateway))
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.gateway["agent-udp-9000-agent"].referenced_security_group_id == "sg-agent"
    error_message = "a reference that is not referred to"
  }
}

run "rules_from_yaml" {
  command = plan
  variables {
    rules = yamldecode(<<-YAML
      backup:
        direction: egress
        description: Backups
        ports: ["443"]
        cidrs: [10.9.0.0/24]
    YAML
    )
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.gateway["backup-tcp-443-10.9.0.0/24"].description == "Backups"
    error_message = "a rule of the file is not there"
  }
}

run "a_group_of_ones_own" {
  command = plan
  variables {
    create            = false
    security_group_id = "sg-mine"
    peers             = { database = { cidrs = ["10.0.1.0/24"] } }
  }
  assert {
    condition     = length(aws_security_group.gateway) == 0 && output.security_group_id == "sg-mine" && alltrue([for rule in aws_vpc_security_group_egress_rule.gateway : rule.security_group_id == "sg-mine"])
    error_message = "the rules are not in the group that was named"
  }
}

run "a_group_without_its_id" {
  command = plan
  variables {
    create = false
  }
  expect_failures = [var.security_group_id]
}

run "a_name_by_convention" {
  command = plan
  variables {
    security_group_name = "prod-sark-gateway-sg"
    tags                = { cost-centre = "42" }
  }
  assert {
    condition     = aws_security_group.gateway[0].name_prefix == "prod-sark-gateway-sg-" && aws_security_group.gateway[0].tags == tomap({ Name = "prod-sark-gateway-sg", cost-centre = "42" })
    error_message = "the name or the tags are others"
  }
}

run "among_themselves" {
  command = apply
  variables {
    self = true
  }
  assert {
    condition     = alltrue([for rule in [aws_vpc_security_group_ingress_rule.self["self"], aws_vpc_security_group_egress_rule.self["self"]] : rule.ip_protocol == "-1" && rule.referenced_security_group_id == aws_security_group.gateway[0].id && rule.security_group_id == aws_security_group.gateway[0].id])
    error_message = "self is for the group itself and for nobody else"
  }
}

run "load_balancers" {
  command = plan
  variables {
    peers         = { load_balancer = { references = { alb = "sg-alb" } }, monitoring = { references = { alb = "sg-alb", prometheus = "sg-prometheus" } } }
    health_probes = [10256]
    node_ports    = { references = { nlb = "sg-nlb" } }
  }
  assert {
    condition = { for key, rule in merge(aws_vpc_security_group_ingress_rule.gateway, aws_vpc_security_group_ingress_rule.node_ports) : key => "${rule.from_port}-${rule.to_port} ${coalesce(rule.referenced_security_group_id, "nobody")}" } == {
      gateway-tcp-8000-alb           = "8000-8000 sg-alb"
      metrics-tcp-8000-prometheus    = "8000-8000 sg-prometheus"
      metrics-tcp-9090-alb           = "9090-9090 sg-alb"
      metrics-tcp-9090-prometheus    = "9090-9090 sg-prometheus"
      node-ports-tcp-30000-32767-nlb = "30000-32767 sg-nlb"
      probe-tcp-10256-alb            = "10256-10256 sg-alb"
    }
    error_message = "AWS refuses a rule twice, or a port is missing: ${jsonencode(keys(aws_vpc_security_group_ingress_rule.gateway))}"
  }
}

run "dns_is_awss_own" {
  command = plan
  assert {
    condition     = join(" ", keys(aws_vpc_security_group_egress_rule.gateway)) == "dns-tcp-53-169.254.169.253/32 dns-udp-53-169.254.169.253/32"
    error_message = "DNS goes elsewhere than to AWS's resolver"
  }
}

run "no_dns" {
  command = plan
  variables {
    dns_resolver = []
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.gateway) == 0
    error_message = "a rule that nobody asked for"
  }
}

run "sixty_rules_and_no_more" {
  command = plan
  variables {
    dns_resolver = []
    peers        = { database = { cidrs = [for n in range(60) : "10.0.${n}.0/24"] } }
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.gateway) == 60
    error_message = "sixty are what AWS takes"
  }
}

run "one_more" {
  command = plan
  variables {
    dns_resolver = []
    peers        = { database = { cidrs = [for n in range(61) : "10.0.${n}.0/24"] } }
  }
  expect_failures = [output.rules]
}

run "a_prefix_list_counts_as_its_entries" {
  command = plan
  variables {
    rules = { cdn = { direction = "ingress", description = "CloudFront", ports = ["443", "8443"], prefix_lists = { cloudfront = "pl-1" } } }
    quota = { prefix_list_weights = { cloudfront = 55 } }
  }
  expect_failures = [output.rules]
}

run "a_quota_that_was_raised" {
  command = plan
  variables {
    rules = { cdn = { direction = "ingress", description = "CloudFront", ports = ["443", "8443"], prefix_lists = { cloudfront = "pl-1" } } }
    quota = { rules = 110, prefix_list_weights = { cloudfront = 55 } }
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.gateway) == 2
    error_message = "the rules are not there"
  }
}

run "another_clouds_peer" {
  command = plan
  variables {
    peers = { database = { service_tag = "Sql.WestEurope" } }
  }
  expect_failures = [output.not_expressible]
}

run "every_protocol" {
  command = plan
  variables {
    rules = { all = { direction = "egress", description = "All", protocol = "-1", cidrs = ["10.0.0.0/24"] } }
  }
  expect_failures = [var.rules]
}

run "the_world_without_a_reason" {
  command = plan
  variables {
    rules = { all = { direction = "egress", description = "All", ports = ["443"], cidrs = ["0.0.0.0/0"] } }
  }
  expect_failures = [var.rules]
}

run "nobody" {
  command = plan
  variables {
    rules = { none = { direction = "egress", description = "None", ports = ["443"] } }
  }
  expect_failures = [var.rules]
}

run "a_range_the_wrong_way" {
  command = plan
  variables {
    rules = { back = { direction = "egress", description = "Back", ports = ["443-80"], cidrs = ["10.0.0.0/24"] } }
  }
  expect_failures = [var.rules]
}

run "a_key_of_the_policys" {
  command = plan
  variables {
    peers = { database = { references = { rds = "sg-1" } } }
    rules = { postgresql = { direction = "egress", description = "Another", ports = ["5432"], references = { rds = "sg-2" } } }
  }
  expect_failures = [output.rules]
}
