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

{{/* The names of the proxy's pods in the cluster, as a JSON list; none where there is no cluster to ask. */}}
{{- define "sark-network.push.pods" -}}
{{- $names := list -}}
{{- $wanted := include "sark-network.proxySelector" . | fromYaml -}}
{{- if include "sark-network.connected" . -}}
{{- range (lookup "v1" "Pod" .Release.Namespace "").items -}}
{{- $labels := .metadata.labels | default dict -}}
{{- $fits := true -}}
{{- range $key, $value := $wanted }}{{ if ne (get $labels $key | toString) $value }}{{ $fits = false }}{{ end }}{{ end -}}
{{- if $fits }}{{ $names = append $names .metadata.name }}{{ end -}}
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
server holds the hook's account to the one annotation of the proxy's pods: (dict "root" $ "account" … "selector" …).
*/}}
{{- define "sark-network.push.admission" -}}
{{- $annotation := "sark-network/pushed" -}}
{{- $proxies := list -}}
{{- range $key, $value := .selector -}}
{{- $proxies = append $proxies (printf
    "(has(oldObject.metadata.labels) && %s in oldObject.metadata.labels && oldObject.metadata.labels[%s] == %s)"
    (squote $key) (squote $key) (squote $value)) -}}
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
  (join " && " $proxies) $meta $same -}}
{{- include "sark-network.admission.policy" (dict "root" .root "name" "egress-push"
    "rules" (list (dict "groups" (list "") "resources" (list "pods"))) "namespaces" (list .root.Release.Namespace)
    "validations" (list (dict "expression" $expression "message" (printf
          (print "the account of the hook that pushes the egress list may change the annotation %s of the proxy's pods, "
            "and nothing else") $annotation)))) -}}
{{- end -}}
