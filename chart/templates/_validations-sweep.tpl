{{/* Contradictions in parameters, computation and results, as a JSON list of texts. */}}
{{- define "ttg.validate.sweep" -}}
{{- $v := .Values -}}
{{- $c := $v.computation -}}
{{- $parameters := include "ttg.parameters" . | fromJson -}}
{{- $faults := list -}}

{{- if and $parameters $v.run.totalParameters -}}
{{- $faults = append $faults (printf (print
    "run.totalParameters %d and parameters both say how many parameters there are: leave run.totalParameters out "
    "(a preset sets it: --set run.totalParameters=null)")
    (int64 $v.run.totalParameters)) -}}
{{- end -}}
{{- $kinds := keys $parameters | sortAlpha -}}
{{- if and (gt (len $kinds) 1) (ne (join " and " $kinds) "grid and table") -}}
{{- $faults = append $faults (printf (print
    "parameters.%s cannot be combined; only grid and table can, where every row meets every combination: leave one "
    "of them out")
    (join " and parameters." $kinds)) -}}
{{- end -}}

{{- if not $c.command -}}
{{- range $key := list "protocol" "batch" "concurrency" "timeoutSeconds" "memory" -}}
{{- if get $c $key -}}
{{- $faults = append $faults (printf
    "computation.%s is for a program, and there is none: set computation.command, or leave it out"
    $key) -}}
{{- end -}}
{{- end -}}
{{- else -}}
{{- /* Doubled braces are braces themselves. */ -}}
{{- $usesSource := contains "{source}" (toJson $c.command | replace "{{" "" | replace "}}" "") -}}
{{- if and $usesSource (not $c.source) -}}
{{- $faults = append $faults
    "computation.command says {source}, and there is no source: --set-file computation.source=FILE" -}}
{{- else if and $c.source (not $usesSource) -}}
{{- $faults = append $faults (print
    "computation.source is used nowhere in computation.command: write \"{source}\" where the file's path belongs, "
    "or leave computation.source out") -}}
{{- end -}}
{{- if and $c.batch (ne $c.protocol "lines") -}}
{{- $faults = append $faults "computation.batch is for protocol lines, whose lines carry parameters: set computation.protocol to lines, or leave it out" -}}
{{- end -}}
{{- if $c.timeoutSeconds -}}
{{- if gt (float64 $c.timeoutSeconds) (float64 $v.worker.chunkTimeoutSeconds) -}}
{{- $faults = append $faults (printf (print
    "computation.timeoutSeconds %v exceeds what its whole chunk may take, worker.chunkTimeoutSeconds %d: raise "
    "worker.chunkTimeoutSeconds, and with it worker.activeDeadlineSeconds")
    $c.timeoutSeconds (int64 $v.worker.chunkTimeoutSeconds)) -}}
{{- end -}}
{{- end -}}
{{- $limit := dig "limits" "memory" "" $v.worker.resources -}}
{{- if and $c.memory $limit -}}
{{- if ge (include "ttg.bytes" $c.memory | int64) (include "ttg.bytes" $limit | int64) -}}
{{- $faults = append $faults (printf (print
    "computation.memory %s leaves nothing of worker.resources.limits.memory %v for the worker, which needs 100Mi: "
    "raise that, or lower computation.memory")
    (include "ttg.text" $c.memory) $limit) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- if include "ttg.hasSweep" . -}}
{{- $size := len (include "ttg.sweep" .) -}}
{{- if gt $size 700000 -}}
{{- $way := "build the program into an image of your own (worker.image)" -}}
{{- if kindIs "string" $parameters.table -}}
{{- $way = (print
    "put the table on a volume (worker.extraVolumes and worker.extraVolumeMounts), and set parameters.table to "
    "{path: …, sha256: …} instead of its text") -}}
{{- end -}}
{{- $faults = append $faults (printf (print
    "parameters and computation are %d bytes as JSON, and a ConfigMap and Helm's record of the release have room "
    "for 700000: %s")
    $size $way) -}}
{{- end -}}
{{- end -}}

{{- if kindIs "map" $parameters.table -}}
{{- $path := $parameters.table.path -}}
{{- $mounted := false -}}
{{- range $v.worker.extraVolumeMounts -}}
{{- if hasPrefix (printf "%s/" (trimSuffix "/" .mountPath)) $path }}{{ $mounted = true }}{{ end -}}
{{- end -}}
{{- if not $mounted -}}
{{- $faults = append $faults (printf (print
    "parameters.table.path %s lies on no volume that seeder and workers mount: name the volume in "
    "worker.extraVolumes, and a folder above the file in worker.extraVolumeMounts")
    $path) -}}
{{- end -}}
{{- end -}}

