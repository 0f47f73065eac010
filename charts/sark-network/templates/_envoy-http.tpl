{{/* The tunnel to a plain HTTP server: each request in it must be for that server. */}}
{{- define "sark-network.envoy.http" -}}
{{- $entry := .entry -}}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: "http-{{ $entry.id }}-{{ .port }}"
  internal_listener: {}
  per_connection_buffer_limit_bytes: {{ include "sark-network.envoy.buffer" .root }}
  filter_chains:
    - filters:
        - name: http
          typed_config:
            "@type": {{ include "sark-network.envoy.hcm" . }}
            stat_prefix: internal
            {{- include "sark-network.envoy.httpLimits" (merge (dict "inside" true) .) | nindent 12 }}
            generate_request_id: false
            access_log:
              {{- include "sark-network.envoy.requestLog"
                (dict "log" "sark-network.envoy.innerLog" "reason" "host-not-in-egress.internal") | nindent 14 }}
            route_config:
              request_headers_to_remove: [proxy-authorization, proxy-connection]
              virtual_hosts:
                - name: own
                  domains: [{{ $entry.name | quote }}, "{{ $entry.name }}:{{ .port }}"]
                  routes: [{match: {prefix: /}, route: {cluster: "internal-{{ $entry.id }}-{{ .port }}", timeout: 0s}}]
                - name: other
                  domains: ["*"]
                  routes:
                    - {match: {prefix: /}, direct_response: {{ include "sark-network.envoy.refusal"
                      (dict "root" .root
                        "words" (printf "%%REQ(:AUTHORITY)%% is not %s, which this tunnel is for" $entry.name)) }}}
            http_filters:
              - {{ include "sark-network.envoy.router" . }}
{{- end -}}
