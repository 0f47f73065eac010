variable "private" {
  description = "Whether the endpoint is private."
  type        = bool
}

resource "aws_eks_cluster" "listed" {
  name = "listed"

  vpc_config {
    subnet_ids          = ["subnet-1"]
    public_access_cidrs = ["198.51.100.0/24"]
  }
}

resource "aws_eks_cluster" "none" {
  name = "none"

  vpc_config {
    subnet_ids             = ["subnet-1"]
    endpoint_public_access = false
  }
}

resource "aws_eks_cluster" "unknown" {
  name = "unknown"

  vpc_config {
    subnet_ids              = ["subnet-1"]
    endpoint_public_access  = false
    endpoint_private_access = var.private
  }
}

resource "google_container_cluster" "private" {
  name = "private"

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
  }
}

resource "google_container_cluster" "unknown" {
  name = "unknown"

  private_cluster_config {
    enable_private_endpoint = var.private
  }
}

resource "azurerm_kubernetes_cluster" "both" {
  name                    = "both"
  private_cluster_enabled = true

  api_server_access_profile {
    authorized_ip_ranges = ["198.51.100.0/24"]
  }
}

resource "azurerm_kubernetes_cluster" "unknown" {
  name                    = "unknown"
  private_cluster_enabled = var.private

  api_server_access_profile {
    authorized_ip_ranges = ["198.51.100.0/24"]
  }
}
