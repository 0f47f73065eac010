{{/*
A workload's routes: (dict "plan" … "workload" {name, ports}). They name what may be asked for; the names listener behind
them decides again on the server name. A route of a refusal is named for its reason, which the log prints.
*/}}
{{- define "sark-network.envoy.routes" -}}
{{- $workload := .workload.name -}}
{{- $audit := eq .plan.root.Values.egress.mode "audit" -}}
resources:
  - "@type": type.googleapis.com/envoy.config.route.v3.RouteConfiguration
    name: {{ $workload }}
    request_headers_to_remove: [proxy-authorization, proxy-connection]
    virtual_hosts:
      {{- range $port := .workload.ports }}
      - name: names-{{ $port }}
        domains:
          {{- range concat $.plan.entries $.plan.internal }}
          {{- if and (has $workload .workloads) (has $port .ports) (eq (default "tls" .protocol) "tls") }}
          - "{{ .name }}:{{ $port }}"
          {{- end }}
          {{- end }}
        routes:
          {{- include "sark-network.envoy.tunnel" (printf "names-%s-%v" $workload $port) | nindent 10 }}
          {{- include "sark-network.envoy.plainHttp" $audit | nindent 10 }}
      {{- end }}
      {{- range $entry := .plan.internal }}
      {{- if and (has $workload .workloads) (ne .protocol "tls") }}
      {{- range $port := .ports }}
      - name: internal-{{ $entry.id }}-{{ $port }}
        domains: ["{{ $entry.name }}:{{ $port }}"{{ if and (eq $entry.protocol "http") (eq (int $port) 80) }}, {{ $entry.name | quote }}{{ end }}]
        routes:
          {{- if eq $entry.protocol "http" }}
          {{- include "sark-network.envoy.tunnel" (printf "http-%s-%v" $entry.id $port) | nindent 10 }}
          - name: http
            match: {prefix: /}
            route: {cluster: internal-{{ $entry.id }}-{{ $port }}, timeout: 0s}
          {{- else }}
          {{- include "sark-network.envoy.tunnel" (printf "internal-%s-%v" $entry.id $port) | nindent 10 }}
          {{- include "sark-network.envoy.plainHttp" $audit | nindent 10 }}
          {{- end }}
      {{- end }}
      {{- end }}
      {{- end }}
      - name: unlisted
        domains: ["*"]
        routes:
          {{- if $audit }}
          {{- include "sark-network.envoy.tunnel" "audit-not-in-egress.domains" | nindent 10 }}
          {{- else }}
          - name: not-in-egress.domains
            match: {connect_matcher: {}}
            direct_response: {{ include "sark-network.envoy.refusal" (printf "%%REQ(:AUTHORITY)%% is not in egress.domains for %s, asked by %%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%%" $workload) }}
          {{- end }}
          {{- include "sark-network.envoy.plainHttp" $audit | nindent 10 }}
{{- end -}}

{{- define "sark-network.envoy.tunnel" -}}
- name: tunnel
  match: {connect_matcher: {}}
  route: {cluster: {{ . }}, timeout: 0s, upgrade_configs: [{upgrade_type: CONNECT, connect_config: {}}]}
{{- end -}}

{{- define "sark-network.envoy.plainHttp" -}}
{{- if . -}}
- name: plain-http
  match: {prefix: /}
  route: {cluster: audit-plain-http, timeout: 0s}
{{- else -}}
- name: plain-http
  match: {prefix: /}
  direct_response: {{ include "sark-network.envoy.refusal" "%REQ(:AUTHORITY)% was asked for over plain HTTP; the list allows TLS through CONNECT, and plain HTTP to egress.internal with protocol http. Asked by %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%" }}
{{- end -}}
{{- end -}}

{{- define "sark-network.envoy.refusal" -}}
{status: 403, body_format: {text_format_source: {inline_string: {{ printf "%s\n" . | quote }}}}}
{{- end -}}

{{/*
The dial listener's routes. The address is in :authority, written by the listener before; a header says which entry's CIDRs
it must be in, or that it must be a public one. The rules are here and not in the listener, whose change would cut tunnels.
*/}}
{{- define "sark-network.envoy.dialRoutes" -}}
resources:
  - "@type": type.googleapis.com/envoy.config.route.v3.RouteConfiguration
    name: dial
    virtual_hosts:
      - name: dial
        domains: ["*"]
        routes:
          {{- range .internal }}
          {{- include "sark-network.envoy.dialRoute" (dict "reason" "address-not-in-cidrs" "entry" .id "action" "ALLOW" "cidrs" .cidrs) | nindent 10 }}
          {{- end }}
          {{- $denied := include "sark-network.deniedCidrs" .root | fromJsonArray }}
          {{- include "sark-network.envoy.dialRoute" (dict "reason" "private-address" "action" "DENY" "cidrs" $denied) | nindent 10 }}
{{- end -}}

{{- define "sark-network.envoy.dialRoute" -}}
- name: {{ .reason }}
  match:
    connect_matcher: {}
    headers:
      # An address and nothing else: a name here would be resolved once more, and its second address never checked.
      - {name: ":authority", string_match: {safe_regex: {regex: '[0-9.]+:[0-9]+|\[[0-9a-f:.]+\]:[0-9]+'}}}
      {{- with .entry }}
      - {name: x-sark-entry, string_match: {exact: {{ . | quote }}}}
      {{- else }}
      - {name: x-sark-entry, present_match: false}
      {{- end }}
  route: {cluster: dial, timeout: 0s, upgrade_configs: [{upgrade_type: CONNECT, connect_config: {}}]}
  typed_per_filter_config:
    envoy.filters.http.rbac:
      "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBACPerRoute
      rbac:
        rules:
          action: {{ .action }}
          policies:
            cidrs:
              principals: [{any: true}]
              permissions:
                {{- range .cidrs }}
                - matcher: {name: {{ . | quote }}, typed_config: {"@type": type.googleapis.com/envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher, upstream_ip: {address_prefix: {{ splitList "/" . | first | quote }}, prefix_len: {{ splitList "/" . | last }}}}}
                {{- end }}
{{- end -}}
