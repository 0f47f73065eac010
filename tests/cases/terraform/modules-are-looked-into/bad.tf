module "elsewhere" {
  source  = "terraform-aws-modules/security-group/aws"
  version = "5.3.1"
}
