# As in a first apply: no id of a group is known when it is planned, and every rule has its key all the same.

mock_provider "aws" {}

run "ids_that_the_plan_does_not_know" {
  command = apply
  variables {
    vpc_id                          = "vpc-1"
    flow_log_bucket_arn             = "arn:aws:s3:::logs"
    cluster_security_group_id       = "sg-cluster"
    load_balancer_security_group_id = "sg-lb"
    endpoints_security_group_id     = "sg-endpoints"
    database_security_group_id      = "sg-database"
    cache_security_group_id         = "sg-cache"
    s3_prefix_list_id               = "pl-s3"
  }
  assert {
    condition     = length(module.gateway.rules.egress) == 6 && module.gateway.rules.egress["proxy-tcp-3128-proxy"].reference == module.proxy.security_group_id
    error_message = jsonencode(keys(module.gateway.rules.egress))
  }
}
