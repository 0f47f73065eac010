{{/*
What no listed name may resolve to, as a JSON list of CIDRs: private, shared (CGNAT), loopback, link-local with the metadata
services, multicast and reserved ranges, and the cluster's own (IANA special-purpose registries, RFC 6890), in both families.
The documentation ranges are left out: nothing answers there, and tests need addresses that are nobody's.
*/}}
{{- define "sark-network.deniedCidrs" -}}
{{- $four := list
  "0.0.0.0/8" "10.0.0.0/8" "100.64.0.0/10" "127.0.0.0/8" "169.254.0.0/16" "172.16.0.0/12" "192.0.0.0/24"
  "192.168.0.0/16" "198.18.0.0/15" "224.0.0.0/4" "240.0.0.0/4" -}}
{{- /* Azure's metadata and DNS address is a public one. */ -}}
{{- $four = append $four "168.63.129.16/32" -}}
{{- $six := list
  "::/96" "::ffff:0:0/96" "64:ff9b:1::/48" "100::/64" "2001::/32" "fc00::/7" "fe80::/10" "fec0::/10" "ff00::/8" -}}
{{- range concat .Values.cluster.cidrs .Values.egress.deniedCidrs -}}
{{- if contains ":" . }}{{ $six = append $six . }}
{{- else if not (or (hasPrefix "10." .) (hasPrefix "192.168." .)) }}{{ $four = append $four . }}{{ end -}}
{{- end -}}
{{- /* An IPv4 address also travels inside an IPv6 one: NAT64 (RFC 6052) and 6to4 (RFC 3056). */ -}}
{{- range $four -}}
{{- $bits := splitList "/" . | last | int -}}
{{- $byte := splitList "/" . | first | splitList "." -}}
{{- $high := add (mul 256 (index $byte 0 | int)) (index $byte 1 | int) -}}
{{- $low := add (mul 256 (index $byte 2 | int)) (index $byte 3 | int) -}}
{{- /* In RFC 5952's form: Kubernetes warns of any other at every install. */ -}}
{{- $six = append $six (printf "64:ff9b::%x:%x/%d" $high $low (add 96 $bits) | replace "::0:0/" "::/" | replace "::0:" "::") -}}
{{- $six = append $six (printf "2002:%x:%x::/%d" $high $low (add 16 $bits) | replace ":0::" "::" | replace ":0::" "::") -}}
{{- end -}}
{{- concat $four $six | uniq | toJson -}}
{{- end -}}

{{/*
The same for policies, without the IPv4-mapped range: Kubernetes and Calico read it as IPv4's 0.0.0.0/0 and refuse it beside
IPv6 ones, and no packet carries such an address. Envoy, which may meet one in an answer, keeps it.
*/}}
{{- define "sark-network.deniedPacketCidrs" -}}
{{- without (include "sark-network.deniedCidrs" . | fromJsonArray) "::ffff:0:0/96" | toJson -}}
{{- end -}}

{{/* The addresses that the proxy may reach by its own policy: everything but those. An ipBlock list's items. */}}
{{- define "sark-network.publicPeers" -}}
{{- $four := list }}{{ $six := list -}}
{{- range include "sark-network.deniedPacketCidrs" . | fromJsonArray -}}
{{- if contains ":" . }}{{ $six = append $six . }}{{ else }}{{ $four = append $four . }}{{ end -}}
{{- end -}}
- ipBlock:
    cidr: 0.0.0.0/0
    except:
      {{- toYaml $four | nindent 6 }}
- ipBlock:
    cidr: ::/0
    except:
      {{- toYaml $six | nindent 6 }}
{{- end -}}
