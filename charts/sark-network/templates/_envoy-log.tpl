{{/*
The access log: one line of JSON for each attempt, and one count in sark_network_attempts. (dict "when" a CEL expression
"verdict" … "reason" … "workload" "client" "host" "sni" "upstream" "list" "entry": format strings). What is the client's own
words is only ever a value of a JSON string. files/egress-log.schema.json says what each field means.
*/}}
{{- define "sark-network.envoy.log" }}
- name: stdout
  filter: {{ include "sark-network.envoy.when" .when }}
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog
    log_format:
      json_format:
        schema: sark-network.egress/1
        time: "%START_TIME%"
        pod: "%HOSTNAME%"
        list: {{ .list | quote }}
        entry: {{ .entry | default "" | quote }}
        grant: {{ .grant | quote }}
        workload: {{ .workload | quote }}
        client: {{ .client | quote }}
        host: {{ .host | quote }}
        sni: {{ .sni | quote }}
        upstream: {{ .upstream | quote }}
        verdict: {{ .verdict }}
        reason: {{ .reason | quote }}
        detail: "%RESPONSE_CODE_DETAILS%"
        bytes_in: "%BYTES_RECEIVED%"
        bytes_out: "%BYTES_SENT%"
        duration_ms: "%DURATION%"
- name: count
  filter: {{ include "sark-network.envoy.when" .when }}
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config
    stats_scope: {prefix: sark_network}
    counters:
      - stat:
          name: attempts
          tags:
            - {name: workload, value_format: {{ .workload | quote }}}
            - {name: verdict, value_format: {{ .verdict }}}
            - {name: reason, value_format: {{ .reason | quote }}}
        value_fixed: 1
{{- end -}}

{{- define "sark-network.envoy.when" -}}
{{- $type := "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter" -}}
{extension_filter: {name: cel, typed_config: {"@type": {{ $type }}, expression: {{ . | squote }}}}}
{{- end -}}

{{/* The same inside Envoy, where the first listener's words travel along as filter state. */}}
{{- define "sark-network.envoy.innerLog" -}}
{{- $inner := dict
  "workload" "%FILTER_STATE(sark.workload:PLAIN)%" "client" "%FILTER_STATE(sark.client:PLAIN)%" "host" "%FILTER_STATE(sark.host:PLAIN)%"
  "sni" "%REQUESTED_SERVER_NAME%" "upstream" "%UPSTREAM_HOST%" "list" "%FILTER_STATE(sark.list:PLAIN)%"
  "grant" "%FILTER_STATE(sark.grant:PLAIN)%" -}}
{{- include "sark-network.envoy.log" (merge (dict) . $inner) -}}
{{- end -}}

{{/*
How a tunnel ended that a chain took: (dict "audit" a reason "named" whether it is that of the chain named audit alone). An
address was connected to; the name has none that it may lead to; none of them answers; or the client left before that. Flags
are bits: 2 is NoHealthyUpstream, 32 UpstreamConnectionFailure, 128 UpstreamOverflow.
*/}}
{{- define "sark-network.envoy.endLog" -}}
{{- $connected := "has(upstream.local_address)" -}}
{{- /* A chain is named for its wildcard, or for the name that TLS does not say; the one that audit adds is nobody's. */ -}}
{{- $entry := "%FILTER_CHAIN_NAME%" -}}
{{- $upstream := "%UPSTREAM_REMOTE_ADDRESS%" -}}
{{- if .audit -}}
{{- $audited := ternary (printf `%s && xds.filter_chain_name == "audit"` $connected) $connected (default false .named) -}}
{{- include "sark-network.envoy.innerLog" (dict "when" $audited "verdict" "audit" "reason" .audit "upstream" $upstream) -}}
{{- $connected = printf `%s && xds.filter_chain_name != "audit"` $connected -}}
{{- end -}}
{{- if or .named (not .audit) -}}
{{- include "sark-network.envoy.innerLog"
  (dict "when" $connected "verdict" "allowed" "reason" "listed" "upstream" $upstream "entry" $entry) -}}
{{- end -}}
{{- include "sark-network.envoy.innerLog"
  (dict "when" "(response.flags / 2) % 2 == 1" "verdict" "failed" "reason" "no-address" "entry" $entry) -}}
{{- include "sark-network.envoy.innerLog"
  (dict "when" "(response.flags / 32) % 2 == 1" "verdict" "failed" "reason" "connect" "entry" $entry) -}}
{{- include "sark-network.envoy.innerLog"
  (dict "when" "(response.flags / 128) % 2 == 1" "verdict" "failed" "reason" "proxy" "entry" $entry) -}}
{{- include "sark-network.envoy.innerLog" (dict
    "when" "response.flags == 0 && !has(response.code_details) && !has(upstream.local_address)" "verdict" "failed"
    "reason" "client-left" "entry" $entry) -}}
{{- end -}}
