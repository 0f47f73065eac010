# What firewall rules cannot say: names. Off by default, because Secure Web Proxy costs money by the hour and by the
# gigabyte. Without it the chart's proxy is what enforces `egress.domains`.
#
# A policy of Secure Web Proxy denies what no rule of it allows; there is no rule to write for the rest.

locals {
  secure_web_proxy = var.secure_web_proxy == null ? {} : { gateway = var.secure_web_proxy }
  # A list of names for each port, because a list has no ports.
  url_lists = var.secure_web_proxy == null ? {} : module.policy.domains.gcp
}

resource "google_network_security_url_lists" "domains" {
  for_each = local.url_lists

  project     = var.project
  location    = var.secure_web_proxy.location
  name        = "${var.name}-domains-${each.key}"
  description = "The chart's egress.domains on port ${each.key}"
  values      = each.value
}

resource "google_network_security_gateway_security_policy" "domains" {
  for_each = local.secure_web_proxy

  project     = var.project
  location    = each.value.location
  name        = "${var.name}-domains"
  description = "Denies what is not in the chart's egress.domains"
}

resource "google_network_security_gateway_security_policy_rule" "domains" {
  for_each = local.url_lists

  project                 = var.project
  location                = var.secure_web_proxy.location
  gateway_security_policy = google_network_security_gateway_security_policy.domains["gateway"].name
  name                    = "${var.name}-domains-${each.key}"
  description             = "Names that are listed for port ${each.key}"
  enabled                 = true
  # A priority is for one rule; a port is a number that no other rule has.
  priority        = tonumber(each.key)
  basic_profile   = "ALLOW"
  session_matcher = "destination.port == ${each.key} && inUrlList(host(), '${google_network_security_url_lists.domains[each.key].id}')"
}

resource "google_network_services_gateway" "domains" {
  for_each = local.secure_web_proxy

  project                              = var.project
  location                             = each.value.location
  name                                 = "${var.name}-domains"
  description                          = "Between SARK's subnets and the internet"
  type                                 = "SECURE_WEB_GATEWAY"
  network                              = var.network
  subnetwork                           = each.value.subnetwork
  addresses                            = each.value.addresses
  ports                                = each.value.ports
  routing_mode                         = each.value.routing_mode
  gateway_security_policy              = google_network_security_gateway_security_policy.domains[each.key].id
  delete_swg_autogen_router_on_destroy = true
}
