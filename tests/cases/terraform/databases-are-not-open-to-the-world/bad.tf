variable "first" {
  description = "The first address."
  type        = string
}

resource "azurerm_postgresql_flexible_server_firewall_rule" "everybody" {
  name             = "everybody"
  server_id        = "id"
  start_ip_address = "0.0.0.0"
  end_ip_address   = "255.255.255.255"
}

resource "azurerm_mssql_firewall_rule" "nearly" {
  name             = "nearly"
  server_id        = "id"
  start_ip_address = "1.0.0.0"
  end_ip_address   = "223.255.255.255"
}

resource "azurerm_mysql_flexible_server_firewall_rule" "tenants" {
  name                = "tenants"
  resource_group_name = "g"
  server_name         = "s"
  start_ip_address    = "0.0.0.0"
  end_ip_address      = "0.0.0.0"
}

resource "azurerm_redis_firewall_rule" "many" {
  name                = "many"
  redis_cache_name    = "r"
  resource_group_name = "g"
  start_ip            = "52.0.0.0"
  end_ip              = "54.255.255.255"
}

resource "azurerm_postgresql_firewall_rule" "unknown" {
  name                = "unknown"
  resource_group_name = "g"
  server_name         = "s"
  start_ip_address    = var.first
  end_ip_address      = "255.255.255.255"
}

resource "google_sql_database_instance" "everybody" {
  database_version = "POSTGRES_16"

  settings {
    tier = "db-f1-micro"

    ip_configuration {
      authorized_networks {
        value = "0.0.0.0/0"
      }
    }
  }
}

resource "google_sql_database_instance" "halves" {
  database_version = "POSTGRES_16"

  settings {
    tier = "db-f1-micro"

    ip_configuration {
      dynamic "authorized_networks" {
        for_each = ["0.0.0.0/1", "198.51.100.0/24", "128.0.0.0/1"]
        content {
          value = authorized_networks.value
        }
      }
    }
  }
}

resource "azurerm_cosmosdb_account" "listed" {
  name            = "listed"
  ip_range_filter = ["198.51.100.0/24", "0.0.0.0/0"]
}

resource "aws_db_instance" "public" {
  instance_class      = "db.t3.micro"
  publicly_accessible = true
}

resource "azurerm_redis_cache" "unguarded" {
  name = "unguarded"
}

resource "azurerm_redis_cache" "guarded" {
  name                          = "guarded"
  public_network_access_enabled = true
}

resource "azurerm_redis_firewall_rule" "guard" {
  name                = "guard"
  redis_cache_name    = azurerm_redis_cache.guarded.name
  resource_group_name = "g"
  start_ip            = "198.51.100.0"
  end_ip              = "198.51.100.255"
}

resource "azurerm_postgresql_flexible_server" "public" {
  name = "public"
}

variable "public" {
  description = "Whether the server has a public address."
  type        = bool
}

resource "azurerm_postgresql_server" "unknown" {
  name                          = "unknown"
  public_network_access_enabled = var.public
}

resource "google_sql_database_instance" "narrow" {
  database_version = "POSTGRES_16"

  settings {
    tier = "db-f1-micro"

    ip_configuration {
      ipv4_enabled = true

      authorized_networks {
        value = "198.51.100.0/24"
      }
    }
  }
}
