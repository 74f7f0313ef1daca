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
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render/configure"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/resmap"
)

// The volume with the declared configuration and the program that merges it, and the volume with the result, which the
// server reads. The result is in memory, because it can have a password that was part of a URI.
const (
	declaredVolume = "configure"
	declaredPath   = "/etc/llama-stack-configure"
	compiledVolume = "server-config"
	compiledPath   = "/etc/llama-stack-compiled"
	compiledFile   = compiledPath + "/" + v1alpha1.UserConfigKey
	compiledLimit  = "4Mi"

	// OverlayKey is the key of the declared configuration in its ConfigMap.
	OverlayKey = "overlay.json"
)

// TokenCAFile has the certificate authorities of the Kubernetes API in a container with a token.
const TokenCAFile = "/var" + tokenPath + "/ca.crt"

// configureScript runs the program with the Python that has the server's package: the program exits with 2 where it does
// not find it.
const configureScript = `code=127
for python in python3 python; do
  command -v "$python" >/dev/null 2>&1 || continue
  code=0
  "$python" "$@" || code=$?
  [ "$code" -eq 2 ] || exit "$code"
done
[ "$code" -ne 127 ] || echo "the image has neither python3 nor python, which spec.server.config needs" >&2
exit "$code"
`

// mountDeclared adds the volumes of a declared configuration, and marks the Pods with the hash of its content.
func (t mountConfig) mountDeclared(e *editor) {
	addVolume(e, declaredVolume, map[string]any{nameKey: t.Config.CopyName})
	result := map[string]any{nameKey: compiledVolume, "emptyDir": map[string]any{"medium": "Memory", "sizeLimit": compiledLimit}}
	e.set(podSpecPath, "volumes", append(e.list(podSpecPath, "volumes"), result))
	addMount(e, compiledVolume, compiledPath)
	e.set(annotationsPath, declaredHashAnnotation, t.Config.Hash)
}

// addConfigure adds the init container that writes the server's configuration. It is the last one: others may fetch what
// the configuration refers to. It sees what the server sees, except for the server's data.
type addConfigure struct{ *server }

// Transform implements resmap.Transformer.
func (t addConfigure) Transform(m resmap.ResMap) error {
	if t.Config == nil {
		return nil
	}
	e := edit(m, children.Deployment)
	if err := t.checkNames(); err != nil {
		return err
	}
	variables, err := t.environment(e)
	if err != nil {
		return err
	}
	container := map[string]any{
		nameKey: v1alpha1.ConfigureContainerName, "image": t.Image, "command": stringList(t.command()), "env": variables,
		"volumeMounts": t.mounts(e), "resources": configureResources(e), "terminationMessagePolicy": "FallbackToLogsOnError",
	}
	for _, key := range []string{"envFrom", "imagePullPolicy", "securityContext"} {
		if value := e.get(containerPath, key); value != nil {
			container[key] = value
		}
	}
	e.set(podSpecPath, "initContainers", append(e.list(podSpecPath, "initContainers"), container))
	return e.err
}

// checkNames says that no other container has the name.
func (t addConfigure) checkNames() error {
	const message = "the name " + v1alpha1.ConfigureContainerName + " is that of the init container of spec.server.config; give the container another name"
	if t.Spec.Server.ContainerSpec.Name == v1alpha1.ConfigureContainerName {
		return &SpecError{Field: "spec.server.containerSpec.name", Message: message}
	}
	for i := range t.overrides.InitContainers {
		if t.overrides.InitContainers[i].Name == v1alpha1.ConfigureContainerName {
			return &SpecError{Field: fmt.Sprintf("spec.server.podOverrides.initContainers[%d].name", i), Message: message}
		}
	}
	return nil
}

func (t addConfigure) command() []string {
	command := []string{
		"/bin/sh", "-c", configureScript, v1alpha1.ConfigureContainerName, path.Join(declaredPath, configure.ArchiveName),
		"compile", "--overlay", path.Join(declaredPath, OverlayKey),
	}
	if t.UserConfig != nil {
		command = append(command, "--user-config", userConfigFile)
	}
	return append(command, "--out", compiledFile)
}

// environment is the server's, with the CR's own names of a configuration in the place of the operator's: the image or the
// CR decide what the base is.
func (t addConfigure) environment(e *editor) ([]any, error) {
	names := namesOfConfig("")
	isName := func(name string) bool {
		return slices.ContainsFunc(names, func(one corev1.EnvVar) bool { return one.Name == name })
	}
	list := slices.DeleteFunc(e.list(containerPath, "env"), func(variable any) bool { return isName(nameOf(variable)) })
	own := newEnvironment()
	own.set(slices.DeleteFunc(slices.Clone(t.Spec.Server.ContainerSpec.Env), func(one corev1.EnvVar) bool { return !isName(one.Name) })...)
	declared, err := plainList(own.list())
	return append(list, declared...), err
}

func (t addConfigure) mounts(e *editor) []any {
	mounts := slices.DeleteFunc(e.list(containerPath, "volumeMounts"), func(mount any) bool {
		at := path.Clean(mountPathOf(mount))
		return nameOf(mount) == storageVolume || at == compiledPath || at == declaredPath
	})
	return append(mounts, mountOf(compiledVolume, compiledPath, false), mountOf(declaredVolume, declaredPath, true))
}

// configureResources are the CPU and memory of the server. They change neither what the Pod requests, because the
// containers do not run at the same time, nor its quality of service.
func configureResources(e *editor) map[string]any {
	resources := map[string]any{}
	for _, kind := range []string{"requests", "limits"} {
		all, _ := e.get(containerPath+"/resources", kind).(map[string]any)
		amounts := map[string]any{}
		for _, name := range []string{"cpu", "memory"} {
			if amount, ok := all[name]; ok {
				amounts[name] = amount
			}
		}
		if len(amounts) > 0 {
			resources[kind] = amounts
		}
	}
	return resources
}

// ConfigContent is the content of the ConfigMap with a declared configuration, which is an overlay in JSON.
func ConfigContent(overlay string) (*corev1.ConfigMap, error) {
	program, err := configure.Archive()
	if err != nil {
		return nil, err
	}
	return &corev1.ConfigMap{Data: map[string]string{OverlayKey: overlay}, BinaryData: map[string][]byte{configure.ArchiveName: program}}, nil
}

// ConfigCopy is the immutable ConfigMap with the declared configuration, under the name that in.Config has for it. Like
// the copy of a user's configuration, it stays as long as Pods need it. It fails without in.Config.
func ConfigCopy(in Input, data map[string]string, binaryData map[string][]byte) (*unstructured.Unstructured, error) {
	if in.Config == nil {
		return nil, errors.New("failed to render the declared configuration: there is none")
	}
	return immutableConfigMap(in, in.Config.CopyName, data, binaryData), nil
}
