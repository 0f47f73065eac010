output "security_group_policies" {
  description = "The manifest that gives the pods their groups: `terraform output -raw security_group_policies | kubectl apply -f -`."
  value = templatefile("${path.module}/security-group-policy.yaml.tftpl", {
    namespace = var.namespace
    gateway   = module.gateway.security_group_id
    proxy     = module.proxy.security_group_id
  })
}

output "node_security_group_id" {
  description = "For `vpc_security_group_ids` of the node group's launch template, alone: with a group named there EKS leaves the cluster's own off the nodes."
  value       = module.nodes.security_group_id
}

output "not_expressible" {
  description = "What AWS cannot say of the policy."
  value       = module.gateway.not_expressible
}
