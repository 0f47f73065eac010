variable "group_id" {
  description = "The gateway's security group."
  type        = string
}

variable "group" {
  description = "A group, or none."
  type        = string
}

variable "range" {
  description = "A range, or none."
  type        = string
}

resource "aws_vpc_security_group_ingress_rule" "none" {
  security_group_id = var.group_id
  description       = "Nobody."
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8000
}

resource "aws_vpc_security_group_ingress_rule" "two" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = "10.0.0.0/8"
  cidr_ipv6         = "fd00::/8"
}

resource "aws_vpc_security_group_ingress_rule" "doubtful" {
  security_group_id            = var.group_id
  description                  = "What it is for."
  ip_protocol                  = "tcp"
  from_port                    = 8000
  to_port                      = 8000
  cidr_ipv4                    = var.range
  referenced_security_group_id = var.group
}

resource "aws_security_group_rule" "both" {
  type                     = "ingress"
  security_group_id        = var.group_id
  protocol                 = "tcp"
  from_port                = 8000
  to_port                  = 8000
  cidr_blocks              = ["10.0.0.0/8"]
  source_security_group_id = "sg-0a1b2c3d"
}

resource "aws_security_group" "inline" {
  name = "inline"

  ingress {
    from_port   = 8000
    to_port     = 8000
    protocol    = "tcp"
    cidr_blocks = []
  }
}
