{{/* The families of addresses: which the proxy listens on, its Services have, and a name is looked up in. */}}

{{/*
With proxy.ipFamily v4-only Envoy listens on IPv4 alone, for nodes whose kernel has no IPv6: then its Services are IPv4 ones, since
an IPv6 address of theirs would lead to nobody. Two families need ranges of both.
*/}}
{{- define "sark-network.refuseFamilies" -}}
{{- $service := .Values.proxy.service -}}
{{- if include "sark-network.fourOnly" . -}}
{{- if eq $service.ipFamilyPolicy "RequireDualStack" -}}
{{- fail
  (print "proxy.service.ipFamilyPolicy: RequireDualStack gives the proxy's Services an IPv6 address too, and with "
    "proxy.ipFamily=v4-only the proxy listens on IPv4 alone; write SingleStack, or proxy.ipFamily=v4-preferred") -}}
{{- end -}}
{{- if contains ":" $service.clusterIP -}}
{{- fail (printf
    (print "proxy.service.clusterIP: %s is an IPv6 address, and with proxy.ipFamily=v4-only the proxy listens on IPv4 alone; "
      "write an IPv4 address, or proxy.ipFamily=v4-preferred") $service.clusterIP) -}}
{{- end -}}
{{- end -}}
{{- $families := dict -}}
{{- range .Values.cluster.serviceCidrs }}{{ $_ := set $families (ternary "IPv6" "IPv4" (contains ":" .)) true }}{{ end -}}
{{- if and (eq $service.ipFamilyPolicy "RequireDualStack") (eq (len $families) 1) -}}
{{- fail (printf
    (print "proxy.service.ipFamilyPolicy: RequireDualStack needs Service ranges of both families, and cluster.serviceCidrs has "
      "only %s ones; add the other range, or write PreferDualStack") (keys $families | first)) -}}
{{- end -}}
{{- end -}}

{{/*
The family in which Envoy looks for the addresses of a name: (dict "root" $ "cidrs" an internal entry's, or none). A preferred family
decides as soon as it has an address, even one that the entry's CIDRs leave out; so where they are all of one family, it is theirs.
*/}}
{{- define "sark-network.envoy.family" -}}
{{- $family := .root.Values.proxy.ipFamily -}}
{{- if and .cidrs (hasSuffix "-preferred" $family) -}}
{{- $six := 0 -}}
{{- range .cidrs }}{{ if contains ":" . }}{{ $six = add1 $six }}{{ end }}{{ end -}}
{{- if eq (int $six) 0 }}{{ $family = "v4-only" }}{{ else if eq (int $six) (len .cidrs) }}{{ $family = "v6-only" }}{{ end -}}
{{- end -}}
{{- get (dict "v4-only" "V4_ONLY" "v6-only" "V6_ONLY" "v4-preferred" "V4_PREFERRED" "v6-preferred" "AUTO") $family -}}
{{- end -}}

{{/* An entry of egress.internal whose CIDRs have no address of the one family that the proxy looks for leads nowhere. */}}
{{- define "sark-network.refuseOtherFamily" -}}
{{- $family := .Values.proxy.ipFamily -}}
{{- if and (include "sark-network.proxied" .) (hasSuffix "-only" $family) -}}
{{- $other := ternary "IPv6" "IPv4" (eq $family "v4-only") -}}
{{- range .Values._model.internal -}}
{{- $fits := false -}}
{{- range .cidrs }}{{ if eq (contains ":" .) (eq $family "v6-only") }}{{ $fits = true }}{{ end }}{{ end -}}
{{- if not $fits -}}
{{- fail (printf
    (print "%s.cidrs: %s are %s alone, and with proxy.ipFamily=%s the proxy connects to no such address; add the servers' "
      "other addresses, or write proxy.ipFamily=%s-preferred") .path (join ", " .cidrs) $other $family (trimSuffix "-only" $family)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sark-network.fourOnly" -}}
{{- if eq .Values.proxy.ipFamily "v4-only" }}true{{ end -}}
{{- end -}}

{{/* The families of a Service that leads to the proxy: (dict "root" $). */}}
{{- define "sark-network.proxy.families" -}}
{{- if include "sark-network.fourOnly" .root -}}
ipFamilyPolicy: SingleStack
ipFamilies: [IPv4]
{{- else -}}
ipFamilyPolicy: {{ .root.Values.proxy.service.ipFamilyPolicy | quote }}
{{- end -}}
{{- end -}}
