{{/*
Addresses of Services that values fix: each once, in whatever spelling, where the cluster gives Services theirs, and not where pods
have theirs.
*/}}
{{- define "sark-network.refuseFixed" -}}
{{- $fixed := dict -}}
{{- range $part, $address := .Values.dnsGuard.addresses }}{{ $_ := set $fixed (printf "dnsGuard.addresses.%s" $part) $address }}{{ end -}}
{{- with .Values.proxy.service.clusterIP }}{{ $_ := set $fixed "proxy.service.clusterIP" . }}{{ end -}}
{{- $seen := dict -}}
{{- range $path, $address := $fixed -}}
{{- $bits := include "sark-network.bits" (printf "%s/%s" $address (ternary "128" "32" (contains ":" $address))) -}}
{{- if hasKey $seen $bits -}}
{{- fail (printf "%s: %s is %s already; each Service has an address of its own" $path $address (get $seen $bits)) -}}
{{- end -}}
{{- $_ := set $seen $bits $path -}}
{{- range $i, $cidr := $.Values.cluster.podCidrs -}}
{{- if hasPrefix (include "sark-network.bits" $cidr) $bits -}}
{{- fail (printf "%s: %s is in cluster.podCidrs[%d] (%s), where pods have their addresses; write a free address of the Services' range"
    $path $address $i $cidr) -}}
{{- end -}}
{{- end -}}
{{- include "sark-network.inServiceRange" (dict "root" $ "path" $path "address" $address "bits" $bits) -}}
{{- end -}}
{{- end -}}

{{/*
A fixed address lies where the cluster gives addresses to Services, when that is known: (dict "root" $ "path" … "address" … "bits" …).
*/}}
{{- define "sark-network.inServiceRange" -}}
{{- $ranges := .root.Values.cluster.serviceCidrs -}}
{{- $within := not $ranges -}}
{{- range $ranges }}{{ if hasPrefix (include "sark-network.bits" .) $.bits }}{{ $within = true }}{{ end }}{{ end -}}
{{- if not $within -}}
{{- fail (printf "%s: %s is not in cluster.serviceCidrs (%s), so no Service can have it; write a free address of that range"
    .path .address (join ", " $ranges)) -}}
{{- end -}}
{{- end -}}
