resource "aws_network_acl_rule" "allow" {
  network_acl_id = "acl-1"
  rule_number    = 100
  egress         = false
  protocol       = "-1"
  rule_action    = "allow"
  cidr_block     = "10.0.0.0/8"
}

resource "aws_network_acl_rule" "dead" {
  network_acl_id = "acl-1"
  rule_number    = 200
  egress         = false
  protocol       = "tcp"
  rule_action    = "deny"
  cidr_block     = "10.1.0.0/16"
  from_port      = 22
  to_port        = 22
}

resource "aws_network_acl_rule" "again" {
  network_acl_id = "acl-1"
  rule_number    = 300
  egress         = false
  protocol       = "udp"
  rule_action    = "allow"
  cidr_block     = "10.2.0.0/16"
  from_port      = 53
  to_port        = 53
}

resource "aws_network_acl_rule" "twin" {
  network_acl_id = "acl-1"
  rule_number    = 100
  egress         = false
  protocol       = "udp"
  rule_action    = "allow"
  cidr_block     = "192.168.0.0/16"
  from_port      = 53
  to_port        = 53
}

resource "aws_network_acl_rule" "other_way" {
  network_acl_id = "acl-1"
  rule_number    = 100
  egress         = true
  protocol       = "udp"
  rule_action    = "allow"
  cidr_block     = "192.168.0.0/16"
  from_port      = 53
  to_port        = 53
}
