variable "group_id" {
  description = "The gateway's security group."
  type        = string
}

resource "aws_security_group" "checkov" {
  #checkov:skip=CKV2_AWS_5:attached elsewhere
  # checkov:skip=CKV_XX_1: not ours
  name = "checkov"
}

# trivy:ignore:AVD-AWS-0107
#tfsec:ignore:aws-ec2-no-public-ingress-sgr:exp:2999-01-01
resource "aws_vpc_security_group_ingress_rule" "trivy" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = "0.0.0.0/0"
}

# tflint-ignore: terraform_typed_variables, terraform_other
variable "tflint" {}

# kics-scan ignore-block
resource "aws_vpc_security_group_ingress_rule" "kics" {
  security_group_id = var.group_id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = "0.0.0.0/0"
}
