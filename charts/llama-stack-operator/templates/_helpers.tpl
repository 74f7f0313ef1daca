{{- /*
Copyright 2026 The llama-stack-k8s-operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/ -}}
{{- /*
llama-stack-operator.mirrored is an image from its mirror, if there is one: (list $ image). The longest prefix decides, which is the
last one in the order of the keys.
*/ -}}
{{- define "llama-stack-operator.mirrored" -}}
{{- $original := index . 1 -}}
{{- $image := $original -}}
{{- range $from, $to := (index . 0).Values.imageMirrors -}}
{{- if hasPrefix (printf "%s/" $from) $original -}}
{{- $image = printf "%s/%s" $to (trimPrefix (printf "%s/" $from) $original) -}}
{{- end -}}
{{- end -}}
{{- $image -}}
{{- end -}}

{{- /*
llama-stack-operator.image is the image of the operator.
*/ -}}
{{- define "llama-stack-operator.image" -}}
{{- $image := include "llama-stack-operator.mirrored" (list . .Values.image.repository) -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $image .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image (default (printf "v%s" .Chart.AppVersion) .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- /*
llama-stack-operator.labels are the labels of objects that config/ does not have.
*/ -}}
{{- define "llama-stack-operator.labels" -}}
app.kubernetes.io/name: llama-stack-k8s-operator
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}
