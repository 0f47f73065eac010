mock_provider "google" {}

run "the_policy_is_open" {
  command = plan
  variables {
    project              = "project"
    network              = "sark"
    node_service_account = "nodes@project.iam.gserviceaccount.com"
  }
  assert {
    condition     = join(" ", [for key in keys(module.network.rules) : key if !startswith(key, "dns-") && !startswith(key, "probe-") && key != "google-apis-ipv4"]) == join(" ", module.policy.open.gcp)
    error_message = jsonencode(module.network.rules)
  }
  assert {
    condition     = try(module.network.rules["google-apis-ipv4"].cidrs, []) == ["199.36.153.8/30"]
    error_message = "the rules of the file are not there"
  }
}
