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
	"encoding/base64"
	"errors"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/resmap"
)

// Where configuration and certificates are in the container, and the names of their volumes, as in 0.9.0.
const (
	configPath     = "/etc/llama-stack/"
	configVolume   = "user-config"
	userConfigFile = configPath + v1alpha1.UserConfigKey
	caBundlePath   = "/etc/ssl/certs/ca-bundle"
	caBundleVolume = "ca-bundle"
)

// Where the certificate that the server shows is in the container, and the name of its volume.
const (
	servingPath = "/etc/llama-stack-tls"
	// ServingVolume is what the kubelet calls it.
	ServingVolume = "serving-tls"
	// CertFile and KeyFile are its files, for the server's configuration.
	CertFile = servingPath + "/" + corev1.TLSCertKey
	KeyFile  = servingPath + "/" + corev1.TLSPrivateKeyKey
	// servingMode lets the container's user read the files, whichever user and group the image, the CR or the platform
	// chose. There is nobody else in the container.
	servingMode = 0o444
)

// Annotations of the Pods that roll them when the content changes. The version of the Secret is on the Deployment, too.
const (
	configHashAnnotation     = "configmap.hash/user-config"
	declaredHashAnnotation   = "configmap.hash/server-config"
	caBundleHashAnnotation   = "configmap.hash/ca-bundle"
	servingVersionAnnotation = "secret.version/serving-tls"
	configMapsHashAnnotation = "configmap.hash/references"
	secretsHashAnnotation    = "secret.version/references"
)

// The label that distinguishes the ConfigMaps of the operator, and its values.
const (
	// LabelComponent says what a ConfigMap of the operator is for.
	LabelComponent = "app.kubernetes.io/component"
	// ComponentUserConfig is its value on the copies of a user's configuration.
	ComponentUserConfig = "user-config"
	// componentCABundle is its value on merged CA bundles.
	componentCABundle = "ca-bundle"
)

// mountConfig mounts the configuration, the CA bundle and the server's certificate, and marks the Pods with the hashes of their content.
type mountConfig struct{ *server }

// Transform implements resmap.Transformer.
func (t mountConfig) Transform(m resmap.ResMap) error {
	e := edit(m, children.Deployment)
	if t.UserConfig != nil {
		addVolume(e, configVolume, map[string]any{nameKey: t.UserConfig.CopyName})
		addMount(e, configVolume, configPath)
		e.set(templatePath+"/metadata/annotations", configHashAnnotation, t.UserConfig.Hash)
	}
	if t.Config != nil {
		t.mountDeclared(e)
	}
	if t.CABundle != nil {
		file := map[string]any{"key": v1alpha1.DefaultCABundleKey, "path": v1alpha1.DefaultCABundleKey}
		addVolume(e, caBundleVolume, map[string]any{nameKey: children.CABundleName(t.Name), "items": []any{file}})
		addMount(e, caBundleVolume, caBundlePath)
		e.set(templatePath+"/metadata/annotations", caBundleHashAnnotation, t.CABundle.Hash)
	}
	if t.Serving != nil {
		t.mountServing(e)
	}
	if t.References != nil {
		t.markReferences(e)
	}
	return e.err
}

// markReferences marks the Pods with the contents that they use.
func (t mountConfig) markReferences(e *editor) {
	for annotation, hash := range map[string]string{configMapsHashAnnotation: t.References.ConfigMaps, secretsHashAnnotation: t.References.Secrets} {
		if hash != "" {
			e.set(annotationsPath, annotation, hash)
		}
	}
	e.set(ownAnnotationsPath, v1alpha1.AnnotationReferences, t.References.Record)
}

