{{/*
Entries that end. Envoy closes them itself, at the second, whether or not anybody renders the chart again. Names of one port
that end together have a virtual host of their own and a listener of names of their own, to which nothing else leads. The
host's first route is taken only once the filter below has said that the end is not yet, and ends the stream, and so the
tunnel, at that time. Its second refuses, and is what any fault leads to.
*/}}

{{/*
What no configuration of Envoy can say, in eight lines: how long it is until a moment. The rest of the tunnel's life goes
into grpc-timeout, the one header whose number becomes a stream's longest duration (eight digits at most). It is off but on
routes of entries that end; metadata and state are out of a client's reach, and its own grpc-timeout is overwritten.
*/}}
{{- define "sark-network.envoy.deadline" -}}
{{- $code := `function envoy_on_request(handle)
  local left = handle:metadata():get("ends") * 1000 - handle:timestamp()
  if left <= 0 then return end
  local text = string.format("%dm", left)
  if left > 99999999 then text = string.format("%dS", math.min(math.floor(left / 1000), 99999999)) end
  handle:headers():replace("grpc-timeout", text)
  handle:streamInfo():dynamicMetadata():set("sark", "open", true)
  handle:clearRouteCache()
end
` -}}
{{- dict "name" "deadline" "disabled" true "typed_config" (dict
    "@type" "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"
    "source_codes" (dict "deadline" (dict "inline_string" $code))) | toJson -}}
{{- end -}}

{{/* The two routes: what `tunnel` takes, with "match" and "upgrade". */}}
{{- define "sark-network.envoy.until" -}}
{{- $open := list (dict "filter" "sark" "path" (list (dict "key" "open")) "value" (dict "bool_match" true)) -}}
- name: {{ .name }}
  match: {{ merge (dict "dynamic_metadata" $open) .match | toJson }}
  metadata: {{ include "sark-network.envoy.listed" . }}
  request_headers_to_remove: [grpc-timeout]
  route: {{ merge (dict "cluster" .cluster "timeout" "0s" "max_stream_duration" (dict "grpc_timeout_header_max" "0s")) .upgrade | toJson }}
- name: expired
  match: {{ toJson .match }}
  metadata: {filter_metadata: {deadline: {ends: {{ int64 .until.ends }}}, sark: {list: {{ include "sark-network.envoy.unsigned"
    . }}, grant: {{ .until.grant | default "" | quote }}}}}
  typed_per_filter_config:
    deadline: {"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute, name: deadline}
  direct_response: {{ include "sark-network.envoy.refusal"
    (dict "root" .root "words" (printf "%%REQ(:AUTHORITY)%% was allowed until %s" .until.expires)) }}
{{- end -}}
