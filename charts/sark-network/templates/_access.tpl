{{/*
The rules of a part's policies: what may come in, and whom the part may call. The policies themselves are in the *-access.yaml
and gateway-*.yaml beside this file. Every helper takes (dict "root" $ "part" "database").
*/}}

{{/* metadata of a part's policy, in the part's namespace: (dict "root" $ "part" "database" "of" "database-access"). */}}
{{- define "sark-network.part.metadata" -}}
{{- $part := include "sark-network.part" . | fromJson -}}
{{- $name := include "sark-network.nameIn" (dict "root" .root "namespace" $part.namespace "suffix" .of) -}}
{{- include "sark-network.metadata" (dict "root" .root "name" $name "namespace" $part.namespace) -}}
{{- end -}}

{{/*
Ingress rules: the callers, one rule for each set of ports; then monitoring; then the user's own. A rule without `from`
would let in everybody, so one without peers is not written.
*/}}
{{- define "sark-network.part.ingress" -}}
{{- $root := .root -}}
{{- $part := include "sark-network.part" . | fromJson -}}
{{- $groups := list $part.callPorts -}}
{{- range $part.inbound }}{{ $groups = append $groups .ports | uniq }}{{ end -}}
{{- range $ports := $groups -}}
{{- $peers := include "sark-network.part.callers" (dict "root" $root "part" $part "ports" $ports) | trim -}}
{{- if and $peers $ports }}
- from:
    {{- $peers | nindent 4 }}
  ports:
    {{- include "sark-network.policyPorts" (dict "ports" $ports) | trim | nindent 4 }}
{{- end -}}
{{- end -}}
{{- if and $part.metricsPorts $root.Values.monitoring.enabled $root.Values.monitoring.namespaces }}
- from:
    {{- include "sark-network.namespacePeers" $root.Values.monitoring | trim | nindent 4 }}
  ports:
    {{- include "sark-network.policyPorts" (dict "ports" $part.metricsPorts) | trim | nindent 4 }}
{{- end -}}
{{- with $part.block.extraIngress }}
{{ toYaml . }}
{{- end -}}
{{- end -}}

{{/* Who calls on one set of ports. Replicas and `allowFrom` call on all of them. */}}
{{- define "sark-network.part.callers" -}}
{{- $root := .root }}{{ $part := .part }}{{ $ports := .ports -}}
{{- range $part.inbound -}}
{{- if eq (toJson .ports) (toJson $ports) }}
{{- if ne .caller "ingressController" }}
{{ include "sark-network.part.peer" (dict "root" $root "part" .caller "from" $part.namespace) }}
{{- else if $root.Values.ingressController.enabled }}
{{ include "sark-network.namespacePeers" $root.Values.ingressController | trim }}
{{- end }}
{{- end -}}
{{- end -}}
{{- if eq (toJson $part.callPorts) (toJson $ports) -}}
{{- if ($part.block.replication | default dict).enabled }}
- podSelector:
    {{- toYaml $part.selector | nindent 4 }}
{{- end -}}
{{- with $part.block.allowFrom }}
{{ toYaml . }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* "true" for a part that calls somebody by name, and so needs DNS; the gateway always. */}}
{{- define "sark-network.part.asks" -}}
{{- $part := include "sark-network.part" . | fromJson -}}
{{- $external := false -}}
{{- range include "sark-network.external" .root | fromJsonArray -}}
{{- if has $part.name .workloads -}}
{{- $external = true -}}
{{- end -}}
{{- end -}}
{{- $listed := and (include "sark-network.proxied" .root) (include "sark-network.part.listed" .) -}}
{{- $servers := ($part.block.egress | default dict).mcpServers -}}
{{- if or $part.outbound ($part.block.replication | default dict).enabled $listed $servers $external (eq .part "gateway") }}true{{ end -}}
{{- end -}}

