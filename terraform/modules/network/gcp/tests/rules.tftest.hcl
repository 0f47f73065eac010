mock_provider "google" {}

variables {
  network                 = "sark"
  target_service_accounts = ["nodes@project.iam.gserviceaccount.com"]
  health_probes           = null
  dns_resolver            = []
}

run "every_kind_of_peer" {
  command = plan
  variables {
    rules = {
      apis   = { direction = "egress", description = "Google APIs", ports = ["443"], cidrs = ["199.36.153.8/30", "2600:2d00:2:2000::/64"], priority = 950 }
      agent  = { direction = "ingress", description = "The agent", protocol = "udp", ports = ["9000-9003"], references = { agent = "agent@project.iam.gserviceaccount.com" } }
      tunnel = { direction = "ingress", description = "A tunnel", protocol = "esp", cidrs = ["10.9.0.0/24"] }
    }
  }
  assert {
    condition = { for key, rule in google_compute_firewall.allow : key => "${rule.priority} ${rule.direction} ${one(rule.allow).protocol} ${join(",", coalesce(one(rule.allow).ports, []))}" } == {
      agent-reference = "900 INGRESS udp 9000-9003"
      apis-ipv4       = "950 EGRESS tcp 443"
      apis-ipv6       = "950 EGRESS tcp 443"
      tunnel-ipv4     = "900 INGRESS esp "
    }
    error_message = jsonencode(keys(google_compute_firewall.allow))
  }
  assert {
    condition     = google_compute_firewall.allow["agent-reference"].source_service_accounts == toset(["agent@project.iam.gserviceaccount.com"]) && google_compute_firewall.allow["apis-ipv6"].destination_ranges == toset(["2600:2d00:2:2000::/64"])
    error_message = "a peer is not where it belongs"
  }
  assert {
    condition     = alltrue([for rule in google_compute_firewall.allow : rule.target_service_accounts == toset(["nodes@project.iam.gserviceaccount.com"]) && rule.target_tags == null && length(rule.name) <= 63])
    error_message = "a rule is for other machines"
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
    condition     = google_compute_firewall.allow["backup-ipv4"].description == "Backups"
    error_message = "a rule of the file is not there"
  }
}

run "tags_as_targets" {
  command = plan
  variables {
    target_service_accounts = []
    target_tags             = ["sark-nodes"]
    cluster_cidrs           = ["10.4.0.0/14"]
    peers                   = { load_balancer = { network_tags = ["proxies"] }, database = { cidrs = ["10.0.1.0/24"] } }
  }
  assert {
    condition     = alltrue([for rule in concat(values(google_compute_firewall.allow), values(google_compute_firewall.cluster), values(google_compute_firewall.deny)) : rule.target_tags == toset(["sark-nodes"]) && rule.target_service_accounts == null])
    error_message = "a rule is for other machines"
  }
  assert {
    condition     = alltrue([for rule in google_compute_firewall.allow : can(regex("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", rule.name))])
    error_message = "GCP refuses a name"
  }
  assert {
    condition     = google_compute_firewall.allow["gateway-tcp-network_tag"].source_tags == toset(["proxies"])
    error_message = "the tag of the load balancer is not its source"
  }
}

run "tags_and_accounts" {
  command = plan
  variables {
    target_tags = ["sark-nodes"]
  }
  expect_failures = [var.target_tags]
}

run "tags_as_sources_of_accounts" {
  command = plan
  variables {
    peers = { load_balancer = { network_tags = ["proxies"] } }
  }
  expect_failures = [output.rules]
}

run "an_egress_to_a_tag" {
  command = plan
  variables {
    target_service_accounts = []
    target_tags             = ["sark-nodes"]
    peers                   = { database = { network_tags = ["sql"] } }
  }
  expect_failures = [output.not_expressible]
}

run "nodes_and_pods" {
  command = plan
  variables {
    cluster_cidrs = ["10.0.0.0/22", "10.4.0.0/14", "fd00:4::/64"]
  }
  assert {
    condition = { for key, rule in google_compute_firewall.cluster : key => "${rule.direction} ${one(rule.allow).protocol} ${join(" ", coalesce(rule.source_ranges, rule.destination_ranges))}" } == {
      egress-ipv4  = "EGRESS all 10.0.0.0/22 10.4.0.0/14"
      egress-ipv6  = "EGRESS all fd00:4::/64"
      ingress-ipv4 = "INGRESS all 10.0.0.0/22 10.4.0.0/14"
      ingress-ipv6 = "INGRESS all fd00:4::/64"
    }
    error_message = jsonencode(output.cluster)
  }
  assert {
    condition     = alltrue([for rule in google_compute_firewall.cluster : rule.priority < 1000])
    error_message = "the denials come first"
  }
}

run "health_checks_of_both_kinds" {
  command = plan
  variables {
    health_probes = { ports = [8000, 10256] }
    node_ports    = "30000-32767"
    peers         = { load_balancer = { cidrs = ["10.0.8.0/23"] } }
  }
  assert {
    condition     = google_compute_firewall.allow["probe-ipv4"].source_ranges == toset(["35.191.0.0/16", "130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22"]) && one(google_compute_firewall.allow["probe-ipv4"].allow).ports == tolist(["8000", "10256"])
    error_message = "health checks come from elsewhere"
  }
  assert {
    condition     = google_compute_firewall.node_ports["node-ports-ipv4"].source_ranges == toset(["10.0.8.0/23", "35.191.0.0/16", "130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22"]) && one(google_compute_firewall.node_ports["node-ports-ipv4"].allow).ports == tolist(["30000-32767"])
    error_message = "node ports are open for others"
  }
}

run "a_quota" {
  command = plan
  variables {
    quota = { rules = 3 }
  }
  expect_failures = [output.rules]
}

run "too_many_cidrs" {
  command = plan
  variables {
    peers = { database = { cidrs = [for n in range(257) : "10.${floor(n / 256)}.${n % 256}.0/24"] } }
  }
  expect_failures = [output.rules]
}

run "a_rule_behind_the_denials" {
  command = plan
  variables {
    rules = { late = { direction = "egress", description = "Late", ports = ["443"], cidrs = ["10.9.0.0/24"], priority = 1100 } }
  }
  expect_failures = [var.rules]
}

run "an_egress_to_an_account" {
  command = plan
  variables {
    rules = { sql = { direction = "egress", description = "SQL", ports = ["5432"], references = { sql = "sql@project.iam.gserviceaccount.com" } } }
  }
  expect_failures = [var.rules]
}

run "every_protocol" {
  command = plan
  variables {
    rules = { all = { direction = "egress", description = "All", protocol = "all", cidrs = ["10.9.0.0/24"] } }
  }
  expect_failures = [var.rules]
}

run "a_key_of_the_policys" {
  command = plan
  variables {
    peers = { database = { cidrs = ["10.0.1.0/24"] } }
    rules = { postgresql-tcp = { direction = "egress", description = "Another", ports = ["5432"], cidrs = ["10.0.2.0/24"] } }
  }
  expect_failures = [output.rules]
}
