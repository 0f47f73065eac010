{{/* What the hook of egress-push.yaml is made of. */}}

{{/*
Where the API server is, as JSON {cidrs, port}: a NetworkPolicy sees its own addresses and not the Service's. Asked of the
cluster where there is one.
*/}}
{{- define "sark-network.push.apiServer" -}}
{{- $given := .Values.proxy.push.apiServer -}}
{{- $cidrs := $given.cidrs -}}
{{- $port := $given.port -}}
{{- if and (not $cidrs) (include "sark-network.connected" .) -}}
{{- $slice := lookup "discovery.k8s.io/v1" "EndpointSlice" "default" "kubernetes" -}}
{{- range $slice.endpoints -}}
{{- range .addresses }}{{ $cidrs = append $cidrs (printf "%s/%s" . (ternary "128" "32" (contains ":" .))) }}{{ end -}}
{{- end -}}
{{- range $slice.ports }}{{ $port = .port }}{{ end -}}
{{- end -}}
{{- if not $cidrs -}}
{{- fail
  (print "proxy.push.apiServer.cidrs: is empty, and the hook's pod must reach the API server; write its addresses "
    "(kubectl get endpoints kubernetes -n default), or set proxy.push.enabled=false and run python -m tools.egress "
    "push") -}}
{{- end -}}
{{- dict "cidrs" $cidrs "port" $port | toJson -}}
{{- end -}}

{{/*
What a changed list is pushed to, as a JSON list of {selector, version, port, path}: the proxy and, where names are guarded, the
guard; `version` is the hash that its metrics, at that port and path, have to name.
*/}}
{{- define "sark-network.push.targets" -}}
{{- $targets := list (dict "selector" (include "sark-network.proxySelector" . | fromYaml)
    "version" (include "sark-network.list.hash" .) "port" (int64 .Values.proxy.metricsPort) "path" "/stats/prometheus?text_readouts") -}}
{{- if include "sark-network.guarded" . -}}
{{- $targets = append $targets (dict "selector" (include "sark-network.guardSelector" . | fromYaml)
    "version" (include "sark-network.guard.hash" .) "port" (int64 .Values.dnsGuard.metricsPort) "path" "/metrics") -}}
{{- end -}}
{{- $targets | toJson -}}
{{- end -}}

{{/* The names of their pods in the cluster, as a JSON list; none where there is no cluster to ask: (dict "root" $ "targets" …). */}}
{{- define "sark-network.push.pods" -}}
{{- $names := list -}}
{{- if include "sark-network.connected" .root -}}
{{- range $pod := (lookup "v1" "Pod" .root.Release.Namespace "").items -}}
{{- $labels := .metadata.labels | default dict -}}
{{- range $.targets -}}
{{- $fits := true -}}
{{- range $key, $value := .selector }}{{ if ne (get $labels $key | toString) $value }}{{ $fits = false }}{{ end }}{{ end -}}
{{- if $fits }}{{ $names = append $names $pod.metadata.name }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $names | toJson -}}
{{- end -}}

{{- define "sark-network.push.selector" -}}
{{- $terms := list -}}
{{- range $key, $value := . }}{{ $terms = append $terms (printf "%s=%s" $key $value) }}{{ end -}}
{{- join "," $terms -}}
{{- end -}}

{{/*
RBAC cannot say "an annotation": whoever may patch a pod may give it labels, which are rights, and another image. So the API
server holds the hook's account to the one annotation of the proxy's and the guard's pods: (dict "root" $ "account" … "targets" …).
*/}}
{{- define "sark-network.push.admission" -}}
{{- $annotation := "sark-network/pushed" -}}
{{- $ours := list -}}
{{- range .targets -}}
{{- $terms := list -}}
{{- range $key, $value := .selector -}}
{{- $terms = append $terms (printf
    "(has(oldObject.metadata.labels) && %s in oldObject.metadata.labels && oldObject.metadata.labels[%s] == %s)"
    (squote $key) (squote $key) (squote $value)) -}}
{{- end -}}
{{- $ours = append $ours (printf "(%s)" (join " && " $terms)) -}}
{{- end -}}
{{- $others := printf "request.userInfo.username != %s" (squote .account) -}}
{{- $before := "(has(oldObject.metadata.annotations) ? oldObject.metadata.annotations : {})" -}}
{{- $after := "(has(object.metadata.annotations) ? object.metadata.annotations : {})" -}}
{{- $same := printf "%s.all(key, key == %s || (key in %s && %s[key] == %s[key])) && %s.all(key, key == %s || key in %s)"
  $after (squote $annotation) $before $before $after $before (squote $annotation) $after -}}
{{- $meta :=
  (print "object.metadata.labels == oldObject.metadata.labels && has(object.metadata.ownerReferences) == "
    "has(oldObject.metadata.ownerReferences) && (!has(object.metadata.ownerReferences) || "
    "object.metadata.ownerReferences == oldObject.metadata.ownerReferences) && has(object.metadata.finalizers) == "
    "has(oldObject.metadata.finalizers)") -}}
{{- $expression := printf "%s || (request.operation == 'UPDATE' && %s && object.spec == oldObject.spec && %s && %s)" $others
  (printf "(%s)" (join " || " $ours)) $meta $same -}}
{{- include "sark-network.admission.policy" (dict "root" .root "name" "egress-push"
    "rules" (list (dict "groups" (list "") "resources" (list "pods"))) "namespaces" (list .root.Release.Namespace)
    "validations" (list (dict "expression" $expression "message" (printf
          (print "the account of the hook that pushes the egress list may change the annotation %s of the proxy's and the "
            "DNS guard's pods, and nothing else") $annotation)))) -}}
{{- end -}}