// mountServing mounts the certificate. Both keys are asked for by name, so that the kubelet says which one is missing,
// and starts the server as soon as it is there.
func (t mountConfig) mountServing(e *editor) {
	keys := []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey}
	items := make([]any, 0, len(keys))
	for _, key := range keys {
		items = append(items, map[string]any{"key": key, "path": key})
	}
	volume := map[string]any{nameKey: ServingVolume, "secret": map[string]any{
		"secretName": t.Serving.SecretName, "defaultMode": int64(servingMode), "items": items,
	}}
	e.set(podSpecPath, "volumes", append(e.list(podSpecPath, "volumes"), volume))
	addMount(e, ServingVolume, servingPath)
	if t.Serving.Rolls && t.Serving.Version != "" {
		e.set(annotationsPath, servingVersionAnnotation, t.Serving.Version)
		e.set(ownAnnotationsPath, servingVersionAnnotation, t.Serving.Version)
	}
}

func addVolume(e *editor, name string, configMap map[string]any) {
	volume := map[string]any{nameKey: name, "configMap": configMap}
	e.set(podSpecPath, "volumes", append(e.list(podSpecPath, "volumes"), volume))
}

func addMount(e *editor, name, at string) {
	e.set(containerPath, "volumeMounts", append(e.list(containerPath, "volumeMounts"), mountOf(name, at, true)))
}

// UserConfigCopy is the operator's own, immutable copy of the user's ConfigMap, all keys, under the name that
// in.UserConfig has for it. It fails without in.UserConfig.
func UserConfigCopy(in Input, data map[string]string, binaryData map[string][]byte) (*unstructured.Unstructured, error) {
	if in.UserConfig == nil {
		return nil, errors.New("failed to render the copy of the user's configuration: there is none")
	}
	return immutableConfigMap(in, in.UserConfig.CopyName, data, binaryData), nil
}

// immutableConfigMap is a copy of a configuration.
func immutableConfigMap(in Input, name string, data map[string]string, binaryData map[string][]byte) *unstructured.Unstructured {
	copied := contentConfigMap(in, name, ComponentUserConfig)
	copied.Object["immutable"] = true
	if len(data) > 0 {
		copied.Object["data"] = anyMap(data)
	}
	if len(binaryData) > 0 {
		encoded := make(map[string]any, len(binaryData))
		for key, value := range binaryData {
			encoded[key] = base64.StdEncoding.EncodeToString(value)
		}
		copied.Object["binaryData"] = encoded
	}
	return copied
}

// CABundleHash is the Hash of the CABundle that the Pods of a Deployment carry; "" where they have none.
func CABundleHash(deployment *appsv1.Deployment) string {
	return deployment.Spec.Template.Annotations[caBundleHashAnnotation]
}

// ServingVersion is the Version of the Serving that the Pods of a Deployment were last asked to carry; "" where there was
// none. After a rollback the Pods carry an earlier one, and only the Deployment has the last one.
func ServingVersion(deployment *appsv1.Deployment) string {
	return deployment.Annotations[servingVersionAnnotation]
}

// CABundleConfigMap is the ConfigMap <name>-ca-bundle with the merged bundle (PEM) in its key ca-bundle.crt. It
// fails without in.CABundle.
func CABundleConfigMap(in Input, pem string) (*unstructured.Unstructured, error) {
	if in.CABundle == nil {
		return nil, errors.New("failed to render the CA bundle: there is none")
	}
	bundle := contentConfigMap(in, children.CABundleName(in.Name), componentCABundle)
	bundle.Object["data"] = map[string]any{v1alpha1.DefaultCABundleKey: pem}
	return bundle, nil
}

// contentConfigMap is a ConfigMap without content.
func contentConfigMap(in Input, name, component string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       children.ConfigMap,
		"metadata": in.withOwn(map[string]any{
			nameKey:     name,
			"namespace": in.Namespace,
			"labels": map[string]any{
				v1alpha1.LabelManagedBy: v1alpha1.ManagedBy,
				v1alpha1.LabelPartOf:    v1alpha1.PartOf,
				v1alpha1.LabelInstance:  in.Name,
				v1alpha1.LabelWatch:     "true",
				LabelComponent:          component,
			},
		}),
	}}
}
