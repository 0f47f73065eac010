{{/*
The policy of a part that only the gateway may call: (dict "root" $ "part" "database" "name" "database-access").
It may call nothing itself but its own replicas, when they replicate, and the proxy, when the allowlist names it.
*/}}
{{- define "sark-network.access" -}}
{{- $block := index .root.Values .part -}}
{{- $namespace := include "sark-network.part.namespace" . -}}
{{- $here := dict "root" .root "part" .part "from" $namespace -}}
{{- $proxy := include "sark-network.part.proxyRule" $here | trim -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "sark-network.metadata" (dict "root" .root "name" (include "sark-network.nameIn" (dict "root" .root "namespace" $namespace "suffix" .name)) "namespace" $namespace) | nindent 2 }}
spec:
  podSelector:
    {{- include "sark-network.part.selector" . | nindent 4 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        {{- include "sark-network.part.peer" (dict "root" .root "part" "gateway" "from" $namespace) | nindent 8 }}
        {{- if $block.replication.enabled }}
        - podSelector:
            {{- include "sark-network.part.selector" . | nindent 12 }}
        {{- end }}
        {{- with $block.allowFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        {{- include "sark-network.part.ports" . | trim | nindent 8 }}
    {{- with $block.extraIngress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if or $block.replication.enabled $proxy $block.extraEgress }}
  egress:
    {{- if or $block.replication.enabled $proxy }}
    {{- with include "sark-network.dnsRule" .root | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- end }}
    {{- if $block.replication.enabled }}
    - to:
        - podSelector:
            {{- include "sark-network.part.selector" . | nindent 12 }}
      ports:
        {{- include "sark-network.part.ports" . | trim | nindent 8 }}
    {{- end }}
    {{- with $proxy }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with $block.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end -}}
