variable "administrators" {
  description = "Who administers."
  type        = list(string)
}

resource "aws_eks_cluster" "everybody" {
  name     = "everybody"
  role_arn = "arn"

  vpc_config {
    subnet_ids             = ["subnet-1"]
    endpoint_public_access = true
    public_access_cidrs    = ["198.51.100.0/24", "0.0.0.0/0"]
  }
}

resource "aws_eks_cluster" "unsaid" {
  name     = "unsaid"
  role_arn = "arn"

  vpc_config {
    subnet_ids = ["subnet-1"]
  }
}

resource "aws_eks_cluster" "unknown" {
  name     = "unknown"
  role_arn = "arn"

  vpc_config {
    subnet_ids          = ["subnet-1"]
    public_access_cidrs = var.administrators
  }
}

resource "google_container_cluster" "everybody" {
  name = "everybody"

  master_authorized_networks_config {
    cidr_blocks {
      cidr_block = "0.0.0.0/0"
    }
  }
}

resource "google_container_cluster" "unsaid" {
  name = "unsaid"
}

resource "azurerm_kubernetes_cluster" "everybody" {
  name                = "everybody"
  resource_group_name = "g"

  api_server_access_profile {
    authorized_ip_ranges = ["0.0.0.0/1", "128.0.0.0/1"]
  }
}

resource "azurerm_kubernetes_cluster" "unsaid" {
  name                = "unsaid"
  resource_group_name = "g"
}
