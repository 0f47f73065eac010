# What the inputs refuse, each by the variable that refuses it.

run "unknown_role" {
  command = plan
  variables {
    peers = { databse = { cidrs = ["10.0.1.0/24"] } }
  }
  expect_failures = [var.peers]
}

run "cidr_with_host_bits" {
  command = plan
  variables {
    peers = { database = { cidrs = ["10.0.1.7/24"] } }
  }
  expect_failures = [var.peers]
}

run "cidr_without_a_length" {
  command = plan
  variables {
    peers = { database = { cidrs = ["10.0.1.0"] } }
  }
  expect_failures = [var.peers]
}

run "ipv6_in_the_long_form" {
  command = plan
  variables {
    peers = { dns = { cidrs = ["fd00:1:0::/64"] } }
  }
  expect_failures = [var.peers]
}

run "world_without_a_reason" {
  command = plan
  variables {
    peers = { https = { cidrs = ["0.0.0.0/0"] } }
  }
  expect_failures = [var.peers]
}

run "world_in_two_halves" {
  command = plan
  variables {
    peers = { https = { cidrs = ["0.0.0.0/1", "128.0.0.0/1"] } }
  }
  expect_failures = [var.peers]
}

run "world_of_ipv6" {
  command = plan
  variables {
    peers = { https = { cidrs = ["2000::/3"] } }
  }
  expect_failures = [var.peers]
}

run "a_reason_is_for_its_own_role" {
  command = plan
  variables {
    peers                = { load_balancer = { cidrs = ["0.0.0.0/0"] } }
    public_egress_reason = "the proxy itself, behind NAT"
  }
  expect_failures = [var.peers]
}

run "no_reason_opens_the_database" {
  command = plan
  variables {
    peers                = { database = { cidrs = ["0.0.0.0/0"] } }
    public_egress_reason = "the proxy itself, behind NAT"
  }
  expect_failures = [var.peers]
}

run "database_at_a_public_address" {
  command = plan
  variables {
    peers = { database = { cidrs = ["203.0.113.0/24"] } }
  }
  expect_failures = [var.peers]
}

run "port_zero" {
  command = plan
  variables {
    ports = { redis = 0 }
  }
  expect_failures = [var.ports]
}

run "port_too_high" {
  command = plan
  variables {
    ports = { redis = 65536 }
  }
  expect_failures = [var.ports]
}

run "domain_of_a_top_level" {
  command = plan
  variables {
    domains = [{ name = "*.com" }]
  }
  expect_failures = [var.domains]
}

run "domain_with_the_star_glued_on" {
  command = plan
  variables {
    domains = [{ name = "*openai.com" }]
  }
  expect_failures = [var.domains]
}

run "domain_in_anothers_spelling" {
  command = plan
  variables {
    domains = [{ name = ".openai.com" }]
  }
  expect_failures = [var.domains]
}

run "domain_that_is_an_address" {
  command = plan
  variables {
    domains = [{ name = "203.0.113.7" }]
  }
  expect_failures = [var.domains]
}

run "domain_that_is_a_url" {
  command = plan
  variables {
    domains = [{ name = "https://api.openai.com" }]
  }
  expect_failures = [var.domains]
}

run "domain_twice" {
  command = plan
  variables {
    domains = [{ name = "api.openai.com" }, { name = "api.openai.com", ports = [8443] }]
  }
  expect_failures = [var.domains]
}

run "port_of_a_domain" {
  command = plan
  variables {
    domains = [{ name = "api.openai.com", ports = [0] }]
  }
  expect_failures = [var.domains]
}

run "a_reason_that_says_nothing" {
  command = plan
  variables {
    public_egress_reason = "because"
  }
  expect_failures = [var.public_egress_reason]
}
