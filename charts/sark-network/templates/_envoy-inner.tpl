{{/*
The server names of a workload's list on one port. One filter chain for each name: Envoy leaves a chain that did not change
alone, and closes the connections of one that is gone, so a revoked name loses its tunnels and no other does. A chain holds
as little as it can, for there may be thousands. No default chain when enforcing: whatever matches none is closed.
*/}}
{{- define "sark-network.envoy.names" -}}
{{- $workload := .workload -}}
{{- $port := .port -}}
{{- $seen := dict -}}
{{- $audit := eq .plan.root.Values.egress.mode "audit" -}}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: names-{{ $workload }}-{{ $port }}
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
  - {filter_chain_match: {server_names: [{{ .name | quote }}]}, filters: {{ if hasKey $seen $target }}*{{ get $seen $target }}{{ else }}{{ $_ := set $seen $target (printf "%s%v-%d" (trunc 1 $workload) $port (len $seen)) }}&{{ get $seen $target }} {{ include "sark-network.envoy.pass" (dict "root" $.plan.root "target" $target) }}{{ end }}}
    {{- end }}
    {{- end }}
  {{- if $audit }}
  default_filter_chain:
    filters:
      {{- include "sark-network.envoy.resolver" (dict "root" .plan.root "port" $port "audit" "sni-not-in-egress.domains") | nindent 6 }}
  {{- end }}
{{- end -}}

{{- define "sark-network.envoy.pass" -}}
[{name: tcp, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, stat_prefix: names, cluster: {{ .target }}, idle_timeout: {{ .root.Values.proxy.idleTimeoutSeconds }}s}}]
{{- end -}}

{{/* (dict "root" $ "name" … "port" 443 "tls" bool "entry" an internal entry "audit" a reason) */}}
{{- define "sark-network.envoy.resolve" -}}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: {{ .name }}
  internal_listener: {}
  {{- if .tls }}
  listener_filters:
    - {{ include "sark-network.envoy.tlsInspector" . }}
  {{- end }}
  access_log:
    {{- include "sark-network.envoy.innerLog" (dict "when" "!has(upstream.address)" "verdict" "failed" "reason" "dns") | nindent 4 }}
  filter_chains:
    - filters:
        {{- include "sark-network.envoy.resolver" . | nindent 8 }}
{{- end -}}

{{/*
Resolves the server name, or the host that is not TLS's to say: an entry's own, or in audit the one asked for. Then it asks
the dial listener for that address. tcp_proxy writes the CONNECT before it has looked at the address, so the first attempt
says "-", is refused, and the second says the address: the one thing that makes Envoy connect to what was checked and to
nothing else. A cluster by name would fall back to a name's second address, which nobody has checked.
*/}}
{{- define "sark-network.envoy.resolver" -}}
{{- $host := "" -}}
{{- if .audit }}{{ $host = "%FILTER_STATE(sark.host:PLAIN)%" }}{{ else if not .tls }}{{ $host = .entry.name }}{{ end -}}
{{- with $host }}
- name: envoy.filters.network.set_filter_state
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config
    on_new_connection:
      - {object_key: envoy.upstream.dynamic_host, format_string: {text_format_source: {inline_string: {{ . | quote }}}}}
{{- end }}
- name: envoy.filters.network.sni_dynamic_forward_proxy
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig
    port_value: {{ .port }}
    dns_cache_config: {{ include "sark-network.envoy.dns" (dict "root" .root "cache" "names") }}
- name: envoy.filters.network.tcp_proxy
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
    stat_prefix: resolve
    cluster: resolved
    idle_timeout: {{ .root.Values.proxy.idleTimeoutSeconds }}s
    max_connect_attempts: 2
    tunneling_config:
      hostname: "%UPSTREAM_HOST%"
      headers_to_add:
        - {header: {key: x-sark-sni, value: "%REQUESTED_SERVER_NAME%"}}
        {{- with .entry }}
        - {header: {key: x-sark-entry, value: {{ .id | quote }}}}
        {{- end }}
        {{- with .audit }}
        - {header: {key: x-sark-audit, value: {{ . | quote }}}}
        {{- end }}
{{- end -}}

