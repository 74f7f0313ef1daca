{{- define "type" -}}
{{- if markdownShouldRenderType . }}
### {{ .Name }}

{{ .Doc }}
{{ if .IsAlias }}
_Underlying type:_ {{ markdownRenderTypeLink .UnderlyingType }}
{{ end }}
{{- if .Validation }}
_Rules:_
{{ range .Validation }}
- {{ . }}
{{- end }}
{{ end }}
{{- if .References }}
_Used by:_ {{ range $i, $ref := .SortedReferences }}{{ if $i }}, {{ end }}{{ markdownRenderTypeLink $ref }}{{ end }}
{{ end }}
{{- if .Members }}
| Field | Meaning | Default | Rules |
| --- | --- | --- | --- |
{{- if .GVK }}
| `apiVersion` _string_ | `{{ .GVK.Group }}/{{ .GVK.Version }}` | | |
| `kind` _string_ | `{{ .GVK.Kind }}` | | |
{{- end }}
{{- range .Members }}
| `{{ .Name }}` _{{ markdownRenderType .Type }}_ | {{ template "type_members" . }} | {{ markdownRenderDefault .Default }} | {{ range $i, $rule := .Validation }}{{ if $i }}; {{ end }}{{ markdownRenderFieldDoc $rule }}{{ end }} |
{{- end }}
{{ end }}
{{- if .EnumValues }}
| Value | Meaning |
| --- | --- |
{{- range .EnumValues }}
| `{{ .Name }}` | {{ markdownRenderFieldDoc .Doc }} |
{{- end }}
{{ end }}
{{- end }}
{{- end -}}
