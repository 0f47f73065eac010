{{/*
The lock-down on Calico. It stands before every NetworkPolicy (order 1000), so nobody's additive policy in the namespace
can widen it. It denies addresses that are not pods, whatever they are; what passes between pods stays with the
NetworkPolicies, which see a packet when nothing here has matched it.
*/}}
{{- define "sark-network.lockdown" }}
{{- $engine := include "sark-network.engine" .root | fromJson }}
{{- $annotations := dict }}
{{- with $engine.requires }}{{ $_ := set $annotations "sark-network/requires" . }}{{ end }}
{{- with include "sark-network.lockdown.open" .root }}{{ $_ := set $annotations "sark-network/open" . }}{{ end }}
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  {{- include "sark-network.metadata" (dict "root" .root
      "name" (include "sark-network.lockdown.name" (dict "root" .root "of" (include "sark-network.part" . | fromJson).slug))
      "annotations" $annotations "labels" (dict "sark-network/workload" .part)) | nindent 2 }}
spec:
  {{- include "sark-network.lockdown.place" .root | nindent 2 }}
  namespaceSelector: {{ printf "projectcalico.org/name == '%s'" (include "sark-network.part.namespace" .) | quote }}
  selector: {{ include "sark-network.calicoSelector" (include "sark-network.part" . | fromJson).selector | quote }}
  types: [Egress]
  egress:
    {{- with include "sark-network.lockdown.exceptions" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with include "sark-network.guard.lockdownDeny" .root | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with include "sark-network.lockdown.engine" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- include "sark-network.lockdown.end" .root | trim | nindent 4 }}
{{- end }}

