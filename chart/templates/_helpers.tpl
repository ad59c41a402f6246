{{/* Names, labels and the few calculations that several templates need. */}}

{{- define "ttg.name" -}}
{{- default .Chart.Name .Values.nameOverride -}}
{{- end -}}

{{/* First part of every object's name: the release's name if it contains "ttg", else <release>-ttg. */}}
{{- define "ttg.fullname" -}}
{{- $name := include "ttg.name" . -}}
{{- if .Values.fullnameOverride -}}{{ .Values.fullnameOverride }}
{{- else if contains $name .Release.Name -}}{{ .Release.Name }}
{{- else -}}{{ printf "%s-%s" .Release.Name $name }}
{{- end -}}
{{- end -}}

{{/*
A scalar as text. YAML reads 20261125, true and 1e3 as numbers and truth values, and Helm keeps numbers of a file as floats,
which would be written 2.0261125e+07. Whoever writes the text into a template quotes it, so that nobody guesses again.
*/}}
{{- define "ttg.text" -}}
{{- if kindIs "invalid" . -}}
{{- else if and (kindIs "float64" .) (eq . (floor .)) -}}{{ printf "%.0f" . }}{{- else -}}{{ toString . }}{{- end -}}
{{- end -}}

{{/* A map of labels, annotations or selectors with every value as text. */}}
{{- define "ttg.textMap" -}}
{{- range $key, $value := . }}
{{ $key | quote }}: {{ include "ttg.text" $value | quote }}
{{- end }}
{{- end -}}

{{- define "ttg.runId" -}}
{{- include "ttg.text" .Values.run.id -}}
{{- end -}}

{{/* What selects pods. Never changes over a release's life: selectors and volume claim templates are immutable. */}}
{{- define "ttg.selectorLabels" -}}
app.kubernetes.io/name: {{ include "ttg.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
ttg.io/component: {{ .component | quote }}
{{- end -}}

{{/* For what must not differ between two versions of the chart: pods and claims of the brokers. */}}
{{- define "ttg.stableLabels" -}}
{{ include "ttg.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
ttg.io/project: distributed-compute
{{- end -}}

{{/* Labels of an object. Arguments: root, component, and runId where the object belongs to a run. */}}
{{- define "ttg.labels" -}}
{{ include "ttg.stableLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | quote }}
{{- with .runId }}
ttg.io/run-id: {{ . | quote }}
{{- end }}
{{- end -}}

{{/*
Name of a Job, which is immutable: <fullname>-<kind>-<run id>-<hash of its spec>.
The run id is shortened where the name would exceed 57 characters (an Indexed Job's pods add an index); the hash tells runs apart.
Arguments: root, kind, spec (the rendered text).
*/}}
{{- define "ttg.jobName" -}}
{{- $prefix := printf "%s-%s" (include "ttg.fullname" .root) .kind -}}
{{- $room := sub 47 (len $prefix) | int -}}
{{- $run := include "ttg.runId" .root | trunc $room | trimSuffix "-" -}}
{{- printf "%s-%s-%s" $prefix $run (.spec | sha256sum | trunc 8) -}}
{{- end -}}

{{- define "ttg.image" -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion (include "ttg.text" .Values.image.tag)) -}}
{{- end -}}

{{/* A quantity of Kubernetes (256Mi, 1.5Gi, 2G) in bytes. */}}
{{- define "ttg.bytes" -}}
{{- $units := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $text := include "ttg.text" . -}}
{{- $number := regexFind "^[0-9]+([.][0-9]+)?" $text -}}
{{- $unit := trimPrefix $number $text -}}
{{- if or (not $number) (not (hasKey $units $unit)) -}}
{{- fail (printf "%q is not a quantity: write it like 256Mi, 1Gi or 2G" $text) -}}
{{- end -}}
{{- mulf (float64 $number) (float64 (get $units $unit)) | int64 -}}
{{- end -}}

{{/* 60 % of a memory limit in bytes. Arguments: the resources map. */}}
{{- define "ttg.memoryShare" -}}
{{- div (mul (include "ttg.bytes" (dig "limits" "memory" "0" .) | int64) 60) 100 -}}
{{- end -}}

{{/* "true" where the chart runs the broker itself. */}}
{{- define "ttg.ownsBroker" -}}
{{- if and (eq .Values.mode "queue") (not (get .Values .Values.backend).external.host) -}}true{{- end -}}
{{- end -}}

{{/* The broker as others reach it. FQDN: KEDA lives in another namespace. */}}
{{- define "ttg.brokerHost" -}}
{{- with (get .Values .Values.backend).external.host -}}{{ . }}
{{- else -}}{{ printf "%s-%s.%s.svc" (include "ttg.fullname" .) .Values.backend .Release.Namespace }}
{{- end -}}
{{- end -}}

{{- define "ttg.brokerPort" -}}
{{- $broker := get .Values .Values.backend -}}
{{- ternary $broker.external.port $broker.port (ne $broker.external.host "") | int64 -}}
{{- end -}}

{{- define "ttg.managementPort" -}}
{{- with .Values.rabbitmq -}}{{ ternary .external.managementPort .managementPort (ne .external.host "") | int64 }}{{- end -}}
{{- end -}}

{{- define "ttg.authSecret" -}}
{{- default (printf "%s-auth" (include "ttg.fullname" .)) .Values.auth.existingSecret -}}
{{- end -}}

{{/* "true" where the seeder makes the broker's password: the chart runs the broker, and the user brings no Secret. */}}
{{- define "ttg.makesPassword" -}}
{{- if and (include "ttg.ownsBroker" .) (not .Values.auth.existingSecret) -}}true{{- end -}}
{{- end -}}

{{/* The workers' image, and when to pull it: the user's own where there is one. */}}
{{- define "ttg.worker.image" -}}
{{- $own := .Values.worker.image -}}
{{- if kindIs "string" $own -}}{{ default (include "ttg.image" .) $own }}
{{- else if $own -}}{{ printf "%s:%s" $own.repository (include "ttg.text" $own.tag) }}
{{- else -}}{{ include "ttg.image" . }}
{{- end -}}
{{- end -}}

{{- define "ttg.worker.pullPolicy" -}}
{{- $own := .Values.worker.image -}}
{{- if kindIs "map" $own -}}{{ default "IfNotPresent" $own.pullPolicy }}
{{- else if $own -}}IfNotPresent
{{- else -}}{{ .Values.image.pullPolicy }}
{{- end -}}
{{- end -}}

{{/* What every pod spec of TTG's says alike. Arguments: root, and user where it is not that of TTG's image. */}}
{{- define "ttg.podDefaults" -}}
restartPolicy: Never
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "ttg.podSecurity" (default 1000 .user | int64) | nindent 2 }}
{{- end -}}

{{/* Pod Security level "restricted". Argument: the user. */}}
{{- define "ttg.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "ttg.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/*
The broker's volume claim. Immutable once installed, hence only stable labels.
Kept when the release is uninstalled: it holds the results.
Arguments: root, component, persistence.
*/}}
{{- define "ttg.volumeClaim" -}}
persistentVolumeClaimRetentionPolicy:
  whenDeleted: Retain
  whenScaled: Retain
volumeClaimTemplates:
  - apiVersion: v1
    kind: PersistentVolumeClaim
    metadata:
      name: data
      labels:
        {{- include "ttg.stableLabels" . | nindent 8 }}
    spec:
      accessModes: [ReadWriteOnce]
      {{- with .persistence.storageClass }}
      storageClassName: {{ . | quote }}
      {{- end }}
      resources:
        requests:
          storage: {{ .persistence.size | quote }}
{{- end -}}
