{{/* The proxy's Kubernetes objects. Each helper takes (dict "root" $ "name" … "plan" …). */}}
{{- define "sark-network.proxy.deployment" }}
{{- $proxy := .root.Values.proxy }}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "sark-network.metadata" (dict "root" .root "name" .name "namespace" .root.Release.Namespace) | nindent 2 }}
spec:
  replicas: {{ $proxy.replicas }}
  selector:
    matchLabels:
      {{- include "sark-network.proxySelector" .root | nindent 6 }}
  template:
    metadata:
      labels:
        {{- merge (include "sark-network.proxySelector" .root | fromYaml) $proxy.podLabels (include "sark-network.labels" .root | fromYaml) | toYaml | nindent 8 }}
      annotations:
        # Of what Envoy reads when it starts. It watches the rest, and a changed list restarts nothing.
        checksum/config: {{ .bootstrap | sha256sum }}
        {{- with merge (dict) $proxy.podAnnotations .root.Values.commonAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ .name }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 30
      {{- with $proxy.imagePullSecrets }}
      imagePullSecrets: {{ toJson . }}
      {{- end }}
      {{- with $proxy.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: envoy
          image: {{ $proxy.image.repository }}{{ if $proxy.image.digest }}@{{ $proxy.image.digest }}{{ else }}:{{ $proxy.image.tag }}{{ end }}
          imagePullPolicy: {{ $proxy.image.pullPolicy }}
          args:
            - --config-path
            - /etc/envoy/envoy.yaml
            - --log-level
            - {{ $proxy.logLevel }}
            - --concurrency
            - "2"
            - --drain-strategy
            - immediate
            - --drain-time-s
            - {{ $proxy.drainSeconds | quote }}
            - --file-flush-interval-msec
            - "1000"
            - --disable-hot-restart
          ports:
            {{- range .plan.workloads }}
            - {name: {{ .slug }}, containerPort: {{ .listen }}}
            {{- end }}
            - {name: metrics, containerPort: {{ $proxy.metricsPort }}}
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
          configMap: {name: {{ .name }}}
        # Two ConfigMaps in one directory: each may hold one MiB.
        - name: list
          projected:
            sources:
              - configMap: {name: {{ .name }}-listeners}
              - configMap: {name: {{ .name }}-routes}
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
{{- merge (dict) (.root.Values.proxy.affinity | default dict) (ternary dict $ours (hasKey (.root.Values.proxy.affinity | default dict) "podAntiAffinity")) | toJson -}}
{{- end -}}
