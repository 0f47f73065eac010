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
{{- $held := list -}}
{{- range concat $four $six }}{{ $held = append $held (include "sark-network.bits" .) }}{{ end -}}
{{- $cluster := .Values.cluster -}}
{{- range concat $cluster.cidrs $cluster.podCidrs $cluster.serviceCidrs .Values.egress.deniedCidrs -}}
{{- $bits := include "sark-network.bits" . -}}
{{- $net := include "sark-network.network" . -}}
{{- $within := false -}}
{{- range $held }}{{ if hasPrefix . $bits }}{{ $within = true }}{{ end }}{{ end -}}
{{- if not $within -}}
{{- $held = append $held $bits -}}
{{- if contains ":" $net }}{{ $six = append $six $net }}{{ else }}{{ $four = append $four $net }}{{ end -}}
{{- end -}}
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
A CIDR as the bits of its prefix, after its family: `4:` or `6:`, and `o` for 0, `i` for 1. One network lies within another
when its bits begin with the other's, whatever the spelling; host bits are not looked at.
*/}}
{{- define "sark-network.bits" -}}
{{- $length := splitList "/" . | last | int -}}
{{- $text := splitList "/" . | first | lower -}}
{{- $hex := "" -}}
{{- if contains ":" $text -}}
{{- $halves := splitList "::" $text -}}
{{- $left := splitList ":" (first $halves) | compact -}}
{{- $right := list }}{{ if gt (len $halves) 1 }}{{ $right = splitList ":" (last $halves) | compact }}{{ end -}}
{{- range $left }}{{ $hex = printf "%s%s%s" $hex (trunc (int (sub 4 (len .))) "0000") . }}{{ end -}}
{{- $hex = printf "%s%s" $hex (repeat (int (mul 4 (sub 8 (add (len $left) (len $right))))) "0") -}}
{{- range $right }}{{ $hex = printf "%s%s%s" $hex (trunc (int (sub 4 (len .))) "0000") . }}{{ end -}}
{{- else -}}
{{- range splitList "." $text }}{{ $hex = printf "%s%02x" $hex (int .) }}{{ end -}}
{{- end -}}
{{- $hex = $hex | replace "0" "oooo" | replace "1" "oooi" | replace "2" "ooio" | replace "3" "ooii" | replace "4" "oioo"
  | replace "5" "oioi" | replace "6" "oiio" | replace "7" "oiii" -}}
{{- $hex = $hex | replace "8" "iooo" | replace "9" "iooi" | replace "a" "ioio" | replace "b" "ioii" | replace "c" "iioo"
  | replace "d" "iioi" | replace "e" "iiio" | replace "f" "iiii" -}}
{{- printf "%s:%s" (ternary "6" "4" (contains ":" $text)) (substr 0 $length $hex) -}}
{{- end -}}

{{/*
A CIDR as Kubernetes and Calico write it: host bits zero, and RFC 5952's form of an IPv6 address. Any other costs a warning at
every install, and Calico refuses host bits.
*/}}
{{- define "sark-network.network" -}}
{{- if and (hasSuffix "/32" .) (not (contains ":" .)) -}}
{{- . -}}
{{- else -}}
{{- include "sark-network.network.written" . -}}
{{- end -}}
{{- end -}}

