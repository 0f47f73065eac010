{{/* (dict "root" $ "name" … "port" 443 "tls" bool "entry" an internal entry "audit" a reason) */}}
{{- define "sark-network.envoy.resolve" -}}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: {{ .name | quote }}
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
    idle_timeout: {{ int64 .root.Values.proxy.idleTimeoutSeconds }}s
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
