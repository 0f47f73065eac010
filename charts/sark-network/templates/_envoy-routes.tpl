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
      {{- range $port := .workload.ports }}
      - name: names-{{ $port }}
        domains:
          {{- range concat $.plan.entries $.plan.internal }}
          {{- if and (has $workload .workloads) (has $port .ports) (eq (default "tls" .protocol) "tls") }}
          - "{{ .name }}:{{ $port }}"
          {{- end }}
          {{- end }}
        routes:
          {{- include "sark-network.envoy.tunnel" (dict "name" "tunnel" "cluster" (printf "names-%s-%v" $workload $port)) | nindent 10 }}
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
          {{- include "sark-network.envoy.tunnel" (dict "name" "unnamed" "cluster" (printf "http-%s-%v" $entry.id $port)) | nindent 10 }}
          - name: http
            match: {prefix: /}
            metadata: {{ include "sark-network.envoy.listed" . }}
            route: {cluster: "internal-{{ $entry.id }}-{{ $port }}", timeout: 0s}
          {{- else }}
          {{- include "sark-network.envoy.tunnel"
            (dict "name" "unnamed" "cluster" (printf "internal-%s-%v" $entry.id $port)) | nindent 10 }}
          {{- include "sark-network.envoy.plainHttp" (dict "root" $.plan.root "audit" $audit) | nindent 10 }}
          {{- end }}
      {{- end }}
      {{- end }}
      {{- end }}
      - name: unlisted
        domains: ["*"]
        routes:
          {{- if $audit }}
          {{- include "sark-network.envoy.tunnel" (dict "name" "unnamed" "cluster" "audit-not-in-egress.domains") | nindent 10 }}
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

{{/* A tunnel's route is named tunnel where a server name decides, and unnamed where none does. */}}
{{- define "sark-network.envoy.tunnel" -}}
- name: {{ .name }}
  match: {connect_matcher: {}}
  metadata: {{ include "sark-network.envoy.listed" . }}
  route: {cluster: {{ .cluster | quote }}, timeout: 0s, upgrade_configs: [{upgrade_type: CONNECT, connect_config: {}}]}
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
{filter_metadata: {sark: {list: {{ include "sark-network.envoy.unsigned" . }}}}}
{{- end -}}

{{/* What stands in the configuration until its hash is known. */}}
{{- define "sark-network.envoy.unsigned" -}}
"@sark-network/list@"
{{- end -}}
