mock_provider "aws" {}

run "the_policy_is_open" {
  command = plan
  variables {
    vpc_id = "vpc-1"
  }
  assert {
    condition     = join(" ", sort(concat(keys(module.network.rules.ingress), [for key in keys(module.network.rules.egress) : key if !startswith(key, "dns-")]))) == join(" ", module.policy.open.aws)
    error_message = jsonencode(module.network.rules)
  }
}
