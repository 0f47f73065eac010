mock_provider "aws" {}

variables {
  vpc_id                          = "vpc-1"
  flow_log_bucket_arn             = "arn:aws:s3:::logs"
  load_balancer_security_group_id = "sg-alb"
}

run "what_the_chart_opens_is_open" {
  command = plan
  assert {
    condition = alltrue([
      for key in ["gateway-tcp-${local.chart.gateway.ports.http}-ingress", "metrics-tcp-${local.chart.gateway.ports.http}-10.0.48.0/24", "metrics-tcp-${local.chart.gateway.ports.metrics}-10.0.48.0/24"] :
      contains(keys(module.network.rules.ingress), key)
    ])
    error_message = jsonencode(keys(module.network.rules.ingress))
  }
  assert {
    condition = alltrue([
      for key in [
        "postgresql-tcp-${local.chart.database.ports.postgresql}-10.0.16.0/24", "redis-tcp-${local.chart.cache.ports.redis}-10.0.18.0/24",
        "opa-tcp-${local.chart.opa.ports.http}-10.0.19.0/24", "dns-udp-53-169.254.169.253/32", "proxy-tcp-${local.chart.proxy.ports.gateway}-10.0.32.0/24", "https-tcp-443-10.0.32.0/24",
      ] : contains(keys(module.network.rules.egress), key)
    ])
    error_message = jsonencode(keys(module.network.rules.egress))
  }
}

run "names_of_the_chart" {
  command = plan
  assert {
    condition     = length(local.domains) == length(local.chart.egress.domains) && length(local.domains) > 0
    error_message = "the chart's list is not read"
  }
}