{{/*
Egress rules: cluster DNS, or the guard before it, for whoever calls anybody by name, then the parts, its replicas, the
proxy, and what values add.
*/}}
{{- define "sark-network.part.egress" -}}
{{- $root := .root -}}
{{- $part := include "sark-network.part" . | fromJson -}}
{{- $here := dict "root" .root "part" .part -}}
{{- $replicates := ($part.block.replication | default dict).enabled -}}
{{- $proxy := include "sark-network.part.proxyRule" $here | trim -}}
{{- $servers := ($part.block.egress | default dict).mcpServers -}}
{{- $external := include "sark-network.external.rules" $here | trim -}}
{{- if include "sark-network.part.asks" . -}}
{{ include "sark-network.part.dnsRule" $here }}
{{- end -}}
{{- range $part.outbound }}
{{- $other := include "sark-network.part" (dict "root" $root "part" .part) | fromJson }}
- to:
    {{- if $other.enabled }}
    {{- include "sark-network.part.peer" (dict "root" $root "part" .part "from" $part.namespace) | nindent 4 }}
    {{- end }}
    {{- range $other.externalCidrs }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
  ports:
    {{- include "sark-network.policyPorts" (dict "ports" .ports) | trim | nindent 4 }}
{{- end -}}
{{- if $replicates }}
- to:
    - podSelector:
        {{- toYaml $part.selector | nindent 8 }}
  ports:
    {{- include "sark-network.policyPorts" (dict "ports" $part.callPorts) | trim | nindent 4 }}
{{- end -}}
{{- with $proxy }}
{{ . }}
{{- end -}}
{{- range $servers }}
- to:
    - podSelector:
        {{- toYaml .podSelector | nindent 8 }}
      {{- if include "sark-network.selector.chooses" (dict "selector" (.namespaceSelector | default dict)) }}
      namespaceSelector:
        {{- toYaml .namespaceSelector | nindent 8 }}
      {{- end }}
  ports:
    {{- include "sark-network.policyPorts" (dict "ports" .ports) | trim | nindent 4 }}
{{- end -}}
{{- with $external }}
{{ . }}
{{- end -}}
{{- with $part.block.extraEgress }}
{{ toYaml . }}
{{- end -}}
{{- end -}}

{{/* Egress rules to cluster DNS: UDP, and TCP for the answers that do not fit. */}}
{{- define "sark-network.dnsRule" -}}
{{- with .Values.dns }}
{{- if .enabled }}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .namespace | quote }}
      podSelector:
        {{- toYaml (ternary .podSelector (dict "matchLabels" (dict "k8s-app" "kube-dns"))
            (include "sark-network.selector.chooses" (dict "selector" .podSelector) | not | not)) | nindent 8 }}
    {{- range include "sark-network.networks" .cidrs | fromJsonArray }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
  ports:
    {{- range .ports }}
    - {protocol: UDP, port: {{ int64 . }}}
    - {protocol: TCP, port: {{ int64 . }}}
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
      {{- if ne (include "sark-network.part.namespace" .) .root.Release.Namespace }}
      namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .root.Release.Namespace | quote }}
      {{- end }}
  ports:
    - {protocol: TCP, port: {{ include "sark-network.part.proxyPort" . }}}
    {{- with include "sark-network.steering.policyPorts" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
{{- end }}
{{- end -}}

{{/* The port of the part's own list. A part of the user's own has none until `proxy.ports` gives it one. */}}
{{- define "sark-network.part.proxyPort" -}}
{{- $ports := .root.Values.proxy.ports -}}
{{- if not (get $ports .part) -}}
{{- $highest := 3127 -}}
{{- range $ports }}{{ $highest = max $highest . }}{{ end -}}
{{- fail (printf "proxy.ports.%s: the allowlist names %s, whose list needs a port of its own; write proxy.ports: {%s: %d}"
    .part .part .part (add1 $highest)) -}}
{{- end -}}
{{- get $ports .part | int64 -}}
{{- end -}}

{{/* The name of the ConfigMap that tells a part's pods of their proxy; it is in the part's namespace. */}}
{{- define "sark-network.envName" -}}
{{- $suffix := ternary "proxy-env" (printf "proxy-env-%s" (include "sark-network.part" . | fromJson).slug) (eq .part "gateway") -}}
{{- include "sark-network.nameIn" (dict "root" .root "namespace" (include "sark-network.part.namespace" .) "suffix" $suffix) -}}
{{- end -}}

{{/* "true" when the part may use the allowlist: the gateway always, others when an entry's `workloads` names them. */}}
{{- define "sark-network.part.listed" -}}
{{- include "sark-network.model" .root -}}
{{- if hasKey .root.Values._model.listed .part }}true{{ end -}}
{{- end -}}
