resource "aws_flow_log" "vpc" {
  vpc_id               = "vpc-1"
  traffic_type         = "ACCEPT"
  log_destination_type = "s3"
  log_destination      = "arn:aws:s3:::logs"
}

resource "azurerm_network_watcher_flow_log" "off" {
  name    = "off"
  enabled = false
}
