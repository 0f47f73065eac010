resource "azurerm_firewall_policy" "sark" {
  name                = "sark"
  resource_group_name = "sark"
  location            = "westeurope"
}

resource "azurerm_firewall_policy_rule_collection_group" "names" {
  name               = "names"
  priority           = 200
  firewall_policy_id = azurerm_firewall_policy.sark.id

  application_rule_collection {
    name     = "names"
    priority = 200
    action   = "Allow"

    rule {
      name              = "names"
      source_addresses  = ["10.0.0.0/8"]
      destination_fqdns = ["*.openai.com"]

      protocols {
        type = "Https"
        port = 443
      }
    }
  }

  network_rule_collection {
    name     = "net"
    priority = 100
    action   = "Allow"

    rule {
      name              = "net"
      protocols         = ["TCP"]
      source_addresses  = ["10.0.0.0/8"]
      destination_ports = ["443"]
      destination_fqdns = ["ntp.partner.example"]
    }
  }
}
