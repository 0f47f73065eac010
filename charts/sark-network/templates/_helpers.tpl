{{/* Names and labels. */}}
{{- define "sark-network.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "sark-network.fullname" -}}
{{- $name := include "sark-network.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- include "sark-network.short" (dict "name" .Values.fullnameOverride) -}}
{{- else if contains $name .Release.Name -}}
{{- include "sark-network.short" (dict "name" .Release.Name) -}}
{{- else -}}
{{- include "sark-network.short" (dict "name" (printf "%s-%s" .Release.Name $name)) -}}
{{- end -}}
{{- end -}}

{{/*
At most 40 characters, so that suffixes still fit into 63; a cut name ends in a hash, so that two never meet. A Service's
name begins with a letter and has no dot (RFC 1035), and a release's may.
*/}}
{{- define "sark-network.short" -}}
{{- if or (gt (len .name) 40) (contains "." .name) (regexMatch "^[0-9]" .name) -}}
{{- printf "%s%s-%s" (ternary "n" "" (regexMatch "^[0-9]" .name)) (.name | replace "." "-" | trunc 30 | trimSuffix "-")
  (.name | sha256sum | trunc 8) -}}
{{- else -}}
{{- .name -}}
{{- end -}}
{{- end -}}

{{/* Cluster-scoped objects carry the namespace too; the hash tells release c in a-b from release b-c in a. */}}
{{- define "sark-network.clusterName" -}}
{{- printf "%s-%s-%s" .Release.Namespace (include "sark-network.fullname" .)
  (printf "%s/%s" .Release.Namespace .Release.Name | sha256sum | trunc 6) -}}
{{- end -}}

{{/* The name of an object in a namespace: (dict "root" $ "namespace" … "suffix" …). Outside the release's, it is cluster-wide. */}}
{{- define "sark-network.nameIn" -}}
{{- $prefix := ternary (include "sark-network.fullname" .root) (include "sark-network.clusterName" .root)
  (eq .namespace .root.Release.Namespace) -}}
{{- printf "%s-%s" $prefix .suffix -}}
{{- end -}}

{{- define "sark-network.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/name: {{ include "sark-network.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/part-of: sark
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* metadata of an object: (dict "root" $ "name" … "namespace" … "labels" … "annotations" …); no namespace: cluster-scoped. */}}
{{- define "sark-network.metadata" -}}
name: {{ .name | quote }}
{{- with .namespace }}
namespace: {{ . | quote }}
{{- end }}
labels:
  {{- /* A key that commonLabels has too stands once, with the object's own value. */}}
  {{- $common := include "sark-network.labels" .root }}
  {{- range $key, $_ := .labels }}{{ $common = regexReplaceAll (printf `(?m)^%s: .*\n?` (regexQuoteMeta $key)) $common "" }}{{ end }}
  {{- $common | trim | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "sark-network.proxySelector" -}}
app.kubernetes.io/name: {{ include "sark-network.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: egress-proxy
{{- end -}}

{{/* "true" in a real cluster: this API is in every one, and in none that Helm makes up for `helm template`. */}}
{{- define "sark-network.connected" -}}
{{- if .Capabilities.APIVersions.Has "apiregistration.k8s.io/v1" }}true{{ end -}}
{{- end -}}

{{/* An image's reference, by its digest where it has one. */}}
{{- define "sark-network.image" -}}
{{- if .digest }}{{ printf "%s@%s" .repository .digest }}{{ else }}{{ printf "%s:%s" .repository .tag }}{{ end -}}
{{- end -}}

{{/* Of the chart's own pods. Without a number the platform chooses the user, as OpenShift's constraints do. */}}
{{- define "sark-network.podSecurityContext" -}}
runAsNonRoot: true
{{- with .Values.podSecurity.runAsUser }}
runAsUser: {{ int64 . }}
runAsGroup: {{ int64 . }}
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "sark-network.proxied" -}}
{{- if and .Values.egress.enabled (eq .Values.egress.engine "proxy") }}true{{ end -}}
{{- end -}}
