mock_provider "aws" {}

variables {
  vpc_id   = "vpc-1"
  flow_log = { destination_arn = "arn:aws:s3:::logs" }
  peers = {
    load_balancer = { references = { alb = "sg-alb" } }
    database      = { cidrs = ["10.0.1.0/24", "fd00:1::/64"] }
    dns           = { cidrs = ["10.0.0.2/32"] }
    https         = { cidrs = ["10.0.5.0/24"] }
  }
  domains = [{ name = "*.openai.com" }]
}

run "a_rule_for_each_port_and_peer" {
  command = plan
  assert {
    condition     = join(" ", keys(aws_vpc_security_group_ingress_rule.gateway)) == "gateway-tcp-8000-alb"
    error_message = jsonencode(keys(aws_vpc_security_group_ingress_rule.gateway))
  }
  assert {
    condition = join(" ", keys(aws_vpc_security_group_egress_rule.gateway)) == join(" ", [
      "dns-tcp-53-10.0.0.2/32", "dns-udp-53-10.0.0.2/32", "https-tcp-443-10.0.5.0/24", "postgresql-tcp-5432-10.0.1.0/24", "postgresql-tcp-5432-fd00:1::/64",
    ])
    error_message = jsonencode(keys(aws_vpc_security_group_egress_rule.gateway))
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.gateway["postgresql-tcp-5432-fd00:1::/64"].cidr_ipv6 == "fd00:1::/64"
    error_message = "the IPv6 peer is not in cidr_ipv6"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.gateway["gateway-tcp-8000-alb"].referenced_security_group_id == "sg-alb"
    error_message = "the load balancer's group is not referenced"
  }
}

run "no_rule_is_for_all_protocols_or_the_world" {
  command = plan
  assert {
    condition = alltrue([
      for rule in concat(values(aws_vpc_security_group_ingress_rule.gateway), values(aws_vpc_security_group_egress_rule.gateway)) :
      contains(["tcp", "udp"], rule.ip_protocol) && rule.from_port == rule.to_port && !contains(["0.0.0.0/0", "::/0"], coalesce(rule.cidr_ipv4, rule.cidr_ipv6, "-"))
    ])
    error_message = "a rule is wider than its flow"
  }
}

run "descriptions_are_what_aws_takes" {
  command = plan
  variables {
    peers                = { https = { cidrs = ["0.0.0.0/0"] } }
    public_egress_reason = "the proxy itself, behind NAT (AZ a)"
  }
  assert {
    condition = alltrue([
      for text in concat([aws_security_group.gateway[0].description], [for rule in aws_vpc_security_group_egress_rule.gateway : rule.description]) :
      can(regex("^[a-zA-Z0-9. _:/()#,@+=&;{}!$*-]{1,255}$", text))
    ])
    error_message = "AWS refuses a description"
  }
}

run "rejections_are_logged" {
  command = plan
  assert {
    condition     = aws_flow_log.vpc["rejected"].traffic_type == "REJECT"
    error_message = "the flow log has no rejections"
  }
}

run "a_vpc_that_has_a_flow_log" {
  command = plan
  variables {
    flow_log = null
  }
  assert {
    condition     = length(aws_flow_log.vpc) == 0
    error_message = "a second flow log"
  }
}

run "an_id_that_is_no_vpc" {
  command = plan
  variables {
    vpc_id = "subnet-1"
  }
  expect_failures = [var.vpc_id]
}

run "a_log_group_without_a_role" {
  command = plan
  variables {
    flow_log = { destination_arn = "arn:aws:logs:eu-west-1:1:log-group:x", destination_type = "cloud-watch-logs" }
  }
  expect_failures = [var.flow_log]
}

run "a_name_with_a_space" {
  command = plan
  variables {
    name = "my sark"
  }
  expect_failures = [var.name]
}

run "the_world_without_a_reason" {
  command = plan
  variables {
    peers = { https = { cidrs = ["::/0"] } }
  }
  expect_failures = [var.peers]
}
