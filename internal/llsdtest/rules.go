/*
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
*/

package llsdtest

import (
	"slices"
	"strings"
)

// The messages of rules that more than one case breaks.
const (
	messageOneDistribution = "Only one of name or image can be specified"
	messageNoDistribution  = "set name to a distribution that the operator knows, such as starter, or image to a container image"
	messagePort            = "port must be from 1 to 65535, or 0 for the default, 8321"
	messageMaxReplicas     = "server.autoscaling.maxReplicas must be at least replicas; raise maxReplicas or lower replicas"
	messageMinReplicas     = "maxReplicas must be at least minReplicas; raise maxReplicas or lower minReplicas"
	messageNoReplicas      = "maxReplicas must be 1 or more; remove autoscaling to stop scaling"
	messageSize            = "size must be more than 0, such as 10Gi"
	messageMountPath       = "mountPath must be an absolute path other than / and without a colon, such as /.llama"
	messageNamespace       = `the name of a namespace consists of lower-case letters, digits and dashes, such as frontend; "*" is all namespaces`
	messageNamespaceSize   = "the name of a namespace has 1 to 63 characters, such as frontend"
	messageNamespaceEnds   = "the name of a namespace starts and ends with a letter or a digit, such as frontend"
	messageLabel           = "set the key of a label without its value, such as team/authorized: letters, digits, dashes, underscores and dots, " +
		"with an optional prefix of a lower-case domain and a slash"
	messageLabelStart = "a label key has at most 317 characters and starts with a letter or a digit, such as team/authorized"
	messageLabelEnd   = "a label key ends with a letter or a digit, such as team/authorized"
	messageKey        = "a key consists of letters, digits, dashes, underscores and single dots, such as ca-bundle.crt"
	messageKeySize    = "a key has 1 to 253 characters, such as ca-bundle.crt"
	messageKeyEnds    = "a key starts and ends with a letter or a digit, such as ca-bundle.crt"
)

// The paths of fields that more than one case is about.
const (
	fieldDistribution = "spec.server.distribution"
	fieldPort         = "spec.server.containerSpec.port"
	fieldMaxReplicas  = "spec.server.autoscaling.maxReplicas"
	fieldSize         = "spec.server.storage.size"
	fieldMountPath    = "spec.server.storage.mountPath"
	fieldNamespaces   = "spec.network.allowedFrom.namespaces"
	fieldLabels       = "spec.network.allowedFrom.labels"
	fieldKeys         = "spec.server.tlsConfig.caBundle.configMapKeys"
)

// How long names may be, and how many keys there may be.
const (
	maxNamespace = 63
	maxLabel     = 317
	maxKey       = 253
	maxKeys      = 50
)

// Refused are cases that break one rule each.
func Refused() []Case {
	var cases []Case
	for _, some := range [][]Case{
		refusedServer(), refusedStorage(), refusedScaling(), refusedNames(), refusedNewFields(),
		refusedPods(), refusedPVCs(), refusedOperations(), refusedNetworks(), refusedExposures(), refusedTLS(), refusedMetadata(), refusedConfigs(), refusedStores(), refusedTelemetry(),
	} {
		cases = append(cases, some...)
	}
	return cases
}

func refusedServer() []Case {
	return []Case{
		{"name and image", "server: {distribution: {name: starter, image: quay.io/a/b:c}}", fieldDistribution, messageOneDistribution},
		{"neither name nor image", "server: {distribution: {}}", fieldDistribution, messageNoDistribution},
		{"an empty name", `server: {distribution: {name: ""}}`, fieldDistribution, messageNoDistribution},
		{"an empty name and an empty image", `server: {distribution: {name: "", image: ""}}`, fieldDistribution, messageNoDistribution},
		{"no distribution", "server: {}", fieldDistribution, "Required value"},
		{"a port above 65535", server("containerSpec: {port: 65536}"), fieldPort, messagePort},
		{"a negative port", server("containerSpec: {port: -1}"), fieldPort, messagePort},
		{"no workers", server("workers: 0"), "spec.server.workers", "should be greater than or equal to 1"},
		{"both fields of the disruption budget", server(`podDisruptionBudget: {minAvailable: 1, maxUnavailable: "50%"}`),
			"spec.server.podDisruptionBudget", "set minAvailable or maxUnavailable, not both"},
	}
}

