{{/*
What the API server refuses, as ValidatingAdmissionPolicies. Calico's API server stores its objects through the CRDs of
crd.projectcalico.org, so a rule on those holds for projectcalico.org too; and Calico reads an object's v3 labels from the
annotation projectcalico.org/metadata where there is one, so what is refused as a label is refused in there as well.
*/}}

{{/* "true" where Kubernetes has ValidatingAdmissionPolicy v1: 1.30 and newer. */}}
{{- define "sark-network.admission.served" -}}
{{- if semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version }}true{{ end -}}
{{- end -}}

{{- define "sark-network.admission.calico" -}}
{{- $lockdown := include "sark-network.lockedDown" . -}}
{{- if and $lockdown .Values.admission.calico.enabled (include "sark-network.admission.served" .) }}true{{ end -}}
{{- end -}}

{{/* The namespaces of the parts that have policies, and the release's, as a JSON list. */}}
{{- define "sark-network.namespaces" -}}
{{- $names := list .Release.Namespace -}}
{{- range include "sark-network.parts.enabled" . | fromJsonArray -}}
{{- $names = append $names (include "sark-network.part.namespace" (dict "root" $ "part" .)) -}}
{{- end -}}
{{- $names | uniq | toJson -}}
{{- end -}}

{{/*
A policy and its binding: (dict "root" $ "name" … "groups" {API group: resources} "namespaces" list or none "variables" list
"validations" list of {expression, message}).
*/}}
{{- define "sark-network.admission.policy" }}
{{- $name := printf "%s-%s" (include "sark-network.clusterName" .root) .name }}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  {{- include "sark-network.metadata" (dict "root" .root "name" $name) | nindent 2 }}
spec:
  failurePolicy: Fail
  matchConstraints:
    matchPolicy: Equivalent
    resourceRules:
      {{- range .rules }}
      - {apiGroups: {{ toJson .groups }}, apiVersions: ["*"], operations: [CREATE, UPDATE], resources: {{ toJson .resources }}}
      {{- end }}
  {{- with .variables }}
  variables:
    {{- range . }}
    - name: {{ .name | quote }}
      expression: {{ .expression | quote }}
    {{- end }}
  {{- end }}
  validations:
    {{- range .validations }}
    - expression: {{ .expression | quote }}
      message: {{ .message | quote }}
    {{- end }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  {{- include "sark-network.metadata" (dict "root" .root "name" $name) | nindent 2 }}
spec:
  policyName: {{ $name | quote }}
  validationActions: [Deny]
  {{- with .namespaces }}
  matchResources:
    namespaceSelector:
      matchExpressions:
        - {key: kubernetes.io/metadata.name, operator: In, values: {{ toJson . }}}
  {{- end }}
{{- end -}}

{{/* Network sets that pretend to be pods, in every namespace: the lock-down tells pods by that label. */}}
{{- define "sark-network.admission.networkSets" -}}
{{- $variables := list
  (dict "name" "labels" "expression" "object.metadata.?labels.orValue({})")
  (dict "name" "stored" "expression" "object.metadata.?annotations[?'projectcalico.org/metadata'].orValue('')") -}}
{{- /* JSON's escapes spell the label's letters in another way. Go's own encoder escapes none of them. */ -}}
{{- $validations := list
  (dict
    "expression" "!('projectcalico.org/orchestrator' in variables.labels)"
    "message"
    (print "SARK's lock-down tells pods from addresses by the label projectcalico.org/orchestrator; a network set must "
      "not carry it"))
  (dict
    "expression" (print `!variables.stored.contains('projectcalico.org/orchestrator') && `
      `!variables.stored.matches(r'\\u00(2[eEfF]|[67])|\\/')`)
    "message"
    (print "SARK's lock-down tells pods from addresses by the label projectcalico.org/orchestrator; the annotation "
      "projectcalico.org/metadata must not carry it, nor a spelling that hides it")) -}}
{{- $rules := list (dict "groups" (list "crd.projectcalico.org" "projectcalico.org")
    "resources" (list "networksets" "globalnetworksets")) -}}
{{- include "sark-network.admission.policy"
  (dict "root" . "name" "network-sets" "rules" $rules "variables" $variables "validations" $validations) -}}
{{- end -}}

{{/* Calico policies in SARK's namespaces: after the lock-down, and in no tier before it. */}}
{{- define "sark-network.admission.policyOrder" -}}
{{- $order := .Values.calico.order -}}
{{- $tiers := concat (list "default") .Values.admission.calico.tiers | uniq -}}
{{- $quoted := list -}}
{{- range $tiers }}{{ $quoted = append $quoted (printf "'%s'" .) }}{{ end -}}
{{- $variables := list
  (dict "name" "order" "expression" "object.?spec.?order")
  (dict "name" "tier" "expression" "object.?spec.?tier.orValue('default')") -}}
{{- $validations := list
  (dict "expression" (printf "!variables.order.hasValue() || dyn(variables.order.value()) > %f" (float64 $order))
    "message" (printf
      (print "SARK's lock-down is at order %v and goes before every policy of this namespace; write spec.order: %v or "
        "more, or leave it out") $order (add1 (ceil $order | int))))
  (dict "expression" (printf "variables.tier in [%s]" (join ", " $quoted))
    "message" (printf
      (print "SARK's lock-down goes before every policy of this namespace; write spec.tier: %s, or have the tier listed "
        "in admission.calico.tiers") (join " or " $tiers))) -}}
{{- $rules := list (dict "groups" (list "crd.projectcalico.org" "projectcalico.org") "resources" (list "networkpolicies")) -}}
{{- include "sark-network.admission.policy" (dict "root" . "name" "policy-order" "rules" $rules
    "namespaces" (include "sark-network.namespaces" . | fromJsonArray) "variables" $variables
    "validations" $validations) -}}
{{- end -}}

{{/*
Labels that carry rights: a part's own, and the one that leaves a pod out of default-deny. Whoever makes or relabels a pod,
or what makes pods, so that it gains them must be named in values. What has them already may be changed in other ways, and
Kubernetes' own controllers make pods from what was let in.
*/}}
{{- define "sark-network.admission.labels" -}}
{{- $users := list -}}
{{- range .Values.admission.labels.serviceAccounts -}}
{{- $users = append $users (printf "system:serviceaccount:%s" (. | replace "/" ":")) -}}
{{- end -}}
{{- $users = concat $users .Values.admission.labels.users -}}
{{- range list "replicaset" "deployment" "statefulset" "daemon-set" "job" "cronjob" "replication" -}}
{{- $users = append $users (printf "system:serviceaccount:kube-system:%s-controller" .) -}}
{{- end -}}
{{- $quoted := list -}}
{{- range $users | uniq }}{{ $quoted = append $quoted (printf "'%s'" .) }}{{ end -}}
{{- $gains := list -}}
{{- range include "sark-network.parts.enabled" . | fromJsonArray -}}
{{- $part := include "sark-network.part" (dict "root" $ "part" .) | fromJson -}}
{{- $gains = append $gains (dict "namespace" $part.namespace "selector" $part.selector "rights" .) -}}
{{- end -}}
{{- if include "sark-network.proxied" . -}}
{{- $proxy := dict "matchLabels" (include "sark-network.proxySelector" . | fromYaml) -}}
{{- $gains = append $gains (dict "namespace" .Release.Namespace "selector" $proxy "rights" "the egress proxy") -}}
{{- end -}}
{{- if .Values.defaultDeny.enabled -}}
{{- $exempt := dict "matchLabels" (dict .Values.defaultDeny.exemptLabel "true") -}}
{{- $gains = append $gains
  (dict "namespace" .Release.Namespace "selector" $exempt "rights" "a pod that default-deny leaves out") -}}
{{- end -}}
{{- $validations := list -}}
{{- range $gains -}}
{{- $has := include "sark-network.celSelector" (dict "selector" .selector "labels" "variables.labels") -}}
{{- $had := include "sark-network.celSelector" (dict "selector" .selector "labels" "variables.before") -}}
{{- $gained := printf "request.namespace == '%s' && %s" .namespace $has -}}
{{- $validations = append $validations (dict
    "expression" (printf "!(%s) || (%s) || request.userInfo.username in variables.allowed" $gained $had)
    "message" (printf "these labels have the rights of %s; only those that admission.labels names may give them to a workload"
      .rights)) -}}
{{- end -}}
{{- $variables := list
  (dict "name" "allowed" "expression" (printf "[%s]" (join ", " $quoted)))
  (dict "name" "labels" "expression" (include "sark-network.podLabels" "object"))
  (dict "name" "before" "expression" (printf "oldObject == null ? {} : %s" (include "sark-network.podLabels" "oldObject"))) -}}
{{- $rules := list
  (dict "groups" (list "") "resources" (list "pods" "replicationcontrollers"))
  (dict "groups" (list "apps") "resources" (list "deployments" "statefulsets" "daemonsets" "replicasets"))
  (dict "groups" (list "batch") "resources" (list "jobs" "cronjobs")) -}}
{{- include "sark-network.admission.policy" (dict "root" . "name" "labels" "rules" $rules
    "namespaces" (include "sark-network.namespaces" . | fromJsonArray) "variables" $variables
    "validations" $validations) -}}
{{- end -}}

{{/* In CEL, the labels of the pods that an object is, or makes: the pod's, or those of its template. */}}
{{- define "sark-network.podLabels" -}}
{{- printf
  (print "%[1]s.kind == 'Pod' ? %[1]s.metadata.?labels.orValue({}) : %[1]s.kind == 'CronJob' ? "
    "%[1]s.spec.jobTemplate.spec.template.?metadata.?labels.orValue({}) : "
    "%[1]s.spec.template.?metadata.?labels.orValue({})") . -}}
{{- end -}}

{{/* Kubernetes' label selector as a CEL expression: (dict "selector" … "labels" an expression that is a map). */}}
{{- define "sark-network.celSelector" -}}
{{- $labels := .labels -}}
{{- $terms := list -}}
{{- range $key, $value := .selector.matchLabels -}}
{{- $terms = append $terms (printf "('%s' in %s && %s['%s'] == '%s')" $key $labels $labels $key $value) -}}
{{- end -}}
{{- range .selector.matchExpressions -}}
{{- $present := printf "'%s' in %s" .key $labels -}}
{{- $quoted := list -}}
{{- range .values }}{{ $quoted = append $quoted (printf "'%s'" .) }}{{ end -}}
{{- $listed := printf "(%s && %s['%s'] in [%s])" $present $labels .key (join ", " $quoted) -}}
{{- $terms = append $terms (get (dict "Exists" (printf "(%s)" $present) "DoesNotExist" (printf "!(%s)" $present)
      "In" $listed "NotIn" (printf "!%s" $listed)) .operator) -}}
{{- end -}}
{{- join " && " $terms -}}
{{- end -}}
