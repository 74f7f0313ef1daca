module github.com/llamastack/llama-stack-k8s-operator/tools/prometheus-operator

go 1.26.0

// The version whose CRDs check the monitors and rules of the Helm chart. No package of it is compiled.
require github.com/prometheus-operator/prometheus-operator v0.85.0
