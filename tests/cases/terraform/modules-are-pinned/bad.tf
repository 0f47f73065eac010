module "newest" {
  source = "terraform-aws-modules/security-group/aws"
}

module "range" {
  source  = "terraform-aws-modules/security-group/aws"
  version = "~> 5.0"
}

module "git" {
  source = "git::https://example.com/network.git"
}

module "branch" {
  source = "git::https://example.com/network.git?ref=main"
}
