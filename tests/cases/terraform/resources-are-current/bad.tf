variable "group_id" {
  description = "The gateway's security group."
  type        = string
}

resource "aws_security_group_rule" "older" {
  type              = "ingress"
  security_group_id = var.group_id
  protocol          = "tcp"
  from_port         = 8000
  to_port           = 8000
  cidr_blocks       = ["10.0.0.0/8"]
}
