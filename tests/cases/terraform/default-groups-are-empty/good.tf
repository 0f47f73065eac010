terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

resource "aws_default_security_group" "empty" {
  vpc_id = var.vpc_id
}