func refusedStorage() []Case {
	return []Case{
		{"a PVC of size 0, as a text", server(`storage: {size: "0"}`), fieldSize, messageSize},
		{"a PVC of size 0, as a number", server("storage: {size: 0}"), fieldSize, messageSize},
		{"a PVC of size 0, with a unit", server("storage: {size: 0Gi}"), fieldSize, messageSize},
		{"a PVC of a negative size, as a text", server("storage: {size: -1Gi}"), fieldSize, messageSize},
		{"a PVC of a negative size, as a number", server("storage: {size: -5}"), fieldSize, messageSize},
		{"a PVC whose size is not a quantity", server("storage: {size: large}"), fieldSize, "should match"},
		{"a relative mount path", server("storage: {mountPath: data}"), fieldMountPath, messageMountPath},
		{"a mount path in the home directory", server("storage: {mountPath: ~/.llama}"), fieldMountPath, messageMountPath},
		{"the root as mount path", server("storage: {mountPath: /}"), fieldMountPath, messageMountPath},
		{"the root with two slashes as mount path", server("storage: {mountPath: //}"), fieldMountPath, messageMountPath},
		{"a mount path with a colon", server(`storage: {mountPath: "/data:ro"}`), fieldMountPath, messageMountPath},
	}
}

func refusedScaling() []Case {
	return []Case{
		{"negative replicas", "{replicas: -1, " + server("workers: 1") + "}", "spec.replicas", "replicas must be 0 or more; 0 stops the server"},
		{"an upper bound below the replicas", "{replicas: 3, " + server("autoscaling: {maxReplicas: 2}") + "}", fieldMaxReplicas, messageMaxReplicas},
		{"an upper bound below the lower", server("autoscaling: {minReplicas: 3, maxReplicas: 2}"), fieldMaxReplicas, messageMinReplicas},
		{"an upper bound of 0", "{replicas: 0, " + server("autoscaling: {maxReplicas: 0}") + "}", fieldMaxReplicas, messageNoReplicas},
		{"no upper bound", server("autoscaling: {minReplicas: 1}"), fieldMaxReplicas, "Required value"},
		{"a CPU target of 0", server("autoscaling: {maxReplicas: 2, targetCPUUtilizationPercentage: 0}"),
			"spec.server.autoscaling.targetCPUUtilizationPercentage", "the target must be 1 or more, in percent of the CPU request, such as 80"},
		{"a negative memory target", server("autoscaling: {maxReplicas: 2, targetMemoryUtilizationPercentage: -80}"),
			"spec.server.autoscaling.targetMemoryUtilizationPercentage", "the target must be 1 or more, in percent of the memory request, such as 80"},
	}
}

