{{/*
What the allowlist says, worked out once a render. `include "sark-network.model" $` writes nothing, and leaves in
$.Values._model:
  entries      [{name, ports, workloads, path}]
  internal     [{name, cidrs, protocol, ports, workloads, path}]
  expired      [{name, path, expires}]: an entry with an end has `ends`, in seconds of Unix time, and is left out once it is over
  listed       {part: true}, of the parts that some entry names; the gateway always
  publicPorts  every port of the entries, once, in the order of the numbers
They are kept as they are, and not as JSON: a list of a thousand names costs more to parse than to walk.
*/}}
{{- define "sark-network.model" -}}
{{- if not (hasKey .Values "_model") -}}
{{- $model := include "sark-network.allowlist.read" . | fromJson -}}
{{- $listed := dict "gateway" true -}}
{{- range concat $model.entries $model.internal -}}
{{- range .workloads }}{{ $_ := set $listed . true }}{{ end -}}
{{- end -}}
{{- /* Keys of one width come back in the order of the numbers. */ -}}
{{- $ports := dict -}}
{{- range $model.entries -}}
{{- range .ports }}{{ $_ := set $ports (printf "%05d" (int .)) (int .) }}{{ end -}}
{{- end -}}
{{- $sorted := list -}}
{{- range $ports }}{{ $sorted = append $sorted . }}{{ end -}}
{{- $_ := set .Values "_model" (merge (dict "listed" $listed "publicPorts" $sorted) $model) -}}
{{- end -}}
{{- end -}}

