{{- define "gvDetails" -}}
## {{ .GroupVersionString }}

A `LlamaStackDistribution` (short name `llsd`) has a [spec](#llamastackdistributionspec), which you write, and a
[status](#status), which the operator writes. `kubectl explain llsd.spec.server --recursive` shows the same fields.

{{ range .SortedTypes }}{{ if not (eq .Name "LlamaStackDistributionStatus" "VersionInfo" "DistributionConfig" "ProviderInfo" "ProviderHealthStatus" "DistributionPhase") -}}
{{ template "type" . }}
{{- end }}{{ end }}
## Status

What the operator observed. `Ready` is the condition to wait for:

```shell
kubectl wait llsd/NAME --for=condition=Ready --timeout=10m
```

Every condition carries the generation that it is about, and `status.observedGeneration` is that of the whole status:
when it is less than `metadata.generation`, the operator has not seen the last edit. What each condition and each
reason means, and what to do, is in [conditions.md](conditions.md).

{{ range .SortedTypes }}{{ if eq .Name "LlamaStackDistributionStatus" "VersionInfo" "DistributionConfig" "ProviderInfo" "ProviderHealthStatus" "DistributionPhase" -}}
{{ template "type" . }}
{{- end }}{{ end }}
{{- end -}}
