{{/* The proxy's Kubernetes objects. Each helper takes (dict "root" $ "name" … "plan" …). */}}
{{- define "sark-network.proxy.deployment" }}
{{- $proxy := .root.Values.proxy }}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "sark-network.metadata" (dict "root" .root "name" .name "namespace" .root.Release.Namespace) | nindent 2 }}
spec:
  replicas: {{ int64 $proxy.replicas }}
  selector:
    matchLabels:
      {{- include "sark-network.proxySelector" .root | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "sark-network.proxy.podLabels" .root | nindent 8 }}
      annotations:
        # Of what Envoy reads when it starts. It watches the rest, and a changed list restarts nothing.
        checksum/config: {{ .bootstrap | sha256sum }}
        {{- with merge (dict) $proxy.podAnnotations .root.Values.commonAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ .name | quote }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 30
      {{- with $proxy.imagePullSecrets }}
      imagePullSecrets: {{ toJson . }}
      {{- end }}
      {{- with $proxy.priorityClassName }}
      priorityClassName: {{ . | quote }}
      {{- end }}
      securityContext:
        {{- include "sark-network.podSecurityContext" .root | nindent 8 }}
      containers:
        - name: envoy
          image: {{ include "sark-network.image" $proxy.image | quote }}
          imagePullPolicy: {{ $proxy.image.pullPolicy | quote }}
          args:
            - --config-path
            - /etc/envoy/envoy.yaml
            - --log-level
            - {{ $proxy.logLevel | quote }}
            - --concurrency
            - "2"
            - --drain-strategy
            - immediate
            - --drain-time-s
            - {{ int64 $proxy.drainSeconds | quote }}
            - --file-flush-interval-msec
            - "1000"
            - --disable-hot-restart
            # A field that this Envoy does not know would be passed over, and what it was to refuse let through.
            - --reject-unknown-dynamic-fields
          ports:
            {{- range .plan.workloads }}
            - {name: {{ .slug | quote }}, containerPort: {{ int64 .listen }}}
            {{- end }}
            - {name: metrics, containerPort: {{ int64 $proxy.metricsPort }}}
          # A connection to the gateway's port: Envoy calls itself ready before it has a listener, even when it has refused its file.
          readinessProbe:
            tcpSocket: {port: gateway}
            periodSeconds: 5
          livenessProbe:
            httpGet: {path: /ready, port: metrics}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          lifecycle:
            # Until no new connection is sent here; Envoy closes what is open when it is told to end.
            preStop:
              httpGet: {path: /wait, port: metrics}
          resources:
            {{- toYaml $proxy.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          volumeMounts:
            - {name: config, mountPath: /etc/envoy, readOnly: true}
            - {name: list, mountPath: /etc/envoy-list, readOnly: true}
      volumes:
        - name: config
          configMap: {name: {{ .name | quote }}}
        # Two ConfigMaps in one directory: each may hold one MiB.
        - name: list
          projected:
            sources:
              - configMap: {name: {{ printf "%s-listeners" .name | quote }}}
              - configMap: {name: {{ printf "%s-routes" .name | quote }}}
      {{- include "sark-network.proxy.placement" . | nindent 6 }}
{{- end }}

{{/*
On different nodes, and in different zones where nodes are labelled with theirs; what cannot be had keeps no replica from
starting. The zone is a preference and no second spread constraint: the scheduler leaves nodes that lack the key of any
constraint out of the count for all of them, so that without zone labels both replicas landed on one node.
*/}}
{{- define "sark-network.proxy.placement" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "sark-network.proxySelector" .root | nindent 8 }}
{{- with .root.Values.proxy.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with .root.Values.proxy.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
affinity: {{ include "sark-network.proxy.affinity" . }}
{{- end -}}

{{/* The user's affinity, and apart from each other unless that says something about pods to stay away from. */}}
{{- define "sark-network.proxy.affinity" -}}
{{- $apart := list -}}
{{- range $weight, $key := dict "50" "topology.kubernetes.io/zone" "100" "kubernetes.io/hostname" -}}
{{- $term := dict "topologyKey" $key "labelSelector" (dict "matchLabels" (include "sark-network.proxySelector" $.root | fromYaml)) -}}
{{- $apart = append $apart (dict "weight" (int $weight) "podAffinityTerm" $term) -}}
{{- end -}}
{{- $ours := dict "podAntiAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" $apart) -}}
{{- merge (dict) (.root.Values.proxy.affinity | default dict)
  (ternary dict $ours (hasKey (.root.Values.proxy.affinity | default dict) "podAntiAffinity")) | toJson -}}
{{- end -}}

{{/* Labels of the proxy's pods that make them another part's, or leave them out of default-deny. */}}
{{- define "sark-network.refusePodLabels" -}}
{{- if include "sark-network.proxied" . -}}
{{- $labels := include "sark-network.proxy.podLabels" . | fromYaml -}}
{{- if eq (get $labels .Values.defaultDeny.exemptLabel | toString) "true" -}}
{{- fail (printf "%s: the proxy would be left out of default-deny; take the label %s away"
    (include "sark-network.podLabels.key" (dict "root" . "label" .Values.defaultDeny.exemptLabel))
    .Values.defaultDeny.exemptLabel) -}}
{{- end -}}
{{- $parts := include "sark-network.parts" . | fromJson -}}
{{- range $parts.order -}}
{{- $part := get $parts.parts . -}}
{{- if and (eq $part.namespace $.Release.Namespace)
  (include "sark-network.selector.matches" (dict "selector" $part.selector "labels" $labels)) -}}
{{- fail (printf
    (print "proxy.podLabels: they make the proxy's pods those of part %s, whose policies would then hold for them; take "
      "%s away, or narrow %s.podSelector") . (toJson $part.selector) $part.key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
The schema refuses such a tag too, in fewer words. What the tag of a mirror does not say is not known. The vulnerabilities are
those of `python -m tools.validate --explain proxy-runs-no-old-envoy`.
*/}}
{{- define "sark-network.refuseOldEnvoy" -}}
{{- $tag := .Values.proxy.image.tag -}}
{{- $old := regexFind "(^|[^0-9.])(0\\.[0-9]+|1\\.([0-9]|[12][0-9]|3[0-8]))([^0-9]|$)" $tag -}}
{{- if and (include "sark-network.proxied" .) $old -}}
{{- fail (printf
    (print "proxy.image.tag: %s is an Envoy before 1.39, which does not know resolved_address_filter, refuses the "
      "configuration and denies everything; it has known vulnerabilities, such as CVE-2026-26309, CVE-2026-26311 and "
      "CVE-2026-47220; write distroless-v1.40.0, or another that is 1.39 or newer") $tag) -}}
{{- end -}}
{{- end -}}

{{- define "sark-network.podLabels.key" -}}
{{- ternary "proxy.podLabels" "commonLabels" (hasKey .root.Values.proxy.podLabels .label) -}}
{{- end -}}

{{/* Every label of the proxy's pods. */}}
{{- define "sark-network.proxy.podLabels" -}}
{{- merge (include "sark-network.proxySelector" . | fromYaml) .Values.proxy.podLabels
  (include "sark-network.labels" . | fromYaml) | toYaml -}}
{{- end -}}
