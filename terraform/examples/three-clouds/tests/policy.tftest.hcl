# Without a provider: what the three clouds open is the same.

run "the_same_flows" {
  command = plan
  assert {
    condition     = output.open.gcp == output.open.azure && length(output.open.gcp) == 7
    error_message = jsonencode(output.open)
  }
  assert {
    condition     = join(" ", distinct([for key in output.open.aws : split("-", key)[0]])) == join(" ", [for key in output.open.gcp : split("-", key)[0]])
    error_message = jsonencode(output.open)
  }
}
