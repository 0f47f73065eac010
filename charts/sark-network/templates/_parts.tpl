{{/*
The parts of SARK, resolved once a render from files/parts.yaml, their values blocks and extraParts, and kept as JSON:
{"order": [names], "parts": {name: {name, key, slug, policy, enabled, namespace, selector, namespaceSelector, ports, callPorts,
metricsPorts, proxyPort, externalCidrs, services, block, inbound: [{caller, ports}], outbound: [{part, ports}]}}}.
`key` is where the block stands in values, `slug` the name as Kubernetes takes it, `inbound` who may call the part, and
`outbound` whom it may call. Whoever calls is opened at both ends. Every other helper takes (dict "root" $ "part" "gateway").
*/}}
{{- define "sark-network.parts" -}}
{{- if not (hasKey .Values "_parts") -}}
{{- $_ := set .Values "_parts" (include "sark-network.parts.read" .) -}}
{{- end -}}
{{- get .Values "_parts" -}}
{{- end -}}

{{- define "sark-network.parts.read" -}}
{{- $parts := dict -}}
{{- $order := list -}}
{{- range (.Files.Get "files/parts.yaml" | fromYaml).parts -}}
{{- $_ := set $parts .name
  (include "sark-network.parts.one" (dict "root" $ "key" .name "part" . "block" (index $.Values .name)) | fromJson) -}}
{{- $order = append $order .name -}}
{{- end -}}
{{- range $name, $block := .Values.extraParts -}}
{{- $key := printf "extraParts.%s" $name -}}
{{- /* Here and not in the schema: Helm says of a wrong name that it is somewhere else. Ports have at most 15 letters (RFC 6335). */ -}}
{{- if not (regexMatch "^[a-z]([a-z0-9-]{0,13}[a-z0-9])?$" $name) -}}
{{- fail (printf
    (print "%s: a part's name is up to 15 lower-case letters, digits and hyphens, a letter first, because its ports and "
      "policies are called by it; write another") $key) -}}
{{- end -}}
{{- /* Policies, ports and ConfigMaps are called by the part, so two may not share a name in any of its spellings. */ -}}
{{- range $parts -}}
{{- if or (eq .name $name) (eq .slug $name) (eq .policy $name) -}}
{{- fail (printf "%s: %s is a name of part %s already; give the part another name" $key $name .name) -}}
{{- end -}}
{{- end -}}
{{- /* The last are how Envoy's listeners of other parts' lists are called. */ -}}
{{- if or (has $name (list "ingress-controller" "monitoring" "metrics" "dns" "dns-guard" "proxy" "egress-proxy"))
  (regexMatch "^((names|steered)-.+-[0-9]+|again-.+)$" $name) -}}
{{- fail (printf "%s: %s means something else in this chart; give the part another name" $key $name) -}}
{{- end -}}
{{- include "sark-network.refuseOthers" (dict "key" $key "selector" ($block.podSelector | default dict)) -}}
{{- if not (include "sark-network.selector.chooses" (dict "selector" ($block.podSelector | default dict))) -}}
{{- fail (printf
    "%s.podSelector: the part names no pods; write the labels that its pods carry, such as {matchLabels: {app: %s}}" $key
    $name) -}}
{{- end -}}
{{- $part := dict "name" $name "policy" $name "labels" dict -}}
{{- $_ := set $parts $name (include "sark-network.parts.one" (dict "root" $ "key" $key "part" $part "block" $block) | fromJson) -}}
{{- $order = append $order $name -}}
{{- end -}}
{{- include "sark-network.parts.connect" (dict "parts" $parts "order" $order) -}}
{{- dict "order" $order "parts" $parts | toJson -}}
{{- end -}}

