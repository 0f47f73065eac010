{{/*
Peers outside the cluster without a name that the proxy could check: LDAP, Kafka, a database elsewhere. They are reached
directly, by address, so both walls have to say so: the part's NetworkPolicy and, on Calico, its lock-down.
*/}}

{{/* egress.external with its defaults, as a JSON list of {cidrs, ports, protocol, workloads, path}. Read once a render. */}}
{{- define "sark-network.external" -}}
{{- if not (hasKey .Values "_external") -}}
{{- $_ := set .Values "_external" (include "sark-network.external.read" .) -}}
{{- end -}}
{{- get .Values "_external" -}}
{{- end -}}

{{- define "sark-network.external.read" -}}
{{- $now := include "sark-network.now" . | int64 -}}
{{- $entries := list -}}
{{- $expired := list -}}
{{- $ending := list -}}
{{- $seen := dict -}}
{{- range $i, $given := .Values.egress.external -}}
{{- $path := printf "egress.external[%d]" $i -}}
{{- if not $given.reason -}}
{{- fail (printf
    (print "%s.reason: is missing; an address says nothing about who is there, so write why it is reached, such as "
      "reason: the company's LDAP") $path) -}}
{{- end -}}
{{- $entry := dict "cidrs" (include "sark-network.networks" $given.cidrs | fromJsonArray) "ports" $given.ports "protocol"
  ($given.protocol | default "tcp") "workloads" ($given.workloads | default (list "gateway")) "path" $path -}}
{{- include "sark-network.refuseStrangers" (dict "root" $ "entry" $entry) -}}
{{- include "sark-network.refuseUnexplained" (dict "root" $ "entry" (merge (dict "path" $path) $given)) -}}
{{- $ends := $now -}}
{{- with $given.expires -}}
{{- $ends = include "sark-network.moment" (dict "text" . "path" (printf "%s.expires" $path) "whole" true) | int64 -}}
{{- end -}}
{{- if and $given.expires (le $ends $now) -}}
{{- $expired = append $expired (dict "name" (join ", " $given.cidrs) "path" $path "expires" $given.expires) -}}
{{- else -}}
{{- range $workload := $entry.workloads }}{{ range $port := $entry.ports }}{{ range $cidr := $given.cidrs -}}
{{- $key := printf "%s, %s port %v of %s" (include "sark-network.network" $cidr) $entry.protocol $port $workload -}}
{{- if hasKey $seen $key -}}
{{- fail (printf "%s: %s, %s port %v, for %s is in the list already, at %s; remove one" $path $cidr $entry.protocol $port
    $workload (get $seen $key)) -}}
{{- end -}}
{{- $_ := set $seen $key $path -}}
{{- end }}{{ end }}{{ end -}}
{{- $entries = append $entries $entry -}}
{{- with $given.expires }}{{ $ending = append $ending (dict "name" (join ", " $given.cidrs) "path" $path "expires" .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $_ := set .Values "_externalEnding" $ending -}}
{{- $_ := set .Values "_externalExpired" $expired -}}
{{- $entries | toJson -}}
{{- end -}}

{{/* The egress rules of a part's NetworkPolicy: (dict "root" $ "part" "gateway"). */}}
{{- define "sark-network.external.rules" -}}
{{- $part := .part -}}
{{- range include "sark-network.external" .root | fromJsonArray -}}
{{- if has $part .workloads }}
- to:
    {{- range .cidrs }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
  ports:
    {{- include "sark-network.policyPorts" (dict "ports" .ports "protocol" (upper .protocol)) | trim | nindent 4 }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The same as rules of the lock-down. */}}
{{- define "sark-network.external.exceptions" -}}
{{- $part := .part -}}
{{- range include "sark-network.external" .root | fromJsonArray -}}
{{- if has $part .workloads }}
{{- include "sark-network.lockdown.allow" (dict "protocol" (upper .protocol) "nets" .cidrs "ports" .ports) }}
{{- end -}}
{{- end -}}
{{- end -}}
