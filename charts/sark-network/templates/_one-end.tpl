{{/*
Peers of `allowFrom` and `egress.mcpServers` that are pods of the release's own namespace, as a JSON list of sentences: their
policy is default-deny, so that what is opened at the part's end stays closed at theirs. The exempt label in a selector says
that its pods are left out.
*/}}
{{- define "sark-network.oneEnd" -}}
{{- $lines := list -}}
{{- if .Values.defaultDeny.enabled -}}
{{- $exempt := .Values.defaultDeny.exemptLabel -}}
{{- $parts := include "sark-network.parts" . | fromJson -}}
{{- range $parts.order -}}
{{- $part := get $parts.parts . -}}
{{- if and $part.enabled (eq $part.namespace $.Release.Namespace) -}}
{{- range $key, $peers := dict "allowFrom" $part.block.allowFrom "egress.mcpServers" ($part.block.egress | default dict).mcpServers -}}
{{- range $i, $peer := $peers -}}
{{- $selector := $peer.podSelector | default dict -}}
{{- if and (hasKey $peer "podSelector")
  (not (include "sark-network.selector.chooses" (dict "selector" ($peer.namespaceSelector | default dict))))
  (ne (get ($selector.matchLabels | default dict) $exempt) "true") -}}
{{- $lines = append $lines (printf "%s.%s[%d]: %s" $part.key $key $i (toJson $selector)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $lines | toJson -}}
{{- end -}}
