{{/*
Steering: the guard answers a listed name with the address of the workload's own proxy Service, and Envoy takes the TLS that
arrives there straight by its server name. So programs that know nothing of a proxy go through it all the same.
*/}}

{{- define "sark-network.steered" -}}
{{- if and .Values.dnsGuard.enabled .Values.dnsGuard.steering.enabled }}true{{ end -}}
{{- end -}}

{{/*
What is steered, as a JSON list of {name, slug, service, host, ports: [{port, listen, tls, until, http, apart, tcp: {name, cidrs, ends}}],
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
neither has a port of its own or none. `until`: whether some server name of the port ends. `apart`: in audit, both may come to
the port, whatever is listed, and the first listener tells them apart. (dict "plan" … "workload" …
"audit" bool).
*/}}
{{- define "sark-network.steering.ports" -}}
{{- $workload := .workload -}}
{{- $ports := dict -}}
{{- if .audit -}}
{{- range list 80 443 -}}
{{- $_ := set $ports (printf "%05d" .) (dict "port" . "tls" true "until" false "http" true "apart" true "tcp" list) -}}
{{- end -}}
{{- end -}}
{{- range $entry := concat .plan.entries .plan.internal -}}
{{- if has $workload .workloads -}}
{{- range $port := .ports -}}
{{- $key := printf "%05d" (int .) -}}
{{- $none := dict "port" (int .) "tls" false "until" false "http" false "apart" false "tcp" list -}}
{{- if not (hasKey $ports $key) }}{{ $_ := set $ports $key $none }}{{ end -}}
{{- $at := get $ports $key -}}
{{- $protocol := default "tls" $entry.protocol -}}
{{- if eq $protocol "tcp" -}}
{{- $_ := set $at "tcp" (append $at.tcp (pick $entry "name" "cidrs" "path" "ends")) -}}
{{- else -}}
{{- $_ := set $at $protocol true -}}
{{- if and $entry.ends (eq $protocol "tls") }}{{ $_ := set $at "until" true }}{{ end -}}
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
{{- $port := pick . "port" "tls" "until" "http" "apart" -}}
{{- $steered = append $steered (merge (dict "tcp" (get $alone $key | default nil)) $port) -}}
{{- end -}}
{{- end -}}
{{- $names := list -}}
{{- range $entry := concat .plan.entries .plan.internal -}}
{{- if has $workload .workloads -}}
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
  {{- include "sark-network.proxy.families" . | nindent 2 }}
  selector:
    {{- include "sark-network.proxySelector" .root | nindent 4 }}
  ports:
    {{- range .workload.ports }}
    - {name: {{ printf "p%v" .port | quote }}, port: {{ int64 .port }}, targetPort: {{ int64 .listen }}, protocol: TCP}
    {{- end }}
{{- end }}

