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
