{{/*
What CoreDNS serves: for each part a port of its own, and on it a server block for each kind of name. CoreDNS picks the
block of the longest zone, and within it runs plugins in an order of its own (log, rewrite, template, forward), whatever
the file says; hence a block for what goes to cluster DNS, and one for what does not.
*/}}
{{- define "sark-network.guard.corefile" -}}
{{- $blocks := include "sark-network.guard.blocks" . -}}
{{- $blocks -}}
{{- with include "sark-network.guard.workloads" . | fromJsonArray }}
{{ include "sark-network.guard.stamp" (dict "root" $ "workload" (first .) "hash" (sha256sum $blocks | trunc 12)) }}
{{- end }}
{{- end -}}

{{/*
A zone that is called by the file's own hash and has no names. CoreDNS's metrics name the zones that it serves, so they say which
file it has taken.
*/}}
{{- define "sark-network.guard.stamp" -}}
{{ .hash }}.corefile.dns-guard:{{ int64 .workload.port }} {
  {{- include "sark-network.guard.common" . | nindent 2 }}
  template ANY ANY . {
    rcode NXDOMAIN
  }
}
{{- end -}}

{{/* The hash of the file that the guard is to serve. */}}
{{- define "sark-network.guard.hash" -}}
{{- include "sark-network.guard.blocks" . | sha256sum | trunc 12 -}}
{{- end -}}

{{- define "sark-network.guard.blocks" -}}
{{- $root := . -}}
{{- range $i, $workload := include "sark-network.guard.workloads" . | fromJsonArray }}
{{- if not $i -}}
# Told once for all of them. The kubelet brings a changed file, and nothing is restarted for it.
(once) {
  reload 2s 1s
  health :8080
  ready :8181
}
{{- end }}
{{- $steered := dict -}}
{{- range include "sark-network.steering" $root | fromJsonArray }}{{ if eq .name $workload.name }}{{ $steered = . }}{{ end }}{{ end -}}
{{- $here := dict "root" $root "workload" $workload "first" (not $i) "steered" $steered -}}
{{- $zones := include "sark-network.guard.zones" $here | fromJson }}
{{ include "sark-network.guard.rest" $here }}
{{ include "sark-network.guard.cluster" $here }}
{{- /* In audit every name is let through alike. */}}
{{- range ternary $zones.groups list (eq $root.Values.egress.mode "enforce") }}
{{ include (printf "sark-network.guard.%s" .kind) (merge (dict "labels" .labels "keys" .keys) $here) }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A ConfigMap holds one MiB, its keys included. */}}
{{- define "sark-network.guard.fits" -}}
{{- if gt (len .) 1048000 -}}
{{- fail (printf
    (print "dnsGuard.steering: the list takes %d bytes as the guard's configuration, and a ConfigMap holds 1048576. Write "
      "a wildcard for the names that share a domain, or fewer names") (len .)) -}}
{{- end -}}
{{- end -}}

{{- define "sark-network.guard.common" -}}
errors
prometheus :{{ int64 .root.Values.dnsGuard.metricsPort }}
{{- end -}}

{{/* The names that are refused, each with a line in the log. The name comes last: it is what a client chose. */}}
{{- define "sark-network.guard.log" -}}
log . "workload={{ .workload.name }} client={remote}:{port} type={type} class={class} proto={proto} rcode={rcode} name={name}" {
  class denial error
}
{{- end -}}

{{/* In audit, every name that is asked for. */}}
{{- define "sark-network.guard.auditLog" -}}
{{- $query := "type={type} class={class} proto={proto} rcode={rcode} name={name}" -}}
log . "workload={{ .workload.name }} verdict=audit client={remote}:{port} {{ $query }}"
{{- end -}}

{{/* Class CH asks a server about itself; without an answer here it would end as a failure of the server. */}}
{{- define "sark-network.guard.otherClass" -}}
template CH ANY . {
  rcode REFUSED
}
{{- end -}}

