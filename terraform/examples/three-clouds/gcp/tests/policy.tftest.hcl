mock_provider "google" {}

run "the_policy_is_open" {
  command = plan
  variables {
    project              = "project"
    network              = "sark"
    node_service_account = "nodes@project.iam.gserviceaccount.com"
  }
  assert {
    condition     = join(" ", [for key in keys(module.network.rules) : key if !startswith(key, "dns-") && !startswith(key, "probe-")]) == join(" ", module.policy.open.gcp)
    error_message = jsonencode(module.network.rules)
  }
}
