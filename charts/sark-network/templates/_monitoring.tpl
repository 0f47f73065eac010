{{/*
For the Prometheus Operator and for Grafana, each by a value of its own. The alerts and the dashboard are files of the chart,
in which SELECTOR stands for this release's replicas.
*/}}
{{- define "sark-network.monitoring" -}}
{{- $name := printf "%s-egress-proxy" (include "sark-network.fullname" .) -}}
{{- $selector := printf `namespace="%s",pod=~"%s-.+"` .Release.Namespace $name -}}
{{- $monitoring := .Values.monitoring -}}
{{- if $monitoring.podMonitor.enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  {{- include "sark-network.metadata" (dict "root" . "name" $name "namespace" .Release.Namespace "labels" $monitoring.podMonitor.labels) | nindent 2 }}
spec:
  selector:
    matchLabels:
      {{- include "sark-network.proxySelector" . | nindent 6 }}
  podMetricsEndpoints:
    - {port: metrics, path: /stats/prometheus, interval: {{ $monitoring.podMonitor.interval | quote }}}
{{- end }}
{{- if $monitoring.rules.enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  {{- include "sark-network.metadata" (dict "root" . "name" $name "namespace" .Release.Namespace "labels" $monitoring.rules.labels) | nindent 2 }}
spec:
  groups:
    - name: {{ $name | quote }}
      rules:
        {{- .Files.Get "files/egress-alerts.yaml" | replace "SELECTOR" $selector | nindent 8 }}
{{- end }}
{{- if $monitoring.dashboard.enabled }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "sark-network.metadata" (dict "root" . "name" (printf "%s-dashboard" $name) "namespace" .Release.Namespace "labels" $monitoring.dashboard.labels) | nindent 2 }}
data:
  {{ printf "%s.json" $name }}: |
    {{- .Files.Get "files/egress-dashboard.json" | replace "SELECTOR" ($selector | replace "\"" "\\\"") | nindent 4 }}
{{- end }}
{{- end -}}
