{{/* The guard's Kubernetes objects: (dict "root" $ "name" …). */}}
{{- define "sark-network.guard.deployment" }}
{{- $guard := .root.Values.dnsGuard }}
{{- $selector := include "sark-network.guardSelector" .root }}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "sark-network.metadata" (dict "root" .root "name" .name "namespace" .root.Release.Namespace) | nindent 2 }}
spec:
  replicas: {{ int64 $guard.replicas }}
  selector:
    matchLabels:
      {{- $selector | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "sark-network.guard.podLabels" .root | nindent 8 }}
      {{- with .root.Values.commonAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ .name | quote }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      # Cluster DNS, whatever an admission policy of the cluster writes into pods.
      dnsPolicy: ClusterFirst
      terminationGracePeriodSeconds: 30
      {{- with $guard.imagePullSecrets }}
      imagePullSecrets: {{ toJson . }}
      {{- end }}
      {{- with $guard.priorityClassName }}
      priorityClassName: {{ . | quote }}
      {{- end }}
      securityContext:
        {{- include "sark-network.podSecurityContext" .root | nindent 8 }}
      containers:
        - name: coredns
          image: {{ include "sark-network.image" $guard.image | quote }}
          imagePullPolicy: {{ $guard.image.pullPolicy | quote }}
          args: [-conf, /etc/coredns/Corefile]
          ports:
            {{- range include "sark-network.guard.workloads" .root | fromJsonArray }}
            - {containerPort: {{ int64 .port }}, protocol: UDP}
            - {containerPort: {{ int64 .port }}, protocol: TCP}
            {{- end }}
            - {name: metrics, containerPort: {{ int64 $guard.metricsPort }}}
          readinessProbe:
            httpGet: {path: /ready, port: 8181}
            periodSeconds: 5
          livenessProbe:
            httpGet: {path: /health, port: 8080}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          resources:
            {{- toYaml $guard.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            # The official binary carries this one as a file capability, and cannot be started where it is taken away. No port
            # below 1024 is used.
            capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}
          volumeMounts:
            - {name: config, mountPath: /etc/coredns, readOnly: true}
      volumes:
        - name: config
          configMap: {name: {{ .name | quote }}}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- $selector | nindent 14 }}
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            {{- range $weight, $key := dict "50" "topology.kubernetes.io/zone" "100" "kubernetes.io/hostname" }}
            - weight: {{ $weight }}
              podAffinityTerm:
                topologyKey: {{ $key }}
                labelSelector:
                  matchLabels:
                    {{- $selector | nindent 20 }}
            {{- end }}
      {{- with $guard.nodeSelector }}
      nodeSelector: {{ toJson . }}
      {{- end }}
      {{- with $guard.tolerations }}
      tolerations: {{ toJson . }}
      {{- end }}
{{- end }}

{{/* How a part reaches its own port of the guard. The address is what its pods name in dnsConfig: (dict "root" $ "workload" …). */}}
{{- define "sark-network.guard.service" }}
apiVersion: v1
kind: Service
metadata:
  {{- include "sark-network.metadata" (dict "root" .root "name" .workload.service "namespace" .root.Release.Namespace
      "labels" (dict "sark-network/workload" .workload.name)) | nindent 2 }}
spec:
  type: ClusterIP
  ipFamilyPolicy: {{ .root.Values.proxy.service.ipFamilyPolicy | quote }}
  {{- with .workload.address }}
  clusterIP: {{ . | quote }}
  {{- end }}
  selector:
    {{- include "sark-network.guardSelector" .root | nindent 4 }}
  ports:
    - {name: dns, port: 53, targetPort: {{ int64 .workload.port }}, protocol: UDP}
    - {name: dns-tcp, port: 53, targetPort: {{ int64 .workload.port }}, protocol: TCP}
    {{- if and .root.Values.monitoring.enabled .root.Values.monitoring.namespaces }}
    - {name: metrics, port: {{ int64 .root.Values.dnsGuard.metricsPort }}, targetPort: metrics, protocol: TCP}
    {{- end }}
{{- end }}
