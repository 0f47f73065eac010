{{/*
The server names of a workload's list on one port. One filter chain for each name: Envoy leaves a chain that did not change
alone, and closes the connections of one that is gone, so a revoked name loses its tunnels and no other does. A chain holds
as little as it can, for there may be thousands: only a wildcard's has a name, for the log; an exact name is the server name
itself. No default chain when enforcing: whatever matches none is closed. (dict "plan" … "workload" "gateway" "list" {id, port,
end} "place" of the workload "number" of the list)
*/}}
{{- define "sark-network.envoy.names" -}}
{{- $workload := .workload -}}
{{- $port := .list.port -}}
{{- $audit := eq .plan.root.Values.egress.mode "audit" -}}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: "names-{{ $workload }}-{{ .list.id }}"
  internal_listener: {}
  per_connection_buffer_limit_bytes: {{ include "sark-network.envoy.buffer" .plan.root }}
  listener_filters:
    - {{ include "sark-network.envoy.tlsInspector" . }}
  access_log:
    {{- include "sark-network.envoy.unmatchedLog" . | nindent 4 }}
    {{- include "sark-network.envoy.endLog" (dict "named" $audit "audit" (ternary "sni-not-in-egress.domains" "" $audit)) | nindent 4 }}
  {{- /* Of the anchors: two workloads may begin with the same letter, and an anchor stands once in a file. */}}
  {{- $mark := printf "%s%d%s" (trunc 1 $workload) .place (ternary "" (printf "u%d-" .number) (empty .list.end)) }}
  filter_chains: {{ if and (empty .list.end) (include "sark-network.steered" .plan.root) }}&{{ $mark }}-{{ $port }}{{ end }}
  {{- include "sark-network.envoy.chains" (dict "plan" .plan "workload" $workload "port" $port "mark" $mark "end" .list.end) | nindent 2 }}
  {{- if $audit }}
  default_filter_chain:
    name: audit
    filters: {{ include "sark-network.envoy.way" (dict "root" .plan.root "port" $port "host" "%FILTER_STATE(sark.host:PLAIN)%") }}
  {{- end }}
{{- end -}}

{{/*
A filter chain for each server name of the list: (dict "plan" … "workload" "gateway" "port" 443 "mark" of the anchors "end"
of the list). The filters are the same in all chains of one "cidrs": the first chain has them with an anchor (&), and the others
refer to it (*), because 10,000 copies would not fit into a ConfigMap.
*/}}
{{- define "sark-network.envoy.chains" -}}
{{- $workload := .workload }}{{ $port := .port }}{{ $mark := .mark -}}
{{- $seen := dict }}{{ $end := .end | default "" -}}
{{- range concat .plan.entries .plan.internal }}
{{- if and (has $workload .workloads) (has $port .ports) (eq (default "tls" .protocol) "tls") (eq .end $end) }}
{{- $key := toJson .cidrs }}
{{- $name := ternary (printf "name: %s, " (quote .name)) "" (hasPrefix "*." .name) }}
- { {{- $name }}filter_chain_match: {server_names: [{{ .name | quote }}]}, filters:
  {{- if hasKey $seen $key }} *{{ get $seen $key }}
  {{- else }}
  {{- $_ := set $seen $key (printf "%s%v-%d" $mark $port (len $seen)) }} &{{ get $seen $key }} {{ include "sark-network.envoy.way"
    (dict "root" $.plan.root "port" $port "cidrs" .cidrs) }}
  {{- end }}}
{{- end }}
{{- end }}
{{- end -}}
