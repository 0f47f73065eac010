{{/* Where listeners send what they let through: to each other, and out. */}}
{{- define "sark-network.envoy.clusters" -}}
resources:
  {{- $root := .root }}
  {{- range $workload := .workloads }}{{ range .lists }}
  {{- include "sark-network.envoy.inward" (dict "root" $root "name" (printf "names-%s-%s" $workload.name .id)) | nindent 2 }}
  {{- end }}{{ end }}
  {{- range $entry := .internal }}{{ if ne .protocol "tls" }}{{ range .ports }}
  {{- include "sark-network.envoy.inward"
    (dict "root" $root "name" (printf "internal-%s-%v" $entry.id .) "http" (eq $entry.protocol "http")) | nindent 2 }}
  {{- if eq $entry.protocol "http" }}
  {{- include "sark-network.envoy.inward" (dict "root" $root "name" (printf "http-%s-%v" $entry.id .)) | nindent 2 }}
  {{- end }}
  {{- end }}{{ end }}{{ end }}
  {{- if eq $root.Values.egress.mode "audit" }}
  {{- range list "not-in-egress.domains" "plain-http" }}
  {{- include "sark-network.envoy.inward" (dict "root" $root "name" (printf "audit-%s" .) "http" (eq . "plain-http")) | nindent 2 }}
  {{- end }}
  {{- end }}
  {{- range $workload := include "sark-network.steering" $root | fromJsonArray }}{{ range .ports }}{{ if .tls }}
  {{- include "sark-network.envoy.inward" (dict "root" $root "name" (printf "steered-%s-%v" $workload.name .port)) | nindent 2 }}
  {{- end }}{{ end }}{{ end }}
  {{- range include "sark-network.steering.ending" $root | fromJsonArray }}
  {{- include "sark-network.envoy.inward" (dict "root" $root "name" (printf "again-%s" .name) "http" true) | nindent 2 }}
  {{- end }}
  {{- include "sark-network.envoy.out" (dict "root" $root) | nindent 2 }}
  {{- range $cidrs := .cidrs }}
  {{- include "sark-network.envoy.out" (dict "root" $root "cidrs" .) | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "sark-network.envoy.inward" -}}
- "@type": type.googleapis.com/envoy.config.cluster.v3.Cluster
  name: {{ .name | quote }}
  per_connection_buffer_limit_bytes: {{ include "sark-network.envoy.buffer" .root }}
  circuit_breakers: {{ include "sark-network.envoy.limits" . }}
  {{- $address := printf "{envoy_internal_address: {server_listener_name: %s}}" (quote .name) }}
  load_assignment: {cluster_name: {{ .name | quote }}, endpoints: [{lb_endpoints: [{endpoint: {address: {{ $address }}}}]}]}
  transport_socket: {{ include "sark-network.envoy.passOn" . }}
  {{- if .http }}
  # A connection for each request: none outlives its client, and each has its line in the log.
  typed_extension_protocol_options:
    envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
      "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
      explicit_http_config: {http_protocol_options: {}}
      common_http_protocol_options: {max_requests_per_connection: 1}
  {{- end }}
{{- end -}}

{{/* Connects to what its cache holds, and that is no address that the name may not lead to. */}}
{{- define "sark-network.envoy.out" -}}
- "@type": type.googleapis.com/envoy.config.cluster.v3.Cluster
  name: {{ include "sark-network.envoy.outward" . }}
  lb_policy: CLUSTER_PROVIDED
  per_connection_buffer_limit_bytes: {{ include "sark-network.envoy.buffer" .root }}
  connect_timeout: {{ int64 .root.Values.proxy.connectTimeoutSeconds }}s
  circuit_breakers: {{ include "sark-network.envoy.limits" . }}
  cluster_type:
    name: envoy.clusters.dynamic_forward_proxy
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig
      dns_cache_config: {{ include "sark-network.envoy.dns" . }}
{{- end -}}

{{/* The filter state goes along: the log at the end tells who asked for what at the beginning. */}}
{{- define "sark-network.envoy.passOn" -}}
{{- $sockets := "type.googleapis.com/envoy.extensions.transport_sockets" -}}
{{- $inner := printf `{"@type": %s.raw_buffer.v3.RawBuffer}` $sockets -}}
{{- $raw := printf "{name: envoy.transport_sockets.raw_buffer, typed_config: %s}" $inner -}}
{{- $outer := printf `{"@type": %s.internal_upstream.v3.InternalUpstreamTransport, transport_socket: %s}` $sockets $raw -}}
{name: envoy.transport_sockets.internal_upstream, typed_config: {{ $outer }}}
{{- end -}}

{{/* Envoy's own limit is 1024 for each cluster; the limit on connections from outside is the one that counts. */}}
{{- define "sark-network.envoy.limits" -}}
{{- $most := int64 .root.Values.proxy.maxConnections -}}
{thresholds: [{max_connections: {{ $most }}, max_pending_requests: {{ $most }}, max_requests: {{ $most }}, max_retries: {{ $most }}}]}
{{- end -}}

{{/*
A cache of answers: (dict "root" $ "cidrs" an internal entry's). Addresses that the name may not lead to are dropped from an
answer before the cache holds it: the denied ranges, or all but the entry's CIDRs. Caches of one name are one, and Envoy
refuses two of one name that differ, hence the hash. The search domains of resolv.conf are not tried: api.example.com must
never become api.example.com.svc.cluster.local. A name is forgotten soon and a failure at once, or a client that asks for
many made-up names keeps cluster DNS busy. Refreshing at 5 s is for names that do not exist, or not yet; the others follow
their records' TTL. A query has five seconds: c-ares asks again after a time that it learns from quick answers, a quarter of a
second at the least, and twice that each time, so its usual four tries would give up on a slow name sooner.
*/}}
{{- define "sark-network.envoy.dns" -}}
{{- $proxy := .root.Values.proxy -}}
{{- $resolvers := list -}}
{{- range $proxy.resolvers }}{{ $resolvers = append $resolvers (dict "socket_address" (dict "address" . "port_value" 53)) }}{{ end -}}
{{- $options := dict "dns_resolver_options" (dict "no_default_search_domain" true) "query_tries" 8 -}}
{{- with $resolvers }}{{ $_ := set $options "resolvers" . }}{{ end -}}
{{- $_ := set $options "@type" "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig" -}}
{{- $ranges := list -}}
{{- range .cidrs | default (include "sark-network.deniedCidrs" .root | fromJsonArray) -}}
{{- $ranges = append $ranges (dict "address_prefix" (splitList "/" . | first) "prefix_len" (splitList "/" . | last | int)) -}}
{{- end -}}
{{- $filter := dict "ranges" $ranges -}}
{{- if .cidrs }}{{ $_ := set $filter "invert_match" true }}{{ end -}}
{{- $config := dict "dns_lookup_family" (include "sark-network.envoy.family" .) "max_hosts" 16384 "host_ttl" "60s" "dns_refresh_rate" "5s"
  "dns_query_timeout" "5s" "disable_dns_refresh_on_failure" true
  "typed_dns_resolver_config" (dict "name" "envoy.network.dns_resolver.cares" "typed_config" $options) "resolved_address_filter" $filter -}}
{{- $_ := set $config "name" (printf "%s-%s" (ternary "cidrs" "names" (not (empty .cidrs))) (toJson $config | sha256sum | trunc 8)) -}}
{{- toJson $config -}}
{{- end -}}
