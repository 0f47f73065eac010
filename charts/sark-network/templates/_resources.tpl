{{/* What the API server refuses of a pod's resources, which a schema cannot say: two quantities beside each other, and names. */}}
{{- define "sark-network.refuseResources" -}}
{{- range $of := list "proxy" "dnsGuard" -}}
{{- $resources := (index $.Values $of).resources -}}
{{- range $kind := list "requests" "limits" -}}
{{- range $name, $quantity := get $resources $kind -}}
{{- $path := printf "%s.resources.%s.%s" $of $kind $name -}}
{{- if not (regexMatch "/|^(cpu|memory|ephemeral-storage|hugepages-.+)$" $name) -}}
{{- fail (printf
    (print "%s: Kubernetes knows no such resource; write cpu, memory, ephemeral-storage or hugepages-SIZE, or a name with a "
      "prefix, such as example.com/name") $path) -}}
{{- end -}}
{{- if and (contains "/" $name) (regexMatch "[.m]" (toString $quantity)) -}}
{{- fail (printf "%s: %v is not a whole number, and such a resource has no fractions; write a whole number" $path $quantity) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $least := $resources.requests -}}
{{- if hasKey $resources.limits $name -}}
{{- $most := get $resources.limits $name -}}
{{- if gt (include "sark-network.quantity" $least | float64) (include "sark-network.quantity" $most | float64) -}}
{{- fail (printf "%s.resources.requests.%s: %v is more than limits.%s, which is %v; lower it, or raise the limit" $of $name $least
    $name $most) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A quantity of Kubernetes's as a number; 0 for none. */}}
{{- define "sark-network.quantity" -}}
{{- $text := ternary . (toString .) (kindIs "string" .) -}}
{{- $unit := regexFind "[a-zA-Z]+$" $text -}}
{{- if kindIs "string" . -}}
{{- $factor := get (dict "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0
    "Ti" 1099511627776.0 "Pi" 1125899906842624.0 "Ei" 1152921504606846976.0) $unit | default 1.0 -}}
{{- mulf (trimSuffix $unit $text | float64) $factor -}}
{{- else -}}
{{- . | float64 -}}
{{- end -}}
{{- end -}}
