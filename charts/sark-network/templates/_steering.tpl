{{/*
Steering: the guard answers a listed name with the address of the workload's own proxy Service, and Envoy takes the TLS that
arrives there straight by its server name. So programs that know nothing of a proxy go through it all the same.
*/}}

{{- define "sark-network.steered" -}}
{{- if and .Values.dnsGuard.enabled .Values.dnsGuard.steering.enabled }}true{{ end -}}
{{- end -}}

{{/*
What is steered, as a JSON list of {name, slug, service, host, ports: [{port, listen, tls, http, tcp: {name, id, cidrs}}],
entries: [{name}], left: [what is not, in words]}, one for each workload of the list. `listen` is Envoy's own port for one port
of one workload: it tells which list and which port a connection is for, since the connection itself says neither. Read once a
render.
*/}}
{{- define "sark-network.steering" -}}
{{- if not (hasKey .Values "_steering") -}}
{{- $_ := set .Values "_steering" (include "sark-network.steering.read" .) -}}
{{- end -}}
{{- get .Values "_steering" -}}
{{- end -}}

{{- define "sark-network.steering.read" -}}
{{- $workloads := list -}}
{{- if include "sark-network.steered" . -}}
{{- $plan := include "sark-network.envoy.plan" . | fromJson -}}
{{- $used := dict -}}
{{- range .Values.proxy.ports }}{{ $_ := set $used (toString .) true }}{{ end -}}
{{- range $key := list .Values.proxy.metricsPort 9901 }}{{ $_ := set $used (toString $key) true }}{{ end -}}
{{- range $workload := $plan.workloads -}}
{{- $own := include "sark-network.steering.ports"
  (dict "plan" $plan "workload" .name "audit" (eq $.Values.egress.mode "audit")) | fromJson -}}
{{- $ports := list -}}
{{- range $own.ports -}}
{{- $listen := include "sark-network.steadyPort" (dict "key" (printf "%s:%v" $workload.name .port) "from" 20000 "used" $used) | int -}}
{{- $ports = append $ports (merge (dict "listen" $listen) .) -}}
{{- end -}}
{{- $service := printf "%s-out-%s" (include "sark-network.fullname" $) .slug -}}
{{- $host := printf "%s.%s.svc.%s" $service $.Release.Namespace $.Values.cluster.domain -}}
{{- $workloads = append $workloads
  (dict "name" .name "slug" .slug "service" $service "host" $host "ports" $ports "names" $own.names "left" $own.left) -}}
{{- end -}}
{{- end -}}
{{- $workloads | toJson -}}
{{- end -}}

{{/*
The ports of one workload's list, and what is on each. TLS has a server name and HTTP a Host, so names share a port; what is
neither has a port of its own or none. A name that ends is left out: its end is that of a request. (dict "plan" …
"workload" … "audit" bool).
*/}}
{{- define "sark-network.steering.ports" -}}
{{- $workload := .workload -}}
{{- $ports := dict -}}
{{- if .audit -}}
{{- range list 80 443 -}}
{{- $_ := set $ports (printf "%05d" .) (dict "port" . "tls" true "http" true "tcp" list) -}}
{{- end -}}
{{- end -}}
{{- range $entry := concat .plan.entries .plan.internal -}}
{{- if and (has $workload .workloads) (not .ends) -}}
{{- range $port := .ports -}}
{{- $key := printf "%05d" (int .) -}}
{{- if not (hasKey $ports $key) }}{{ $_ := set $ports $key (dict "port" (int .) "tls" false "http" false "tcp" list) }}{{ end -}}
{{- $at := get $ports $key -}}
{{- $protocol := default "tls" $entry.protocol -}}
{{- if eq $protocol "tcp" -}}
{{- $_ := set $at "tcp" (append $at.tcp (dict "name" $entry.name "cidrs" $entry.cidrs "path" $entry.path)) -}}
{{- else -}}
{{- $_ := set $at $protocol true -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $steered := list }}{{ $left := list }}{{ $alone := dict -}}
{{- range $key, $at := $ports -}}
{{- $shared := or .tls .http (gt (len .tcp) 1) -}}
{{- range .tcp -}}
{{- if or $shared (hasPrefix "*." .name) -}}
{{- $left = append $left (printf "%s: %s, port %v of %s, has protocol tcp, which says no name, and %s" .path .name $at.port
    $workload (ternary "a wildcard is no one server" "the port is other names' too; give the server a port of its own"
      (hasPrefix "*." .name))) -}}
{{- else -}}
{{- $_ := set $alone $key . -}}
{{- end -}}
{{- end -}}
{{- if or .tls .http (hasKey $alone $key) -}}
{{- $steered = append $steered (dict "port" .port "tls" .tls "http" .http "tcp" (get $alone $key | default nil)) -}}
{{- end -}}
{{- end -}}
{{- $names := list -}}
{{- range $entry := concat .plan.entries .plan.internal -}}
{{- if and (has $workload .workloads) (not .ends) -}}
{{- $reached := ne (default "tls" $entry.protocol) "tcp" -}}
{{- range .ports }}{{ if hasKey $alone (printf "%05d" (int .)) }}{{ $reached = true }}{{ end }}{{ end -}}
{{- if $reached }}{{ $names = append $names .name }}{{ end -}}
{{- end -}}
{{- end -}}
{{- dict "ports" $steered "names" ($names | uniq) "left" $left | toJson -}}
{{- end -}}

