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

package render

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/resmap"
)

// caBundleVariables name the bundle to everything in a server that opens a TLS connection: OpenSSL and httpx,
// requests and huggingface_hub, curl, boto3, gRPC.
func caBundleVariables() []string {
	return []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"}
}

// setEnv sets the environment: the operator's variables, on top of them the CR's.
type setEnv struct{ *server }

// Transform implements resmap.Transformer.
func (t setEnv) Transform(m resmap.ResMap) error {
	e := edit(m, children.Deployment)
	env := newEnvironment()
	for _, entry := range e.list(containerPath, "env") {
		if fields, ok := entry.(map[string]any); ok {
			env.set(corev1.EnvVar{Name: fmt.Sprint(fields[nameKey]), Value: fmt.Sprint(fields["value"])})
		}
	}
	env.set(t.variables()...)
	env.set(t.Spec.Server.ContainerSpec.Env...)
	if t.Config != nil {
		// The CR's own RUN_CONFIG_PATH is the base of the configuration that the server starts with.
		env.set(namesOfConfig(compiledFile)...)
	}
	list, err := plainList(env.list())
	if err != nil {
		return err
	}
	e.set(containerPath, "env", list)
	return e.err
}

// environment is variables in their order. No name comes twice, which server-side apply rejects.
type environment struct {
	// variables has nil where one was that went to the end.
	variables []*corev1.EnvVar
	at        map[string]int
}

func newEnvironment() *environment { return &environment{at: map[string]int{}} }

// set adds variables, or replaces those of their names. A replacement that refers to other variables goes to the end,
// where the ones before it are defined; any other stays in place, where the ones after it find it.
func (e *environment) set(variables ...corev1.EnvVar) {
	for i := range variables {
		variable := &variables[i]
		at, known := e.at[variable.Name]
		if known && !strings.Contains(variable.Value, "$(") {
			e.variables[at] = variable
			continue
		}
		if known {
			e.variables[at] = nil
		}
		e.at[variable.Name] = len(e.variables)
		e.variables = append(e.variables, variable)
	}
}

func (e *environment) list() []corev1.EnvVar {
	list := make([]corev1.EnvVar, 0, len(e.at))
	for _, variable := range e.variables {
		if variable != nil {
			list = append(list, *variable)
		}
	}
	return list
}

// variables are the ones whose value is not the base's. Each era of servers has its own name for the port and for
// the number of workers; LLS_PORT and LLS_WORKERS are 0.9.0's. They are set even to the defaults: a Service of the
// namespace could otherwise put a variable of the same name, and another meaning, into the Pod.
func (t setEnv) variables() []corev1.EnvVar {
	port, workers := strconv.Itoa(int(t.port)), strconv.Itoa(int(t.workers))
	env := []corev1.EnvVar{
		{Name: "HF_HOME", Value: t.mountPath},
		{Name: "LLS_WORKERS", Value: workers},
		{Name: "LLS_PORT", Value: port},
		{Name: "LLAMA_STACK_PORT", Value: port},
		{Name: "OGX_PORT", Value: port},
	}
	if t.Spec.Server.Workers != nil {
		env = append(env, corev1.EnvVar{Name: "OGX_WORKERS", Value: workers})
	}
	env = append(env, t.metricsVariables()...)
	env = append(env, t.otlpVariables()...)
	if t.CABundle != nil {
		for _, name := range caBundleVariables() {
			env = append(env, corev1.EnvVar{Name: name, Value: path.Join(caBundlePath, v1alpha1.DefaultCABundleKey)})
		}
	}
	if t.Config != nil {
		return append(env, t.Config.Env...)
	}
	return append(env, t.configVariables()...)
}

// configVariables name the configuration: to the entrypoints of images, to llama_stack and to ogx when they are
// started without their command line. An image that starts with a configuration of its own is left alone. 0.9.0 set
// LLAMA_STACK_CONFIG always, so it stays where a CR may depend on it: with a command, and with a configuration that
// is mounted by hand.
func (t setEnv) configVariables() []corev1.EnvVar {
	names := namesOfConfig(userConfigFile)
	switch {
	case t.UserConfig != nil:
		return names
	case len(t.Spec.Server.ContainerSpec.Command) > 0 || t.mountsOwnConfig():
		return names[:1]
	default:
		return nil
	}
}

// namesOfConfig are the variables that name a configuration, that of 0.9.0 first.
func namesOfConfig(file string) []corev1.EnvVar {
	return []corev1.EnvVar{{Name: "LLAMA_STACK_CONFIG", Value: file}, {Name: "OGX_CONFIG", Value: file}, {Name: "RUN_CONFIG_PATH", Value: file}}
}

// mountsOwnConfig says that the CR's volume mounts cover the place of the configuration.
func (t setEnv) mountsOwnConfig() bool {
	return slices.ContainsFunc(t.overrides.VolumeMounts, func(mount corev1.VolumeMount) bool {
		clean := path.Clean(mount.MountPath)
		return clean == path.Clean(configPath) || clean == userConfigFile
	})
}
