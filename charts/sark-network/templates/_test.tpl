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
{{- $entry := include "sark-network.test.entry" (dict "root" . "name" .Values.test.allowedName) | fromJson -}}
{{- printf "%s:%v" .Values.test.allowedName (first ($entry.ports | default (list 443))) -}}
{{- else -}}
{{- $exact | default $wild -}}
{{- end -}}
{{- end -}}

{{/* The gateway's entry that decides on a name, as JSON; empty for none: (dict "root" $ "name" …). */}}
{{- define "sark-network.test.entry" -}}
{{- include "sark-network.model" .root -}}
{{- $model := .root.Values._model -}}
{{- $name := lower .name -}}
{{- $entry := dict -}}
{{- range concat $model.entries $model.internal -}}
{{- if has "gateway" .workloads -}}
{{- if eq .name $name -}}
{{- $entry = . -}}
{{- else if and (hasPrefix "*." .name) (hasSuffix (trimPrefix "*" .name) $name) (ne ($entry.name | default "") $name)
  (gt (len .name) (len ($entry.name | default ""))) -}}
{{- $entry = . -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $entry -}}
{{- end -}}

{{/* A test that could not but fail, or that asks for no one name. In audit no public name is denied. */}}
{{- define "sark-network.test.refuse" -}}
{{- if and .Values.test.enabled (include "sark-network.proxied" .) -}}
{{- range $key := list "allowedName" "deniedName" -}}
{{- $name := get $.Values.test $key -}}
{{- if hasPrefix "*." $name -}}
{{- fail (printf "test.%s: %s is no one name, and helm test asks for one; write a name below %s" $key $name (trimPrefix "*." $name)) -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.egress.mode "enforce" -}}
{{- $allowed := .Values.test.allowedName -}}
{{- if and $allowed (not (include "sark-network.test.entry" (dict "root" . "name" $allowed) | fromJson)) -}}
{{- fail (printf
    (print "test.allowedName: %s is not on the gateway's list, so helm test could only fail; write a name that is, or nothing for "
      "the list's first") $allowed) -}}
{{- end -}}
{{- $denied := include "sark-network.test.entry" (dict "root" . "name" .Values.test.deniedName) | fromJson -}}
{{- if has 443.0 ($denied.ports | default list) -}}
{{- fail (printf "test.deniedName: %s is on the gateway's list, at %s, so helm test could only fail; write a name that is not"
    .Values.test.deniedName $denied.path) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
