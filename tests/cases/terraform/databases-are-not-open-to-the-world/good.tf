terraform {
  required_version = ">= 1.9"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0, < 5.0"
    }
  }
}

resource "azurerm_postgresql_flexible_server_firewall_rule" "office" {
  name             = "office"
  server_id        = "id"
  start_ip_address = "198.51.100.0"
  end_ip_address   = "198.51.100.255"
}

resource "azurerm_cosmosdb_account" "office" {
  name                = "office"
  location            = "westeurope"
  resource_group_name = "g"
  offer_type          = "Standard"
  ip_range_filter     = ["198.51.100.0/24"]

  consistency_policy {
    consistency_level = "Session"
  }

  geo_location {
    location          = "westeurope"
    failover_priority = 0
  }
}

resource "azurerm_redis_cache" "private" {
  name                          = "private"
  public_network_access_enabled = false
}

resource "azurerm_postgresql_flexible_server" "private" {
  name                = "private"
  delegated_subnet_id = "subnet"
}
