{{/*
The row of files/engines.yaml for egress.engine, as JSON. What an engine is like is said there; a template asks for the
row, and for an engine by its name only where it holds that engine's own rules.
*/}}
{{- define "sark-network.engine" -}}
{{- $known := (.Files.Get "files/engines.yaml" | fromYaml).engines -}}
{{- $row := dict -}}
{{- $names := list -}}
{{- range $known -}}
{{- $names = append $names .name -}}
{{- if eq .name $.Values.egress.engine -}}{{- $row = . -}}{{- end -}}
{{- end -}}
{{- if not $row -}}
{{- fail (printf "egress.engine: %s is no engine of this chart; it has %s" .Values.egress.engine (join ", " $names)) -}}
{{- end -}}
{{- toJson $row -}}
{{- end -}}

{{/* "true" where a lock-down of Calico's policies is rendered, because it was asked for or because the engine is one. */}}
{{- define "sark-network.lockedDown" -}}
{{- if and .Values.egress.enabled (or .Values.calico.enabled (include "sark-network.engine" . | fromJson).lockdown) }}true{{ end -}}
{{- end -}}
