{{/*
The environment of every container that runs a program of TTG's. core/runtime/config.ts (ENVIRONMENT) lists all variables; a chart test compares the two.
Arguments: root, role: worker (queue mode) | static | seeder | verify.
A worker in queue mode gets nothing of the plan: it takes every fact from the message, so that pods of two runs can mix. SWEEP_FILE
tells it where sweeps are; the message says which one. RESULTS_STORE tells it where values go; the message says whether they are kept.
Numbers go through int64: Helm reads 10000000 from a file as 1e+07.
*/}}
{{- define "ttg.env" -}}
{{- $v := .root.Values -}}
{{- $queue := eq $v.mode "queue" -}}
- {name: RUN_ID, value: {{ include "ttg.runId" .root | quote }}}
- {name: QUEUE_MODE, value: {{ $queue | quote }}}
- {name: TTG_VERSION, value: {{ .root.Chart.AppVersion | quote }}}
- {name: TTG_IMAGE, value: {{ include "ttg.image" .root | quote }}}
- {name: LOG_LEVEL, value: {{ $v.log.level | quote }}}
- {name: LOG_FORMAT, value: {{ $v.log.format | quote }}}
- {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
- {name: POD_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
- {name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
{{- if $queue }}
{{ include "ttg.env.broker" . }}
{{- $patience := eq .role "verify" | ternary (max 1 (int64 $v.verify.deadlineSeconds)) (int64 $v.seeder.connectTimeoutSeconds) }}
- {name: CONNECT_TIMEOUT_SECONDS, value: {{ $patience | quote }}}
{{- end }}
{{- with include "ttg.sweepPath" . }}
- {name: SWEEP_FILE, value: {{ . | quote }}}
{{- end }}
{{- if ne .role "worker" }}
{{ include "ttg.env.plan" .root | trim }}
{{- end }}
{{- if or (eq .role "seeder") (eq .role "static") }}
- {name: KEEP_VALUES, value: {{ $v.run.keepValues | quote }}}
{{- end }}
{{- with include "ttg.env.store" . | trim }}
{{ . }}
{{- end }}
{{- if or (eq .role "worker") (eq .role "static") }}
{{ include "ttg.env.work" .root }}
{{- end }}
{{- if eq .role "seeder" }}
- {name: RUN_REUSE, value: {{ include "ttg.text" $v.run.reuse | quote }}}
- {name: SCALED_JOB_NAME, value: "{{ include "ttg.fullname" .root }}-worker"}
# Makes every change of the workers a new seeder Job, also where a release has no revisions: it removes old Jobs that cannot start.
- {name: WORKER_SPEC_HASH, value: {{ include "ttg.worker.specHash" .root | quote }}}
{{- if $v.worker.image }}
# A program of the user's image cannot be tried here.
- {name: WORKER_IMAGE, value: {{ include "ttg.worker.image" .root | quote }}}
{{- end }}
{{- if include "ttg.makesPassword" .root }}
- {name: AUTH_SECRET_NAME, value: {{ include "ttg.authSecret" .root | quote }}}
{{- end }}
{{- $persistence := (get $v $v.backend).persistence }}
{{- if and (include "ttg.ownsBroker" .root) $persistence.enabled }}
- {name: BROKER_VOLUME_BYTES, value: {{ include "ttg.bytes" $persistence.size | quote }}}
{{- end }}
{{- end }}
{{- if eq .role "verify" }}
- {name: VERIFY_DEADLINE_SECONDS, value: {{ int64 $v.verify.deadlineSeconds | quote }}}
- {name: VERIFY_ALLOW_DEAD, value: {{ $v.verify.allowDead | quote }}}
{{- if not $queue }}
- {name: STATIC_JOB_NAME, value: {{ include "ttg.static.jobName" .root | quote }}}
{{- end }}
{{- end }}
{{- end -}}

{{/* Where values go, and how to reach that: a worker needs it only where they leave the log. */}}
{{- define "ttg.env.store" -}}
{{- $r := .root.Values.results -}}
{{- $outside := has $r.store (list "directory" "s3") -}}
{{- if and $r.store (or (has .role (list "seeder" "static")) (and $outside (eq .role "worker"))) }}
- {name: RESULTS_STORE, value: {{ $r.store | quote }}}
{{- if eq $r.store "directory" }}
- {name: RESULTS_DIRECTORY, value: {{ $r.directory.path | quote }}}
{{- end }}
{{- if eq $r.store "s3" }}
{{- with $r.s3.endpoint }}
- {name: S3_ENDPOINT, value: {{ . | quote }}}
{{- end }}
- {name: S3_REGION, value: {{ $r.s3.region | quote }}}
- {name: S3_BUCKET, value: {{ $r.s3.bucket | quote }}}
{{- with $r.s3.prefix }}
- {name: S3_PREFIX, value: {{ . | quote }}}
{{- end }}
- {name: S3_PATH_STYLE, value: {{ $r.s3.pathStyle | quote }}}
{{- with $r.s3.existingSecret }}
- {name: S3_ACCESS_KEY_ID, valueFrom: {secretKeyRef: {name: {{ . | quote }}, key: access-key-id}}}
- {name: S3_SECRET_ACCESS_KEY, valueFrom: {secretKeyRef: {name: {{ . | quote }}, key: secret-access-key}}}
- {name: S3_SESSION_TOKEN, valueFrom: {secretKeyRef: {name: {{ . | quote }}, key: session-token, optional: true}}}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
How to reach the broker, and the settings its queues are declared and judged with.
The seeder starts without the password where it is the seeder that makes it.
*/}}
{{- define "ttg.env.broker" -}}
{{- $v := .root.Values -}}
{{- $key := dict "name" (include "ttg.authSecret" .root) "key" (printf "%s-password" $v.backend) -}}
{{- if and (eq .role "seeder") (include "ttg.makesPassword" .root) -}}
{{- $_ := set $key "optional" true -}}
{{- end -}}
{{- $password := dict "secretKeyRef" $key | toJson -}}
- {name: QUEUE_BACKEND, value: {{ $v.backend | quote }}}
- {name: QUEUE_PREFIX, value: {{ $v.queuePrefix | quote }}}
{{- if eq $v.backend "redis" }}
- {name: REDIS_HOST, value: {{ include "ttg.brokerHost" .root | quote }}}
- {name: REDIS_PORT, value: {{ include "ttg.brokerPort" .root | quote }}}
- {name: REDIS_PASSWORD, valueFrom: {{ $password }}}
{{- else }}
- {name: RABBITMQ_HOST, value: {{ include "ttg.brokerHost" .root | quote }}}
- {name: RABBITMQ_PORT, value: {{ include "ttg.brokerPort" .root | quote }}}
- {name: RABBITMQ_MANAGEMENT_PORT, value: {{ include "ttg.managementPort" .root | quote }}}
- {name: RABBITMQ_VHOST, value: {{ $v.rabbitmq.vhost | quote }}}
- {name: RABBITMQ_USER, valueFrom: {secretKeyRef: {name: {{ include "ttg.authSecret" .root | quote }}, key: rabbitmq-user}}}
- {name: RABBITMQ_PASSWORD, valueFrom: {{ $password }}}
{{- end }}
- {name: RETRY_DELAY_MS, value: {{ int64 $v.worker.retryDelayMs | quote }}}
- {name: STALE_THRESHOLD_MS, value: {{ int64 $v.worker.staleThresholdMs | quote }}}
{{- end -}}

{{/* The plan: for who publishes it, checks it, or has no queue to take it from. */}}
{{- define "ttg.env.plan" -}}
{{- $v := .Values -}}
{{- if not (include "ttg.hasSweep" .) }}
- {name: TOTAL_PARAMETERS, value: {{ include "ttg.totalParameters" . | quote }}}
{{- end }}
- {name: CHUNK_SIZE, value: {{ int64 $v.run.chunkSize | quote }}}
- {name: MAX_DEAD, value: {{ include "ttg.text" $v.run.maxDead | quote }}}
{{- if not (include "ttg.hasSweep" .) }}
- {name: COMPUTATION, value: {{ empty $v.computation.source | ternary "builtin" (printf "/computation/%s" (include "ttg.computationFile" .)) | quote }}}
{{- end }}
{{- if eq $v.mode "static" }}
- {name: TOTAL_WORKERS, value: {{ int64 $v.static.workers | quote }}}
{{- end }}
{{- end -}}

{{/* How workers work. */}}
{{- define "ttg.env.work" -}}
{{- $v := .Values -}}
- {name: SIMULATE_WORK_MS, value: {{ include "ttg.text" $v.computation.simulateWorkMs | quote }}}
- {name: SIMULATE_FAULT_RATE, value: {{ include "ttg.text" $v.computation.simulateFaultRate | quote }}}
- {name: BATCH_SIZE, value: {{ int64 $v.worker.batchSize | quote }}}
- {name: CHUNK_TIMEOUT_SECONDS, value: {{ int64 $v.worker.chunkTimeoutSeconds | quote }}}
- {name: SHUTDOWN_GRACE_SECONDS, value: {{ int64 $v.worker.shutdownGraceSeconds | quote }}}
- {name: MAX_RETRIES, value: {{ int64 $v.worker.maxRetries | quote }}}
{{- if eq $v.mode "queue" }}
- {name: RECEIVE_MAX, value: {{ int64 $v.worker.receiveMax | quote }}}
- {name: STALE_CHECK_INTERVAL_SECONDS, value: {{ int64 $v.worker.staleCheckIntervalSeconds | quote }}}
- {name: IDLE_TIMEOUT_SECONDS, value: {{ int64 $v.worker.idleTimeoutSeconds | quote }}}
- {name: CHUNKS_PER_WORKER, value: {{ int64 $v.worker.chunksPerWorker | quote }}}
{{- end }}
{{- end -}}