{{/* One part with its defaults, before it is known who calls whom. */}}
{{- define "sark-network.parts.one" -}}
{{- $block := .block | default dict -}}
{{- $key := .key -}}
{{- $selector := $block.podSelector | default (dict "matchLabels" .part.labels) -}}
{{- include "sark-network.refuseOthers" (dict "key" $key "selector" $selector) -}}
{{- if not (include "sark-network.selector.chooses" (dict "selector" $selector)) -}}
{{- fail (printf
    (print "%s.podSelector: the part names no pods, so its policy would hold every pod of the namespace; write the labels "
      "that its pods carry, or leave podSelector empty for SARK's own") $key) -}}
{{- end -}}
{{- $ports := dict }}{{ $numbers := dict }}{{ $call := list -}}
{{- range $name, $port := $block.ports -}}
{{- $number := printf "%v" $port -}}
{{- if hasKey $numbers $number -}}
{{- fail (printf "%s.ports.%s: port %s is %s.ports.%s already; name it once" $key $name $number $key (get $numbers $number)) -}}
{{- end -}}
{{- $_ := set $numbers $number $name -}}
{{- $_ := set $ports $name $port -}}
{{- if ne $name "metrics" }}{{ $call = append $call $port }}{{ end -}}
{{- end -}}
{{- $metrics := list -}}
{{- $scraped := $block.metrics | default dict -}}
{{- if $scraped.enabled -}}
{{- $metrics = include "sark-network.parts.numbers"
  (dict "key" (printf "%s.metrics.ports" $key) "ports" $ports "names" ($scraped.ports | default list)) | fromJsonArray -}}
{{- end -}}
{{- /* A name of extraParts is one that Kubernetes takes already: with a hyphen more, k8s would meet k-8s, or be too long for a port. */ -}}
{{- $slug := ternary .part.name (kebabcase .part.name) (hasPrefix "extraParts." $key) -}}
{{- dict
  "name" .part.name "key" $key "policy" .part.policy "slug" $slug
  "enabled" (ne (toString (get $block "enabled")) "false") "optional" (.part.optional | default false) "block" $block
  "namespace" ($block.namespace | default .root.Release.Namespace) "selector" $selector
  "namespaceSelector" (ternary $block.namespaceSelector dict
    (include "sark-network.selector.chooses" (dict "selector" ($block.namespaceSelector | default dict)) | not | not))
  "ports" $ports "callPorts" $call "metricsPorts" $metrics "proxyPort" (get .root.Values.proxy.ports .part.name | default 0)
  "externalCidrs" (include "sark-network.networks" $block.externalCidrs | fromJsonArray)
  "services" ($block.services | default (ternary (list .part.name) list (hasPrefix "extraParts." $key))) "inbound" list
  "outbound" list | toJson -}}
{{- end -}}

