mock_provider "google" {}

variables {
  project              = "project"
  network              = "sark"
  node_service_account = "nodes@project.iam.gserviceaccount.com"
}

run "what_the_chart_opens_is_open" {
  command = plan
  assert {
    condition = { for key, rule in module.network.rules : key => join(" ", rule.ports) } == {
      dns-tcp-ipv4        = "53"
      dns-udp-ipv4        = "53"
      gateway-tcp-ipv4    = tostring(local.chart.gateway.ports.http)
      https-tcp-ipv4      = "443"
      metrics-tcp-ipv4    = "${local.chart.gateway.ports.http} ${local.chart.gateway.ports.metrics}"
      opa-tcp-ipv4        = tostring(local.chart.opa.ports.http)
      postgresql-tcp-ipv4 = tostring(local.chart.database.ports.postgresql)
      probe-ipv4          = tostring(local.chart.gateway.ports.http)
      probe-ipv6          = tostring(local.chart.gateway.ports.http)
      proxy-tcp-ipv4      = tostring(local.chart.proxy.ports.gateway)
      redis-tcp-ipv4      = tostring(local.chart.cache.ports.redis)
    }
    error_message = jsonencode(module.network.rules)
  }
}

run "names_of_the_chart" {
  command = plan
  assert {
    condition     = length(local.domains) == length(local.chart.egress.domains) && length(local.domains) > 0
    error_message = "the chart's list is not read"
  }
}

run "dns_is_this_clouds" {
  command = plan
  assert {
    condition     = [for key, rule in module.network.rules : rule.cidrs if startswith(key, "dns-")] == [["169.254.169.254/32"], ["169.254.169.254/32"]]
    error_message = "DNS goes elsewhere than to the resolver of this cloud"
  }
}
