resource "aws_security_group" "gateway" {
  name        = "gateway"
  description = "What it is for."
}

resource "aws_vpc_security_group_ingress_rule" "callers" {
  security_group_id = aws_security_group.gateway.id
  description       = "What it is for."
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = "10.20.0.0/16"
}

resource "azurerm_network_security_group" "gateway" {
  name                = "gateway"
  location            = "westeurope"
  resource_group_name = var.resource_group_name
}

variable "resource_group_name" {
  description = "The resource group."
  type        = string
}

resource "azurerm_network_security_rule" "callers" {
  name                        = "callers"
  description                 = "What it is for."
  resource_group_name         = var.resource_group_name
  network_security_group_name = azurerm_network_security_group.gateway.name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "8000"
  source_address_prefix       = "10.20.0.0/16"
  destination_address_prefix  = "VirtualNetwork"
}

resource "aws_security_group" "used" {
  name        = "used"
  description = "What it is for."
}

resource "aws_instance" "used" {
  ami                    = "ami-1"
  instance_type          = "t3.small"
  vpc_security_group_ids = [aws_security_group.used.id]
}