{{/*
The allowlist's entries with their defaults, as JSON. The schema has refused what is no name; here stands what a schema cannot
say: public suffixes of several labels, the names above those, and duplicates. tools/egress/allowlist.py says the same with
the same words.
*/}}
{{- define "sark-network.allowlist.read" -}}
{{- $entries := list -}}
{{- range $key := list "domains" "extraDomains" "grants" -}}
{{- range $i, $entry := index $.Values.egress $key -}}
{{- if kindIs "string" $entry }}{{ $entry = dict "name" $entry }}{{ end -}}
{{- $read := include "sark-network.entry" (dict "entry" $entry "path" (printf "egress.%s[%d]" $key $i)) | fromJson -}}
{{- if eq $key "grants" }}{{ $_ := set $read "grant" (printf "%s until %s: %s" $read.owner $read.expires $read.reason) }}{{ end -}}
{{- $entries = append $entries $read -}}
{{- end -}}
{{- end -}}
{{- $internal := list -}}
{{- range $i, $entry := .Values.egress.internal -}}
{{- $internal = append $internal
  (include "sark-network.entry" (dict "entry" $entry "path" (printf "egress.internal[%d]" $i)) | fromJson) -}}
{{- end -}}
{{- range concat $entries $internal -}}
{{- include "sark-network.refuseStrangers" (dict "root" $ "entry" .) -}}
{{- include "sark-network.refuseClusterName" (dict "root" $ "entry" .) -}}
{{- include "sark-network.refuseUnexplained" (dict "root" $ "entry" .) -}}
{{- end -}}
{{- $suffixes := .Files.Get "files/public-suffixes.txt" -}}
{{- $parents := .Files.Get "files/public-suffix-parents.txt" -}}
{{- range concat $entries $internal -}}
{{- if and (hasPrefix "*." .name) (not .allowSuffixes) -}}
{{- include "sark-network.refuseSuffix" (dict "entry" . "suffixes" $suffixes "parents" $parents) -}}
{{- end -}}
{{- end -}}
{{- $now := include "sark-network.now" . | int64 -}}
{{- $open := dict "entries" list "internal" list -}}
{{- $expired := list -}}
{{- range $key, $every := dict "entries" $entries "internal" $internal -}}
{{- range $every -}}
{{- if and .ends (le (int64 .ends) $now) -}}
{{- $expired = append $expired (pick . "name" "path" "expires") -}}
{{- else -}}
{{- $_ := set $open $key (append (get $open $key) .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- /* Of what is open: a name whose entry has ended may be granted, or listed anew. */ -}}
{{- include "sark-network.refuseRepeats" (concat $open.entries $open.internal) -}}
{{- merge (dict "expired" $expired) $open | toJson -}}
{{- end -}}

{{/* One entry with its defaults: lower case, port 443, the gateway. */}}
{{- define "sark-network.entry" -}}
{{- $given := .entry -}}
{{- $entry := dict "name" (lower $given.name) "path" .path -}}
{{- $_ := set $entry "ports" ($given.ports | default (list 443)) -}}
{{- $_ := set $entry "workloads" ($given.workloads | default (list "gateway")) -}}
{{- if $given.allowSuffixes }}{{ $_ := set $entry "allowSuffixes" true }}{{ end -}}
{{- range $key := list "owner" "reason" }}{{ with get $given $key }}{{ $_ := set $entry $key . }}{{ end }}{{ end -}}
{{- with $given.expires -}}
{{- $_ := set $entry "expires" . -}}
{{- $_ := set $entry "ends" (include "sark-network.moment" (dict "text" . "path" (printf "%s.expires" $.path) "whole" true) | int64) -}}
{{- end -}}
{{- if hasKey $given "cidrs" -}}
{{- $_ := set $entry "cidrs" (include "sark-network.networks" $given.cidrs | fromJsonArray) -}}
{{- $_ := set $entry "protocol" ($given.protocol | default "tls") -}}
{{- end -}}
{{- $entry | toJson -}}
{{- end -}}

{{/* Workloads are parts, those of extraParts too: (dict "root" $ "entry" {workloads, path}). */}}
{{- define "sark-network.refuseStrangers" -}}
{{- $entry := .entry -}}
{{- $order := (include "sark-network.parts" .root | fromJson).order -}}
{{- range $entry.workloads -}}
{{- if not (has . $order) -}}
{{- fail (printf "%s.workloads: %s is no part; the parts are %s, and extraParts adds your own" $entry.path . (join ", " $order)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
A name of the cluster's own is no name outside: NO_PROXY has its domain, cluster DNS answers it, and the guard hands it on:
(dict "root" $ "entry" {name, path}).
*/}}
{{- define "sark-network.refuseClusterName" -}}
{{- $domain := .root.Values.cluster.domain -}}
{{- if hasSuffix (printf ".%s" $domain) (printf ".%s" (trimPrefix "*." .entry.name)) -}}
{{- fail (printf
    (print "%s: %s is a name of the cluster, whose cluster.domain is %s; a server in the cluster goes into "
      "gateway.egress.mcpServers, by its labels") .entry.path .entry.name $domain) -}}
{{- end -}}
{{- end -}}

{{/*
The public suffix list's rules: `d` itself, `*.p` for every child of p, `!e` for an exception; and names above suffixes, each
with the first that is below it. An entry's own `allowSuffixes` says that they are meant.
*/}}
{{- define "sark-network.refuseSuffix" -}}
{{- $base := trimPrefix "*." .entry.name -}}
{{- $parent := join "." (rest (splitList "." $base)) -}}
{{- $listed := contains (printf "\n%s\n" $base) .suffixes -}}
{{- $child := and (contains (printf "\n*.%s\n" $parent) .suffixes) (not (contains (printf "\n!%s\n" $base) .suffixes)) -}}
{{- if or $listed $child -}}
{{- fail (printf
    (print "%s: %s would allow every name under the public suffix %s, where anyone can register one; list the names that "
      "you mean, such as *.example.%s") .entry.path .entry.name $base $base) -}}
{{- end -}}
{{- if contains (printf "\n%s " $base) .parents -}}
{{- $below := regexFind (printf "\n%s [^\n]+" (regexQuoteMeta $base)) .parents | splitList " " | last -}}
{{- fail (printf
    (print "%s: %s would allow every name under %s, a public suffix below %s, where anyone can register one; list the "
      "names that you mean, or write {name, allowSuffixes: true, reason}") .entry.path .entry.name $below $base) -}}
{{- end -}}
{{- end -}}

{{/* Each workload, port and name once. A name that a wildcard covers too may stand for its owner and reason; validate warns. */}}
{{- define "sark-network.refuseRepeats" -}}
{{- $seen := dict -}}
{{- range $entry := . -}}
{{- range $workload := .workloads }}{{ range $port := $entry.ports -}}
{{- $key := printf "%s:%v:%s" $workload $port $entry.name -}}
{{- if hasKey $seen $key -}}
{{- fail (printf "%s: %s, port %v, for %s is in the list already, at %s; remove one" $entry.path $entry.name $port $workload
    (get $seen $key)) -}}
{{- end -}}
{{- $_ := set $seen $key $entry.path -}}
{{- end }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* With egress.requireReason, whoever reads the list learns of each entry whose it is and what it is for. */}}
{{- define "sark-network.refuseUnexplained" -}}
{{- if .root.Values.egress.requireReason -}}
{{- $entry := .entry -}}
{{- range $key := list "owner" "reason" -}}
{{- if not (get $entry $key) -}}
{{- fail (printf "%s.%s: is missing, and egress.requireReason asks for it; write {owner: …, reason: …}" $entry.path $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
A day or a moment in seconds of Unix time: (dict "text" "2027-06-30" or "2027-06-30T18:00:00Z" "path" … "whole" bool).
"whole": a day counts until it is over, everywhere in UTC.
*/}}
{{- define "sark-network.moment" -}}
{{- $day := not (contains "T" .text) -}}
{{- $text := ternary (printf "%sT00:00:00Z" .text) (regexReplaceAll "T([0-9]{2}:[0-9]{2})Z$" .text "T${1}:00Z") $day -}}
{{- $seconds := toDate "2006-01-02T15:04:05Z07:00" $text | unixEpoch | int64 -}}
{{- if lt $seconds 0 -}}
{{- fail (printf
    "%s: %s is no day of the calendar; write a day, such as 2027-06-30, or a moment, such as 2027-06-30T18:00:00Z" .path
    .text) -}}
{{- end -}}
{{- add $seconds (ternary 86400 0 (and $day .whole)) -}}
{{- end -}}

{{/* What `expires` is compared with. */}}
{{- define "sark-network.now" -}}
{{- if .Values.egress.asOf -}}
{{- include "sark-network.moment" (dict "text" .Values.egress.asOf "path" "egress.asOf" "whole" false) -}}
{{- else -}}
{{- now | unixEpoch -}}
{{- end -}}
{{- end -}}

{{/* What is left out because it has expired, names and peers by address, as a JSON list of {name, path, expires}. */}}
{{- define "sark-network.expired" -}}
{{- include "sark-network.model" . -}}
{{- $_ := include "sark-network.external" . -}}
{{- concat .Values._model.expired (get .Values "_externalExpired") | toJson -}}
{{- end -}}

{{/*
What has an end that nothing keeps but a render, as a JSON list of {name, path, expires}: peers by address always; names where Envoy
does not enforce the list, and in mode audit, which lets public names through anyway, those of private servers.
*/}}
{{- define "sark-network.openPastEnd" -}}
{{- $open := list -}}
{{- if .Values.egress.enabled -}}
{{- include "sark-network.model" . -}}
{{- $names := list -}}
{{- if eq .Values.egress.mode "audit" }}{{ $names = .Values._model.internal }}{{ end -}}
{{- if not (include "sark-network.proxied" .) }}{{ $names = concat .Values._model.entries .Values._model.internal }}{{ end -}}
{{- range $names }}{{ if .expires }}{{ $open = append $open (pick . "name" "path" "expires") }}{{ end }}{{ end -}}
{{- $_ := include "sark-network.external" . -}}
{{- $open = concat $open (get .Values "_externalEnding") -}}
{{- end -}}
{{- $open | toJson -}}
{{- end -}}

{{/* What has expired, for an annotation. */}}
{{- define "sark-network.expired.said" -}}
{{- $said := list -}}
{{- range include "sark-network.expired" . | fromJsonArray -}}
{{- $said = append $said (printf "%s (%s, %s)" .name .path .expires) -}}
{{- end -}}
{{- join ", " $said -}}
{{- end -}}
