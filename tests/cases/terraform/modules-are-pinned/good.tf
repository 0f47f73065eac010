terraform {
  required_version = ">= 1.9"
}

module "group" {
  source  = "terraform-aws-modules/security-group/aws"
  version = "5.3.1"
}

module "commit" {
  source = "git::https://example.com/network.git?ref=0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
}
