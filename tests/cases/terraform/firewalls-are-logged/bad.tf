resource "aws_networkfirewall_firewall" "silent" {
  name                = "silent"
  vpc_id              = "vpc-1"
  firewall_policy_arn = "arn"

  subnet_mapping {
    subnet_id = "subnet-1"
  }
}

resource "azurerm_firewall" "silent" {
  name                = "silent"
  location            = "westeurope"
  resource_group_name = "sark"
  sku_name            = "AZFW_VNet"
  sku_tier            = "Standard"
}