{{/* Port names and numbers as numbers, each once and in their order: (dict "key" … "ports" {name: number} "names" list). */}}
{{- define "sark-network.parts.numbers" -}}
{{- $numbers := list -}}
{{- range $i, $name := .names -}}
{{- if not (kindIs "string" $name) -}}
{{- $numbers = append $numbers $name -}}
{{- else if hasKey $.ports $name -}}
{{- $numbers = append $numbers (get $.ports $name) -}}
{{- else -}}
{{- fail (printf "%s[%d]: there is no port %s; write a number, or one of: %s" $.key $i $name (keys $.ports | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- $numbers | uniq | toJson -}}
{{- end -}}

{{/* Fills in who calls whom, from each part's `callers` and `calls`. */}}
{{- define "sark-network.parts.connect" -}}
{{- $parts := .parts -}}
{{- $order := .order -}}
{{- range $name := .order -}}
{{- $part := get $parts $name -}}
{{- range $i, $caller := $part.block.callers -}}
{{- $at := printf "%s.callers[%d]" $part.key $i -}}
{{- if kindIs "string" $caller }}{{ $caller = dict "part" $caller }}{{ end -}}
{{- include "sark-network.parts.edge" (dict "parts" $parts "order" $order "at" $at "from" $caller.part "to" $name "ports" $caller.ports) -}}
{{- end -}}
{{- range $i, $callee := $part.block.calls -}}
{{- $at := printf "%s.calls[%d]" $part.key $i -}}
{{- if kindIs "string" $callee }}{{ $callee = dict "part" $callee }}{{ end -}}
{{- include "sark-network.parts.edge" (dict "parts" $parts "order" $order "at" $at "from" $name "to" $callee.part "ports" $callee.ports) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
One caller and one part that it calls. A part that is switched off has no policy and is called by nobody, unless it is
outside the cluster (externalCidrs). The gateway stays a caller even when its own policies are switched off.
*/}}
{{- define "sark-network.parts.edge" -}}
{{- $outside := eq .from "ingressController" -}}
{{- range list (ternary "" .from $outside) .to -}}
{{- if and . (not (hasKey $.parts .)) -}}
{{- fail (printf "%s: %s is no part; the parts are %s, and extraParts adds your own" $.at . (join ", " $.order)) -}}
{{- end -}}
{{- end -}}
{{- $to := get .parts .to -}}
{{- $ports := $to.callPorts -}}
{{- with .ports -}}
{{- $ports = include "sark-network.parts.numbers" (dict "key" (printf "%s.ports" $.at) "ports" $to.ports "names" .) | fromJsonArray -}}
{{- end -}}
{{- if not $ports -}}
{{- fail (printf "%s: %s has no ports, so this opens nothing; write %s.ports, such as {http: 8080}" .at .to $to.key) -}}
{{- end -}}
{{- $from := get .parts .from | default dict -}}
{{- if and $to.enabled (or $outside $from.enabled (eq .from "gateway")) -}}
{{- $_ := set $to "inbound" (append $to.inbound (dict "caller" .from "ports" $ports) | uniq) -}}
{{- end -}}
{{- if and (not $outside) (or $to.enabled $to.block.externalCidrs) -}}
{{- $_ := set $from "outbound" (append $from.outbound (dict "part" .to "ports" $ports) | uniq) -}}
{{- end -}}
{{- end -}}

{{/* The names of the parts that have policies, as a JSON list. */}}
{{- define "sark-network.parts.enabled" -}}
{{- $parts := include "sark-network.parts" . | fromJson -}}
{{- $names := list -}}
{{- range $parts.order }}{{ if (get $parts.parts .).enabled }}{{ $names = append $names . }}{{ end }}{{ end -}}
{{- $names | toJson -}}
{{- end -}}

{{/* One part, as JSON. A name that is no part's is the render's own mistake: the allowlist refuses those of users. */}}
{{- define "sark-network.part" -}}
{{- get (include "sark-network.parts" .root | fromJson).parts .part | required (printf "%s is no part" .part) | toJson -}}
{{- end -}}

{{- define "sark-network.part.namespace" -}}
{{- (include "sark-network.part" . | fromJson).namespace -}}
{{- end -}}

{{/* The part's label selector. An empty value means SARK's own labels, and what a user writes replaces them whole. */}}
{{- define "sark-network.part.selector" -}}
{{- toYaml (include "sark-network.part" . | fromJson).selector -}}
{{- end -}}

{{/* A NetworkPolicyPeer, as one item of a list, for a policy in namespace "from". In its own it needs no namespaceSelector. */}}
{{- define "sark-network.part.peer" -}}
{{- $part := include "sark-network.part" . | fromJson -}}
- podSelector:
    {{- toYaml $part.selector | nindent 4 }}
{{- if $part.namespaceSelector }}
  namespaceSelector:
    {{- toYaml $part.namespaceSelector | nindent 4 }}
{{- else if ne $part.namespace .from }}
  namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ $part.namespace | quote }}
{{- end }}
{{- end -}}

