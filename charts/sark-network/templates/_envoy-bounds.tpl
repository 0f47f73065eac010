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
{{- $limit := div (include "sark-network.bytes" (dig "limits" "memory" "" $proxy.resources) | int64) 1048576 -}}
{{- if and $limit (gt $need $limit) -}}
{{- fail (printf
    (print "proxy.maxConnections: %d tunnels may take %d MiB of memory with proxy.bufferKiB %d and this list, and "
      "proxy.resources.limits.memory is %d MiB; write %dMi there, or at most %d connections") (int64 $proxy.maxConnections)
    $need (int64 $proxy.bufferKiB) $limit $need (max 0 (div (mul (sub $limit $still) 1024) $tunnel))) -}}
{{- end -}}
{{- mul (default $need $limit) 1048576 -}}
{{- end -}}

{{/* A quantity of Kubernetes's in bytes; 0 for none. */}}
{{- define "sark-network.bytes" -}}
{{- $text := toString (default "" .) -}}
{{- $unit := regexFind "[A-Za-z]+$" $text -}}
{{- $factor := get (dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824
    "Ti" 1099511627776) $unit | default 1 -}}
{{- mulf (trimSuffix $unit $text | default "0" | float64) $factor | int64 -}}
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
How many connections a workload may hold: (dict "plan" … "workload" its name). Shares add up to proxy.maxConnections, so none
can take another's; the gateway, which most of them are for, has four.
*/}}
{{- define "sark-network.envoy.share" -}}
{{- $weights := 0 }}{{ $own := 1 -}}
{{- range .plan.workloads }}{{ $weights = add $weights (ternary 4 1 (eq .name "gateway")) }}{{ end -}}
{{- if eq .workload "gateway" }}{{ $own = 4 }}{{ end -}}
{{- max 1 (div (mul (int64 .plan.root.Values.proxy.maxConnections) $own) $weights) -}}
{{- end -}}
