{{/*
The DNS guard: CoreDNS that answers the cluster's own names and nothing else. Cluster DNS forwards whatever it does not
know, so a workload that may ask it for any name can send data out in names; one that may ask the guard alone cannot.
*/}}

{{- define "sark-network.guarded" -}}
{{- if .Values.dnsGuard.enabled }}true{{ end -}}
{{- end -}}

{{/* "true" while port 53 of a workload leads to the guard and nowhere else. */}}
{{- define "sark-network.guard.exclusive" -}}
{{- if and .Values.dnsGuard.enabled .Values.dnsGuard.exclusive }}true{{ end -}}
{{- end -}}

{{- define "sark-network.guardSelector" -}}
app.kubernetes.io/name: {{ include "sark-network.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: dns-guard
{{- end -}}

{{/*
Who asks the guard, as JSON: [{name, slug, namespace, service, port, address}], a Service and a port of the pod for each part
that calls anybody by name. Which part asks is told by the port, and the NetworkPolicy says who may use it. Read once a render.
*/}}
{{- define "sark-network.guard.workloads" -}}
{{- if not (hasKey .Values "_guard") -}}
{{- $_ := set .Values "_guard" (include "sark-network.guard.read" .) -}}
{{- end -}}
{{- get .Values "_guard" -}}
{{- end -}}

{{- define "sark-network.guard.read" -}}
{{- $guard := .Values.dnsGuard -}}
{{- $workloads := list -}}
{{- $used := dict (toString $guard.metricsPort) true -}}
{{- range include "sark-network.parts.enabled" . | fromJsonArray -}}
{{- $here := dict "root" $ "part" . -}}
{{- if include "sark-network.part.asks" $here -}}
{{- $part := include "sark-network.part" $here | fromJson -}}
{{- $port := include "sark-network.steadyPort" (dict "key" (printf "dns:%s" .) "from" 10000 "used" $used) | int -}}
{{- $service := printf "%s-dns-%s" (include "sark-network.fullname" $) $part.slug -}}
{{- $workloads = append $workloads (dict "name" . "slug" $part.slug "namespace" $part.namespace "service" $service
    "port" $port "address" (get $guard.addresses . | default "")) -}}
{{- end -}}
{{- end -}}
{{- $workloads | toJson -}}
{{- end -}}

{{/*
A port of ten thousand from `from` on that depends on the key alone, so that none moves when a part or a port is added beside it:
(dict "key" … "from" … "used" {port: true}). The next free one where two keys meet.
*/}}
{{- define "sark-network.steadyPort" -}}
{{- $place := mod (adler32sum .key | int64) 10000 | int -}}
{{- $port := 0 -}}
{{- range $step := until 100 -}}
{{- $next := toString (add $.from (mod (add $place $step) 10000)) -}}
{{- if and (not $port) (not (hasKey $.used $next)) -}}
{{- $port = $next -}}
{{- $_ := set $.used $next true -}}
{{- end -}}
{{- end -}}
{{- $port -}}
{{- end -}}

{{/* A part's egress rules for DNS: to the guard, and to cluster DNS where that is open: (dict "root" $ "part" "gateway"). */}}
{{- define "sark-network.part.dnsRule" -}}
{{- $part := .part -}}
{{- $root := .root -}}
{{- if include "sark-network.guarded" $root -}}
{{- range include "sark-network.guard.workloads" $root | fromJsonArray -}}
{{- if eq .name $part }}
- to:
    - podSelector:
        matchLabels:
          {{- include "sark-network.guardSelector" $root | nindent 10 }}
      {{- if ne .namespace $root.Release.Namespace }}
      namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ $root.Release.Namespace | quote }}
      {{- end }}
  ports:
    - {protocol: UDP, port: {{ int64 .port }}}
    - {protocol: TCP, port: {{ int64 .port }}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if not (include "sark-network.guard.exclusive" $root) }}
{{ include "sark-network.dnsRule" $root }}
{{- end -}}
{{- end -}}

