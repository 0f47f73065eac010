{{/*
What CoreDNS serves: for each part a port of its own, and on it a server block for each kind of name. CoreDNS picks the
block of the longest zone, and within it runs plugins in an order of its own (log, rewrite, template, forward), whatever
the file says; hence a block for what goes to cluster DNS, and one for what does not.
*/}}
{{- define "sark-network.guard.corefile" -}}
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
{{ include "sark-network.guard.refusing" (dict "root" $root "workload" $workload "first" (not $i)) }}
{{ include "sark-network.guard.cluster" (dict "root" $root "workload" $workload) }}
{{- end }}
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

{{/* Class CH asks a server about itself; without an answer here it would end as a failure of the server. */}}
{{- define "sark-network.guard.otherClass" -}}
template CH ANY . {
  rcode REFUSED
}
{{- end -}}

{{/* A negative answer, with the SOA that says for how long it may be kept: as short as a name's that is there. */}}
{{- define "sark-network.guard.negative" -}}
rcode {{ .rcode }}
authority "{{ "{{ .Zone }}" }} {{ int64 .root.Values.dnsGuard.ttl }} IN SOA dns-guard. nobody. 1 {{ int64 .root.Values.dnsGuard.ttl }} {{ int64 .root.Values.dnsGuard.ttl }} {{ int64 .root.Values.dnsGuard.ttl }} {{ int64 .root.Values.dnsGuard.ttl }}"
{{- end -}}

{{/*
Everything that no other block answers. NXDOMAIN says that nothing is below either (RFC 8020), so the names above the
cluster's domain, and the root, exist and have no records; so do those above the names that values let through, and above reverse names.
*/}}
{{- define "sark-network.guard.refusing" -}}
{{- $above := include "sark-network.guard.above" (concat .root.Values.dnsGuard.names (list .root.Values.cluster.domain "in-addr.arpa" "ip6.arpa" "_.in-addr.arpa" "_.ip6.arpa")) | fromJsonArray -}}
.:{{ int64 .workload.port }} {
  {{- if .first }}
  import once
  {{- end }}
  {{- include "sark-network.guard.common" . | nindent 2 }}
  {{- include "sark-network.guard.log" . | nindent 2 }}
  {{- include "sark-network.guard.otherClass" . | nindent 2 }}
  template IN ANY . {
    match "^({{ range $above }}{{ . | replace "." "\\." }}|{{ end }})\.$"
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

{{/* The names above some names, each once, as a JSON list: of a.b.c, those are b.c and c. */}}
{{- define "sark-network.guard.above" -}}
{{- $above := dict -}}
{{- range $name := . -}}
{{- $labels := splitList "." $name -}}
{{- range $i, $_ := rest $labels }}{{ $_ := set $above (slice $labels (int (add1 $i)) | join ".") true }}{{ end -}}
{{- end -}}
{{- keys $above | sortAlpha | toJson -}}
{{- end -}}

{{/* The cluster's own names, and the reverse names that values send there. resolv.conf is the pod's own: cluster DNS. */}}
{{- define "sark-network.guard.cluster" -}}
{{- $port := int64 .workload.port -}}
{{ .root.Values.cluster.domain }}:{{ $port }}{{ range .root.Values.dnsGuard.reverseCidrs }} {{ . }}:{{ $port }}{{ end }} {
  {{- include "sark-network.guard.common" . | nindent 2 }}
  {{- include "sark-network.guard.otherClass" . | nindent 2 }}
  forward . /etc/resolv.conf {
    max_concurrent 1000
  }
}
{{- with .root.Values.dnsGuard.names }}
{{ include "sark-network.guard.names" (dict "root" $.root "workload" $.workload "names" .) }}
{{- end }}
{{- end -}}

{{/*
Names outside the cluster that values let through. They are asked for in one spelling and by two types, because the case of
letters and the number of a type would carry data too. A rule that changes nothing ends the rules: so types are told apart.
*/}}
{{- define "sark-network.guard.names" -}}
{{- $port := int64 .workload.port -}}
{{- range $name := .names }}
{{ $name }}:{{ $port }} {
  {{- include "sark-network.guard.common" $ | nindent 2 }}
  {{- include "sark-network.guard.log" $ | nindent 2 }}
  {{- include "sark-network.guard.otherClass" $ | nindent 2 }}
  rewrite continue name exact {{ $name }} {{ $name }}
  rewrite stop type A A
  rewrite stop type AAAA AAAA
  rewrite stop name regex .* other-type.dns-guard.
  template IN ANY other-type.dns-guard {
    {{- include "sark-network.guard.negative" (dict "root" $.root "rcode" "NOERROR") | nindent 4 }}
  }
  template IN ANY . {
    match "\.{{ $name | replace "." "\\." }}\.$"
    {{- include "sark-network.guard.negative" (dict "root" $.root "rcode" "NXDOMAIN") | nindent 4 }}
    fallthrough
  }
  forward . /etc/resolv.conf {
    max_concurrent 1000
  }
}
{{- end }}
{{- end -}}
