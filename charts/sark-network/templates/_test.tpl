{{/*
The name, and port, that `helm test` expects an answer from: the value, else the gateway's first exact name, else api.d of
its first *.d.
*/}}
{{- define "sark-network.testName" -}}
{{- include "sark-network.model" . -}}
{{- $exact := "" }}{{ $wild := "" -}}
{{- range .Values._model.entries -}}
{{- if has "gateway" .workloads -}}
{{- $target := printf "%s:%v" .name (first .ports) -}}
{{- if hasPrefix "*." .name -}}
{{- $wild = $wild | default (printf "api%s" (trimPrefix "*" $target)) -}}
{{- else -}}
{{- $exact = $exact | default $target -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.test.allowedName -}}
{{- printf "%s:443" .Values.test.allowedName -}}
{{- else -}}
{{- $exact | default $wild -}}
{{- end -}}
{{- end -}}
