{{/*
The allowlist as Envoy needs it, as JSON, worked out once a render: entries and internal as in sark-network.model, each internal
entry with an id, "workloads": [{name, slug, listen, ports, lists}] where ports are those of its TLS names and lists [{id, port,
ends, expires, grant}] what a listener of names each is for: those of a port without an end, and those of a port that end
together; "ports", all of them that a name is resolved for, and "cidrs", each set of them that an internal entry may lead to.
*/}}
{{- define "sark-network.envoy.plan" -}}
{{- if not (hasKey .Values "_envoyPlan") }}{{ $_ := set .Values "_envoyPlan" (include "sark-network.envoy.planned" .) }}{{ end -}}
{{- get .Values "_envoyPlan" -}}
{{- end -}}

{{- define "sark-network.envoy.planned" -}}
{{- include "sark-network.model" . -}}
{{- $list := .Values._model -}}
{{- $used := dict -}}
{{- $lists := dict -}}
{{- /* In audit nothing is closed, and the log says what the next render will refuse. */ -}}
{{- if eq .Values.egress.mode "audit" }}{{ range concat $list.entries $list.internal }}{{ $_ := unset . "ends" }}{{ end }}{{ end -}}
{{- range $list.internal -}}
{{- /* Two entries may share a name, for two workloads; and an entry whose CIDRs changed is another one. */ -}}
{{- $_ := set . "id" (printf "%s-%s" .name
    (omit . "id" "end" "path" "owner" "reason" "expires" "ends" "grant" | toJson | sha256sum | trunc 8)) -}}
{{- end -}}
{{- range $entry := concat $list.entries $list.internal -}}
{{- $tls := eq (default "tls" $entry.protocol) "tls" -}}
{{- $end := "" -}}
{{- with $entry.ends }}{{ $end = printf "-until-%d" (int64 .) }}{{ end -}}
{{- with $entry.grant }}{{ $end = printf "%s-%s" $end (sha256sum . | trunc 8) }}{{ end -}}
{{- $_ := set $entry "end" $end -}}
{{- range $workload := $entry.workloads -}}
{{- if not (hasKey $used $workload) }}{{ $_ := set $used $workload dict }}{{ $_ := set $lists $workload dict }}{{ end -}}
{{- if $tls }}{{ range $entry.ports -}}
{{- $one := dict "id" (printf "%d%s" (int .) $end) "port" (int .) "end" $end "ends" (int64 ($entry.ends | default 0))
  "expires" ($entry.expires | default "") "grant" ($entry.grant | default "") -}}
{{- $_ := set (get $lists $workload) (printf "%05d%s" (int .) $end) $one -}}
{{- end }}{{ end -}}
{{- if $tls }}{{ range $entry.ports }}{{ $_ := set (get $used $workload) (printf "%05d" (int .)) (int .) }}{{ end }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $workloads := list -}}
{{- $ports := dict -}}
{{- $parts := include "sark-network.parts" . | fromJson -}}
{{- range $name := $parts.order -}}
{{- /* The gateway's listener is there even with an empty list: being refused says more than nobody answering. */ -}}
{{- if or (hasKey $used $name) (eq $name "gateway") -}}
{{- $own := list -}}
{{- range $key, $port := (get $used $name | default dict) -}}
{{- $own = append $own $port -}}
{{- $_ := set $ports $key $port -}}
{{- end -}}
{{- $each := list -}}
{{- range $key, $one := (get $lists $name | default dict) }}{{ $each = append $each $one }}{{ end -}}
{{- $workloads = append $workloads (dict "lists" $each "name" $name "slug" (get $parts.parts $name).slug
    "listen" (include "sark-network.part.proxyPort" (dict "root" $ "part" $name) | int) "ports" $own) -}}
{{- end -}}
{{- end -}}
{{- /* A range goes by key; `values` would give another order each time, and each upgrade would change the proxy. */ -}}
{{- if eq .Values.egress.mode "audit" -}}
{{- $_ := set $ports "00080" 80 -}}
{{- if include "sark-network.steered" . -}}
{{- $_ := set $ports "00443" 443 -}}
{{- end -}}
{{- end -}}
{{- $every := list -}}
{{- range $ports }}{{ $every = append $every . }}{{ end -}}
{{- $cidrs := dict -}}
{{- range $list.internal }}{{ $_ := set $cidrs (toJson .cidrs) .cidrs }}{{ end -}}
{{- $sets := list -}}
{{- range $cidrs }}{{ $sets = append $sets . }}{{ end -}}
{{- dict "cidrs" $sets "entries" $list.entries "internal" $list.internal "workloads" $workloads "ports" $every | toJson -}}
{{- end -}}

{{/* A ConfigMap holds one MiB, its keys included; the API server's own message would name no value. */}}
{{- define "sark-network.envoy.fits" -}}
{{- if gt (len .) 1048000 -}}
{{- fail (printf
    (print "egress.domains: the list takes %d bytes as Envoy's configuration, and a ConfigMap holds 1048576. Write a "
      "wildcard for the names that share a domain, or fewer names; each part that has a list takes room too, and so does each of its "
      "steered ports") (len .)) -}}
{{- end -}}
{{- end -}}
