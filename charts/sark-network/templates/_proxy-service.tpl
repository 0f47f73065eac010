{{/* How workloads reach the proxy: a port for each list, and the variables that name it. */}}
{{- define "sark-network.proxy.service" }}
{{- $service := .root.Values.proxy.service }}
apiVersion: v1
kind: Service
metadata:
  {{- include "sark-network.metadata" (dict "root" .root "name" .name "namespace" .root.Release.Namespace) | nindent 2 }}
spec:
  type: ClusterIP
  ipFamilyPolicy: {{ $service.ipFamilyPolicy }}
  {{- with $service.clusterIP }}
  clusterIP: {{ . | quote }}
  {{- end }}
  selector:
    {{- include "sark-network.proxySelector" .root | nindent 4 }}
  ports:
    {{- range .plan.workloads }}
    - {name: {{ .name }}, port: {{ .listen }}, targetPort: {{ .name }}, protocol: TCP}
    {{- end }}
    {{- if and .root.Values.monitoring.enabled .root.Values.monitoring.namespaces }}
    - {name: metrics, port: {{ .root.Values.proxy.metricsPort }}, targetPort: metrics, protocol: TCP}
    {{- end }}
{{- end }}

{{/* What a workload needs to find its list, for envFrom. Both spellings: curl and Python read the lower one, Go and Java's tools either. */}}
{{- define "sark-network.proxy.env" }}
{{- $root := .root }}
{{- $namespace := include "sark-network.part.namespace" (dict "root" $root "part" .workload.name) }}
{{- $domain := $root.Values.cluster.domain }}
{{- $url := printf "http://%s.%s.svc.%s:%v" .name $root.Release.Namespace $domain .workload.listen }}
{{- $namespaces := list }}
{{- range $part := list "gateway" "database" "cache" "opa" }}
{{- $namespaces = append $namespaces (printf ".%s" (include "sark-network.part.namespace" (dict "root" $root "part" $part))) }}
{{- end }}
{{- $direct := concat (list "localhost" "127.0.0.1" "::1" ".svc" (printf ".%s" $domain)) $namespaces $root.Values.cluster.cidrs $root.Values.proxy.noProxy }}
{{- $http := false }}
{{- range .plan.internal }}{{ if and (eq .protocol "http") (has $.workload.name .workloads) }}{{ $http = true }}{{ end }}{{ end }}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "sark-network.metadata" (dict "root" $root "name" (include "sark-network.envName" (dict "root" $root "part" .workload.name)) "namespace" $namespace) | nindent 2 }}
data:
  HTTPS_PROXY: {{ $url }}
  https_proxy: {{ $url }}
  {{- if $http }}
  HTTP_PROXY: {{ $url }}
  http_proxy: {{ $url }}
  {{- end }}
  NO_PROXY: {{ $direct | uniq | join "," | quote }}
  no_proxy: {{ $direct | uniq | join "," | quote }}
  # Node's fetch ignores the variables above without it.
  NODE_USE_ENV_PROXY: "1"
{{- end }}
