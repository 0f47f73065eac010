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
            - {name: {{ .name }}, containerPort: {{ .listen }}}
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

{{/* On different nodes and zones where there are some; a spread that cannot be had keeps no replica from starting. */}}
{{- define "sark-network.proxy.placement" -}}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "sark-network.proxySelector" $.root | nindent 8 }}
  {{- end }}
{{- with .root.Values.proxy.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with .root.Values.proxy.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- with .root.Values.proxy.affinity }}
affinity: {{ toJson . }}
{{- end }}
{{- end -}}
