mock_provider "google" {}

variables {
  network                 = "projects/p/global/networks/sark"
  target_service_accounts = ["nodes@project.iam.gserviceaccount.com"]
  domains                 = [{ name = "*.openai.com" }, { name = "mcp.partner.example", ports = [8443] }]
  secure_web_proxy        = { location = "europe-west1", subnetwork = "projects/p/regions/europe-west1/subnetworks/sark" }
}

run "off_by_default" {
  command = plan
  variables {
    secure_web_proxy = null
  }
  assert {
    condition     = length(google_network_services_gateway.domains) + length(google_network_security_url_lists.domains) + length(google_network_security_gateway_security_policy.domains) == 0
    error_message = "something that costs money is made unasked"
  }
}

run "a_list_for_each_port" {
  command = apply
  assert {
    condition     = { for port, list in google_network_security_url_lists.domains : port => join(" ", list.values) } == { "443" = "*.openai.com", "8443" = "mcp.partner.example" }
    error_message = "the lists are not the list"
  }
  assert {
    condition = alltrue([
      for port, rule in google_network_security_gateway_security_policy_rule.domains :
      rule.session_matcher == "destination.port == ${port} && inUrlList(host(), '${google_network_security_url_lists.domains[port].id}')" && rule.basic_profile == "ALLOW"
    ])
    error_message = "a rule that is not for its own list and port"
  }
}

run "an_empty_list_allows_nothing" {
  command = plan
  variables {
    domains = []
  }
  assert {
    condition     = length(google_network_security_gateway_security_policy_rule.domains) == 0 && length(google_network_services_gateway.domains) == 1
    error_message = "an empty list is a proxy with no rule"
  }
}

run "an_unknown_mode" {
  command = plan
  variables {
    secure_web_proxy = { location = "europe-west1", subnetwork = "projects/p/regions/europe-west1/subnetworks/sark", routing_mode = "EXPLICIT" }
  }
  expect_failures = [var.secure_web_proxy]
}

run "a_network_by_its_name_alone" {
  command = plan
  variables {
    network = "sark"
  }
  expect_failures = [var.secure_web_proxy]
}
