{{/*
Engine calico-enterprise: domain rules in the lock-down itself. `domains` exists in Calico Enterprise and Calico Cloud
alone; open-source Calico drops the field, and "Allow TCP to these domains" becomes "Allow TCP to everywhere".
In audit, what no rule allowed is logged and then let through.
*/}}
{{- define "sark-network.rules.calico-enterprise" -}}
{{- $part := .part -}}
{{- include "sark-network.model" .root -}}
{{- $list := .root.Values._model -}}
{{- $listed := false -}}
{{- $byPorts := dict -}}
{{- range $list.entries }}
{{- if has $part .workloads }}
{{- $listed = true }}
{{- $key := .ports | toJson }}
{{- $_ := set $byPorts $key (append (get $byPorts $key | default list) .name) }}
{{- end }}
{{- end }}
{{- range $list.internal }}
{{- if has $part .workloads }}
{{- $listed = true }}
{{- $annotations := dict "sark-network/internal" (pick . "name" "protocol" | toJson) }}
{{- include "sark-network.lockdown.allow" (dict "protocol" "TCP" "nets" .cidrs "ports" .ports "annotations" $annotations) }}
{{- end }}
{{- end }}
{{- if $listed }}
{{- include "sark-network.lockdown.denyPrivate" .root }}
{{- end }}
{{- range $ports, $names := $byPorts }}
- action: Allow
  protocol: TCP
  destination:
    domains: {{ $names | toJson }}
    ports: {{ $ports }}
{{- end }}
{{- if and $listed (eq .root.Values.egress.mode "audit") }}
- action: Log
  destination:
    notSelector: projectcalico.org/orchestrator == 'k8s'
- action: Allow
  destination:
    notSelector: projectcalico.org/orchestrator == 'k8s'
{{- end }}
{{- end -}}