{{- define "sark-network.network.written" -}}
{{- $bits := include "sark-network.bits" . -}}
{{- $length := splitList "/" . | last | int -}}
{{- $size := ternary 128 32 (hasPrefix "6:" $bits) -}}
{{- $all := printf "%s%s" (substr 2 -1 $bits) (repeat (int (sub $size $length)) "o") -}}
{{- $hex := "" -}}
{{- range $i := until (int (div $size 4)) -}}
{{- $four := substr (int (mul $i 4)) (int (add 4 (mul $i 4))) $all -}}
{{- $hex = printf "%s%x" $hex (add (ternary 8 0 (eq (substr 0 1 $four) "i")) (ternary 4 0 (eq (substr 1 2 $four) "i"))
    (ternary 2 0 (eq (substr 2 3 $four) "i")) (ternary 1 0 (eq (substr 3 4 $four) "i"))) -}}
{{- end -}}
{{- $groups := list -}}
{{- if eq $size 32 -}}
{{- range $i := until 4 -}}
{{- $groups = append $groups (printf "0x%s" (substr (int (mul $i 2)) (int (add 2 (mul $i 2))) $hex) | int | toString) -}}
{{- end -}}
{{- printf "%s/%d" (join "." $groups) $length -}}
{{- else -}}
{{- range $i := until 8 -}}
{{- $groups = append $groups (substr (int (mul $i 4)) (int (add 4 (mul $i 4))) $hex | trimPrefix "0" | trimPrefix "0" | trimPrefix "0") -}}
{{- end -}}
{{- $text := join ":" $groups -}}
{{- /* The longest run of two zeros or more, of equal ones the first, is `::`. */ -}}
{{- range $n := untilStep 8 1 -1 -}}
{{- $run := printf ":%s" (repeat $n "0:") -}}
{{- if and (not (contains "::" $text)) (contains $run (printf ":%s:" $text)) -}}
{{- $around := splitn $run 2 (printf ":%s:" $text) -}}
{{- $text = printf "%s::%s" (trimPrefix ":" $around._0) (trimSuffix ":" $around._1) -}}
{{- end -}}
{{- end -}}
{{- printf "%s/%d" $text $length -}}
{{- end -}}
{{- end -}}

{{/* CIDRs as networks, each once, as a JSON list. */}}
{{- define "sark-network.networks" -}}
{{- $nets := list -}}
{{- range . }}{{ $nets = append $nets (include "sark-network.network" .) }}{{ end -}}
{{- $nets | uniq | toJson -}}
{{- end -}}

{{/* The networks of a JSON list of CIDRs that lie in no other of it, so that none meets another. */}}
{{- define "sark-network.outermost" -}}
{{- $nets := include "sark-network.networks" . | fromJsonArray -}}
{{- $outer := list -}}
{{- range $net := $nets -}}
{{- $bits := include "sark-network.bits" $net -}}
{{- $inside := false -}}
{{- range without $nets $net }}{{ if hasPrefix (include "sark-network.bits" .) $bits }}{{ $inside = true }}{{ end }}{{ end -}}
{{- if not $inside }}{{ $outer = append $outer $net }}{{ end -}}
{{- end -}}
{{- toJson $outer -}}
{{- end -}}

