variable "name" {
  description = "Begins the name of everything that is made."
  default     = "sark"
  type        = string
}

variable "region" {
  description = "The region of the cluster."
  default     = "eu-west-1"
  type        = string
}

variable "vpc_id" {
  description = "The cluster's VPC."
  type        = string
}

variable "flow_log_bucket_arn" {
  description = "The S3 bucket that the VPC's flow log goes to."
  type        = string
}

variable "cluster_security_group_id" {
  description = "The cluster's own security group, which EKS makes and gives to the control plane's interfaces: `aws eks describe-cluster --query cluster.resourcesVpcConfig.clusterSecurityGroupId`. Nodes and pods must not have it."
  type        = string
}

variable "load_balancer_security_group_id" {
  description = "The security group of the load balancer in front of the gateway."
  type        = string
}

variable "endpoints_security_group_id" {
  description = "The security group of the VPC's interface endpoints."
  type        = string
}

variable "database_security_group_id" {
  description = "The security group of the RDS database."
  type        = string
}

variable "cache_security_group_id" {
  description = "The security group of the ElastiCache cluster."
  type        = string
}

variable "s3_prefix_list_id" {
  description = "The prefix list of S3 in the region, that of the gateway endpoint: `aws ec2 describe-managed-prefix-lists`."
  type        = string
}

variable "dynamodb_prefix_list_id" {
  description = "The prefix list of DynamoDB in the region; `null`: no workload uses it."
  default     = null
  type        = string
}

variable "webhook_ports" {
  description = "The container ports of admission webhooks and aggregated APIs: 9443 is the AWS Load Balancer Controller's, 10251 the metrics server's as EKS's add-on."
  default     = ["9443", "10251"]
  type        = set(string)

  validation {
    condition     = alltrue([for port in var.webhook_ports : can(regex("^[1-9][0-9]{0,4}$", port)) && port != "10250"])
    error_message = "webhook_ports lists ports; 10250 is kubelet's, and open already."
  }
}

variable "namespace" {
  description = "The namespace of SARK's pods."
  default     = "sark"
  type        = string
}

variable "tags" {
  description = "Tags of everything that is made."
  default     = {}
  type        = map(string)
}
