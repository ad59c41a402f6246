{{/* The document that says what is computed, and what a pod must have around it. */}}

{{/* Parameters as JSON, without what a later values file took back by null. */}}
{{- define "ttg.parameters" -}}
{{- $given := dict -}}
{{- range $kind, $value := .Values.parameters -}}
{{- if not (kindIs "invalid" $value) }}{{ $_ := set $given $kind $value }}{{ end -}}
{{- end -}}
{{- toJson $given -}}
{{- end -}}

{{/* "true" where the run is more than a range of indexes under a module or the built-in computation. */}}
{{- define "ttg.hasSweep" -}}
{{- if or (ne (include "ttg.parameters" .) "{}") .Values.computation.command -}}true{{- end -}}
{{- end -}}

{{- define "ttg.totalParameters" -}}
{{- default 10000 .Values.run.totalParameters | int64 -}}
{{- end -}}

{{/*
The sweep document, as core/sweep reads it: parameters and computation as in the values, and their files as texts beside them.
Numbers are spelled in Go's way; the identity of a sweep is made of what they mean.
*/}}
{{- define "ttg.sweep" -}}
{{- $c := .Values.computation -}}
{{- $computation := dict -}}
{{- with $c.command -}}
{{- $command := list -}}
{{- range . }}{{ $command = append $command (include "ttg.text" .) }}{{ end -}}
{{- $_ := set $computation "command" $command -}}
{{- end -}}
{{- with $c.protocol }}{{ $_ := set $computation "protocol" . }}{{ end -}}
{{- with $c.batch }}{{ $_ := set $computation "batch" (int64 .) }}{{ end -}}
{{- with $c.concurrency }}{{ $_ := set $computation "concurrency" (int64 .) }}{{ end -}}
{{- with $c.timeoutSeconds }}{{ $_ := set $computation "timeoutSeconds" (float64 .) }}{{ end -}}
{{- with $c.memory }}{{ $_ := set $computation "memory" (include "ttg.text" .) }}{{ end -}}
{{- $parameters := include "ttg.parameters" . | fromJson -}}
{{- $document := dict "computation" $computation -}}
{{- if empty $parameters }}{{ $parameters = dict "range" (include "ttg.totalParameters" . | int64) }}{{ end -}}
{{- if kindIs "string" $parameters.table -}}
{{- $_ := set $document "table" $parameters.table -}}
{{- $parameters = omit $parameters "table" -}}
{{- end -}}
{{- $_ := set $document "parameters" $parameters -}}
{{- with $c.source }}{{ $_ := set $document "source" . }}{{ end -}}
{{- toJson $document -}}
{{- end -}}

{{/* Its file in the ConfigMap. The hash makes a changed sweep a changed plan. */}}
{{- define "ttg.sweepFile" -}}
{{- printf "sweep-%s.json" (include "ttg.sweep" . | sha256sum | trunc 8) -}}
{{- end -}}

{{/*
Where a container finds sweeps. A worker of a release that has none is told of an earlier one, whose chunks may still be queued:
it looks at all that lie beside it. Arguments: root, role.
*/}}
{{- define "ttg.sweepPath" -}}
{{- if include "ttg.hasSweep" .root -}}/computation/{{ include "ttg.sweepFile" .root }}
{{- else if eq .role "worker" -}}
{{- range $file := include "ttg.knownComputations" .root | fromJson | keys | sortAlpha | reverse -}}
{{- if hasPrefix "sweep-" $file }}/computation/{{ $file }}{{ break }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* File of a mounted module. The hash makes a changed source a changed plan. */}}
{{- define "ttg.computationFile" -}}
{{- printf "computation-%s.mjs" (.Values.computation.source | sha256sum | trunc 8) -}}
{{- end -}}

{{/* The ConfigMap of computations as it is in the cluster, as JSON: file → text. */}}
{{- define "ttg.knownComputations" -}}
{{- (lookup "v1" "ConfigMap" .Release.Namespace (printf "%s-computation" (include "ttg.fullname" .))).data | default dict | toJson -}}
{{- end -}}

{{/*
Not empty where a pod mounts computations. A worker also mounts those of an earlier release, whose chunks may still be queued.
Arguments: root, role.
*/}}
{{- define "ttg.mountsComputations" -}}
{{- $known := include "ttg.knownComputations" .root | fromJson -}}
{{- if include "ttg.hasSweep" .root -}}true
{{- else if eq .role "verify" -}}
{{- else if .root.Values.computation.source -}}true
{{- else if and $known (ne .role "seeder") -}}true
{{- end -}}
{{- end -}}

{{/*
Not empty where a program's file is written, or a computation in an image of the user's may want to write: in the seeder too, which
tries it. Arguments: root, role.
*/}}
{{- define "ttg.mountsTmp" -}}
{{- $works := has .role (list "worker" "static") -}}
{{- if ne .role "verify" -}}
{{- if or (include "ttg.hasSweep" .root) .root.Values.worker.image -}}true
{{- else if and $works (contains "\"sweep-" (include "ttg.knownComputations" .root)) -}}true
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Not empty where a pod has the user's volumes: workers, whoever reads a table from one, and the seeder that tries a directory. Arguments: root, role. */}}
{{- define "ttg.mountsExtra" -}}
{{- if or (has .role (list "worker" "static")) (kindIs "map" (include "ttg.parameters" .root | fromJson).table) (and (eq .role "seeder") (eq .root.Values.results.store "directory")) -}}true{{- end -}}
{{- end -}}

{{/* Mounts of a container of TTG's, as the items of a list. Arguments: root, role. */}}
{{- define "ttg.mounts" -}}
{{- if include "ttg.mountsComputations" . }}
- name: computation
  mountPath: /computation
  readOnly: true
{{- end }}
{{- if include "ttg.mountsTmp" . }}
- name: tmp
  mountPath: /tmp
{{- end }}
{{- if and (has .role (list "worker" "static")) .root.Values.worker.image }}
- name: ttg
  mountPath: /ttg
  readOnly: true
{{- end }}
{{- if include "ttg.mountsExtra" . }}
{{- range .root.Values.worker.extraVolumeMounts }}
- {{ toJson . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The volumes of these mounts. */}}
{{- define "ttg.volumes" -}}
{{- if include "ttg.mountsComputations" . }}
- name: computation
  configMap:
    name: "{{ include "ttg.fullname" .root }}-computation"
{{- end }}
{{- if include "ttg.mountsTmp" . }}
- name: tmp
  emptyDir: {sizeLimit: {{ .root.Values.worker.tmpSizeLimit | quote }}}
{{- end }}
{{- if and (has .role (list "worker" "static")) .root.Values.worker.image }}
- name: ttg
  emptyDir: {sizeLimit: 512Mi}
{{- end }}
{{- if include "ttg.mountsExtra" . }}
{{- range .root.Values.worker.extraVolumes }}
- {{ toJson . }}
{{- end }}
{{- end }}
{{- end -}}
