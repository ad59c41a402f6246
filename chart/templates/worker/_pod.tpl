{{/* The worker's pod template, for the ScaledJob and for static mode. Arguments: root, role (worker | static). */}}
{{- define "ttg.worker.template" -}}
{{- $w := .root.Values.worker -}}
metadata:
  labels:
    {{- include "ttg.labels" (dict "root" .root "component" "worker" "runId" (include "ttg.runId" .root)) | nindent 4 }}
    {{- with $w.podLabels }}
    {{- include "ttg.textMap" . | trim | nindent 4 }}
    {{- end }}
  {{- with $w.podAnnotations }}
  annotations:
    {{- include "ttg.textMap" . | trim | nindent 4 }}
  {{- end }}
spec:
  {{- include "ttg.podDefaults" (dict "root" .root "user" $w.runAsUser) | nindent 2 }}
  {{- range $key := list "serviceAccountName" "priorityClassName" "runtimeClassName" }}
  {{- with get $w $key }}
  {{ $key }}: {{ . | quote }}
  {{- end }}
  {{- end }}
  automountServiceAccountToken: false
  # Process 1 is the pause container: a fault injector can kill the worker's process from inside the pod.
  shareProcessNamespace: true
  terminationGracePeriodSeconds: {{ add (int64 $w.shutdownGraceSeconds) 10 }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "ttg.selectorLabels" (dict "root" .root "component" "worker") | nindent 10 }}
  tolerations:
    - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 10}
    - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 10}
    {{- range $w.tolerations }}
    - {{ if hasKey . "value" }}{{ merge (dict "value" (include "ttg.text" .value)) . | toJson }}{{ else }}{{ toJson . }}{{ end }}
    {{- end }}
  {{- with $w.nodeSelector }}
  nodeSelector:
    {{- include "ttg.textMap" . | trim | nindent 4 }}
  {{- end }}
  {{- with $w.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if $w.image }}
  initContainers:
    # Copies Node, its libraries and the worker into the pod: the user's image needs none of them, nor a shell.
    - name: install
      image: {{ include "ttg.image" .root | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy | quote }}
      command: [node, install.js, /ttg]
      env:
        - {name: LOG_LEVEL, value: {{ .root.Values.log.level | quote }}}
        - {name: LOG_FORMAT, value: {{ .root.Values.log.format | quote }}}
        - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
      securityContext:
        {{- include "ttg.containerSecurity" . | nindent 8 }}
      resources:
        requests: {cpu: 100m, memory: 64Mi}
        limits: {cpu: "1", memory: 256Mi}
      volumeMounts:
        - {name: ttg, mountPath: /ttg}
  {{- end }}
  containers:
    - name: worker
      image: {{ include "ttg.worker.image" .root | quote }}
      imagePullPolicy: {{ include "ttg.worker.pullPolicy" .root | quote }}
      {{- if $w.image }}
      # By the loader that came along, with the libraries that came along: worker/install.ts put them there.
      command: [/ttg/lib/ld.so, --library-path, /ttg/lib, /ttg/node, /ttg/start.js]
      {{- else }}
      command: [node, worker.js]
      {{- end }}
      {{- with $w.envFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      env:
        {{- include "ttg.env" . | nindent 8 }}
        {{- range $w.extraEnv }}
        - {{ if hasKey . "value" }}{{ merge (dict "value" (include "ttg.text" .value)) . | toJson }}{{ else }}{{ toJson . }}{{ end }}
        {{- end }}
      securityContext:
        {{- include "ttg.containerSecurity" . | nindent 8 }}
      {{- with $w.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with include "ttg.mounts" . | trim }}
      volumeMounts:
        {{- . | nindent 8 }}
      {{- end }}
  {{- with include "ttg.volumes" . | trim }}
  volumes:
    {{- . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Tells the Jobs of one worker spec from those of another: KEDA copies the ScaledJob's labels to the Jobs that it makes. */}}
{{- define "ttg.worker.specHash" -}}
{{- include "ttg.worker.template" (dict "root" . "role" "worker") | sha256sum | trunc 16 -}}
{{- end -}}
