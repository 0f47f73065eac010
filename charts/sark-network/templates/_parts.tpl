{{/*
The parts of SARK, and how policies find them. A part is named by its values block: gateway, database, cache, opa.
Every helper takes (dict "root" $ "part" "gateway"), and "from" (a namespace) where it writes a peer.
*/}}

{{- define "sark-network.part.namespace" -}}
{{- (index .root.Values .part).namespace | default .root.Release.Namespace -}}
{{- end -}}

{{/* The part's label selector. An empty value means SARK's own labels, and what a user writes replaces them whole. */}}
{{- define "sark-network.part.selector" -}}
{{- $sark := dict "gateway" "api" "database" "database" "cache" "cache" -}}
{{- $selector := (index .root.Values .part).podSelector -}}
{{- if $selector -}}
{{ toYaml $selector }}
{{- else if eq .part "opa" -}}
matchLabels:
  app: opa
{{- else -}}
matchLabels:
  app.kubernetes.io/name: sark
  app.kubernetes.io/component: {{ index $sark .part }}
{{- end -}}
{{- end -}}

{{/* A NetworkPolicyPeer, as one item of a list. In its own namespace a policy needs no namespaceSelector. */}}
{{- define "sark-network.part.peer" -}}
{{- $namespace := include "sark-network.part.namespace" . -}}
{{- $selector := (index .root.Values .part).namespaceSelector -}}
- podSelector:
    {{- include "sark-network.part.selector" . | nindent 4 }}
{{- if $selector }}
  namespaceSelector:
    {{- toYaml $selector | nindent 4 }}
{{- else if ne $namespace .from }}
  namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ $namespace }}
{{- end }}
{{- end -}}

{{/* The part's ports as NetworkPolicyPorts, in a fixed order. */}}
{{- define "sark-network.part.ports" -}}
{{- range $name, $port := (index .root.Values .part).ports }}
- {protocol: TCP, port: {{ $port }}}
{{- end }}
{{- end -}}

{{/* Peers in namespaces named by value: (dict "namespaces" list "podSelector" selector). */}}
{{- define "sark-network.namespacePeers" -}}
{{- range .namespaces }}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ . }}
  {{- with $.podSelector }}
  podSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Egress rules to cluster DNS: UDP, and TCP for the answers that do not fit. */}}
{{- define "sark-network.dnsRule" -}}
{{- with .Values.dns }}
{{- if .enabled }}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .namespace }}
      podSelector:
        {{- toYaml (.podSelector | default (dict "matchLabels" (dict "k8s-app" "kube-dns"))) | nindent 8 }}
    {{- range .cidrs }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
  ports:
    {{- range .ports }}
    - {protocol: UDP, port: {{ . }}}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The egress rule to the proxy, for a part that some entry of the allowlist names (the gateway always). */}}
{{- define "sark-network.part.proxyRule" -}}
{{- if and (include "sark-network.proxied" .root) (include "sark-network.part.listed" .) }}
- to:
    - podSelector:
        matchLabels:
          {{- include "sark-network.proxySelector" .root | nindent 10 }}
      {{- if ne .from .root.Release.Namespace }}
      namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .root.Release.Namespace }}
      {{- end }}
  ports:
    - {protocol: TCP, port: {{ index .root.Values.proxy.ports .part }}}
{{- end }}
{{- end -}}

{{/* The name of the ConfigMap that tells a part's pods of their proxy; it is in the part's namespace. */}}
{{- define "sark-network.envName" -}}
{{- $suffix := ternary "proxy-env" (printf "proxy-env-%s" .part) (eq .part "gateway") -}}
{{- include "sark-network.nameIn" (dict "root" .root "namespace" (include "sark-network.part.namespace" .) "suffix" $suffix) -}}
{{- end -}}

{{/* "true" when the part may use the allowlist: the gateway always, others when an entry's `workloads` names them. */}}
{{- define "sark-network.part.listed" -}}
{{- $part := .part -}}
{{- if eq $part "gateway" -}}
true
{{- else -}}
{{- $list := include "sark-network.allowlist" .root | fromJson -}}
{{- range concat $list.entries $list.internal -}}
{{- if has $part .workloads }}true{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Kubernetes' label selector in Calico's grammar; both read NotIn and `not in` as matching a missing label too. */}}
{{- define "sark-network.calicoSelector" -}}
{{- $terms := list -}}
{{- range $key, $value := .matchLabels -}}
{{- $terms = append $terms (printf "%s == '%s'" $key $value) -}}
{{- end -}}
{{- range .matchExpressions -}}
{{- if eq .operator "Exists" -}}
{{- $terms = append $terms (printf "has(%s)" .key) -}}
{{- else if eq .operator "DoesNotExist" -}}
{{- $terms = append $terms (printf "!has(%s)" .key) -}}
{{- else -}}
{{- $values := list -}}
{{- range .values }}{{ $values = append $values (printf "'%s'" .) }}{{ end -}}
{{- $terms = append $terms (printf "%s %s {%s}" .key (ternary "in" "not in" (eq .operator "In")) (join ", " $values)) -}}
{{- end -}}
{{- end -}}
{{- join " && " $terms -}}
{{- end -}}
