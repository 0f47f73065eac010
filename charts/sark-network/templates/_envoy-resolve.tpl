{{/*
The way out, as the filters of a chain: (dict "root" $ "port" 443 "host" what to resolve in place of the server name, a format
string "cidrs" those of an internal entry). The first filter resolves the name and waits for the answer; the second connects
to an address of the answer. Both look into one cache, which never holds an address that the name may not lead to.
*/}}
{{- define "sark-network.envoy.way" -}}
{{- $filters := list -}}
{{- with .host -}}
{{- $state := dict "object_key" "envoy.upstream.dynamic_host" "format_string" (dict "text_format_source" (dict "inline_string" .)) -}}
{{- $filters = append $filters (dict "name" "host" "typed_config" (dict
      "@type" "type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config"
      "on_new_connection" (list $state))) -}}
{{- end -}}
{{- $resolve := dict "name" (printf "public-%v" .port) "config_discovery"
  (dict "config_source" (include "sark-network.envoy.file" (printf "resolve-%v" .port) | fromYaml)
    "type_urls" (list (include "sark-network.envoy.sniType" .))) -}}
{{- if .cidrs }}{{ $resolve = dict "name" "internal" "typed_config" (include "sark-network.envoy.sni" . | fromJson) }}{{ end -}}
{{- $tcp := dict "@type" "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy" "stat_prefix" "out"
  "cluster" (include "sark-network.envoy.outward" .)
  "idle_timeout" (printf "%ds" (int64 .root.Values.proxy.idleTimeoutSeconds)) -}}
{{- concat $filters (list $resolve (dict "name" "tcp" "typed_config" $tcp)) | toJson -}}
{{- end -}}

{{/* The cluster that connects: to public addresses, or to an internal entry's CIDRs. */}}
{{- define "sark-network.envoy.outward" -}}
{{- if .cidrs }}{{ printf "cidrs-%s" (toJson .cidrs | sha256sum | trunc 8) }}{{ else }}public{{ end -}}
{{- end -}}

{{- define "sark-network.envoy.sniType" -}}
type.googleapis.com/envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig
{{- end -}}

{{- define "sark-network.envoy.sni" -}}
{{- dict "@type" (include "sark-network.envoy.sniType" .) "port_value" .port
  "dns_cache_config" (include "sark-network.envoy.dns" . | fromJson) | toJson -}}
{{- end -}}

{{/*
The filter that resolves a public name, in a file of its own that every chain names: the denied ranges stand in it once and
not for each name, and when they change no chain does, so no tunnel is cut.
*/}}
{{- define "sark-network.envoy.resolver" -}}
resources:
  - "@type": type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig
    name: public-{{ .port }}
    typed_config: {{ include "sark-network.envoy.sni" . }}
{{- end -}}

{{/* A way out that no server name leads to: (dict "root" $ "name" of the listener … and what `way` takes, "audit" a reason). */}}
{{- define "sark-network.envoy.unnamed" -}}
- "@type": type.googleapis.com/envoy.config.listener.v3.Listener
  name: {{ .name | quote }}
  internal_listener: {}
  per_connection_buffer_limit_bytes: {{ include "sark-network.envoy.buffer" .root }}
  access_log:
    {{- include "sark-network.envoy.endLog" . | nindent 4 }}
  filter_chains:
    - {name: {{ ternary "audit" .host (not (empty .audit)) | quote }}, filters: {{ include "sark-network.envoy.way" . }}}
{{- end -}}