{{/*
Envoy's listeners for what is steered, two for each port of each workload. The first has the address, and shares clients out over
chains, as CONNECT's does (sark-network.envoy.clients); its name says the workload first. The second is inside Envoy, and decides:
what is TLS is matched by server name as within a tunnel; what is HTTP goes by the workload's routes, as an absolute URL does. What
ends goes by the workload's routes too (sark-network.envoy.again).
A server that says no name, and a port that has HTTP alone, have no second: the first leads on. Where audit lets both through, the
first takes the HTTP itself, because Envoy ends what a listener inside closes with a reset, which can cut a server's last answer off.
*/}}
{{- define "sark-network.envoy.steering" -}}
{{- $root := .root -}}
{{- $audit := eq .root.Values.egress.mode "audit" -}}
{{- range $place, $workload := include "sark-network.steering" .root | fromJsonArray }}
{{- range .ports }}
{{- $inside := printf "steered-%s-%v" $workload.name .port }}
{{- $requests := "" }}
{{- if or .apart (and .http (not .tls)) }}
{{- $requests = include "sark-network.envoy.requests" (dict "root" $root "workload" $workload
    "client" "%FILTER_STATE(sark.client:PLAIN)%") | fromYamlArray | toJson }}
{{- end }}
{{- $on := include "sark-network.envoy.inside" (dict "root" $root "cluster" $inside) }}
{{- if and .tcp .tcp.ends }}
{{- $on = include "sark-network.envoy.again" (dict "root" $root "workload" $workload.name "host" (printf "%s:%v" .tcp.name .port)) }}
{{- else if .tcp }}
{{- $on = include "sark-network.envoy.way" (dict "root" $root "port" .port "host" .tcp.name "cidrs" .tcp.cidrs) }}
{{- else if and .http (not .tls) }}
{{- $on = $requests }}
{{- end }}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: "{{ $workload.name }}/{{ .port }}"
  address: {{ include "sark-network.envoy.address" (dict "root" $root "port" .listen) }}
  per_connection_buffer_limit_bytes: {{ include "sark-network.envoy.buffer" $root }}
  {{- if and .tcp (not .tcp.ends) }}
  access_log:
    {{- include "sark-network.envoy.steeringLog" (dict "workload" $workload.name "host" (printf "%s:%v" .tcp.name .port) "entry" .tcp.name
        "client" "%DOWNSTREAM_REMOTE_ADDRESS%") | nindent 4 }}
  {{- end }}
  {{- if .apart }}
  listener_filters:
    - {{ include "sark-network.envoy.tlsInspector" . }}
  access_log:
    {{- include "sark-network.envoy.silentLog" (dict "workload" $workload.name "port" .port) | nindent 4 }}
  filter_chain_matcher:
    matcher_tree:
      input:
        name: protocol
        {{- $input := "type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.TransportProtocolInput" }}
        typed_config: {"@type": {{ $input }}}
      exact_match_map: {map: {tls: {matcher: *clients}}}
    on_no_match: {matcher: {{ include "sark-network.envoy.clients" (dict "chains" "http") }}}
  {{- else }}
  filter_chain_matcher: *clients
  {{- end }}
  filter_chains:
    {{- $mark := printf "steered%d-%v" $place .port }}
    {{- include "sark-network.envoy.steeredChains" (dict "root" $root "workload" $workload "port" .port "mark" $mark
        "chains" "clients" "on" $on) | nindent 4 }}
    {{- if .apart }}
    {{- include "sark-network.envoy.steeredChains" (dict "root" $root "workload" $workload "port" .port "mark" (printf "%s-http" $mark)
        "chains" "http" "on" $requests) | nindent 4 }}
    {{- end }}
{{- if .tls }}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: {{ quote $inside }}
  internal_listener: {}
  per_connection_buffer_limit_bytes: {{ include "sark-network.envoy.buffer" $root }}
  listener_filters:
    - {{ include "sark-network.envoy.tlsInspector" . }}
  access_log:
    {{- include "sark-network.envoy.steeringLog" (dict "workload" $workload.name "host" (printf "%%REQUESTED_SERVER_NAME%%:%v" .port)
        "named" $audit "audit" (ternary "sni-not-in-egress.domains" "" $audit)) | nindent 4 }}
  {{- /* The very chains of CONNECT's listener, unless there is one more: thousands of names are written once. */}}
  {{- if not (or .http .until) }}
  filter_chains: *{{ trunc 1 $workload.name }}{{ $place }}-{{ .port }}
  {{- else }}
  {{- $named := include "sark-network.envoy.chains"
    (dict "plan" $ "workload" $workload.name "port" .port "mark" (printf "steer%d-" $place)) | trim }}
  filter_chains:{{ if and .apart (not .until) (not $named) }} []{{ end }}
    {{- with $named }}{{ . | nindent 4 }}{{ end }}
    {{- $mark := printf "until%d-%v" $place .port }}{{ $port := .port }}
    {{- range $number, $name := include "sark-network.steering.untils" (dict "plan" $ "workload" $workload.name "port" .port)
      | fromJsonArray }}
    {{- $again := include "sark-network.envoy.again"
      (dict "root" $root "workload" $workload.name "host" (printf "%%REQUESTED_SERVER_NAME%%:%v" $port)) }}
    - name: {{ printf "until %s" $name | quote }}
      filter_chain_match: {server_names: [{{ quote $name }}]}
      filters: {{ if $number }}*{{ $mark }}{{ else }}&{{ $mark }} {{ $again }}{{ end }}
    {{- end }}
    {{- if and .http (not .apart) }}
    - name: http
      filter_chain_match: {transport_protocol: raw_buffer}
      filters:
        {{- include "sark-network.envoy.requests"
          (dict "root" $root "workload" $workload "client" "%FILTER_STATE(sark.client:PLAIN)%") | nindent 8 }}
    {{- end }}
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

