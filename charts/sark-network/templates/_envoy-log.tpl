{{/*
The access log: one line of JSON for each attempt, and one count in sark_network_attempts. (dict "verdict" … "reason" …
"workload" "client" "host" "sni" "upstream" "list" "entry": format strings, and what sark-network.envoy.when takes). What is the
client's own words is only ever a value of a JSON string. files/egress-log.schema.json says what each field means.
*/}}
{{- define "sark-network.envoy.log" }}
- name: stdout
  filter: {{ include "sark-network.envoy.when" . }}
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
  filter: {{ include "sark-network.envoy.when" . }}
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

{{/*
For which attempts a line is written: (dict "flag" one of Envoy's response flags "status" the least HTTP status "when" "also" CEL
expressions). All that is given has to hold. Flag and status come first, because Envoy compares them at once, and evaluates an
expression for a microsecond or more; ordinary connections have neither, and there are a dozen lines that they are not.
*/}}
{{- define "sark-network.envoy.when" -}}
{{- $filters := list -}}
{{- with .flag }}{{ $filters = append $filters (dict "response_flag_filter" (dict "flags" (list .))) }}{{ end -}}
{{- with .status -}}
{{- $filters = append $filters (dict "status_code_filter" (dict "comparison"
    (dict "op" "GE" "value" (dict "default_value" . "runtime_key" "sark_network.log")))) -}}
{{- end -}}
{{- $expressions := list -}}
{{- range list .also .when }}{{ with . }}{{ $expressions = append $expressions . }}{{ end }}{{ end -}}
{{- if $expressions -}}
{{- $filters = append $filters (dict "extension_filter" (dict "name" "cel" "typed_config" (dict
    "@type" "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"
    "expression" (join " && " $expressions)))) -}}
{{- end -}}
{{- if eq (len $filters) 1 -}}
{{- first $filters | toRawJson -}}
{{- else -}}
{{- dict "and_filter" (dict "filters" $filters) | toRawJson -}}
{{- end -}}
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
How a tunnel ended that a chain took: (dict "audit" a reason "named" whether it is that of the chain named audit alone "also" an
expression that has to hold for each line "entry" the entry, where no chain is named for it). An address was connected to; the name
has none that it may lead to (UH); none of them answers (UF); Envoy's own limit was met (UO); or the client left before that.
*/}}
{{- define "sark-network.envoy.endLog" -}}
{{- $also := .also | default "" -}}
{{- $connected := "has(upstream.local_address)" -}}
{{- /* A chain is named for its wildcard, or for the name that TLS does not say; the one that audit adds is nobody's. */ -}}
{{- $entry := .entry | default "%FILTER_CHAIN_NAME%" -}}
{{- $upstream := "%UPSTREAM_REMOTE_ADDRESS%" -}}
{{- if .audit -}}
{{- $audited := ternary (printf `%s && xds.filter_chain_name == "audit"` $connected) $connected (default false .named) -}}
{{- include "sark-network.envoy.innerLog"
  (dict "also" $also "when" $audited "verdict" "audit" "reason" .audit "upstream" $upstream) -}}
{{- $connected = printf `%s && xds.filter_chain_name != "audit"` $connected -}}
{{- end -}}
{{- if or .named (not .audit) -}}
{{- include "sark-network.envoy.innerLog"
  (dict "also" $also "when" $connected "verdict" "allowed" "reason" "listed" "upstream" $upstream "entry" $entry) -}}
{{- end -}}
{{- range $flag, $reason := dict "UH" "no-address" "UF" "connect" "UO" "proxy" -}}
{{- include "sark-network.envoy.innerLog"
  (dict "also" $also "flag" $flag "verdict" "failed" "reason" $reason "entry" $entry) -}}
{{- end -}}
{{- include "sark-network.envoy.innerLog" (dict "also" $also
    "when" "response.flags == 0 && !has(response.code_details) && !has(upstream.local_address)" "verdict" "failed"
    "reason" "client-left" "entry" $entry) -}}
{{- end -}}

{{/* A ClientHello whose server name is none of a listener's, or that has none. */}}
{{- define "sark-network.envoy.unmatchedLog" -}}
{{- range $reason, $compared := dict "sni-not-in-egress.domains" "!=" "no-sni" "==" -}}
{{- include "sark-network.envoy.innerLog" (dict "flag" "NR" "verdict" "denied" "reason" $reason "when" (printf
    `response.code_details == "filter_chain_not_found" && connection.requested_server_name %s ""` $compared)) -}}
{{- end -}}
{{- end -}}