func refusedNames() []Case {
	long := func(n int) string { return strings.Repeat("a", n) }
	bundle := func(key string) string {
		return server("tlsConfig: {caBundle: {configMapName: ca, configMapKeys: [" + key + "]}}")
	}
	return []Case{
		{"a namespace in capitals", allowedFrom("namespaces: [Frontend]"), fieldNamespaces, messageNamespace},
		{"a namespace with a pattern", allowedFrom("namespaces: [front*]"), fieldNamespaces, messageNamespace},
		{"a namespace with a comma", allowedFrom(`namespaces: ["a,b"]`), fieldNamespaces, messageNamespace},
		{"a namespace with a line break", allowedFrom(`namespaces: ["a\nb"]`), fieldNamespaces, messageNamespace},
		{"the tenth namespace with a dot", allowedFrom("namespaces: [a, b, c, d, e, f, g, h, i, j.k]"), fieldNamespaces, messageNamespace},
		{"an empty namespace after ten others", allowedFrom(`namespaces: [a, b, c, d, e, f, g, h, i, j, ""]`), fieldNamespaces + "[10]", messageNamespaceSize},
		{"a namespace that is too long", allowedFrom("namespaces: [" + long(maxNamespace+1) + "]"), fieldNamespaces + "[0]", messageNamespaceSize},
		{"a namespace that starts with a dash", allowedFrom("namespaces: [-a]"), fieldNamespaces + "[0]", messageNamespaceEnds},
		{"a namespace that ends with a dash", allowedFrom("namespaces: [a, b-]"), fieldNamespaces + "[1]", messageNamespaceEnds},
		{"a label with its value", allowedFrom("labels: [team=frontend]"), fieldLabels, messageLabel},
		{"a label with a space", allowedFrom(`labels: ["team: frontend"]`), fieldLabels, messageLabel},
		{"a label of all", allowedFrom(`labels: ["a*"]`), fieldLabels, messageLabel},
		{"a label of two slashes", allowedFrom("labels: [a/b/c]"), fieldLabels, messageLabel},
		{"a label of a domain only", allowedFrom("labels: [example.com/]"), fieldLabels, messageLabel},
		{"a label of a domain in capitals", allowedFrom("labels: [Example.com/a]"), fieldLabels, messageLabel},
		{"the fifth label with its value", allowedFrom("labels: [a, b, c, d, e=f]"), fieldLabels, messageLabel},
		{"the tenth label with its value", allowedFrom("labels: [a, b, c, d, e, f, g, h, i, j=k]"), fieldLabels, messageLabel},
		{"an empty label after ten others", allowedFrom(`labels: [a, b, c, d, e, f, g, h, i, j, ""]`), fieldLabels + "[10]", messageLabelStart},
		{"a label that is too long", allowedFrom("labels: [" + long(maxLabel+1) + "]"), fieldLabels + "[0]", messageLabelStart},
		{"a label that starts with a dash", allowedFrom("labels: [-a]"), fieldLabels + "[0]", messageLabelStart},
		{"a label that starts with an underscore", allowedFrom("labels: [_a]"), fieldLabels + "[0]", messageLabelStart},
		{"a label that ends with a dot", allowedFrom("labels: [a.]"), fieldLabels + "[0]", messageLabelEnd},
		{"a label that ends with a dash", allowedFrom("labels: [a-]"), fieldLabels + "[0]", messageLabelEnd},
		{"a label that ends with an underscore", allowedFrom("labels: [a_]"), fieldLabels + "[0]", messageLabelEnd},
		{"a key with two dots", bundle("a..b"), fieldKeys, messageKey},
		{"a key that is a path", bundle("a/b"), fieldKeys, messageKey},
		{"a key above all others", bundle("../a"), fieldKeys, messageKey},
		{"a key with a space", bundle(`"a b"`), fieldKeys, messageKey},
		{"the sixth key with a star", bundle(`a, b, c, d, e, "*"`), fieldKeys, messageKey},
		{"an empty key after six others", bundle(`a, b, c, d, e, f, ""`), fieldKeys + "[6]", messageKeySize},
		{"a key that is too long", bundle(long(maxKey + 1)), fieldKeys + "[0]", messageKeySize},
		{"a key that starts with a dash", bundle("-a"), fieldKeys + "[0]", messageKeyEnds},
		{"a key that ends with an underscore", bundle("a, b_"), fieldKeys + "[1]", messageKeyEnds},
		{"too many keys", bundle("a" + strings.Repeat(", a", maxKeys)), fieldKeys, "must have at most 50 items"},
	}
}

// refusedNewFields are about fields that 0.9.0 did not have, which have bounds in the schema.
func refusedNewFields() []Case {
	probe := func(lines string) string { return server("containerSpec: {startupProbe: {" + lines + "}}") }
	const path = "spec.server.containerSpec.startupProbe."
	return []Case{
		{"an unknown way to launch", server("launch: Guess"), "spec.server.launch", `supported values: "Image", "Detect"`},
		{"an unknown retention policy", server("storage: {retentionPolicy: Keep}"), "spec.server.storage.retentionPolicy", `supported values: "Delete", "Retain"`},
		{"too few failures", probe("failureThreshold: 2"), path + "failureThreshold", "should be greater than or equal to 3"},
		{"too many failures", probe("failureThreshold: 10001"), path + "failureThreshold", "should be less than or equal to 10000"},
		{"no period", probe("periodSeconds: 0"), path + "periodSeconds", "should be greater than or equal to 1"},
		{"too long a period", probe("periodSeconds: 301"), path + "periodSeconds", "should be less than or equal to 300"},
		{"no timeout", probe("timeoutSeconds: 0"), path + "timeoutSeconds", "should be greater than or equal to 1"},
		{"too long a timeout", probe("timeoutSeconds: 301"), path + "timeoutSeconds", "should be less than or equal to 300"},
		{"a delay into the past", probe("initialDelaySeconds: -1"), path + "initialDelaySeconds", "should be greater than or equal to 0"},
		{"too long a delay", probe("initialDelaySeconds: 3601"), path + "initialDelaySeconds", "should be less than or equal to 3600"},
	}
}

