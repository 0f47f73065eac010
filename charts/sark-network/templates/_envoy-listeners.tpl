{{/* Every listener, in the order in which a tunnel passes them. See _envoy.tpl for what each decides. */}}
{{- define "sark-network.envoy.listeners" -}}
{{- $root := .root -}}
resources:
  {{- range $place, $workload := .workloads }}
  {{- include "sark-network.envoy.outer" (dict "root" $root "first" (not $place) "workload" $workload) | nindent 0 }}
  {{- end }}
  {{- range $place, $workload := .workloads }}{{ range $number, $list := .lists }}
  {{- include "sark-network.envoy.names"
    (dict "plan" $ "workload" $workload.name "list" $list "place" $place "number" $number) | nindent 0 }}
  {{- end }}{{ end }}
  {{- include "sark-network.envoy.steering" . | nindent 0 }}
  {{- range include "sark-network.steering.ending" $root | fromJsonArray }}
  {{- include "sark-network.envoy.asked" (dict "root" $root "workload" .) | nindent 0 }}
  {{- end }}
  {{- range $entry := .internal }}{{ if ne .protocol "tls" }}{{ range .ports }}
  {{- include "sark-network.envoy.unnamed"
    (dict "root" $root "name" (printf "internal-%s-%v" $entry.id .) "port" . "host" $entry.name "cidrs" $entry.cidrs)
    | nindent 0 }}
  {{- if eq $entry.protocol "http" }}
  {{- include "sark-network.envoy.http" (dict "root" $root "entry" $entry "port" .) | nindent 0 }}
  {{- end }}
  {{- end }}{{ end }}{{ end }}
  {{- if eq $root.Values.egress.mode "audit" }}
  {{- range list "not-in-egress.domains" "plain-http" }}
  {{- include "sark-network.envoy.unnamed"
    (dict "root" $root "name" (printf "audit-%s" .) "port" 80 "host" "%FILTER_STATE(sark.host:PLAIN)%" "audit" .) | nindent
    0 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{/*
The workload's own port. Its routes are another file, and so is its share of the connections: a changed list, or another
workload's, leaves this listener as it is: (dict "root" $ "workload" {name, slug, listen} "first" whether it is the first).
*/}}
{{- define "sark-network.envoy.outer" -}}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: {{ .workload.name | quote }}
  address: {{ include "sark-network.envoy.address" (dict "root" .root "port" .workload.listen) }}
  per_connection_buffer_limit_bytes: {{ include "sark-network.envoy.buffer" .root }}
  filter_chain_matcher: {{ if .first }}&clients {{ include "sark-network.envoy.clients" . }}{{ else }}*clients{{ end }}
  {{- $mark := printf "clients-%s" .workload.slug }}
  filter_chains:
    - name: clients-0
      filters: &{{ $mark }}
        - name: client
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit
            stat_prefix: {{ .workload.name | quote }}
            max_connections: {{ include "sark-network.envoy.clientMost" . }}
        {{- include "sark-network.envoy.requests" . | nindent 8 }}
    {{- range untilStep 1 (include "sark-network.envoy.chainsOfClients" . | int) 1 }}
    - {name: clients-{{ . }}, filters: *{{ $mark }}}
    {{- end }}
{{- end -}}

{{/*
Requests of a workload, by its routes: (dict "root" $ "workload" {name} "client" a format string, where the connection is none of
the client's own; then it is a filter state already).
*/}}
{{- define "sark-network.envoy.requests" -}}
{{- $log := dict "workload" .workload.name "client" (.client | default "%DOWNSTREAM_REMOTE_ADDRESS%") "host" "%REQ(:AUTHORITY)%" "sni" ""
  "upstream" "" "list" "%METADATA(ROUTE:sark:list)%" "grant" "%METADATA(ROUTE:sark:grant)%" -}}
- name: http
  typed_config:
    "@type": {{ include "sark-network.envoy.hcm" . }}
    stat_prefix: {{ .workload.name | quote }}
    {{- include "sark-network.envoy.httpLimits" . | nindent 4 }}
    # Python before 3.12 asks for a tunnel with HTTP/1.0.
    http_protocol_options: {accept_http_10: true}
    strip_trailing_host_dot: true
    generate_request_id: false
    access_log:
      {{- include "sark-network.envoy.requestLog" (merge (dict "log" "sark-network.envoy.log" "reason" "%ROUTE_NAME%") $log) | nindent 6 }}
      {{- /* Where no server name is waited for, a name without an address is closed at once, and the listener within has said so. */}}
      {{- include "sark-network.envoy.log" (merge (dict "status" 500 "when"
            (print `response.code_details != "via_upstream" && !response.code_details.contains("connection_termination") && `
              `(xds.route_name == "tunnel" || !response.code_details.contains("remote_connection_failure"))`)
            "verdict" "failed" "reason" "proxy") $log) | nindent 6 }}
    rds: {route_config_name: {{ .workload.name | quote }}, config_source: {{ include "sark-network.envoy.file"
      (printf "routes-%s" .workload.name) }}}
    http_filters:
      - {{ include "sark-network.envoy.deadline" . }}
      - {{ include "sark-network.envoy.remember" (dict "workload" .workload.name "known" .client) }}
      - {{ include "sark-network.envoy.router" . }}
{{- end -}}

{{/* Requests that Envoy itself refused, by a route or for what they are: (dict "log" which template "reason" of a route …). */}}
{{- define "sark-network.envoy.requestLog" -}}
{{- include .log (merge (dict "status" 400 "when" `response.code_details == "direct_response"` "verdict" "denied") .) -}}
{{- include .log (merge (dict "status" 400 "when"
    (print `response.code < 500 && response.code_details != "direct_response" && response.code_details != "via_upstream"`)
    "verdict" "denied" "reason" "bad-request") .) -}}
{{- end -}}

{{/* What is not a request's own timeout is the tunnel's: no bytes for that long, and it is closed. */}}
{{- define "sark-network.envoy.httpLimits" -}}
codec_type: HTTP1
stream_idle_timeout: {{ int64 .root.Values.proxy.idleTimeoutSeconds }}s
request_headers_timeout: 10s
{{- /* What a listener inside closes by itself ends in a reset at the client, who has this long to read the answer and to close. */}}
delayed_close_timeout: {{ ternary "1s" "0.1s" (or (hasKey . "client") (hasKey . "inside")) }}
common_http_protocol_options: {idle_timeout: 60s}
upgrade_configs: [{upgrade_type: CONNECT}]
{{- end -}}

{{/*
Who asked for what, for the log. Hashable, so that connections inside Envoy are pooled for one client and host and never
shared: what is remembered is always the own client's.
*/}}
{{- define "sark-network.envoy.remember" -}}
{{- $values := list -}}
{{- $formats := dict "sark.workload" .workload "sark.client" "%DOWNSTREAM_REMOTE_ADDRESS%" "sark.host"
  "%REQ(:AUTHORITY)%" "sark.list" "%METADATA(ROUTE:sark:list)%" "sark.grant" "%METADATA(ROUTE:sark:grant)%" -}}
{{- if .known }}{{ $_ := unset $formats "sark.client" }}{{ end -}}
{{- range $key, $format := $formats -}}
{{- $values = append $values (dict "object_key" $key "factory_key" "envoy.hashable_string" "skip_if_empty" true
    "shared_with_upstream" "TRANSITIVE" "format_string" (dict "text_format_source" (dict "inline_string" $format))) -}}
{{- end -}}
{{- $type := "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config" -}}
{name: envoy.filters.http.set_filter_state, typed_config: {"@type": {{ $type }}, on_request_headers: {{ toJson $values }}}}
{{- end -}}