{{/* The guard's own policy: who may ask on which port, and that it asks cluster DNS and nobody else. */}}
{{- define "sark-network.guard.policy" }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "sark-network.metadata"
    (dict "root" $ "name" (printf "%s-dns-guard" (include "sark-network.fullname" .)) "namespace" .Release.Namespace)
    | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "sark-network.guardSelector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- range include "sark-network.guard.workloads" . | fromJsonArray }}
    - from:
        {{- include "sark-network.part.peer" (dict "root" $ "part" .name "from" $.Release.Namespace) | nindent 8 }}
      ports:
        - {protocol: UDP, port: {{ int64 .port }}}
        - {protocol: TCP, port: {{ int64 .port }}}
    {{- end }}
    {{- if and .Values.monitoring.enabled .Values.monitoring.namespaces }}
    - from:
        {{- include "sark-network.namespacePeers" .Values.monitoring | trim | nindent 8 }}
      ports:
        - {protocol: TCP, port: {{ int64 .Values.dnsGuard.metricsPort }}}
    {{- end }}
  egress:
    {{- include "sark-network.dnsRule" . | trim | nindent 4 }}
{{- end }}

{{/* The same on Calico: no address that is not a pod but a node-local cache, whatever another policy allows. */}}
{{- define "sark-network.guard.lockdown" }}
{{- $annotations := dict }}
{{- with include "sark-network.lockdown.open" . }}{{ $_ := set $annotations "sark-network/open" . }}{{ end }}
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  {{- include "sark-network.metadata" (dict "root" $
      "name" (include "sark-network.lockdown.name" (dict "root" $ "of" "dns-guard")) "annotations" $annotations) | nindent
    2 }}
spec:
  {{- include "sark-network.lockdown.place" . | nindent 2 }}
  namespaceSelector: {{ printf "projectcalico.org/name == '%s'" .Release.Namespace | quote }}
  selector: {{ include "sark-network.calicoSelector" (dict "matchLabels" (include "sark-network.guardSelector" . | fromYaml)) | quote }}
  types: [Egress]
  egress:
    {{- with include "sark-network.lockdown.dnsCidrs" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- include "sark-network.lockdown.end" . | trim | nindent 4 }}
{{- end }}

{{/*
For a part's lock-down: no name server but the guard, which listens on no such port, though another policy allows one. What
egress.external opens by address comes before.
*/}}
{{- define "sark-network.guard.lockdownDeny" -}}
{{- if include "sark-network.guard.exclusive" . -}}
{{- range $protocol := list "UDP" "TCP" }}
- action: Deny
  protocol: {{ $protocol }}
  destination:
    ports: {{ include "sark-network.guard.closedPorts" $ }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* 53, and where this cluster's DNS listens, as a JSON list. */}}
{{- define "sark-network.guard.closedPorts" -}}
{{- $ports := list 53 -}}
{{- range .Values.dns.ports }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}

{{/* What a schema cannot say about the guard and other values together. */}}
{{- define "sark-network.guard.refuse" -}}
{{- $guard := .Values.dnsGuard -}}
{{- $parts := (include "sark-network.parts" . | fromJson).order -}}
{{- range $part, $_ := $guard.addresses -}}
{{- if not (has $part $parts) -}}
{{- fail (printf "dnsGuard.addresses.%s: %s is no part; the parts are %s, and extraParts adds your own" $part $part (join ", " $parts)) -}}
{{- end -}}
{{- end -}}
{{- range $i, $name := $guard.names -}}
{{- if hasSuffix (printf ".%s" $.Values.cluster.domain) (printf ".%s" $name) -}}
{{- fail (printf
    (print "dnsGuard.names[%d]: %s is a name of the cluster, whose cluster.domain is %s, and the guard asks cluster DNS for those "
      "in any case; remove it") $i $name $.Values.cluster.domain) -}}
{{- end -}}
{{- end -}}
{{- if $guard.enabled -}}
{{- if not (include "sark-network.guard.workloads" . | fromJsonArray) -}}
{{- fail
  (print "dnsGuard.enabled: no part that is switched on calls anybody by name, so the guard would have nobody to answer; switch the "
    "gateway on, or set dnsGuard.enabled to false") -}}
{{- end -}}
{{- if not .Values.dns.enabled -}}
{{- fail
  (print "dnsGuard.enabled: the guard asks cluster DNS for the cluster's names, and dns.enabled is false; set dns.enabled "
    "to true, or dnsGuard.enabled to false") -}}
{{- end -}}
{{- if and .Values.egress.enabled (ne .Values.egress.engine "proxy") -}}
{{- fail (printf
    (print "dnsGuard.enabled: engine %s learns addresses from what cluster DNS answers for the listed names, and the "
      "guard refuses those; use egress.engine=proxy, or set dnsGuard.enabled to false") .Values.egress.engine) -}}
{{- end -}}
{{- if has (int $guard.metricsPort) (list 8080 8181) -}}
{{- fail (printf "dnsGuard.metricsPort: port %v is the port of the guard's health checks; write another" $guard.metricsPort) -}}
{{- end -}}
{{- $labels := include "sark-network.guard.podLabels" . | fromYaml -}}
{{- if eq (get $labels .Values.defaultDeny.exemptLabel | toString) "true" -}}
{{- fail (printf "commonLabels: the DNS guard would be left out of default-deny; take the label %s away"
    .Values.defaultDeny.exemptLabel) -}}
{{- end -}}
{{- range (include "sark-network.parts" . | fromJson).parts -}}
{{- if and (eq .namespace $.Release.Namespace) (include "sark-network.selector.matches" (dict "selector" .selector "labels" $labels)) -}}
{{- fail (printf
    (print "%s.podSelector: %s chooses the pods of the DNS guard too, and the part's policies would then hold for them; "
      "narrow it, or take the label out of commonLabels") .key (toJson .selector)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sark-network.guard.podLabels" -}}
{{- merge (include "sark-network.guardSelector" . | fromYaml) (include "sark-network.labels" . | fromYaml) | toYaml -}}
{{- end -}}
