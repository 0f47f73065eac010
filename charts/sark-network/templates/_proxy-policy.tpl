{{/*
The proxy's own policies: who may call it on which list's port, and the second wall behind Envoy's own address check.
*/}}
{{- define "sark-network.proxyPolicy" }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "sark-network.metadata"
    (dict "root" $ "name" (printf "%s-egress-proxy" (include "sark-network.fullname" .)) "namespace" .Release.Namespace)
    | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "sark-network.proxySelector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- range $part := (include "sark-network.parts" . | fromJson).order }}
    {{- $here := dict "root" $ "part" $part "from" $.Release.Namespace }}
    {{- if include "sark-network.part.listed" $here }}
    - from:
        {{- include "sark-network.part.peer" $here | nindent 8 }}
      ports:
        - {protocol: TCP, port: {{ include "sark-network.part.proxyPort" $here }}}
        {{- with include "sark-network.steering.policyPorts" $here | trim }}
        {{- . | nindent 8 }}
        {{- end }}
    {{- end }}
    {{- end }}
    {{- if and .Values.monitoring.enabled .Values.monitoring.namespaces }}
    - from:
        {{- include "sark-network.namespacePeers" .Values.monitoring | trim | nindent 8 }}
      ports:
        - {protocol: TCP, port: {{ int64 .Values.proxy.metricsPort }}}
    {{- end }}
  egress:
    {{- with include "sark-network.dnsRule" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with include "sark-network.resolverRule" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- include "sark-network.model" . }}
    {{- $ports := .Values._model.publicPorts }}
    {{- if or $ports (eq .Values.egress.mode "audit") }}
    - to:
        {{- include "sark-network.publicPeers" . | nindent 8 }}
      {{- if eq .Values.egress.mode "enforce" }}
      ports:
        {{- range $ports }}
        - {protocol: TCP, port: {{ int64 . }}}
        {{- end }}
      {{- end }}
    {{- end }}
    {{- range include "sark-network.internalServers" . | fromJsonArray }}
    - to:
        {{- range .cidrs }}
        - ipBlock: {cidr: {{ . | quote }}}
        {{- end }}
      ports:
        {{- range .ports }}
        - {protocol: TCP, port: {{ int64 . }}}
        {{- end }}
    {{- end }}
{{- end }}

{{/* Where the entries of egress.internal lead, as a JSON list of {cidrs, ports}: names of one server share a rule. */}}
{{- define "sark-network.internalServers" -}}
{{- include "sark-network.model" . -}}
{{- $servers := list -}}
{{- range .Values._model.internal }}{{ $servers = append $servers (pick . "cidrs" "ports") | uniq }}{{ end -}}
{{- toJson $servers -}}
{{- end -}}

{{/* DNS servers outside the cluster, when the proxy is told to use some. */}}
{{- define "sark-network.resolverRule" -}}
{{- with include "sark-network.resolverCidrs" . | fromJsonArray }}
- to:
    {{- range . }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end }}
{{- end -}}

{{/* The same servers as CIDRs, a JSON list. */}}
{{- define "sark-network.resolverCidrs" -}}
{{- $nets := list -}}
{{- range .Values.proxy.resolvers }}{{ $nets = append $nets (printf "%s/%s" . (ternary "128" "32" (contains ":" .))) }}{{ end -}}
{{- include "sark-network.networks" $nets -}}
{{- end -}}
