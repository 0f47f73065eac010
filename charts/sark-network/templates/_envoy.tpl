{{/*
Envoy's configuration. A tunnel passes two listeners, and each decides one thing; a cache of DNS answers decides the third:
  <workload>   HTTP. CONNECT name:port, and is that in the workload's list?   else 403
  names-…      TLS. Is the server name of the ClientHello in the list too?    else closed
  names, cidrs The cache. It resolves that server name, and drops each address that is no public one, or none of the entry's
               CIDRs. What is dialled comes from there.                       else closed, before any handshake
The second is inside Envoy and has no socket. Every helper takes the plan: (dict "root" $ "entries" … "internal" …
"workloads" [{name, ports}] "ports" [int]), see sark-network.envoy.plan.
*/}}

{{/* What Envoy reads once, when it starts. Everything that follows from the list is in files that it watches. */}}
{{- define "sark-network.envoy.bootstrap" -}}
node: {id: egress-proxy, cluster: {{ include "sark-network.fullname" .root | quote }}}
admin: {address: {socket_address: {address: 127.0.0.1, port_value: 9901}}}
bootstrap_extensions:
  - name: envoy.bootstrap.internal_listener
    {{- $type := "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener" }}
    typed_config: {"@type": {{ $type }}, buffer_size_kb: {{ int64 .root.Values.proxy.bufferKiB }}}
dynamic_resources:
  lds_config: {{ include "sark-network.envoy.file" "listeners" }}
  cds_config: {{ include "sark-network.envoy.file" "clusters" }}
layered_runtime:
  layers:
    - {name: shares, rtds_layer: {name: shares, rtds_config: {{ include "sark-network.envoy.file" "shares" }}}}
overload_manager:
  {{- include "sark-network.envoy.overload" . | nindent 2 }}
static_resources:
  listeners:
    - name: metrics
      address: {{ include "sark-network.envoy.address" (dict "root" .root "port" .root.Values.proxy.metricsPort) }}
      # Whoever asks how it is gets an answer, however busy it is.
      ignore_global_conn_limit: true
      bypass_overload_manager: true
      filter_chains:
        - filters:
            - name: http
              typed_config:
                "@type": {{ include "sark-network.envoy.hcm" . }}
                stat_prefix: metrics
                route_config:
                  virtual_hosts:
                    - name: metrics
                      domains: ["*"]
                      routes:
                        - {name: metrics, match: {path: /stats/prometheus}, route: {cluster: admin}}
                        - {name: ready, match: {path: /ready}, route: {cluster: admin}}
                        - name: wait
                          match: {path: /wait}
                          direct_response: {status: 200}
                          typed_per_filter_config:
                            # For the pod's preStop hook: Kubernetes before 1.30 has no other way to wait in an image without a shell.
                            envoy.filters.http.fault:
                              "@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault
                              delay: {fixed_delay: 5s, percentage: {numerator: 100}}
                http_filters:
                  {{- $fault := "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault" }}
                  - {name: envoy.filters.http.fault, typed_config: {"@type": {{ $fault }}}}
                  - {{ include "sark-network.envoy.router" . }}
  clusters:
    - name: admin
      {{- $address := "{socket_address: {address: 127.0.0.1, port_value: 9901}}" }}
      load_assignment: {cluster_name: admin, endpoints: [{lb_endpoints: [{endpoint: {address: {{ $address }}}}]}]}
{{- end -}}

{{/* A file of the watched directory. The kubelet swaps the directory's ..data link, so every file changes at once. */}}
{{- define "sark-network.envoy.file" -}}
{path_config_source: {path: /etc/envoy-list/{{ . }}.yaml, watched_directory: {path: /etc/envoy-list}}, resource_api_version: V3}
{{- end -}}

{{/* All addresses of the pod, in both families unless it has one only. */}}
{{- define "sark-network.envoy.address" -}}
{{- if eq .root.Values.proxy.ipFamily "v4-only" -}}
{socket_address: {address: 0.0.0.0, port_value: {{ int64 .port }}}}
{{- else -}}
{socket_address: {address: "::", port_value: {{ int64 .port }}, ipv4_compat: true}}
{{- end -}}
{{- end -}}

{{- define "sark-network.envoy.hcm" -}}
type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
{{- end -}}

{{- define "sark-network.envoy.router" -}}
{{- $type := "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" -}}
{name: envoy.filters.http.router, typed_config: {"@type": {{ $type }}, suppress_envoy_headers: true}}
{{- end -}}

{{- define "sark-network.envoy.tlsInspector" -}}
{{- $type := "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector" -}}
{name: envoy.filters.listener.tls_inspector, typed_config: {"@type": {{ $type }}}}
{{- end -}}

{{/* What one end of a tunnel may hold of what its other end has not taken, in bytes. */}}
{{- define "sark-network.envoy.buffer" -}}
{{ mul (int64 .Values.proxy.bufferKiB) 1024 }}
{{- end -}}

{{/*
The files that Envoy watches, and the hash of them all, as JSON {"hash", "listeners", "routes": {file: text}}. Written once a
render. The hash is each file's version: Envoy tells which version is in force, and the log by which list it decided.
*/}}
{{- define "sark-network.envoy.files" -}}
{{- if not (hasKey .Values "_envoyFiles") -}}
{{- $plan := merge (dict "root" .) (include "sark-network.envoy.plan" . | fromJson) -}}
{{- $listeners := include "sark-network.envoy.listeners" $plan -}}
{{- $routes := dict -}}
{{- range $plan.workloads -}}
{{- $_ := set $routes (printf "routes-%s.yaml" .name) (include "sark-network.envoy.routes" (dict "plan" $plan "workload" .)) -}}
{{- end -}}
{{- $_ := set $routes "clusters.yaml" (include "sark-network.envoy.clusters" $plan) -}}
{{- $_ := set $routes "shares.yaml" (include "sark-network.envoy.shares" $plan) -}}
{{- range $plan.ports -}}
{{- $_ := set $routes (printf "resolve-%v.yaml" .) (include "sark-network.envoy.resolver" (dict "root" $ "port" .)) -}}
{{- end -}}
{{- include "sark-network.envoy.fits" $listeners -}}
{{- include "sark-network.envoy.fits" (values $routes | join "") -}}
{{- $hash := list $listeners (toJson $routes) | join "\n" | sha256sum | trunc 12 -}}
{{- $unsigned := include "sark-network.envoy.unsigned" . | trimAll "\"" -}}
{{- $signed := dict -}}
{{- range $file, $text := $routes }}{{ $_ := set $signed $file (replace $unsigned $hash $text) }}{{ end -}}
{{- $_ := set .Values "_envoyFiles" (dict "hash" $hash "listeners" (replace $unsigned $hash $listeners) "routes" $signed | toJson) -}}
{{- end -}}
{{- get .Values "_envoyFiles" -}}
{{- end -}}

{{- define "sark-network.list.hash" -}}
{{- (include "sark-network.envoy.files" . | fromJson).hash -}}
{{- end -}}
