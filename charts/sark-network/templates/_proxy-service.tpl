{{/* How workloads reach the proxy: a port for each list, and the variables that name it. */}}
{{- define "sark-network.proxy.service" }}
{{- $service := .root.Values.proxy.service }}
apiVersion: v1
kind: Service
metadata:
  {{- include "sark-network.metadata" (dict "root" .root "name" .name "namespace" .root.Release.Namespace) | nindent 2 }}
spec:
  type: ClusterIP
  {{- include "sark-network.proxy.families" . | nindent 2 }}
  {{- with $service.clusterIP }}
  clusterIP: {{ . | quote }}
  {{- end }}
  selector:
    {{- include "sark-network.proxySelector" .root | nindent 4 }}
  ports:
    {{- range .plan.workloads }}
    - {name: {{ .slug | quote }}, port: {{ int64 .listen }}, targetPort: {{ .slug | quote }}, protocol: TCP}
    {{- end }}
    {{- if and .root.Values.monitoring.enabled .root.Values.monitoring.namespaces }}
    - {name: metrics, port: {{ int64 .root.Values.proxy.metricsPort }}, targetPort: metrics, protocol: TCP}
    {{- end }}
{{- end }}

{{/*
What a workload needs to find its list, for envFrom. Both spellings: curl and Python read the lower one, Go and Java's tools
either.
*/}}
{{- define "sark-network.proxy.env" }}
{{- $root := .root }}
{{- $namespace := include "sark-network.part.namespace" (dict "root" $root "part" .workload.name) }}
{{- $domain := $root.Values.cluster.domain }}
{{- $url := printf "http://%s.%s.svc.%s:%v" .name $root.Release.Namespace $domain .workload.listen }}
{{- $direct := include "sark-network.proxy.direct" (dict "root" $root "part" .workload.name) | fromJsonArray }}
{{- $http := false }}
{{- range .plan.internal }}{{ if and (eq .protocol "http") (has $.workload.name .workloads) }}{{ $http = true }}{{ end }}{{ end }}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "sark-network.metadata" (dict "root" $root
      "name" (include "sark-network.envName" (dict "root" $root "part" .workload.name)) "namespace" $namespace) | nindent
    2 }}
data:
  HTTPS_PROXY: {{ $url | quote }}
  https_proxy: {{ $url | quote }}
  {{- if $http }}
  HTTP_PROXY: {{ $url | quote }}
  http_proxy: {{ $url | quote }}
  {{- end }}
  NO_PROXY: {{ $direct | join "," | quote }}
  no_proxy: {{ $direct | join "," | quote }}
  # Node's fetch ignores the variables above without it.
  NODE_USE_ENV_PROXY: "1"
{{- end }}

{{/*
What a part's programs reach without the proxy, as a JSON list for NO_PROXY: (dict "root" $ "part" "gateway"). Services
are called by a single label, by name.namespace, by name.namespace.svc and by the whole name. A single label has no
domain that a suffix could match, so each part's own are listed, those of parts that are switched off too: SARK's
configuration names Kong whether it runs or not.
*/}}
{{- define "sark-network.proxy.direct" -}}
{{- $values := .root.Values -}}
{{- $parts := include "sark-network.parts" .root | fromJson -}}
{{- $names := list "localhost" "127.0.0.1" "::1" -}}
{{- $namespaces := list -}}
{{- range $parts.order -}}
{{- $part := get $parts.parts . -}}
{{- $names = concat $names $part.services -}}
{{- $namespaces = append $namespaces $part.namespace -}}
{{- end -}}
{{- $namespaces = concat $namespaces $values.ingressController.namespaces $values.monitoring.namespaces
  (list $values.dns.namespace) | uniq -}}
{{- $suffixes := list ".svc" (printf ".%s" $values.cluster.domain) -}}
{{- /* A namespace may be called as a domain is, `dev` or `cloud`: where a listed name ends in it, Services are named one by one. */ -}}
{{- include "sark-network.model" .root -}}
{{- $model := .root.Values._model -}}
{{- range $namespace := $namespaces -}}
{{- $suffix := printf ".%s" $namespace -}}
{{- $covers := false -}}
{{- range concat $model.entries $model.internal }}{{ if hasSuffix $suffix .name }}{{ $covers = true }}{{ end }}{{ end -}}
{{- if not $covers -}}
{{- $suffixes = append $suffixes $suffix -}}
{{- else -}}
{{- range $part := $parts.parts -}}
{{- if eq $part.namespace $namespace -}}
{{- range $part.services -}}
{{- $suffixes = append $suffixes (printf "%s%s" . $suffix) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $nets := include "sark-network.networks" $values.cluster.cidrs | fromJsonArray -}}
{{- range include "sark-network.external" .root | fromJsonArray -}}
{{- if has $.part .workloads -}}
{{- $nets = concat $nets .cidrs -}}
{{- end -}}
{{- end -}}
{{- /* For an IPv6 CIDR httpx raises InvalidURL whenever a client is made, and of the others only Go reads one. */ -}}
{{- $four := list -}}
{{- range $nets }}{{ if not (contains ":" .) }}{{ $four = append $four . }}{{ end }}{{ end -}}
{{- range $i, $entry := $values.proxy.noProxy -}}
{{- if regexMatch "^(\\[|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*/)" $entry -}}
{{- fail (printf
    (print "proxy.noProxy[%d]: httpx cannot create a client while NO_PROXY holds %s; write the servers' names, or IPv6 "
      "addresses without brackets") $i $entry) -}}
{{- end -}}
{{- end -}}
{{- concat $names $suffixes $four $values.proxy.noProxy | uniq | toJson -}}
{{- end -}}

{{/*
A name of the list that NO_PROXY holds too, by itself or by a suffix, would be dialled directly and denied. Behind steering
it is dialled directly and reached.
*/}}
{{- define "sark-network.refuseBypass" -}}
{{- if and (include "sark-network.proxied" .) (not (include "sark-network.steered" .)) -}}
{{- $model := .Values._model -}}
{{- range $i, $entry := .Values.proxy.noProxy -}}
{{- /* As clients read it: `*.d` is `.d`, a port narrows it, and a last dot is none. */ -}}
{{- $suffix := printf ".%s" (regexReplaceAll ":[0-9]+$" (lower $entry) "" | trimPrefix "*" | trimPrefix "." | trimSuffix ".") -}}
{{- range $listed := concat $model.entries $model.internal -}}
{{- $name := printf ".%s" (trimPrefix "*." .name) -}}
{{- if or (hasSuffix $suffix $name) (and (hasPrefix "*." .name) (hasSuffix $name $suffix)) -}}
{{- fail (printf
    (print "proxy.noProxy[%d]: %s keeps programs from asking the proxy for %s, which %s lists, so they dial it directly and are "
      "denied; remove one of the two") $i $entry .name .path) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