{{/* A negative answer, with the SOA that says for how long it may be kept: as short as a name's that is there. */}}
{{- define "sark-network.guard.negative" -}}
rcode {{ .rcode }}
{{- $ttl := int64 .root.Values.dnsGuard.ttl }}
authority ". {{ $ttl }} IN SOA dns-guard. nobody. 1 {{ $ttl }} {{ $ttl }} {{ $ttl }} {{ $ttl }}"
{{- end -}}

{{/*
Everything that no other block answers, and the root, which has no records. In audit names are let through, and the log says
which: to the proxy where it steers, else to cluster DNS.
*/}}
{{- define "sark-network.guard.rest" -}}
.:{{ int64 .workload.port }} {
  {{- if .first }}
  import once
  {{- end }}
  {{- include "sark-network.guard.common" . | nindent 2 }}
  {{- if eq .root.Values.egress.mode "enforce" }}
  {{- include "sark-network.guard.log" . | nindent 2 }}
  {{- include "sark-network.guard.otherClass" . | nindent 2 }}
  template IN ANY . {
    match "^\.$"
    {{- include "sark-network.guard.negative" (dict "root" .root "rcode" "NOERROR") | nindent 4 }}
    fallthrough
  }
  template IN ANY . {
    {{- include "sark-network.guard.negative" (dict "root" .root "rcode" "NXDOMAIN") | nindent 4 }}
  }
  template ANY ANY . {
    rcode REFUSED
  }
  {{- else }}
  {{- include "sark-network.guard.auditLog" . | nindent 2 }}
  {{- include "sark-network.guard.otherClass" . | nindent 2 }}
  {{- if .steered }}
  {{- include "sark-network.guard.toProxy" (merge (dict "which" ".*") .) | nindent 2 }}
  {{- end }}
  {{- include "sark-network.guard.forward" . | nindent 2 }}
  {{- end }}
}
{{- end -}}

{{- define "sark-network.guard.forward" -}}
forward . /etc/resolv.conf {
  max_concurrent 1000
}
{{- end -}}

