{{/* Contradictions that a schema cannot express. All are reported at once, each with its remedy. */}}
{{- define "ttg.validate" -}}
{{- $v := .Values -}}
{{- $w := $v.worker -}}
{{- $queue := eq $v.mode "queue" -}}
{{- $faults := list -}}

{{- $full := include "ttg.fullname" . -}}
{{- if gt (len $full) 35 -}}
{{- $faults = append $faults (printf "names would begin with %q, %d characters; the limit is 35: set fullnameOverride"
    $full (len $full)) -}}
{{- end -}}
{{- if contains "." $full -}}
{{- $faults = append $faults (printf (print
    "names would begin with %q, and a dot is not allowed in the names of Services and of an Indexed Job's pods: "
    "set fullnameOverride to a name without dots")
    $full) -}}
{{- else if not (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" $full) -}}
{{- $faults = append $faults (printf (print
    "names would begin with %q, and names in Kubernetes are made of lower-case letters, digits and dashes: set "
    "fullnameOverride to such a name")
    $full) -}}
{{- else if and $queue (regexMatch "^[0-9]" $full) -}}
{{- $faults = append $faults (printf (print
    "names would begin with %q, and the name of a Service may not begin with a digit: set fullnameOverride to a "
    "name that begins with a letter, such as %q")
    $full (printf "run-%s" $full | trunc 35 | trimSuffix "-")) -}}
{{- end -}}

{{- $total := include "ttg.totalParameters" . | int64 -}}
{{- $chunks := divf (float64 $total) (float64 $v.run.chunkSize) -}}
{{- if gt $chunks 20000000.0 -}}
{{- $faults = append $faults (printf
    "run.totalParameters %d in chunks of %d are more than 20,000,000 chunks: raise run.chunkSize to at least %.0f"
    $total (int64 $v.run.chunkSize) (ceil (divf (float64 $total) 20000000.0))) -}}
{{- end -}}

{{- $longest := add (int64 $w.chunkTimeoutSeconds) (int64 $w.shutdownGraceSeconds) -}}
{{- if le (int64 $w.activeDeadlineSeconds) $longest -}}
{{- $faults = append $faults (printf (print
    "worker.activeDeadlineSeconds %d would end a worker before a chunk may time out: raise it above %d "
    "(worker.chunkTimeoutSeconds + worker.shutdownGraceSeconds), or lower worker.chunkTimeoutSeconds")
    (int64 $w.activeDeadlineSeconds) $longest) -}}
{{- end -}}

{{- if and (eq $v.mode "static") (eq (include "ttg.parameters" .) "{}") (gt (int64 $v.static.workers) $total) -}}
{{- $faults = append $faults (printf
    "static.workers %d exceed run.totalParameters %d and would have nothing to do: lower static.workers"
    (int64 $v.static.workers) $total) -}}
{{- end -}}

{{- if and $v.run.reuse (not $queue) -}}
{{- $faults = append $faults (printf (print
    "run.reuse %v takes values from another run of the same broker, and mode static has none: leave it out, or set "
    "mode: queue")
    $v.run.reuse) -}}
{{- end -}}

{{- if and $v.run.reuse (eq (include "ttg.text" $v.run.reuse) (include "ttg.runId" .)) -}}
{{- $faults = append $faults (printf "run.reuse %v is the run itself: name an earlier run, or set a new run.id"
    $v.run.reuse) -}}
{{- end -}}

{{- $faults = concat $faults
    (include "ttg.validate.sweep" . | fromJsonArray)
    (include "ttg.validate.pod" . | fromJsonArray) -}}

{{- if $queue -}}
{{- if and (eq $v.backend "redis") (gt (int64 $w.retryDelayMs) (int64 $w.staleThresholdMs)) -}}
{{- $faults = append $faults (printf (print
    "worker.retryDelayMs %d may not exceed worker.staleThresholdMs %d on Redis, where a delayed retry is a lease "
    "that falls due: raise worker.staleThresholdMs or lower worker.retryDelayMs")
    (int64 $w.retryDelayMs) (int64 $w.staleThresholdMs)) -}}
{{- end -}}

{{- if le (int64 $v.seeder.activeDeadlineSeconds) (int64 $v.seeder.connectTimeoutSeconds) -}}
{{- $faults = append $faults (printf (print
    "seeder.activeDeadlineSeconds %d leaves no time after waiting %d s for the broker: raise it above "
    "seeder.connectTimeoutSeconds")
    (int64 $v.seeder.activeDeadlineSeconds) (int64 $v.seeder.connectTimeoutSeconds)) -}}
{{- end -}}

{{- $broker := get $v $v.backend -}}
{{- if $broker.external.host -}}
{{- if not $v.auth.existingSecret -}}
{{- $keys := eq $v.backend "redis" | ternary "redis-password" "rabbitmq-user and rabbitmq-password" -}}
{{- $faults = append $faults (printf "%s.external.host needs its password: set auth.existingSecret to a Secret with %s"
    $v.backend $keys) -}}
{{- end -}}
{{- else if not (dig "limits" "memory" "" $broker.resources) -}}
{{- $faults = append $faults (printf (print
    "%s.resources.limits.memory is not set, and how much the broker may hold follows from it: set it, 256Mi at "
    "least")
    $v.backend) -}}
{{- else -}}
{{- $least := eq $v.backend "redis" | ternary "64Mi" "256Mi" -}}
{{- $limit := include "ttg.bytes" $broker.resources.limits.memory | int64 -}}
{{- if lt $limit (include "ttg.bytes" $least | int64) -}}
{{- $faults = append $faults (printf
    "%s.resources.limits.memory %v is too little for the broker to start: raise it to %s or more"
    $v.backend $broker.resources.limits.memory $least) -}}
{{- end -}}
{{- if and (eq $v.backend "redis") $v.redis.maxmemory -}}
{{- $units := dict "" "" "b" "" "k" "k" "kb" "Ki" "m" "M" "mb" "Mi" "g" "G" "gb" "Gi" -}}
{{- $text := lower $v.redis.maxmemory -}}
{{- $number := regexFind "^[0-9]+" $text -}}
{{- $max := include "ttg.bytes" (printf "%s%s" $number (get $units (trimPrefix $number $text))) | int64 -}}
{{- if gt $max (div (mul $limit 85) 100) -}}
{{- $faults = append $faults (printf (print
    "redis.maxmemory %s is more than 85 %% of redis.resources.limits.memory %v, and Redis would be killed instead "
    "of refusing: raise the limit, lower redis.maxmemory, or leave it empty for 60 %%")
    $v.redis.maxmemory $limit) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- if and $v.keda.checkInstalled (not (.Capabilities.APIVersions.Has "keda.sh/v1alpha1")) -}}
{{- $faults = append $faults (print
    "this cluster has no KEDA (keda.sh/v1alpha1), which spawns the workers of queue mode. Install it:\n      helm "
    "repo add kedacore https://kedacore.github.io/charts\n      helm install keda kedacore/keda -n keda "
    "--create-namespace --wait\n    For `helm template` without a cluster add: --api-versions keda.sh/v1alpha1\n   "
    " Without KEDA there is mode=static") -}}
{{- end -}}
{{- end -}}

{{- if $faults -}}
{{- fail (printf "\n\nttg cannot be installed like this:\n  - %s\n" (join "\n  - " $faults)) -}}
{{- end -}}
{{- end -}}
