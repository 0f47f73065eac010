{{/*
The lock-down on Calico. It stands before every NetworkPolicy (order 1000), so nobody's additive policy in the namespace
can widen it. It denies addresses that are not pods, whatever they are; what passes between pods stays with the
NetworkPolicies, which see a packet when nothing here has matched it.
*/}}
{{- define "sark-network.lockdown" }}
{{- $enterprise := eq .root.Values.egress.engine "calico-enterprise" }}
{{- $annotations := dict }}
{{- if $enterprise }}{{ $_ := set $annotations "sark-network/requires" "calico-enterprise" }}{{ end }}
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  {{- include "sark-network.metadata" (dict "root" .root "name" (printf "%s-lockdown-%s" (include "sark-network.clusterName" .root) .part) "annotations" $annotations "labels" (dict "sark-network/workload" .part)) | nindent 2 }}
spec:
  order: {{ .root.Values.calico.order }}
  namespaceSelector: projectcalico.org/name == '{{ include "sark-network.part.namespace" . }}'
  selector: {{ include "sark-network.calicoSelector" (include "sark-network.part.selector" . | fromYaml) }}
  types: [Egress]
  egress:
    {{- with include "sark-network.lockdown.exceptions" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- if $enterprise }}
    {{- with include "sark-network.enterprise.rules" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- end }}
    - action: Deny
      destination:
        notSelector: projectcalico.org/orchestrator == 'k8s'
{{- end }}

{{/* Addresses outside the cluster that the part's NetworkPolicy allows too: a node-local DNS cache, managed services. */}}
{{- define "sark-network.lockdown.exceptions" -}}
{{- with .root.Values.dns }}
{{- if and .enabled .cidrs }}
{{- include "sark-network.lockdown.allow" (dict "protocol" "UDP" "nets" .cidrs "ports" .ports) }}
{{- include "sark-network.lockdown.allow" (dict "protocol" "TCP" "nets" .cidrs "ports" .ports) }}
{{- end }}
{{- end }}
{{- if eq .part "gateway" }}
{{- range $other := list "database" "cache" "opa" }}
{{- with index $.root.Values $other }}
{{- if .externalCidrs }}
{{- include "sark-network.lockdown.allow" (dict "protocol" "TCP" "nets" .externalCidrs "ports" (values .ports)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "sark-network.lockdown.allow" }}
{{- $allow := . }}
{{- range include "sark-network.byFamily" .nets | fromJsonArray }}
- action: Allow
  protocol: {{ $allow.protocol }}
  destination:
    nets: {{ . | toJson }}
    ports: {{ $allow.ports | toJson }}
{{- with $allow.annotations }}
  metadata:
    annotations:
      {{- toYaml . | nindent 6 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The denied ranges, for whatever is not a pod. */}}
{{- define "sark-network.lockdown.denyPrivate" }}
{{- range include "sark-network.byFamily" (include "sark-network.deniedPacketCidrs" . | fromJsonArray) | fromJsonArray }}
- action: Deny
  destination:
    notSelector: projectcalico.org/orchestrator == 'k8s'
    nets:
      {{- toYaml . | nindent 6 }}
{{- end }}
{{- end -}}

{{/* A list of CIDRs as a JSON list of one list a family: Calico refuses a rule that holds both. */}}
{{- define "sark-network.byFamily" -}}
{{- $four := list }}{{ $six := list -}}
{{- range . }}
{{- if contains ":" . }}{{ $six = append $six . }}{{ else }}{{ $four = append $four . }}{{ end }}
{{- end -}}
{{- $found := list -}}
{{- if $four }}{{ $found = append $found $four }}{{ end -}}
{{- if $six }}{{ $found = append $found $six }}{{ end -}}
{{- $found | toJson -}}
{{- end -}}

{{/* The proxy's: the ranges that it must never reach, and every port that is not on the list. */}}
{{- define "sark-network.proxyLockdown" }}
{{- $list := include "sark-network.allowlist" . | fromJson }}
{{- $ports := include "sark-network.publicPorts" . | fromJsonArray }}
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  {{- include "sark-network.metadata" (dict "root" $ "name" (printf "%s-lockdown-proxy" (include "sark-network.clusterName" .))) | nindent 2 }}
spec:
  order: {{ .Values.calico.order }}
  namespaceSelector: projectcalico.org/name == '{{ .Release.Namespace }}'
  selector: {{ include "sark-network.calicoSelector" (dict "matchLabels" (include "sark-network.proxySelector" . | fromYaml)) }}
  types: [Egress]
  egress:
    {{- with .Values.dns }}
    {{- if and .enabled .cidrs }}
    {{- include "sark-network.lockdown.allow" (dict "protocol" "UDP" "nets" .cidrs "ports" .ports) | trim | nindent 4 }}
    {{- include "sark-network.lockdown.allow" (dict "protocol" "TCP" "nets" .cidrs "ports" .ports) | trim | nindent 4 }}
    {{- end }}
    {{- end }}
    {{- with include "sark-network.resolverCidrs" . | fromJsonArray }}
    {{- include "sark-network.lockdown.allow" (dict "protocol" "UDP" "nets" . "ports" (list 53)) | trim | nindent 4 }}
    {{- include "sark-network.lockdown.allow" (dict "protocol" "TCP" "nets" . "ports" (list 53)) | trim | nindent 4 }}
    {{- end }}
    {{- range $list.internal }}
    {{- include "sark-network.lockdown.allow" (dict "protocol" "TCP" "nets" .cidrs "ports" .ports) | trim | nindent 4 }}
    {{- end }}
    {{- include "sark-network.lockdown.denyPrivate" . | trim | nindent 4 }}
    {{- if or $ports (eq .Values.egress.mode "audit") }}
    - action: Allow
      protocol: TCP
      destination:
        notSelector: projectcalico.org/orchestrator == 'k8s'
        {{- if eq .Values.egress.mode "enforce" }}
        ports: {{ $ports | toJson }}
        {{- end }}
    {{- end }}
    - action: Deny
      destination:
        notSelector: projectcalico.org/orchestrator == 'k8s'
{{- end }}

{{/* A cluster that lacks the API says so before anything is applied; `helm template` cannot ask and is told nothing. */}}
{{- define "sark-network.requireCalico" -}}
{{- if and (include "sark-network.connected" .) (not (.Capabilities.APIVersions.Has "projectcalico.org/v3")) -}}
{{- $why := ternary "calico.enabled is true" "egress.engine is calico-enterprise" (ne .Values.egress.engine "calico-enterprise") -}}
{{- fail (printf "%s, but this cluster does not serve projectcalico.org/v3. Install Calico's API server: kubectl apply -f https://raw.githubusercontent.com/projectcalico/calico/v3.30.3/manifests/apiserver.yaml (with the operator: an APIServer resource), or set calico.enabled=false and egress.engine=proxy" $why) -}}
{{- end -}}
{{- end -}}