{{/*
Names by what is answered for them, as JSON: {"groups": [{kind, labels, keys}]}, a server block for each. Names of as many labels
share one, and whether a question is for the name itself or for one below it is told by counting dots: the block need not name
them again, and thousands of names are as quick as one.
  below   only what is below: *.d. The name itself is there and has no records (RFC 8020).
  itself  only the name, d.
  both    the name and what is below.
  above   above one of these, or above the cluster's own names: there, without records, and nothing else below.
*/}}
{{- define "sark-network.guard.zones" -}}
{{- $exact := dict }}{{ $wild := dict }}{{ $above := dict -}}
{{- range .steered.names -}}
{{- if hasPrefix "*." . }}{{ $_ := set $wild (trimPrefix "*." .) true }}{{ else }}{{ $_ := set $exact . true }}{{ end -}}
{{- end -}}
{{- $groups := dict }}{{ $own := dict -}}
{{- range $name, $_ := merge (dict) $exact $wild -}}
{{- $labels := splitList "." $name -}}
{{- $covered := false }}{{ $upper := list -}}
{{- range $i, $_ := rest $labels -}}
{{- $parent := slice $labels (int (add1 $i)) | join "." -}}
{{- $upper = append $upper $parent -}}
{{- if hasKey $wild $parent }}{{ $covered = true }}{{ end -}}
{{- end -}}
{{- if not $covered -}}
{{- $_ := set $own $name true -}}
{{- range $upper }}{{ $_ := set $above . true }}{{ end -}}
{{- $kind := ternary (ternary "both" "itself" (hasKey $wild $name)) "below" (hasKey $exact $name) -}}
{{- $key := printf "%s %03d" $kind (len $labels) -}}
{{- /* What is below a name of dnsGuard.names is in that name's block. */ -}}
{{- if not (has $name $.root.Values.dnsGuard.names) -}}
{{- $_ := set $groups $key (append (get $groups $key | default list) $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range concat .root.Values.dnsGuard.names (list .root.Values.cluster.domain "_.in-addr.arpa" "_.ip6.arpa") -}}
{{- $labels := splitList "." . -}}
{{- $_ := set $own . true -}}
{{- range $i, $_ := rest $labels }}{{ $_ := set $above (slice $labels (int (add1 $i)) | join ".") true }}{{ end -}}
{{- end -}}
{{- $under := .root.Values.cluster.domain -}}
{{- range $name, $_ := $above -}}
{{- if not (or (hasKey $own $name) (hasSuffix (printf ".%s" $under) $name)) -}}
{{- $key := printf "above %03d" (len (splitList "." $name)) -}}
{{- $_ := set $groups $key (append (get $groups $key | default list) $name) -}}
{{- end -}}
{{- end -}}
{{- $list := list -}}
{{- range $key, $names := $groups -}}
{{- $list = append $list (dict "kind" (splitList " " $key | first)
    "labels" (splitList " " $key | last | trimPrefix "0" | trimPrefix "0" | atoi) "keys" $names) -}}
{{- end -}}
{{- dict "groups" $list | toJson -}}
{{- end -}}

{{/* The keys of a server block: its names, on the part's port. */}}
{{- define "sark-network.guard.keys" -}}
{{- $port := int64 .workload.port -}}
{{- range $i, $name := .keys }}{{ if $i }} {{ end }}{{ $name }}:{{ $port }}{{ end -}}
{{- end -}}

{{/*
Answers with the proxy's own address, whatever family it has: the question becomes one for its Service, which cluster DNS knows,
and the answer is turned back. No address need be known here, and nothing of the name goes on. Types that carry keys or addresses
past the proxy (HTTPS, SVCB), or data, have no records. `which`: the names that are meant, as a pattern.
*/}}
{{- define "sark-network.guard.toProxy" -}}
rewrite continue ttl regex {{ .which }} {{ int64 .root.Values.dnsGuard.ttl }}
rewrite stop name regex {{ .which }} {{ .steered.host }} answer auto
{{- range list "HTTPS" "SVCB" "TXT" "NULL" "SRV" }}
template IN {{ . }} {{ $.root.Values.cluster.domain }} {
  {{- include "sark-network.guard.negative" (dict "root" $.root "rcode" "NOERROR") | nindent 2 }}
}
{{- end }}
{{- end -}}

{{/* What the rules before have not renamed, renamed so that it is answered without a record, or refused. */}}
{{- define "sark-network.guard.otherwise" -}}
rewrite stop name regex .* other.dns-guard.
template IN ANY other.dns-guard {
  {{- include "sark-network.guard.negative" (dict "root" .root "rcode" .rcode) | nindent 2 }}
}
{{- end -}}

{{- define "sark-network.guard.below" -}}
{{ include "sark-network.guard.keys" . }} {
  {{- include "sark-network.guard.common" . | nindent 2 }}
  {{- include "sark-network.guard.otherClass" . | nindent 2 }}
  {{- include "sark-network.guard.toProxy" (merge (dict "which" (printf "^([^.]+\\.){%d,}$" (add1 .labels))) .) | nindent 2 }}
  {{- include "sark-network.guard.otherwise" (dict "root" .root "rcode" "NOERROR") | nindent 2 }}
  {{- include "sark-network.guard.forward" . | nindent 2 }}
}
{{- end -}}

{{- define "sark-network.guard.itself" -}}
{{ include "sark-network.guard.keys" . }} {
  {{- include "sark-network.guard.common" . | nindent 2 }}
  {{- include "sark-network.guard.log" . | nindent 2 }}
  {{- include "sark-network.guard.otherClass" . | nindent 2 }}
  {{- include "sark-network.guard.toProxy" (merge (dict "which" (printf "^([^.]+\\.){%d}$" (int64 .labels))) .) | nindent 2 }}
  {{- include "sark-network.guard.otherwise" (dict "root" .root "rcode" "NXDOMAIN") | nindent 2 }}
  {{- include "sark-network.guard.forward" . | nindent 2 }}
}
{{- end -}}

{{- define "sark-network.guard.both" -}}
{{ include "sark-network.guard.keys" . }} {
  {{- include "sark-network.guard.common" . | nindent 2 }}
  {{- include "sark-network.guard.otherClass" . | nindent 2 }}
  {{- include "sark-network.guard.toProxy" (merge (dict "which" ".*") .) | nindent 2 }}
  {{- include "sark-network.guard.forward" . | nindent 2 }}
}
{{- end -}}

{{- define "sark-network.guard.above" -}}
{{ include "sark-network.guard.keys" . }} {
  {{- include "sark-network.guard.common" . | nindent 2 }}
  {{- include "sark-network.guard.log" . | nindent 2 }}
  {{- include "sark-network.guard.otherClass" . | nindent 2 }}
  template IN ANY . {
    match "^([^.]+\.){{ "{" }}{{ int64 .labels }}{{ "}" }}$"
    {{- include "sark-network.guard.negative" (dict "root" .root "rcode" "NOERROR") | nindent 4 }}
    fallthrough
  }
  template IN ANY . {
    {{- include "sark-network.guard.negative" (dict "root" .root "rcode" "NXDOMAIN") | nindent 4 }}
  }
  template ANY ANY . {
    rcode REFUSED
  }
}
{{- end -}}

{{/* The cluster's own names, and the reverse names that values send there. resolv.conf is the pod's own: cluster DNS. */}}
{{- define "sark-network.guard.cluster" -}}
{{- $port := int64 .workload.port -}}
{{ .root.Values.cluster.domain }}:{{ $port }}
{{- range include "sark-network.outermost" .root.Values.dnsGuard.reverseCidrs | fromJsonArray }} {{ . }}:{{ $port }}{{ end }} {
  {{- include "sark-network.guard.common" . | nindent 2 }}
  {{- include "sark-network.guard.otherClass" . | nindent 2 }}
  {{- include "sark-network.guard.forward" . | nindent 2 }}
}
{{- /* In audit without steering the block of the rest lets every name through alike. */ -}}
{{- if or (eq .root.Values.egress.mode "enforce") .steered }}
{{- range .root.Values.dnsGuard.names }}
{{ include "sark-network.guard.named" (merge (dict "name" .) $) }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
A name outside the cluster that values let through: (dict "name" … and what a block takes). It is asked for in one spelling and by two
types, because the case of letters and the number of a type would carry data too. A rule that changes nothing ends the rules: so
types are told apart. What is below it is refused, or steered where a wildcard lists it or audit lets it through: a zone has one block.
*/}}
{{- define "sark-network.guard.named" -}}
{{- $audit := ne .root.Values.egress.mode "enforce" -}}
{{- $below := or $audit (has (printf "*.%s" .name) (.steered.names | default list)) -}}
{{ .name }}:{{ int64 .workload.port }} {
  {{- include "sark-network.guard.common" . | nindent 2 }}
  {{- include (ternary "sark-network.guard.auditLog" "sark-network.guard.log" $audit) . | nindent 2 }}
  {{- include "sark-network.guard.otherClass" . | nindent 2 }}
  {{- if $below }}
  {{- $which := printf "^([^.]+\\.){%d,}$" (splitList "." .name | len | add1) }}
  {{- include "sark-network.guard.toProxy" (merge (dict "which" $which) .) | nindent 2 }}
  {{- end }}
  rewrite continue name exact {{ .name }} {{ .name }}
  rewrite stop type A A
  rewrite stop type AAAA AAAA
  rewrite stop name regex .* other-type.dns-guard.
  template IN ANY other-type.dns-guard {
    {{- include "sark-network.guard.negative" (dict "root" .root "rcode" "NOERROR") | nindent 4 }}
  }
  {{- if not $below }}
  template IN ANY . {
    match "\.{{ .name | replace "." "\\." }}\.$"
    {{- include "sark-network.guard.negative" (dict "root" .root "rcode" "NXDOMAIN") | nindent 4 }}
    fallthrough
  }
  {{- end }}
  {{- include "sark-network.guard.forward" . | nindent 2 }}
}
{{- end -}}
