{{- define "gvList" -}}
<!-- Written by "make api-docs" from the comments in api/v1alpha1. -->

# API reference
{{ range . }}
{{ template "gvDetails" . }}
{{ end }}
{{- end -}}