{{/* A part's egress rule to its steering ports of the proxy: (dict "root" $ "part" "gateway"). */}}
{{- define "sark-network.steering.policyPorts" -}}
{{- $part := .part -}}
{{- range include "sark-network.steering" .root | fromJsonArray -}}
{{- if eq .name $part -}}
{{- range .ports }}
- {protocol: TCP, port: {{ int64 .listen }}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The Service whose address the guard answers with: (dict "root" $ "workload" …). */}}
{{- define "sark-network.steering.service" }}
apiVersion: v1
kind: Service
metadata:
  {{- include "sark-network.metadata" (dict "root" .root "name" .workload.service "namespace" .root.Release.Namespace
      "labels" (dict "sark-network/workload" .workload.name)) | nindent 2 }}
spec:
  type: ClusterIP
  ipFamilyPolicy: {{ .root.Values.proxy.service.ipFamilyPolicy | quote }}
  selector:
    {{- include "sark-network.proxySelector" .root | nindent 4 }}
  ports:
    {{- range .workload.ports }}
    - {name: {{ printf "p%v" .port | quote }}, port: {{ int64 .port }}, targetPort: {{ int64 .listen }}, protocol: TCP}
    {{- end }}
{{- end }}

{{/*
Envoy's listeners for what is steered, one for each port of each workload. The name says the workload first, as those of CONNECT
do. What is TLS is matched by server name as within a tunnel; what is HTTP goes by the workload's routes, as an absolute URL
does; a server that says no name has the listener to itself.
*/}}
{{- define "sark-network.envoy.steering" -}}
{{- $root := .root -}}
{{- $audit := eq .root.Values.egress.mode "audit" -}}
{{- range $place, $workload := include "sark-network.steering" .root | fromJsonArray }}
{{- range .ports }}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: "{{ $workload.name }}/{{ .port }}"
  address: {{ include "sark-network.envoy.address" (dict "root" $root "port" .listen) }}
  per_connection_buffer_limit_bytes: {{ include "sark-network.envoy.buffer" $root }}
  {{- if .tcp }}
  access_log:
    {{- include "sark-network.envoy.steeringLog" (dict "workload" $workload.name "host" .tcp.name) | nindent 4 }}
  filter_chains:
    - {name: listed, filters: {{ include "sark-network.envoy.way" (dict "root" $root "port" .port "host" .tcp.name "cidrs" .tcp.cidrs) }}}
  {{- else }}
  listener_filters:
    - {{ include "sark-network.envoy.tlsInspector" . }}
  access_log:
    {{- include "sark-network.envoy.steeringLog" (dict "workload" $workload.name "host" "%REQUESTED_SERVER_NAME%"
        "named" $audit "audit" (ternary "sni-not-in-egress.domains" "" $audit) "http" .http) | nindent 4 }}
  {{- /* The very chains of CONNECT's listener, unless there is one more: thousands of names are written once. */}}
  {{- if not .http }}
  filter_chains: *{{ trunc 1 $workload.name }}{{ $place }}-{{ .port }}
  {{- else }}
  filter_chains:
    {{- include "sark-network.envoy.chains"
      (dict "plan" $ "workload" $workload.name "port" .port "mark" (printf "steer%d-" $place)) | nindent 4 }}
    - name: http
      filter_chain_match: {transport_protocol: raw_buffer}
      filters:
        {{- include "sark-network.envoy.requests" (dict "root" $root "workload" $workload) | nindent 8 }}
    {{- end }}
  {{- if $audit }}
  default_filter_chain:
    name: audit
    filters: {{ include "sark-network.envoy.way" (dict "root" $root "port" .port) }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
The lines of a listener within a tunnel, which are told by filter state who asked for what; here the connection itself says it.
What the chain named http passes on has lines of its own: (dict "workload" … "host" … "http" bool, and what endLog takes).
*/}}
{{- define "sark-network.envoy.steeringLog" -}}
{{- $lines := include "sark-network.envoy.endLog" . -}}
{{- if .http -}}
{{- $lines = regexReplaceAll "expression: '([^']*)'" $lines "expression: 'xds.filter_chain_name != \"http\" && (${1})'" -}}
{{- end -}}
{{- if hasKey . "named" -}}
{{- $sni := include "sark-network.envoy.innerLog" (dict
    "when" `response.code_details == "filter_chain_not_found" && connection.requested_server_name != ""`
    "verdict" "denied" "reason" "sni-not-in-egress.domains") -}}
{{- $none := include "sark-network.envoy.innerLog" (dict
    "when" `response.code_details == "filter_chain_not_found" && connection.requested_server_name == ""`
    "verdict" "denied" "reason" "no-sni") -}}
{{- $lines = printf "%s%s%s" $sni $none $lines -}}
{{- end -}}
{{- $lines | replace "%FILTER_STATE(sark.workload:PLAIN)%" .workload | replace "%FILTER_STATE(sark.client:PLAIN)%"
  "%DOWNSTREAM_REMOTE_ADDRESS%" | replace "%FILTER_STATE(sark.host:PLAIN)%" .host -}}
{{- end -}}