// Accepted are cases at the edge of a rule.
func Accepted() []Case {
	accepted := func(name, spec string) Case { return Case{Name: name, Spec: spec} }
	return append([]Case{
		accepted("a name and an empty image", `server: {distribution: {name: starter, image: ""}}`),
		accepted("an image and an empty name", `server: {distribution: {name: "", image: "quay.io/a/b@sha256:c"}}`),
		accepted("port 0", server("containerSpec: {port: 0}")),
		accepted("the lowest port", server("containerSpec: {port: 1}")),
		accepted("the highest port", server("containerSpec: {port: 65535}")),
		accepted("one worker", server("workers: 1")),
		accepted("no replicas", "{replicas: 0, "+server("workers: 1")+"}"),
		accepted("autoscaling from 0 replicas", "{replicas: 0, "+server("autoscaling: {maxReplicas: 1}")+"}"),
		accepted("autoscaling with equal bounds", "{replicas: 2, "+server("autoscaling: {minReplicas: 2, maxReplicas: 2}")+"}"),
		accepted("a lower bound of 0", server("autoscaling: {minReplicas: 0, maxReplicas: 1}")),
		accepted("a target of 1", server("autoscaling: {maxReplicas: 1, targetCPUUtilizationPercentage: 1, targetMemoryUtilizationPercentage: 400}")),
		accepted("an empty disruption budget", server("podDisruptionBudget: {}")),
		accepted("minAvailable", server(`podDisruptionBudget: {minAvailable: "50%"}`)),
		accepted("maxUnavailable", server("podDisruptionBudget: {maxUnavailable: 0}")),
		accepted("an empty storage section", server("storage: {}")),
		accepted("a size as a number", server("storage: {size: 1073741824}")),
		accepted("a size as a text", server("storage: {size: 1.5Gi}")),
		accepted("a size with an exponent", server("storage: {size: 1e9}")),
		accepted("an empty mount path", server(`storage: {mountPath: ""}`)),
		accepted("a deep mount path", server("storage: {mountPath: /home/lls/.lls/}")),
		accepted("a mount path with spaces", server("storage: {mountPath: /my data}")),
		accepted("empty network lists", allowedFrom("namespaces: [], labels: []")),
		accepted("all namespaces", allowedFrom(`namespaces: ["*"]`)),
		accepted("all namespaces among others", allowedFrom(`namespaces: [a, "*", b-2, "0"]`)),
		accepted("the longest namespace and the longest label", allowedFrom("namespaces: ["+strings.Repeat("a", maxNamespace)+"], labels: ["+strings.Repeat("a", maxLabel)+"]")),
		accepted("more namespaces than the rules check", allowedFrom("namespaces: [a, b, c, d, e, f, g, h, i, j, k, l]")),
		accepted("labels", allowedFrom("labels: [team, team/authorized, example.com/a_B-c.D, kubernetes.io/metadata.name, a1, B2, c3]")),
		accepted("more labels than the rules check", allowedFrom("labels: [a, b, c, d, e, f, g, h, i, j, k, l]")),
		accepted("keys", server("tlsConfig: {caBundle: {configMapName: ca, configMapKeys: [ca-bundle.crt, a, A_1.pem]}}")),
		accepted("more keys than the rules check", server("tlsConfig: {caBundle: {configMapName: ca, configMapKeys: [a"+strings.Repeat(", a.b-c_d", maxKeys-1)+"]}}")),
		accepted("an empty list of keys", server("tlsConfig: {caBundle: {configMapName: ca, configMapKeys: []}}")),
		accepted("the new fields", server("launch: Image, storage: {retentionPolicy: Retain}, podOverrides: {securityContext: {runAsUser: 0}}, "+
			"containerSpec: {securityContext: {runAsNonRoot: false}, startupProbe: {initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 3}}")),
		accepted("the upper bounds of the new fields", server("launch: Detect, storage: {retentionPolicy: Delete}, "+
			"containerSpec: {startupProbe: {initialDelaySeconds: 3600, periodSeconds: 300, timeoutSeconds: 300, failureThreshold: 10000}}")),
	}, slices.Concat(acceptedPods(), acceptedPVCs(), acceptedOperations(), acceptedNetworks(), acceptedExposures(), acceptedTLS(),
		acceptedMetadata(), acceptedConfigs(), acceptedTelemetry())...)
}