{{/* The chains that clients are shared out over: (dict "mark" of the anchor "chains" what their names begin with, and what `steered`
takes). */}}
{{- define "sark-network.envoy.steeredChains" -}}
{{- range $chain := until (include "sark-network.envoy.chainsOfClients" .root | int) }}
{{- if $chain }}
- {name: {{ $.chains }}-{{ $chain }}, filters: *{{ $.mark }}}
{{- else }}
- name: {{ $.chains }}-0
  filters: &{{ $.mark }} {{ include "sark-network.envoy.steered" $ }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The server names of a workload's port that end: (dict "plan" … "workload" "gateway" "port" 443), as a JSON list. */}}
{{- define "sark-network.steering.untils" -}}
{{- $names := list -}}
{{- range concat .plan.entries .plan.internal -}}
{{- if and .ends (has $.workload .workloads) (has $.port .ports) (eq (default "tls" .protocol) "tls") -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- end -}}
{{- $names | toJson -}}
{{- end -}}

{{/* The workloads of which something that is steered ends, as a JSON list of {name}. */}}
{{- define "sark-network.steering.ending" -}}
{{- $ending := list -}}
{{- range include "sark-network.steering" . | fromJsonArray -}}
{{- $any := false -}}
{{- range .ports }}{{ if or .until (and .tcp .tcp.ends) }}{{ $any = true }}{{ end }}{{ end -}}
{{- if $any }}{{ $ending = append $ending (dict "name" .name) }}{{ end -}}
{{- end -}}
{{- $ending | toJson -}}
{{- end -}}

{{/*
The filters that every steered connection meets: how many the clients of a chain may hold, whose it is, and what leads on:
(dict "root" $ "workload" {name} "port" … "on" filters).
*/}}
{{- define "sark-network.envoy.steered" -}}
{{- $most := dict "name" "client" "typed_config" (dict
    "@type" "type.googleapis.com/envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit"
    "stat_prefix" (printf "%s/%v" .workload.name .port) "max_connections" (include "sark-network.envoy.clientMost" . | int)) -}}
{{- $client := dict "object_key" "sark.client" "factory_key" "envoy.hashable_string" "shared_with_upstream" "TRANSITIVE"
  "format_string" (dict "text_format_source" (dict "inline_string" "%DOWNSTREAM_REMOTE_ADDRESS%")) -}}
{{- $state := dict "name" "remember" "typed_config" (dict
    "@type" "type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config" "on_new_connection" (list $client)) -}}
{{- concat (list $most $state) (fromJsonArray .on) | toJson -}}
{{- end -}}

{{/* The filter that leads to a listener inside Envoy: (dict "root" $ "cluster" …). */}}
{{- define "sark-network.envoy.inside" -}}
{{- $tcp := dict "@type" "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy" "stat_prefix" "steered"
  "cluster" .cluster "idle_timeout" (printf "%ds" (int64 .root.Values.proxy.idleTimeoutSeconds)) -}}
{{- list (dict "name" "tcp" "typed_config" $tcp) | toJson -}}
{{- end -}}

{{/*
The filter of a chain for what ends: it asks the workload's own routes for a tunnel, as a program that uses the proxy would. So its
end is theirs, to the second, and a connection is cut at it: (dict "root" $ "workload" … "host" name:port, a format string).
*/}}
{{- define "sark-network.envoy.again" -}}
{{- $tcp := dict "@type" "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy" "stat_prefix" "again"
  "cluster" (printf "again-%s" .workload) "idle_timeout" (printf "%ds" (int64 .root.Values.proxy.idleTimeoutSeconds))
  "tunneling_config" (dict "hostname" .host) -}}
{{- list (dict "name" "tcp" "typed_config" $tcp) | toJson -}}
{{- end -}}

{{/* The listener that they ask: (dict "root" $ "workload" {name}). */}}
{{- define "sark-network.envoy.asked" -}}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: "again-{{ .workload.name }}"
  internal_listener: {}
  per_connection_buffer_limit_bytes: {{ include "sark-network.envoy.buffer" .root }}
  filter_chains:
    - filters:
        {{- include "sark-network.envoy.requests" (merge (dict "client" "%FILTER_STATE(sark.client:PLAIN)%") .) | nindent 8 }}
{{- end -}}

{{/*
The lines of a listener within a tunnel, which are told by filter state who asked for what; here part of that is known.
What the chains named http and "until …" pass on has lines of its own. The conditions are there with or without such chains, so
that the first of them changes nothing of the listener, and cuts nothing: (dict "workload" … "host" … "client" a format string, where
no filter state has it … and what endLog takes).
*/}}
{{- define "sark-network.envoy.steeringLog" -}}
{{- $own := `xds.filter_chain_name != "http" && !xds.filter_chain_name.startsWith("until ")` -}}
{{- $lines := include "sark-network.envoy.endLog" (merge (dict "also" $own) .) -}}
{{- if hasKey . "named" }}{{ $lines = printf "%s%s" (include "sark-network.envoy.unmatchedLog" .) $lines }}{{ end -}}
{{- with .client }}{{ $lines = replace "%FILTER_STATE(sark.client:PLAIN)%" . $lines }}{{ end -}}
{{- $lines | replace "%FILTER_STATE(sark.workload:PLAIN)%" .workload | replace "%FILTER_STATE(sark.host:PLAIN)%" .host -}}
{{- end -}}

{{/* The line of a client that says nothing for as long as is waited to tell TLS from HTTP, and so comes to no chain. */}}
{{- define "sark-network.envoy.silentLog" -}}
{{- include "sark-network.envoy.innerLog" (dict "when" `xds.filter_chain_name == ""` "verdict" "failed" "reason" "client-left")
  | replace "%FILTER_STATE(sark.workload:PLAIN)%" .workload | replace "%FILTER_STATE(sark.client:PLAIN)%" "%DOWNSTREAM_REMOTE_ADDRESS%"
  | replace "%FILTER_STATE(sark.host:PLAIN)%" (printf "%%REQUESTED_SERVER_NAME%%:%v" .port) -}}
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