{{/* What cannot be steered is said, or fails the render when the engine must be exact. */}}
{{- define "sark-network.steering.refuse" -}}
{{- $steering := .Values.dnsGuard.steering -}}
{{- if $steering.enabled -}}
{{- if not .Values.dnsGuard.enabled -}}
{{- fail "dnsGuard.steering.enabled: the guard is what steers, and dnsGuard.enabled is false; set both to true" -}}
{{- end -}}
{{- if not (include "sark-network.proxied" .) -}}
{{- fail "dnsGuard.steering.enabled: names are steered to the egress proxy, and egress.enabled is false; set it to true" -}}
{{- end -}}
{{- $names := dict -}}
{{- range include "sark-network.steering" . | fromJsonArray -}}
{{- if and .left $.Values.egress.strict -}}
{{- fail (printf "dnsGuard.steering: %s, or set egress.strict=false to leave it to programs that use the proxy themselves"
    (join "; " .left)) -}}
{{- end -}}
{{- range .names }}{{ $_ := set $names . true }}{{ end -}}
{{- end -}}
{{- range $i, $name := .Values.dnsGuard.names -}}
{{- $labels := splitList "." $name -}}
{{- $covers := list $name -}}
{{- range $j, $_ := rest $labels }}{{ $covers = append $covers (printf "*.%s" (slice $labels (int (add1 $j)) | join ".")) }}{{ end -}}
{{- range $covers -}}
{{- if hasKey $names . -}}
{{- fail (printf
    (print "dnsGuard.names[%d]: %s is steered already, by %s of the allowlist, so cluster DNS is not asked for it; remove "
      "one of the two") $i $name .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
