resource "aws_default_security_group" "full" {
  vpc_id = "vpc-1"

  ingress {
    description = "What it is for."
    from_port   = 8000
    to_port     = 8000
    protocol    = "tcp"
    cidr_blocks = ["10.20.0.0/16"]
  }
}

resource "google_compute_firewall" "in_the_default" {
  name          = "in-the-default"
  description   = "What it is for."
  network       = "default"
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "by_its_url" {
  name          = "by-its-url"
  description   = "What it is for."
  network       = "projects/sark/global/networks/default"
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
