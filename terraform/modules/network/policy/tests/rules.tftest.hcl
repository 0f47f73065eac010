variables {
  peers = {
    load_balancer = { cidrs = ["10.0.0.0/24", "fd00:1::/64"], references = { alb = "sg-1" } }
    monitoring    = { cidrs = ["10.0.9.0/24"] }
    database      = { cidrs = ["10.0.1.0/24"], references = { rds = "sg-2" } }
    cache         = { cidrs = ["10.0.2.0/24"] }
    opa           = { cidrs = ["10.0.3.0/24"] }
    dns           = { cidrs = ["10.0.0.2/32", "fd00:1::2/128"] }
    proxy         = { cidrs = ["10.0.4.0/24"] }
    https         = { cidrs = ["10.0.5.0/24"] }
  }
  domains = [
    { name = "*.openai.com" },
    { name = "mcp.partner.example", ports = [443, 8443] },
  ]
}

run "nothing_is_open_by_default" {
  command = plan
  variables {
    peers   = {}
    domains = []
  }
  assert {
    condition     = output.aws == { egress = {}, ingress = {} } && output.gcp == {} && output.azure == {}
    error_message = "a rule without a peer: ${jsonencode(output.aws)}"
  }
}

run "each_flow_on_each_cloud" {
  command = plan
  assert {
    condition = join(" ", keys(output.azure)) == join(" ", [
      "dns-tcp-ipv4", "dns-tcp-ipv6", "dns-udp-ipv4", "dns-udp-ipv6", "gateway-tcp-ipv4", "gateway-tcp-ipv6", "gateway-tcp-reference",
      "https-tcp-ipv4", "metrics-tcp-ipv4", "opa-tcp-ipv4", "postgresql-tcp-ipv4", "postgresql-tcp-reference", "proxy-tcp-ipv4", "redis-tcp-ipv4",
    ])
    error_message = "the rules are ${jsonencode(keys(output.azure))}"
  }
  assert {
    condition     = setsubtract(keys(output.azure), keys(output.gcp)) == toset(["postgresql-tcp-reference"])
    error_message = "GCP has every rule but the egress to a reference"
  }
  assert {
    condition = join(" ", keys(output.aws.egress)) == join(" ", [
      "dns-tcp-53-10.0.0.2/32", "dns-tcp-53-fd00:1::2/128", "dns-udp-53-10.0.0.2/32", "dns-udp-53-fd00:1::2/128",
      "https-tcp-443-10.0.5.0/24", "https-tcp-8443-10.0.5.0/24", "opa-tcp-8181-10.0.3.0/24",
      "postgresql-tcp-5432-10.0.1.0/24", "postgresql-tcp-5432-rds", "proxy-tcp-3128-10.0.4.0/24", "redis-tcp-6379-10.0.2.0/24",
    ])
    error_message = "AWS's egress is ${jsonencode(keys(output.aws.egress))}"
  }
  assert {
    condition     = join(" ", keys(output.aws.ingress)) == join(" ", ["gateway-tcp-8000-10.0.0.0/24", "gateway-tcp-8000-alb", "gateway-tcp-8000-fd00:1::/64", "metrics-tcp-8000-10.0.9.0/24", "metrics-tcp-9090-10.0.9.0/24"])
    error_message = "AWS's ingress is ${jsonencode(keys(output.aws.ingress))}"
  }
}

run "a_rule_of_aws_has_one_peer" {
  command = plan
  assert {
    condition = alltrue(flatten([
      for rules in values(output.aws) : [for rule in values(rules) : length(compact([rule.cidr_ipv4, rule.cidr_ipv6, rule.reference])) == 1]
    ]))
    error_message = "a rule with no peer or with two"
  }
}

run "priorities_are_unique" {
  command = plan
  assert {
    condition     = length(distinct([for rule in values(output.azure) : rule.priority])) == length(output.azure)
    error_message = "two rules share a priority"
  }
}

run "one_peer_less_moves_nothing" {
  command = plan
  variables {
    peers = {
      load_balancer = { cidrs = ["fd00:1::/64"] }
      cache         = { cidrs = ["10.0.2.0/24"] }
    }
  }
  assert {
    condition     = output.azure["redis-tcp-ipv4"].priority == run.priorities_are_unique.azure["redis-tcp-ipv4"].priority
    error_message = "the cache's rule moved when others went"
  }
}

run "reasons_are_in_descriptions" {
  command = plan
  variables {
    peers                = { https = { cidrs = ["0.0.0.0/0"] } }
    public_egress_reason = "the proxy itself, behind NAT"
  }
  assert {
    condition     = output.azure["https-tcp-ipv4"].description == "HTTPS to listed names: the proxy itself, behind NAT"
    error_message = output.azure["https-tcp-ipv4"].description
  }
}

run "https_is_only_for_listed_names" {
  command = plan
  variables {
    domains = []
  }
  assert {
    condition     = !contains(keys(output.azure), "https-tcp-ipv4")
    error_message = "https is open with an empty list"
  }
}

run "domains_in_each_spelling" {
  command = plan
  assert {
    condition = output.domains == {
      aws_networkfirewall = { allow = [".openai.com", "mcp.partner.example"], deny = ["openai.com"] }
      aws_route53         = ["*.openai.com", "mcp.partner.example"]
      azure               = { "443" = ["*.openai.com", "mcp.partner.example"], "8443" = ["mcp.partner.example"] }
      gcp                 = { "443" = ["*.openai.com", "mcp.partner.example"], "8443" = ["mcp.partner.example"] }
    }
    error_message = jsonencode(output.domains)
  }
}

run "an_apex_that_is_listed_is_not_denied" {
  command = plan
  variables {
    domains = [{ name = "*.openai.com" }, { name = "openai.com" }]
  }
  assert {
    condition     = length(output.domains.aws_networkfirewall.deny) == 0
    error_message = "openai.com is listed and denied"
  }
}

run "what_cannot_be_said_is_said" {
  command = plan
  assert {
    condition = alltrue([
      for gap in [
        ["aws_networkfirewall_rule_group", "*.openai.com", "handled"],
        ["aws_networkfirewall_rule_group", "mcp.partner.example", "wider"],
        ["aws_route53_resolver_firewall_rule", "mcp.partner.example", "wider"],
        ["azurerm_firewall_network_rule", "*.openai.com", "narrower"],
        ["google_compute_network_firewall_policy_rule", "*.openai.com", "narrower"],
        ["google_compute_firewall", "database", "narrower"],
      ] : contains([for found in output.not_expressible : [found.engine, found.subject, found.effect]], gap)
    ])
    error_message = jsonencode(output.not_expressible)
  }
}