{{- if and (eq $v.results.store "none") $v.run.keepValues -}}
{{- $faults = append $faults
    "results.store none and run.keepValues true contradict each other: leave one of them out" -}}
{{- end -}}
{{- $r := $v.results -}}
{{- if eq $r.store "s3" -}}
{{- if not $r.s3.bucket -}}
{{- $faults = append $faults "results.store s3 needs a bucket: set results.s3.bucket to one that exists" -}}
{{- end -}}
{{- if not (or $r.s3.existingSecret $v.worker.serviceAccountName) -}}
{{- $faults = append $faults (print
    "results.store s3 needs credentials: set results.s3.existingSecret to a Secret with access-key-id and "
    "secret-access-key, or worker.serviceAccountName to a service account with a role") -}}
{{- end -}}
{{- end -}}
{{- if eq $r.store "directory" -}}
{{- $path := $r.directory.path -}}
{{- $mounted := false -}}
{{- range $v.worker.extraVolumeMounts -}}
{{- $above := printf "%s/" (trimSuffix "/" .mountPath) -}}
{{- if and (hasPrefix $above (printf "%s/" $path)) (not .readOnly) }}{{ $mounted = true }}{{ end -}}
{{- end -}}
{{- if not $path -}}
{{- $faults = append $faults
    "results.store directory needs a folder: set results.directory.path to one on a volume that all workers share" -}}
{{- else if not $mounted -}}
{{- $faults = append $faults (printf (print
    "results.directory.path %s lies on no volume that workers may write: name the volume in worker.extraVolumes, "
    "and a folder above it, without readOnly, in worker.extraVolumeMounts")
    $path) -}}
{{- end -}}
{{- end -}}
{{- if and $v.run.paused (eq $v.mode "static") -}}
{{- $faults = append $faults "run.paused is for queue mode, where KEDA spawns the workers: leave it out" -}}
{{- end -}}
{{- toJson $faults -}}
{{- end -}}

{{/* What the user adds to worker pods under a name that is the chart's own, as a JSON list of texts. */}}
{{- define "ttg.validate.pod" -}}
{{- $w := .Values.worker -}}
{{- $faults := list -}}

{{- $scope := dict "root" . "role" (eq .Values.mode "queue" | ternary "worker" "static") -}}
{{- $own := list "TTG_INDEX" "TTG_TOTAL" "TTG_RUN_ID" "TTG_PARAMETER" "TTG_SEED" -}}
{{- range include "ttg.env" $scope | fromYamlArray }}{{ $own = append $own .name }}{{ end -}}
{{- $seen := list -}}
{{- range $w.extraEnv -}}
{{- if has .name $own -}}
{{- $faults = append $faults (printf "worker.extraEnv %s is a variable of TTG's own: choose another name" .name) -}}
{{- else if has .name $seen -}}
{{- $faults = append $faults (printf "worker.extraEnv has %s twice: leave one of them out" .name) -}}
{{- end -}}
{{- $seen = append $seen .name -}}
{{- end -}}

{{- $volumes := list -}}
{{- range $w.extraVolumes -}}
{{- if has .name (list "computation" "tmp" "ttg") -}}
{{- $faults = append $faults (printf "worker.extraVolumes %s is the name of a volume of TTG's own: choose another name"
    .name) -}}
{{- else if has .name $volumes -}}
{{- $faults = append $faults (printf "worker.extraVolumes has %s twice: leave one of them out" .name) -}}
{{- end -}}
{{- $volumes = append $volumes .name -}}
{{- end -}}
{{- $taken := list "/computation" (empty $w.image | ternary "/app" "/ttg") "/proc" "/dev" "/sys" -}}
{{- range $w.extraVolumeMounts -}}
{{- $path := trimSuffix "/" .mountPath -}}
{{- if has (regexFind "^/[^/]*" $path) $taken -}}
{{- $faults = append $faults (printf
    "worker.extraVolumeMounts %s is a folder of TTG's or the system's own: choose another mountPath"
    .mountPath) -}}
{{- else if and (eq $path "/tmp") (include "ttg.mountsTmp" $scope) -}}
{{- $faults = append $faults (print
    "worker.extraVolumeMounts /tmp is a volume already: set worker.tmpSizeLimit for its size, or choose another "
    "mountPath") -}}
{{- end -}}
{{- if not (has .name $volumes) -}}
{{- $faults = append $faults (printf
    "worker.extraVolumeMounts %s names the volume %s, which is not in worker.extraVolumes: add it there"
    .mountPath .name) -}}
{{- end -}}
{{- end -}}

{{- range $label := keys $w.podLabels | sortAlpha -}}
{{- if regexMatch (print
    "^(ttg[.]io/|helm[.]sh/|scaledjob[.]keda[.]sh/|"
    "app[.]kubernetes[.]io/(name|instance|version|managed-by)$)") $label -}}
{{- $faults = append $faults (printf
    "worker.podLabels %s is a label of the chart's or of KEDA's own: choose another one"
    $label) -}}
{{- end -}}
{{- end -}}
{{- toJson $faults -}}
{{- end -}}
