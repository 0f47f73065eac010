{{/*
A MutatingAdmissionPolicy for each part that asks the guard: its pods get the guard's address, and, where the part is on the list,
the variables that name the proxy. What a pod says itself stays: another dnsPolicy, and variables of those names.
*/}}

{{- define "sark-network.inject.refuse" -}}
{{- $inject := .Values.dnsGuard.inject -}}
{{- if not .Values.dnsGuard.enabled -}}
{{- fail "dnsGuard.inject.enabled: pods would be told to ask a guard that does not run; set dnsGuard.enabled to true" -}}
{{- end -}}
{{- range include "sark-network.guard.workloads" . | fromJsonArray -}}
{{- if not .address -}}
{{- fail (printf
    (print "dnsGuard.addresses.%s: is missing, and dnsGuard.inject writes it into pods; write a free address of the "
      "Services' range") .name) -}}
{{- end -}}
{{- end -}}
{{- $api := printf "admissionregistration.k8s.io/%s/MutatingAdmissionPolicy" $inject.apiVersion -}}
{{- if and (include "sark-network.connected" .) (not (.Capabilities.APIVersions.Has $api)) -}}
{{- fail (printf
    (print "dnsGuard.inject.enabled: this cluster does not serve %s; switch on the API server's feature gate "
      "MutatingAdmissionPolicy and runtime-config admissionregistration.k8s.io/%s=true, name another "
      "dnsGuard.inject.apiVersion, or write dnsConfig into the pods yourself") $api $inject.apiVersion) -}}
{{- end -}}
{{- end -}}

{{- define "sark-network.inject.policy" }}
{{- $inject := .root.Values.dnsGuard.inject }}
{{- $here := dict "root" .root "part" .workload.name }}
{{- $name := printf "%s-dns-%s" (include "sark-network.clusterName" .root) .workload.slug }}
apiVersion: admissionregistration.k8s.io/{{ $inject.apiVersion }}
kind: MutatingAdmissionPolicy
metadata:
  {{- include "sark-network.metadata" (dict "root" .root "name" $name "labels" (dict "sark-network/workload" .workload.name)) | nindent 2 }}
spec:
  failurePolicy: Fail
  reinvocationPolicy: Never
  matchConstraints:
    resourceRules:
      - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}
    namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ .workload.namespace | quote }}
    objectSelector:
      {{- include "sark-network.part.selector" $here | nindent 6 }}
  matchConditions:
    - {name: has-a-network-of-its-own, expression: "!object.spec.?hostNetwork.orValue(false)"}
  {{- $variables := dict }}
  {{- if and (include "sark-network.proxied" .root) (include "sark-network.part.listed" $here) }}
  {{- $variables = include "sark-network.inject.variables" . | fromJson }}
  variables:
    - {name: proxy, expression: {{ $variables.map | quote }}}
  {{- end }}
  mutations:
    - patchType: JSONPatch
      jsonPatch:
        expression: {{ include "sark-network.inject.resolver" . | quote }}
    {{- with $variables.expression }}
    - patchType: ApplyConfiguration
      applyConfiguration:
        expression: {{ . | quote }}
    {{- end }}
---
apiVersion: admissionregistration.k8s.io/{{ $inject.apiVersion }}
kind: MutatingAdmissionPolicyBinding
metadata:
  {{- include "sark-network.metadata" (dict "root" .root "name" $name) | nindent 2 }}
spec:
  policyName: {{ $name | quote }}
{{- end }}

{{/* What the pod's resolver is told, as CEL. Options of the pod's own stay. */}}
{{- define "sark-network.inject.resolver" -}}
{{- $domain := .root.Values.cluster.domain -}}
{{- $servers := printf "['%s']" .workload.address -}}
{{- $searches := printf "['%s.svc.%s', 'svc.%s', '%s']" .workload.namespace $domain $domain $domain -}}
{{- $options := "[Object.spec.dnsConfig.options{name: 'ndots', value: '5'}]" -}}
{{- $whole := printf
  (print "[JSONPatch{op: 'add', path: '/spec/dnsPolicy', value: 'None'}, JSONPatch{op: 'add', path: '/spec/dnsConfig', "
    "value: Object.spec.dnsConfig{nameservers: %s, searches: %s, options: %s}}]") $servers $searches $options -}}
{{- $kept := printf
  (print "[JSONPatch{op: 'add', path: '/spec/dnsPolicy', value: 'None'}, JSONPatch{op: 'add', path: "
    "'/spec/dnsConfig/nameservers', value: %s}, JSONPatch{op: 'add', path: '/spec/dnsConfig/searches', value: %s}]")
  $servers $searches -}}
{{- printf
  (print "object.spec.?dnsPolicy.orValue('ClusterFirst') != 'ClusterFirst' ? [] : has(object.spec.dnsConfig) && "
    "has(object.spec.dnsConfig.options) ? %s : %s") $kept $whole -}}
{{- end -}}

{{/*
The proxy's variables, as CEL: those of the part's ConfigMap, in each container that does not set them itself. As values and not
by reference: an ApplyConfiguration may write no field like valueFrom, which is one whole.
*/}}
{{- define "sark-network.inject.variables" -}}
{{- $root := .root -}}
{{- $part := .workload.name -}}
{{- $plan := merge (dict "root" $root) (include "sark-network.envoy.plan" $root | fromJson) -}}
{{- $data := dict -}}
{{- range $plan.workloads -}}
{{- if eq .name $part -}}
{{- $name := printf "%s-egress-proxy" (include "sark-network.fullname" $root) -}}
{{- $data = (include "sark-network.proxy.env" (dict "root" $root "name" $name "plan" $plan "workload" .) | fromYaml).data -}}
{{- end -}}
{{- end -}}
{{- $pairs := list -}}
{{- range $name, $value := $data }}{{ $pairs = append $pairs (printf "'%s': '%s'" $name $value) }}{{ end -}}
{{- $lists := list -}}
{{- range list "containers" "initContainers" -}}
{{- $of := printf "Object.spec.%s" . -}}
{{- $lists = append $lists (printf
    (print "%s: object.spec.?%s.orValue([]).map(c, %s{name: c.name, env: variables.proxy.filter(n, !has(c.env) || "
      "!c.env.exists(e, e.name == n)).map(n, %s.env{name: n, value: variables.proxy[n]})})") . . $of $of) -}}
{{- end -}}
{{- dict "map" (printf "{%s}" (join ", " $pairs)) "expression" (printf "Object{spec: Object.spec{%s}}" (join ", " $lists)) | toJson -}}
{{- end -}}