{{/* Ports as NetworkPolicyPorts: (dict "ports" list "protocol" "TCP"). */}}
{{- define "sark-network.policyPorts" -}}
{{- range .ports }}
- {protocol: {{ $.protocol | default "TCP" }}, port: {{ int64 . }}}
{{- end }}
{{- end -}}

{{/* Peers in namespaces named by value: (dict "namespaces" list "podSelector" selector). */}}
{{- define "sark-network.namespacePeers" -}}
{{- range .namespaces }}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ . | quote }}
  {{- with $.podSelector }}
  podSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* "true" when a label selector leaves any pod out. */}}
{{- define "sark-network.selector.chooses" -}}
{{- if or .selector.matchLabels .selector.matchExpressions }}true{{ end -}}
{{- end -}}

{{/* A part's selector that says only what its pods are not chooses those of strangers too: (dict "key" … "selector" …). */}}
{{- define "sark-network.refuseOthers" -}}
{{- $names := .selector.matchLabels -}}
{{- range .selector.matchExpressions }}{{ if has .operator (list "In" "Exists") }}{{ $names = true }}{{ end }}{{ end -}}
{{- if and .selector.matchExpressions (not $names) -}}
{{- fail (printf
    (print "%s.podSelector: it says only which pods the part is not, so its policy would hold every other pod of the "
      "namespace; write a label that its own pods carry") .key) -}}
{{- end -}}
{{- end -}}

{{/* "true" when the selector matches pods of those labels: (dict "selector" … "labels" map). */}}
{{- define "sark-network.selector.matches" -}}
{{- $labels := .labels -}}
{{- $all := true -}}
{{- range $key, $value := .selector.matchLabels -}}
{{- if not (and (hasKey $labels $key) (eq (get $labels $key | toString) $value)) }}{{ $all = false }}{{ end -}}
{{- end -}}
{{- range .selector.matchExpressions -}}
{{- $present := hasKey $labels .key -}}
{{- $listed := and $present (has (get $labels .key | toString) (.values | default list)) -}}
{{- if not (get (dict "Exists" $present "DoesNotExist" (not $present) "In" $listed "NotIn" (not $listed)) .operator) -}}
{{- $all = false -}}
{{- end -}}
{{- end -}}
{{- if $all }}true{{ end -}}
{{- end -}}

{{/*
"true" when every pod of a selector is one of the wider's: (dict "wider" … "selector" …). Only its matchLabels are known of its pods; what
the wider leaves out by a label that is not among them may or may not be theirs.
*/}}
{{- define "sark-network.selector.holds" -}}
{{- $labels := .selector.matchLabels | default dict -}}
{{- $known := true -}}
{{- range .wider.matchExpressions }}{{ if not (hasKey $labels .key) }}{{ $known = false }}{{ end }}{{ end -}}
{{- if and $known (include "sark-network.selector.matches" (dict "selector" .wider "labels" $labels)) }}true{{ end -}}
{{- end -}}

{{/* Kubernetes' label selector in Calico's grammar; both read NotIn and `not in` as matching a missing label too. */}}
{{- define "sark-network.calicoSelector" -}}
{{- $terms := list -}}
{{- range $key, $value := .matchLabels -}}
{{- $terms = append $terms (printf "%s == '%s'" $key $value) -}}
{{- end -}}
{{- range .matchExpressions -}}
{{- if eq .operator "Exists" -}}
{{- $terms = append $terms (printf "has(%s)" .key) -}}
{{- else if eq .operator "DoesNotExist" -}}
{{- $terms = append $terms (printf "!has(%s)" .key) -}}
{{- else -}}
{{- $values := list -}}
{{- range .values }}{{ $values = append $values (printf "'%s'" .) }}{{ end -}}
{{- $terms = append $terms (printf "%s %s {%s}" .key (ternary "in" "not in" (eq .operator "In")) (join ", " $values)) -}}
{{- end -}}
{{- end -}}
{{- join " && " $terms -}}
{{- end -}}
