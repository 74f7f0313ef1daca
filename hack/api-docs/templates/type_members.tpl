{{- define "type_members" -}}
{{- if eq .Name "metadata" -}}
Name, namespace, labels and the like, as of every object.
{{- else -}}
{{ markdownRenderFieldDoc .Doc }}
{{- end -}}
{{- end -}}
