{{/*
What bounds the proxy. A tunnel holds at most proxy.bufferKiB at each of its ends, and there are no more tunnels than
proxy.maxConnections: so there is a most of memory, which the container's limit must hold. The figures were measured with
tunnels whose clients read nothing (tests/proxy/test_bounds.py): 60 KiB for the tunnel and 5 buffers, 20 KiB for each name
with a port and a workload, and 64 MiB for Envoy itself.
*/}}
{{- define "sark-network.proxy.memory" -}}
{{- $proxy := .root.Values.proxy -}}
{{- $chains := 0 -}}
{{- range concat .entries .internal }}{{ $chains = add $chains (mul (len .workloads) (len .ports)) }}{{ end -}}
{{- $tunnel := add 60 (mul 5 (int64 $proxy.bufferKiB)) -}}
{{- $still := add 64 (div (mul 20 $chains) 1024) -}}
{{- $need := add $still (div (add (mul (int64 $proxy.maxConnections) $tunnel) 1023) 1024) -}}
{{- $limit := div (include "sark-network.quantity" (dig "limits" "memory" "" $proxy.resources) | float64 | int64) 1048576 -}}
{{- if and $limit (gt $need $limit) -}}
{{- fail (printf
    (print "proxy.maxConnections: %d tunnels may take %d MiB of memory with proxy.bufferKiB %d and this list, and "
      "proxy.resources.limits.memory is %d MiB; write %dMi there, or at most %d connections") (int64 $proxy.maxConnections)
    $need (int64 $proxy.bufferKiB) $limit $need (max 0 (div (mul (sub $limit $still) 1024) $tunnel))) -}}
{{- end -}}
{{- mul (default $need $limit) 1048576 -}}
{{- end -}}

{{/*
The overload manager. Heap is what Envoy has allocated: before it comes to the container's limit, memory that is free goes
back to the kernel, and then new connections are closed at once, so that those that are open go on.
*/}}
{{- define "sark-network.envoy.overload" -}}
resource_monitors:
  - name: envoy.resource_monitors.global_downstream_max_connections
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig
      max_active_downstream_connections: {{ int64 .root.Values.proxy.maxConnections }}
  - name: envoy.resource_monitors.fixed_heap
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig
      max_heap_size_bytes: {{ include "sark-network.proxy.memory" . }}
refresh_interval: 0.25s
actions:
  - name: envoy.overload_actions.shrink_heap
    triggers: [{name: envoy.resource_monitors.fixed_heap, threshold: {value: 0.8}}]
  - name: envoy.overload_actions.reject_incoming_connections
    triggers: [{name: envoy.resource_monitors.fixed_heap, threshold: {value: 0.9}}]
{{- end -}}

{{/*
How many connections a workload may hold, as a file of runtime values: a limit for each of its listeners. Shares add up to
proxy.maxConnections, so none can take another's; the gateway, which most of them are for, has four. Where names are steered,
CONNECT's listener and the one for port 443 have four of the workload's own, and every other port one. They stand here and not
in the listeners, which Envoy would drain for another number: a first entry of one part would cut the tunnels of all.
*/}}
{{- define "sark-network.envoy.shares" -}}
{{- $plan := . -}}
{{- $steered := dict -}}
{{- range include "sark-network.steering" .root | fromJsonArray }}{{ $_ := set $steered .name .ports }}{{ end -}}
{{- $weights := 0 -}}
{{- range .workloads }}{{ $weights = add $weights (include "sark-network.envoy.weight" .name) }}{{ end -}}
resources:
  - "@type": type.googleapis.com/envoy.service.runtime.v3.Runtime
    name: shares
    layer:
      {{- range $workload := .workloads }}
      {{- $ports := get $steered .name | default list }}
      {{- $own := 4 }}
      {{- range $ports }}{{ $own = add $own (ternary 4 1 (eq (int .port) 443)) }}{{ end }}
      {{- $most := mul (int64 $plan.root.Values.proxy.maxConnections) (include "sark-network.envoy.weight" .name | int) }}
      {{- $share := dict "most" $most "of" (mul $weights $own) }}
      {{- include "sark-network.envoy.limit" (merge (dict "listener" .name "weight" 4) $share) | nindent 6 }}
      {{- range $ports }}
      {{- include "sark-network.envoy.limit" (merge
            (dict "listener" (printf "%s/%v" $workload.name .port) "weight" (ternary 4 1 (eq (int .port) 443))) $share) | nindent 6 }}
      {{- end }}
      {{- end }}
{{- end -}}

{{- define "sark-network.envoy.weight" -}}
{{ ternary 4 1 (eq . "gateway") }}
{{- end -}}

{{- define "sark-network.envoy.limit" -}}
"envoy.resource_limits.listener.{{ .listener }}.connection_limit": {{ max 1 (div (mul .most .weight) .of) }}
{{- end -}}

{{/*
Which chain of a workload's listener a client comes to, by a hash of its address, and how many connections the clients of one
chain may hold together. Envoy counts connections for a chain and not for a client, so
there are as many chains, all alike, as make it unlikely that two clients share one. The number depends on no list. (dict "chains"
what their names begin with, "clients" unless it is given).
*/}}
{{- define "sark-network.envoy.clients" -}}
{{- $source := "type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.SourceIPInput" -}}
{{- $hash := "type.googleapis.com/envoy.extensions.matching.input_matchers.consistent_hashing.v3.ConsistentHashing" -}}
{{- $count := include "sark-network.envoy.chainsOfClients" . | int -}}
{{- $chains := .chains | default "clients" -}}
{{- $matchers := list -}}
{{- range $chain := untilStep (sub $count 1 | int) 0 -1 -}}
{{- $matchers = append $matchers (dict
    "predicate" (dict "single_predicate" (dict
      "input" (dict "name" "client" "typed_config" (dict "@type" $source))
      "custom_match" (dict "name" "hash" "typed_config" (dict "@type" $hash "threshold" $chain "modulo" $count))))
    "on_match" (include "sark-network.envoy.toChain" (printf "%s-%d" $chains (int $chain)) | fromJson)) -}}
{{- end -}}
{{- $last := include "sark-network.envoy.toChain" (printf "%s-0" $chains) | fromJson -}}
{{- dict "matcher_list" (dict "matchers" $matchers) "on_no_match" $last | toJson -}}
{{- end -}}

{{- define "sark-network.envoy.toChain" -}}
{{- dict "action" (dict "name" "chain" "typed_config" (dict
    "@type" "type.googleapis.com/google.protobuf.StringValue" "value" .)) | toJson -}}
{{- end -}}

{{- define "sark-network.envoy.chainsOfClients" -}}
16
{{- end -}}

{{/*
A quarter of what the workload would hold if the gateway were the only other one; of that a half on steered port 443, and an
eighth on each other one, as their listeners' shares are: (dict "root" $ "workload" {name} "port" a steered one, or none). It
depends on no list, because a chain with another number is another chain, and cuts its connections.
*/}}
{{- define "sark-network.envoy.clientMost" -}}
{{- $parts := ternary 4 16 (eq .workload.name "gateway") -}}
{{- if .port }}{{ $parts = mul $parts (ternary 2 8 (eq (int .port) 443)) }}{{ end -}}
{{- max 1 (div (int64 .root.Values.proxy.maxConnections) $parts) -}}
{{- end -}}
