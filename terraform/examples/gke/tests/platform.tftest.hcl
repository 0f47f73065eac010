# Each flow that GKE needs is open, and its neighbour is not.

mock_provider "google" {}

variables {
  project               = "project"
  network               = "sark"
  node_service_account  = "nodes@project.iam.gserviceaccount.com"
  proxy_service_account = "proxy@project.iam.gserviceaccount.com"
  # What has a default is what main.tf is for.
  proxy_only_cidrs = ["10.0.8.0/23"]
}

run "platform" {
  command = plan

  assert {
    condition     = try(join(" ", module.nodes.rules["kubelet-ipv4"].ports), "") == "443 10250" && try(module.nodes.rules["kubelet-ipv4"].cidrs, []) == ["172.16.0.0/28"]
    error_message = "kubelet: the control plane reaches 443 and 10250, and not 10249 or 10255, kubelet's port without a password"
  }
  assert {
    condition     = try(join(" ", module.nodes.rules["webhooks-ipv4"].ports), "") == "8443 9443" && try(module.nodes.rules["webhooks-ipv4"].cidrs, []) == ["172.16.0.0/28"]
    error_message = "webhooks: the control plane reaches their ports, and not 9444 beside them"
  }
  assert {
    condition     = try(module.nodes.rules["gateway-tcp-ipv4"].cidrs, []) == ["10.0.8.0/23", "130.211.0.0/22", "35.191.0.0/16"] && try(module.nodes.rules["gateway-tcp-ipv4"].ports, []) == [8000]
    error_message = "load-balancer: global and regional load balancers reach the gateway's pods at 8000, and not at 8001"
  }
  assert {
    condition     = try(module.nodes.rules["probe-ipv4"].cidrs, []) == ["130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22", "35.191.0.0/16"] && try(join(" ", module.nodes.rules["probe-ipv4"].ports), "") == "8000 10256"
    error_message = "health-checks: both kinds of load balancer ask 8000 and 10256, and not 10257"
  }
  assert {
    condition     = try(join(" ", module.nodes.rules["node-ports-ipv4"].ports), "") == "30000-32767" && length(try(module.nodes.rules["node-ports-ipv4"].cidrs, [])) == 5 && !contains(try(module.nodes.rules["node-ports-ipv4"].cidrs, []), "0.0.0.0/0")
    error_message = "node-ports: load balancers and health checks reach 30000-32767, and not 29999 or 32768, and nobody else does"
  }
  assert {
    condition     = try(module.nodes.cluster["ingress-ipv4"], []) == ["10.0.0.0/22", "10.4.0.0/14", "10.8.0.0/20"]
    error_message = "cluster: nodes, pods and Services reach nodes by every protocol, and 10.0.4.0/22 beside them does not"
  }
  assert {
    condition     = alltrue([for key, rule in module.nodes.rules : length(rule.references) + length(rule.tags) == 0])
    error_message = "a rule for an account or a tag, which no flow above is"
  }

  assert {
    condition     = try(join(" ", module.nodes.rules["api-server-ipv4"].ports), "") == "443" && try(module.nodes.rules["api-server-ipv4"].cidrs, []) == ["172.16.0.0/28"]
    error_message = "api-server: nodes reach the control plane at 443, and not at 80"
  }
  assert {
    condition     = try(join(" ", module.nodes.rules["konnectivity-ipv4"].ports), "") == "8132" && try(module.nodes.rules["konnectivity-ipv4"].cidrs, []) == ["172.16.0.0/28"]
    error_message = "konnectivity: its agents reach the control plane at 8132, and not at 8131 or 8133"
  }
  assert {
    condition     = try(module.nodes.cluster["egress-ipv4"], []) == ["10.0.0.0/22", "10.4.0.0/14", "10.8.0.0/20"]
    error_message = "cluster: nodes reach nodes, pods and Services by every protocol, and 10.0.4.0/22 beside them not"
  }
  assert {
    condition     = try(join(" ", module.nodes.rules["google-apis-ipv4"].ports), "") == "443" && try(module.nodes.rules["google-apis-ipv4"].cidrs, []) == ["199.36.153.8/30"]
    error_message = "google-apis: private.googleapis.com at 443, and not the restricted addresses beside it"
  }
  assert {
    condition     = { for key, rule in module.nodes.rules : key => "${rule.cidrs[0]} ${rule.ports[0]}" if startswith(key, "dns-") } == { dns-tcp-ipv4 = "169.254.169.254/32 53", dns-udp-ipv4 = "169.254.169.254/32 53" }
    error_message = "dns: the metadata server at 53, and at no other port"
  }
  assert {
    condition     = join(" ", [for key, rule in module.nodes.rules : key if rule.direction == "egress"]) == "api-server-ipv4 dns-tcp-ipv4 dns-udp-ipv4 google-apis-ipv4 konnectivity-ipv4 postgresql-tcp-ipv4 redis-tcp-ipv4"
    error_message = "egress that no flow is: ${jsonencode([for key, rule in module.nodes.rules : key if rule.direction == "egress"])}"
  }
  assert {
    condition     = google_compute_firewall.internet.target_service_accounts == toset(["proxy@project.iam.gserviceaccount.com"]) && one(google_compute_firewall.internet.allow).ports == tolist(["443"]) && google_compute_firewall.internet.priority < 1100
    error_message = "internet: the proxy's nodes alone, at the ports of the chart's list, and not at 80"
  }

  assert {
    condition     = alltrue([for rule in module.nodes.rules : rule.priority < 1100])
    error_message = "a rule that comes after the denials opens nothing"
  }
}

run "restricted_addresses" {
  command = plan
  variables {
    google_apis = "restricted"
  }
  assert {
    condition     = module.nodes.rules["google-apis-ipv4"].cidrs == ["199.36.153.4/30"]
    error_message = "google-apis: restricted.googleapis.com, and not the private addresses beside it"
  }
}