{{/*
A pod of two parts is held by the lock-downs of both, of which the first by name ends in a deny: so what the other opens would be
closed, or not, by how the parts are called. NetworkPolicies add up, and without a lock-down such parts are no fault.
*/}}
{{- define "sark-network.refuseSharedPods" -}}
{{- if include "sark-network.lockedDown" . -}}
{{- $parts := (include "sark-network.parts" . | fromJson).parts -}}
{{- $opens := dict -}}
{{- range $name, $part := $parts -}}
{{- $here := dict "root" $ "part" $name -}}
{{- if $part.enabled -}}
{{- $own := print (include "sark-network.lockdown.exceptions" $here) (include "sark-network.lockdown.engine" $here) -}}
{{- $_ := set $opens $name $own -}}
{{- end -}}
{{- end -}}
{{- range $name, $part := $parts -}}
{{- range $other, $wider := $parts -}}
{{- if and (ne $name $other) $part.enabled $wider.enabled (eq $part.namespace $wider.namespace)
  (include "sark-network.selector.holds" (dict "wider" $wider.selector "selector" $part.selector))
  (ne (get $opens $name) (get $opens $other)) -}}
{{- fail (printf
    (print "%s.podSelector: its pods are those of part %s too, and on Calico the lock-down of one denies what that of the other "
      "opens by address; give the parts labels of their own, or open the same for both") $part.key $other) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the engine adds to a part's lock-down: (dict "root" $ "part" …). */}}
{{- define "sark-network.lockdown.engine" -}}
{{- $engine := include "sark-network.engine" .root | fromJson -}}
{{- if $engine.lockdown }}{{ include (printf "sark-network.rules.%s" $engine.name) . }}{{ end -}}
{{- end -}}

{{/* The name of a policy of the lock-down; one in a tier begins with the tier's. */}}
{{- define "sark-network.lockdown.name" -}}
{{- $name := printf "%s-lockdown-%s" (include "sark-network.clusterName" .root) .of -}}
{{- if .root.Values.calico.tier.enabled -}}
{{- printf "%s.%s" (include "sark-network.lockdown.tier" .root) $name -}}
{{- else -}}
{{- $name -}}
{{- end -}}
{{- end -}}

{{/* The tier's name: the value, or one of this release's own, for a tier has one owner. */}}
{{- define "sark-network.lockdown.tier" -}}
{{- .Values.calico.tier.name | default (printf "%s-%s" (include "sark-network.fullname" .)
    (printf "%s/%s" .Release.Namespace .Release.Name | sha256sum | trunc 6)) -}}
{{- end -}}

{{/* Where it stands among Calico's policies. */}}
{{- define "sark-network.lockdown.place" -}}
{{- if .Values.calico.tier.enabled -}}
tier: {{ include "sark-network.lockdown.tier" . | quote }}
{{ end -}}
order: {{ toJson .Values.calico.order }}
{{- end -}}

{{/*
The end of each policy: what is no pod is denied. The label that tells pods from addresses is one that a network set may
carry too; the pods' CIDRs, where they are known, are not to be pretended. A tier of its own hands on what is left.
*/}}
{{- define "sark-network.lockdown.end" -}}
{{- range include "sark-network.byFamily" (include "sark-network.networks" .Values.cluster.podCidrs | fromJsonArray) | fromJsonArray }}
- action: Deny
  ipVersion: {{ ternary 6 4 (contains ":" (first .)) }}
  destination:
    notNets: {{ . | toJson }}
{{- end }}
- action: Deny
  destination:
    notSelector: projectcalico.org/orchestrator == 'k8s'
{{- if .Values.calico.tier.enabled }}
- action: Pass
{{- end }}
{{- end -}}

{{/*
What the lock-down cannot hold by itself, in words, for NOTES and as an annotation of each of its policies; nothing when
every back door is shut. Each is one that whoever may write Calico's objects in a namespace can open.
*/}}
{{- define "sark-network.lockdown.open" -}}
{{- $open := list -}}
{{- if not (or (include "sark-network.admission.calico" .) .Values.cluster.podCidrs) -}}
{{- $open = append $open
  "a NetworkSet or GlobalNetworkSet with the label projectcalico.org/orchestrator=k8s makes its addresses count as pods" -}}
{{- end -}}
{{- if not (or (include "sark-network.admission.calico" .) .Values.calico.tier.enabled) -}}
{{- $open = append $open (printf "a Calico NetworkPolicy in a namespace of SARK's with an order of %v or less comes first"
    .Values.calico.order) -}}
{{- end -}}
{{- join "; " $open -}}
{{- end -}}

{{/* Addresses outside the cluster that the part's NetworkPolicy allows too: a node-local DNS cache, managed services. */}}
{{- define "sark-network.lockdown.exceptions" -}}
{{- if not (include "sark-network.guard.exclusive" .root) }}
{{- include "sark-network.lockdown.dnsCidrs" .root }}
{{- end }}
{{- range (include "sark-network.part" . | fromJson).outbound }}
{{- $ports := .ports }}
{{- with (include "sark-network.part" (dict "root" $.root "part" .part) | fromJson).externalCidrs }}
{{- include "sark-network.lockdown.allow" (dict "protocol" "TCP" "nets" . "ports" $ports) }}
{{- end }}
{{- end }}
{{- include "sark-network.external.exceptions" . }}
{{- end -}}

{{/* Cluster DNS where it is no pod: a node-local cache. */}}
{{- define "sark-network.lockdown.dnsCidrs" -}}
{{- with .Values.dns }}
{{- if and .enabled .cidrs }}
{{- $nets := include "sark-network.networks" .cidrs | fromJsonArray }}
{{- include "sark-network.lockdown.allow" (dict "protocol" "UDP" "nets" $nets "ports" .ports) }}
{{- include "sark-network.lockdown.allow" (dict "protocol" "TCP" "nets" $nets "ports" .ports) }}
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
{{- include "sark-network.model" . }}
{{- $list := .Values._model }}
{{- $ports := $list.publicPorts }}
{{- $annotations := dict }}
{{- with include "sark-network.lockdown.open" . }}{{ $_ := set $annotations "sark-network/open" . }}{{ end }}
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  {{- include "sark-network.metadata"
    (dict "root" $ "name" (include "sark-network.lockdown.name" (dict "root" $ "of" "proxy")) "annotations" $annotations)
    | nindent 2 }}
spec:
  {{- include "sark-network.lockdown.place" . | nindent 2 }}
  namespaceSelector: {{ printf "projectcalico.org/name == '%s'" .Release.Namespace | quote }}
  selector: {{ include "sark-network.calicoSelector" (dict "matchLabels" (include "sark-network.proxySelector" . | fromYaml)) | quote }}
  types: [Egress]
  egress:
    {{- with include "sark-network.lockdown.dnsCidrs" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with include "sark-network.resolverCidrs" . | fromJsonArray }}
    {{- include "sark-network.lockdown.allow" (dict "protocol" "UDP" "nets" . "ports" (list 53)) | trim | nindent 4 }}
    {{- include "sark-network.lockdown.allow" (dict "protocol" "TCP" "nets" . "ports" (list 53)) | trim | nindent 4 }}
    {{- end }}
    {{- range include "sark-network.internalServers" . | fromJsonArray }}
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
    {{- include "sark-network.lockdown.end" . | trim | nindent 4 }}
{{- end }}

{{/* A cluster that lacks the API says so before anything is applied; `helm template` cannot ask and is told nothing. */}}
{{- define "sark-network.requireCalico" -}}
{{- if and (include "sark-network.connected" .) (not (.Capabilities.APIVersions.Has "projectcalico.org/v3")) -}}
{{- $engine := include "sark-network.engine" . | fromJson -}}
{{- $why := ternary (printf "egress.engine is %s" $engine.name) "calico.enabled is true" (default false $engine.lockdown) -}}
{{- fail (printf
    (print "%s, but this cluster does not serve projectcalico.org/v3. Install Calico's API server: kubectl apply -f "
      "https://raw.githubusercontent.com/projectcalico/calico/v3.30.3/manifests/apiserver.yaml (with the operator: "
      "an APIServer resource), or set calico.enabled=false and egress.engine=proxy") $why) -}}
{{- end -}}
{{- end -}}
