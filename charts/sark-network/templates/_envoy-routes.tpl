{{/*
A workload's routes: (dict "plan" … "workload" {name, ports}). They name what may be asked for; the names listener behind
them decides again on the server name. A route of a refusal is named for its reason, which the log prints.
*/}}
{{- define "sark-network.envoy.routes" -}}
{{- $workload := .workload.name -}}
{{- $audit := eq .plan.root.Values.egress.mode "audit" -}}
resources:
  - "@type": type.googleapis.com/envoy.config.route.v3.RouteConfiguration
    name: {{ $workload | quote }}
    request_headers_to_remove: [proxy-authorization, proxy-connection]
    virtual_hosts:
      {{- range $list := .workload.lists }}
      - name: names-{{ .id }}
        domains:
          {{- range concat $.plan.entries $.plan.internal }}
          {{- if and (has $workload .workloads) (has $list.port .ports) (eq (default "tls" .protocol) "tls") (eq .end $list.end) }}
          - "{{ .name }}:{{ $list.port }}"
          {{- end }}
          {{- end }}
        routes:
          {{- include "sark-network.envoy.tunnel"
            (dict "root" $.plan.root "name" "tunnel" "cluster" (printf "names-%s-%s" $workload .id) "until" .) | nindent
            10 }}
          {{- include "sark-network.envoy.plainHttp" (dict "root" $.plan.root "audit" $audit) | nindent 10 }}
      {{- end }}
      {{- range $entry := .plan.internal }}
      {{- if and (has $workload .workloads) (ne .protocol "tls") }}
      {{- range $port := .ports }}
      - name: "internal-{{ $entry.id }}-{{ $port }}"
        domains: ["{{ $entry.name }}:{{ $port }}"{{ if and (eq $entry.protocol "http")
          (eq (int $port) 80) }}, {{ $entry.name | quote }}{{ end }}]
        routes:
          {{- if eq $entry.protocol "http" }}
          {{- include "sark-network.envoy.tunnel"
            (dict "root" $.plan.root "name" "unnamed" "cluster" (printf "http-%s-%v" $entry.id $port) "until" $entry)
            | nindent 10 }}
          {{- include "sark-network.envoy.tunnel" (dict "root" $.plan.root "name" "http" "plain" true
              "cluster" (printf "internal-%s-%v" $entry.id $port) "until" $entry) | nindent 10 }}
          {{- else }}
          {{- include "sark-network.envoy.tunnel"
            (dict "root" $.plan.root "name" "unnamed" "cluster" (printf "internal-%s-%v" $entry.id $port) "until" $entry)
            | nindent 10 }}
          {{- include "sark-network.envoy.plainHttp" (dict "root" $.plan.root "audit" $audit) | nindent 10 }}
          {{- end }}
      {{- end }}
      {{- end }}
      {{- end }}
      - name: unlisted
        domains: ["*"]
        routes:
          {{- if $audit }}
          {{- include "sark-network.envoy.tunnel"
            (dict "root" .plan.root "name" "unnamed" "cluster" "audit-not-in-egress.domains") | nindent 10 }}
          {{- else }}
          - name: not-in-egress.domains
            match: {connect_matcher: {}}
            metadata: {{ include "sark-network.envoy.listed" . }}
            direct_response: {{ include "sark-network.envoy.refusal" (dict "root" .plan.root
                "words" (printf
                  "%%REQ(:AUTHORITY)%% is not in egress.domains for %s, asked by %%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%%"
                  $workload)) }}
          {{- end }}
          {{- include "sark-network.envoy.plainHttp" (dict "root" $.plan.root "audit" $audit) | nindent 10 }}
{{- end -}}

{{/*
A way in: (dict "root" $ "name" … "cluster" … "plain" whether plain HTTP comes this way, and no CONNECT "until" {ends, expires,
grant}). A tunnel's route is named tunnel where a server name decides, and unnamed where none does.
*/}}
{{- define "sark-network.envoy.tunnel" -}}
{{- $match := ternary (dict "prefix" "/") (dict "connect_matcher" dict) (default false .plain) -}}
{{- $upgrade := ternary dict (dict "upgrade_configs" (list (dict "upgrade_type" "CONNECT" "connect_config" dict)))
  (default false .plain) -}}
{{- if and .until .until.ends -}}
{{- include "sark-network.envoy.until" (merge (dict "match" $match "upgrade" $upgrade) .) -}}
{{- else -}}
- name: {{ .name }}
  match: {{ toJson $match }}
  metadata: {{ include "sark-network.envoy.listed" . }}
  route: {{ merge (dict "cluster" .cluster "timeout" "0s") $upgrade | toJson }}
{{- end -}}
{{- end -}}

{{/* (dict "root" $ "audit" bool) */}}
{{- define "sark-network.envoy.plainHttp" -}}
- name: plain-http
  match: {prefix: /}
  metadata: {{ include "sark-network.envoy.listed" . }}
  {{- if .audit }}
  route: {cluster: audit-plain-http, timeout: 0s}
  {{- else }}
  direct_response: {{ include "sark-network.envoy.refusal" (dict "root" .root
      "words"
      (print "%REQ(:AUTHORITY)% was asked for over plain HTTP; the list allows TLS through CONNECT, and plain HTTP to "
        "egress.internal with protocol http. Asked by %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%")) }}
  {{- end }}
{{- end -}}

{{/*
A refusal that an agent or its reader can act on: (dict "root" $ "words" a format string). It says that retrying is in vain,
because some clients try again without the proxy.
*/}}
{{- define "sark-network.envoy.refusal" -}}
{{- $release := .root.Release -}}
{{- $contact := .root.Values.egress.contact | default
  (printf "whoever runs release %s in namespace %s" $release.Name $release.Namespace) | replace "%" "%%" -}}
{{- $policy := printf
  (print "This is policy and no fault: do not retry, and do not try without the proxy, for no other way leads out. To "
    "have it allowed, ask %s.") $contact -}}
{status: 403, body_format: {text_format_source: {inline_string: {{ printf "%s\n%s\n" .words $policy | quote }}}}}
{{- end -}}

{{/* What a route knows of the list that it is from; the log reads it from here, because routes may change and cut nothing. */}}
{{- define "sark-network.envoy.listed" -}}
{{- $until := dict -}}
{{- if kindIs "map" . }}{{ $until = .until | default dict }}{{ end -}}
{filter_metadata: {sark: {list: {{ include "sark-network.envoy.unsigned" . }}, grant: {{ $until.grant | default "" | quote }}}}}
{{- end -}}

{{/* What stands in the configuration until its hash is known. */}}
{{- define "sark-network.envoy.unsigned" -}}
"@sark-network/list@"
{{- end -}}
