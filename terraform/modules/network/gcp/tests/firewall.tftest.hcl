mock_provider "google" {}

variables {
  network                 = "sark"
  target_service_accounts = ["nodes@project.iam.gserviceaccount.com"]
  peers = {
    load_balancer = { cidrs = ["35.191.0.0/16", "130.211.0.0/22", "2600:2d00:1:b029::/64"], references = { ingress = "ingress@project.iam.gserviceaccount.com" } }
    database      = { cidrs = ["10.0.1.0/24"] }
    dns           = { cidrs = ["10.0.0.2/32"] }
    https         = { cidrs = ["10.0.5.0/24"] }
  }
  domains = [{ name = "*.openai.com" }, { name = "mcp.partner.example", ports = [8443] }]
}

run "a_rule_for_each_flow" {
  command = plan
  assert {
    condition     = join(" ", keys(google_compute_firewall.allow)) == "dns-tcp-ipv4 dns-udp-ipv4 gateway-tcp-ipv4 gateway-tcp-ipv6 gateway-tcp-reference https-tcp-ipv4 postgresql-tcp-ipv4 probe-ipv4 probe-ipv6"
    error_message = jsonencode(keys(google_compute_firewall.allow))
  }
  assert {
    condition     = one(google_compute_firewall.allow["https-tcp-ipv4"].allow).ports == tolist(["443", "8443"])
    error_message = "https has the ports of the listed names"
  }
  assert {
    condition     = alltrue([for rule in google_compute_firewall.allow : (length(coalesce(rule.source_ranges, [])) + length(coalesce(rule.source_service_accounts, [])) > 0) == (rule.direction == "INGRESS")])
    error_message = "an ingress rule with no source is for everybody"
  }
}

run "everything_else_is_denied" {
  command = plan
  assert {
    condition = {
      for key, rule in google_compute_firewall.deny : key => "${rule.priority} ${one(rule.deny).protocol} ${one(rule.direction == "INGRESS" ? rule.source_ranges : rule.destination_ranges)}"
    } == { egress-ipv4 = "1100 all 0.0.0.0/0", egress-ipv6 = "1100 all ::/0", ingress-ipv4 = "1100 all 0.0.0.0/0", ingress-ipv6 = "1100 all ::/0" }
    error_message = "GCP allows all egress that no rule denies"
  }
  assert {
    condition     = max([for rule in google_compute_firewall.allow : rule.priority]...) < 1100
    error_message = "a rule that comes after the denial"
  }
}

run "rules_are_logged_and_targeted" {
  command = plan
  assert {
    condition = alltrue([
      for rule in concat(values(google_compute_firewall.allow), values(google_compute_firewall.deny)) :
      try(one(rule.log_config).metadata, "") == "INCLUDE_ALL_METADATA" && try(length(rule.target_service_accounts), 0) == 1
    ])
    error_message = "a rule without a log, or for the whole network"
  }
}

run "names_fit" {
  command = plan
  variables {
    name = "a-name-of-20-letters"
  }
  assert {
    condition     = alltrue([for rule in concat(values(google_compute_firewall.allow), values(google_compute_firewall.deny)) : can(regex("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", rule.name))])
    error_message = "GCP refuses a name"
  }
}

run "no_target" {
  command = plan
  variables {
    target_service_accounts = []
  }
  expect_failures = [var.target_tags]
}

run "the_default_network" {
  command = plan
  variables {
    network = "projects/p/global/networks/default"
  }
  expect_failures = [var.network]
}

run "egress_to_a_service_account" {
  command = plan
  variables {
    peers = { database = { references = { sql = "sql@project.iam.gserviceaccount.com" } } }
  }
  expect_failures = [output.not_expressible]
}

run "the_world_without_a_reason" {
  command = plan
  variables {
    peers = { https = { cidrs = ["0.0.0.0/0"] } }
  }
  expect_failures = [var.peers]
}
