# A public web service: a load balancer in front, an application behind it, a database behind that.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_ids" {
  description = "The public subnets of the load balancer."
  type        = list(string)
}

variable "admin_cidrs" {
  description = "The networks that administrators come from."
  type        = set(string)
  default     = ["10.8.0.0/24"]

  validation {
    condition     = alltrue([for cidr in var.admin_cidrs : can(cidrhost(cidr, 0))])
    error_message = "Write networks, such as 10.8.0.0/24."
  }
}

variable "resolver" {
  description = "The VPC's resolver."
  type        = string
  default     = "10.0.0.2/32"
}

resource "aws_security_group" "load_balancer" {
  name        = "web-load-balancer"
  description = "HTTPS from clients"
  vpc_id      = var.vpc_id
}

resource "aws_security_group" "application" {
  name        = "web-application"
  description = "From the load balancer, to the database"
  vpc_id      = var.vpc_id
}

resource "aws_security_group" "database" {
  name        = "web-database"
  description = "From the application"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = aws_security_group.load_balancer.id
  description       = "Clients"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "to_application" {
  security_group_id            = aws_security_group.load_balancer.id
  description                  = "The application"
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
  referenced_security_group_id = aws_security_group.application.id
}

resource "aws_vpc_security_group_ingress_rule" "from_load_balancer" {
  security_group_id            = aws_security_group.application.id
  description                  = "The load balancer"
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
  referenced_security_group_id = aws_security_group.load_balancer.id
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each = var.admin_cidrs

  security_group_id = aws_security_group.application.id
  description       = "Administrators"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = each.value
}

resource "aws_vpc_security_group_egress_rule" "to_database" {
  security_group_id            = aws_security_group.application.id
  description                  = "The database"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.database.id
}

resource "aws_vpc_security_group_egress_rule" "dns" {
  for_each = toset(["tcp", "udp"])

  security_group_id = aws_security_group.application.id
  description       = "The resolver"
  ip_protocol       = each.key
  from_port         = 53
  to_port           = 53
  cidr_ipv4         = var.resolver
}

resource "aws_vpc_security_group_ingress_rule" "from_application" {
  security_group_id            = aws_security_group.database.id
  description                  = "The application"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.application.id
}

resource "aws_lb" "web" {
  name            = "web"
  security_groups = [aws_security_group.load_balancer.id]
  subnets         = var.subnet_ids
}

output "application_security_group_id" {
  description = "For the application's machines."
  value       = aws_security_group.application.id
}

output "database_security_group_id" {
  description = "For the database."
  value       = aws_security_group.database.id
}