{{/*
What no value may open, in any spelling, as a JSON list of {bits, is}: metadata services, loopback, link-local, multicast,
and the IPv6 networks that carry an IPv4 address, where that is one of those.
*/}}
{{- define "sark-network.forbidden" -}}
{{- if not (hasKey .Values "_forbidden") -}}
{{- $nets := list -}}
{{- range $is, $cidrs := dict
  "a metadata service" (list "168.63.129.16/32" "100.100.100.200/32" "192.0.0.192/32" "fd00:ec2::254/128" "fd20:ce::254/128")
  "link-local, with the metadata services" (list "169.254.0.0/16" "fe80::/10") "loopback" (list "127.0.0.0/8" "::1/128")
  "this network" (list "0.0.0.0/8" "::/128") "multicast or reserved" (list "224.0.0.0/3" "ff00::/8") -}}
{{- range $cidrs -}}
{{- $bits := include "sark-network.bits" . -}}
{{- $nets = append $nets (dict "bits" $bits "is" $is "cidr" .) -}}
{{- if hasPrefix "4:" $bits -}}
{{- range list "::/96" "::ffff:0:0/96" "::ffff:0:0:0/96" "64:ff9b::/96" "2002::/16" -}}
{{- $nets = append $nets (dict "bits" (printf "%s%s" (include "sark-network.bits" .) (trimPrefix "4:" $bits))
    "is" (printf "%s, as IPv4 inside IPv6" $is)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $nets = append $nets (dict "bits" (include "sark-network.bits" "64:ff9b:1::/48") "is" "local NAT64, which may lead anywhere") -}}
{{- $_ := set .Values "_forbidden" ($nets | toJson) -}}
{{- end -}}
{{- get .Values "_forbidden" -}}
{{- end -}}

{{/*
What values promise of addresses holds for those that they open: egress.internal, egress.external and externalCidrs meet
neither what no value may open nor what cluster.cidrs, cluster.podCidrs, cluster.serviceCidrs and egress.deniedCidrs close.
tools/egress/promises.py says the same.
*/}}
{{- define "sark-network.refuseOpenings" -}}
{{- $opened := list -}}
{{- range $key := list "internal" "external" -}}
{{- range $i, $entry := index $.Values.egress $key }}{{ range $j, $cidr := $entry.cidrs -}}
{{- $opened = append $opened (dict "path" (printf "egress.%s[%d].cidrs[%d]" $key $i $j) "cidr" $cidr) -}}
{{- end }}{{ end -}}
{{- end -}}
{{- $parts := include "sark-network.parts" . | fromJson -}}
{{- range $parts.order -}}
{{- $part := get $parts.parts . -}}
{{- range $j, $cidr := $part.block.externalCidrs -}}
{{- $opened = append $opened (dict "path" (printf "%s.externalCidrs[%d]" $part.key $j) "cidr" $cidr) -}}
{{- end -}}
{{- end -}}
{{- if $opened -}}
{{- $closed := include "sark-network.closed" . | fromJsonArray -}}
{{- range $i, $cidr := .Values.cluster.serviceCidrs -}}
{{- $closed = append $closed (dict "bits" (include "sark-network.bits" $cidr) "path" (printf "cluster.serviceCidrs[%d]" $i)
    "cidr" $cidr) -}}
{{- end -}}
{{- $forbidden := include "sark-network.forbidden" . | fromJsonArray -}}
{{- range $open := $opened -}}
{{- $bits := include "sark-network.bits" .cidr -}}
{{- range $forbidden -}}
{{- if or (hasPrefix .bits $bits) (hasPrefix $bits .bits) -}}
{{- fail (printf "%s: %s reaches %s; write the servers' own addresses, without it" $open.path $open.cidr
    (ternary .is (printf "%s (%s)" .cidr .is) (not .cidr))) -}}
{{- end -}}
{{- end -}}
{{- range $closed -}}
{{- if or (hasPrefix .bits $bits) (hasPrefix $bits .bits) -}}
{{- fail (printf "%s: %s overlaps with %s of %s, which this list must never reach; narrow one of the two" $open.path
    $open.cidr .cidr .path) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What values close to addresses that are opened, as a JSON list of {bits, path, cidr}. */}}
{{- define "sark-network.closed" -}}
{{- $closed := list -}}
{{- range $key, $cidrs := dict "cluster.cidrs" .Values.cluster.cidrs "cluster.podCidrs" .Values.cluster.podCidrs
  "egress.deniedCidrs" .Values.egress.deniedCidrs -}}
{{- range $i, $cidr := $cidrs -}}
{{- $closed = append $closed (dict "bits" (include "sark-network.bits" $cidr) "path" (printf "%s[%d]" $key $i) "cidr" $cidr) -}}
{{- end -}}
{{- end -}}
{{- $closed | toJson -}}
{{- end -}}

{{/*
A block of extraEgress may be an address of the cluster that is meant, such as the API server's, but not all of a range that
values close: every pod, Service and node would be open by it. Nor does it lie where nobody is reached, as the metadata
services' addresses in any spelling. tools/egress/promises.py says the same.
*/}}
{{- define "sark-network.refuseBlocks" -}}
{{- $parts := include "sark-network.parts" . | fromJson -}}
{{- $never := include "sark-network.notServers" . | fromJsonArray -}}
{{- $closed := include "sark-network.closed" . | fromJsonArray -}}
{{- range $parts.order -}}
{{- $part := get $parts.parts . -}}
{{- range $i, $rule := $part.block.extraEgress }}{{ range $j, $peer := $rule.to }}{{ with $peer.ipBlock -}}
{{- $block := . -}}
{{- $bits := include "sark-network.bits" .cidr -}}
{{- range $never -}}
{{- if and (hasPrefix .bits $bits) (not (hasPrefix "multicast" .is)) -}}
{{- fail (printf "%s.extraEgress[%d].to[%d].ipBlock.cidr: %s reaches %s; take it out" $part.key $i $j $block.cidr
    (ternary .is (printf "%s (%s)" .cidr .is) (not .cidr))) -}}
{{- end -}}
{{- end -}}
{{- range $range := $closed -}}
{{- $open := hasPrefix $bits .bits -}}
{{- range $block.except }}{{ if hasPrefix (include "sark-network.bits" .) $range.bits }}{{ $open = false }}{{ end }}{{ end -}}
{{- if $open -}}
{{- fail (printf
    (print "%s.extraEgress[%d].to[%d].ipBlock.cidr: %s opens all of %s, which is %s; select pods by podSelector, or leave "
      "the range out with except") $part.key $i $j $block.cidr .cidr .path) -}}
{{- end -}}
{{- end -}}
{{- end }}{{ end }}{{ end -}}
{{- end -}}
{{- end -}}

{{/*
Where no server of these values is, in any spelling: a DNS server, the API server, a Service. Link-local is where a node's DNS
cache listens, so of it only the metadata services are refused. A range reaches none of that either, nor all of a range of the
cluster's. tools/egress/promises.py says the same.
*/}}
{{- define "sark-network.refuseServers" -}}
{{- $servers := list -}}
{{- range $i, $address := .Values.proxy.resolvers -}}
{{- $servers = append $servers (dict "path" (printf "proxy.resolvers[%d]" $i) "text" $address "no" "DNS server"
    "write" "the server's own address, or none for cluster DNS") -}}
{{- end -}}
{{- range $i, $cidr := .Values.dns.cidrs -}}
{{- $servers = append $servers (dict "path" (printf "dns.cidrs[%d]" $i) "text" $cidr "no" "DNS server"
    "write" "the server's own address") -}}
{{- end -}}
{{- range $i, $cidr := .Values.proxy.push.apiServer.cidrs -}}
{{- $servers = append $servers (dict "path" (printf "proxy.push.apiServer.cidrs[%d]" $i) "text" $cidr "no" "API server"
    "write" "the servers' own addresses") -}}
{{- end -}}
{{- $addresses := dict -}}
{{- range $part, $address := .Values.dnsGuard.addresses -}}
{{- $_ := set $addresses (printf "dnsGuard.addresses.%s" $part) $address -}}
{{- end -}}
{{- with .Values.proxy.service.clusterIP }}{{ $_ := set $addresses "proxy.service.clusterIP" . }}{{ end -}}
{{- range $path, $address := $addresses -}}
{{- $servers = append $servers (dict "path" $path "text" $address "no" "Service" "write" "a free address of the Services' range") -}}
{{- end -}}
{{- if $servers -}}
{{- $never := include "sark-network.notServers" $ | fromJsonArray -}}
{{- $closed := include "sark-network.closed" $ | fromJsonArray -}}
{{- range $server := $servers -}}
{{- $whole := printf "%s/%s" .text (ternary "128" "32" (contains ":" .text)) -}}
{{- $bits := include "sark-network.bits" (ternary .text $whole (contains "/" .text)) -}}
{{- range $never -}}
{{- if hasPrefix .bits $bits -}}
{{- fail (printf "%s: %s is %s, and no %s; write %s" $server.path $server.text
    (ternary .is (printf "in %s (%s)" .cidr .is) (not .cidr)) $server.no $server.write) -}}
{{- else if hasPrefix $bits .bits -}}
{{- fail (printf "%s: %s reaches %s; write %s" $server.path $server.text
    (ternary .is (printf "%s (%s)" .cidr .is) (not .cidr)) $server.write) -}}
{{- end -}}
{{- end -}}
{{- range $closed -}}
{{- if and (hasPrefix $bits .bits) (ne $bits .bits) -}}
{{- fail (printf "%s: %s opens all of %s, which is %s; write %s" $server.path $server.text .cidr .path $server.write) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What no value may open, but for link-local of IPv4 without its metadata services: a JSON list of {bits, is, cidr}. */}}
{{- define "sark-network.notServers" -}}
{{- $nets := list -}}
{{- range concat (include "sark-network.forbidden" . | fromJsonArray) (include "sark-network.notResolvers" . | fromJsonArray) -}}
{{- if ne (.cidr | default "") "169.254.0.0/16" }}{{ $nets = append $nets . }}{{ end -}}
{{- end -}}
{{- $nets | toJson -}}
{{- end -}}

{{- define "sark-network.notResolvers" -}}
{{- $nets := list (dict "bits" (include "sark-network.bits" "::ffff:0:0/96") "is" "an IPv4 address inside IPv6") -}}
{{- range list "169.254.169.254/32" "169.254.170.2/32" -}}
{{- $nets = append $nets (dict "bits" (include "sark-network.bits" .) "is" "a metadata service" "cidr" .) -}}
{{- end -}}
{{- $nets | toJson -}}
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