{{/* The tunnel to a plain HTTP server: each request in it must be for that server. */}}
{{- define "sark-network.envoy.http" -}}
{{- $entry := .entry -}}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: http-{{ $entry.id }}-{{ .port }}
  internal_listener: {}
  filter_chains:
    - filters:
        - name: http
          typed_config:
            "@type": {{ include "sark-network.envoy.hcm" . }}
            stat_prefix: internal
            {{- include "sark-network.envoy.httpLimits" . | nindent 12 }}
            generate_request_id: false
            access_log:
              {{- include "sark-network.envoy.innerLog" (dict "when" `response.code_details == "direct_response"` "verdict" "denied" "reason" "host-not-in-egress.internal") | nindent 14 }}
              {{- include "sark-network.envoy.innerLog" (dict "when" `response.code >= 400 && response.code < 500 && response.code_details != "direct_response" && response.code_details != "via_upstream"` "verdict" "denied" "reason" "bad-request") | nindent 14 }}
            route_config:
              request_headers_to_remove: [proxy-authorization, proxy-connection]
              virtual_hosts:
                - name: own
                  domains: [{{ $entry.name | quote }}, "{{ $entry.name }}:{{ .port }}"]
                  routes: [{match: {prefix: /}, route: {cluster: internal-{{ $entry.id }}-{{ .port }}, timeout: 0s}}]
                - name: other
                  domains: ["*"]
                  routes:
                    - {match: {prefix: /}, direct_response: {{ include "sark-network.envoy.refusal" (printf "%%REQ(:AUTHORITY)%% is not %s, which this tunnel is for" $entry.name) }}}
            http_filters:
              - {{ include "sark-network.envoy.router" . }}
{{- end -}}

{{- define "sark-network.envoy.dial" -}}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: dial
  internal_listener: {}
  filter_chains:
    - filters:
        - name: http
          typed_config:
            "@type": {{ include "sark-network.envoy.hcm" . }}
            stat_prefix: dial
            {{- include "sark-network.envoy.httpLimits" . | nindent 12 }}
            generate_request_id: false
            access_log:
              {{- $log := dict "sni" "%REQ(x-sark-sni)%" "upstream" "%REQ(:AUTHORITY)%" }}
              {{- include "sark-network.envoy.innerLog" (merge (dict "when" `response.code == 200 && !("x-sark-audit" in request.headers)` "verdict" "allowed" "reason" "listed") $log) | nindent 14 }}
              {{- include "sark-network.envoy.innerLog" (merge (dict "when" `response.code == 200 && "x-sark-audit" in request.headers` "verdict" "audit" "reason" "%REQ(x-sark-audit)%") $log) | nindent 14 }}
              {{- include "sark-network.envoy.innerLog" (merge (dict "when" "response.code == 403" "verdict" "denied" "reason" "%ROUTE_NAME%") $log) | nindent 14 }}
              {{- include "sark-network.envoy.innerLog" (merge (dict "when" "response.code >= 500" "verdict" "failed" "reason" "connect") $log) | nindent 14 }}
            rds: {route_config_name: dial, config_source: {{ include "sark-network.envoy.file" "routes-dial" }}}
            http_filters:
              - name: envoy.filters.http.dynamic_forward_proxy
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig
                  save_upstream_address: true
                  dns_cache_config: {{ include "sark-network.envoy.dns" (dict "root" .root "cache" "addresses") }}
              # Rules that allow nothing; each route brings its own.
              - name: envoy.filters.http.rbac
                typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC, rules: {action: ALLOW}}
              - {{ include "sark-network.envoy.router" . }}
{{- end -}}
