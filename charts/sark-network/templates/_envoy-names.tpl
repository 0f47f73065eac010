{{/*
The server names of a workload's list on one port. One filter chain for each name: Envoy leaves a chain that did not change
alone, and closes the connections of one that is gone, so a revoked name loses its tunnels and no other does. A chain holds
as little as it can, for there may be thousands. No default chain when enforcing: whatever matches none is closed.
*/}}
{{- define "sark-network.envoy.names" -}}
{{- $workload := .workload -}}
{{- $port := .port -}}
{{- /* Of the anchors: two workloads may begin with the same letter, and an anchor stands once in a file. */ -}}
{{- $mark := printf "%s%d" (trunc 1 $workload) .place -}}
{{- $seen := dict -}}
{{- $audit := eq .plan.root.Values.egress.mode "audit" -}}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: "names-{{ $workload }}-{{ $port }}"
  internal_listener: {}
  listener_filters:
    - {{ include "sark-network.envoy.tlsInspector" . }}
  access_log:
    {{- include "sark-network.envoy.innerLog" (dict "when" `response.code_details == "filter_chain_not_found" && connection.requested_server_name != ""` "verdict" "denied" "reason" "sni-not-in-egress.domains") | nindent 4 }}
    {{- include "sark-network.envoy.innerLog" (dict "when" `response.code_details == "filter_chain_not_found" && connection.requested_server_name == ""` "verdict" "denied" "reason" "no-sni") | nindent 4 }}
    {{- include "sark-network.envoy.innerLog" (dict "when" "!has(response.code_details) && !has(upstream.address)" "verdict" "failed" "reason" "client-left") | nindent 4 }}
  filter_chains:
    {{- range concat .plan.entries .plan.internal }}
    {{- if and (has $workload .workloads) (has $port .ports) (eq (default "tls" .protocol) "tls") }}
    {{- $target := printf "resolve-%v" $port }}
    {{- with .id }}{{ $target = printf "internal-%s-%v" . $port }}{{ end }}
  - {filter_chain_match: {server_names: [{{ .name | quote }}]}, filters: {{ if hasKey $seen $target }}*{{ get $seen $target }}{{ else }}{{ $_ := set $seen $target (printf "%s%v-%d" $mark $port (len $seen)) }}&{{ get $seen $target }} {{ include "sark-network.envoy.pass" (dict "root" $.plan.root "target" $target) }}{{ end }}}
    {{- end }}
    {{- end }}
  {{- if $audit }}
  default_filter_chain:
    filters:
      {{- include "sark-network.envoy.resolver" (dict "root" .plan.root "port" $port "audit" "sni-not-in-egress.domains") | nindent 6 }}
  {{- end }}
{{- end -}}

{{- define "sark-network.envoy.pass" -}}
[{name: tcp, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, stat_prefix: names, cluster: {{ .target | quote }}, idle_timeout: {{ int64 .root.Values.proxy.idleTimeoutSeconds }}s}}]
{{- end -}}
