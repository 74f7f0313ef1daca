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

// Package llsdtest builds LlamaStackDistributions for tests:
//
//	llsdtest.Make("a").Namespace("apps").Replicas(2).Storage("1Gi").Obj()
//
// Every call changes the wrapper and returns it; Obj returns a copy, so that one wrapper can make several objects.
// What Make returns is what a person would have written at the least: a name, the namespace "default" and the
// distribution "starter". The API server's defaults are not filled in; Defaulted does that.
package llsdtest

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const (
	// Namespace is where an object is that names no other.
	Namespace = "default"
	// Distribution is what an object runs that names no other.
	Distribution = "starter"
)

// Wrapper builds one LlamaStackDistribution.
type Wrapper struct {
	obj v1alpha1.LlamaStackDistribution
}

// Make starts a LlamaStackDistribution of this name.
func Make(name string) *Wrapper {
	w := &Wrapper{}
	w.obj.TypeMeta = metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind}
	w.obj.Name, w.obj.Namespace = name, Namespace
	w.obj.Spec.Server.Distribution.Name = Distribution
	return w
}

// Obj returns a copy of what was built.
func (w *Wrapper) Obj() *v1alpha1.LlamaStackDistribution {
	return w.obj.DeepCopy()
}

// Defaulted fills in what the API server would: replicas 1 and the container's name.
func (w *Wrapper) Defaulted() *Wrapper {
	if w.obj.Spec.Replicas == nil {
		w.Replicas(1)
	}
	if w.container().Name == "" {
		w.ContainerName(v1alpha1.DefaultContainerName)
	}
	return w
}

// Edit changes what no other method does.
func (w *Wrapper) Edit(change func(*v1alpha1.LlamaStackDistribution)) *Wrapper {
	change(&w.obj)
	return w
}

// Namespace sets metadata.namespace.
func (w *Wrapper) Namespace(namespace string) *Wrapper {
	w.obj.Namespace = namespace
	return w
}

// UID sets metadata.uid.
func (w *Wrapper) UID(uid string) *Wrapper {
	w.obj.UID = types.UID(uid)
	return w
}

// Generation sets metadata.generation.
func (w *Wrapper) Generation(generation int64) *Wrapper {
	w.obj.Generation = generation
	return w
}

// Label adds one label.
func (w *Wrapper) Label(key, value string) *Wrapper {
	metav1.SetMetaDataLabel(&w.obj.ObjectMeta, key, value)
	return w
}

// Annotation adds one annotation.
func (w *Wrapper) Annotation(key, value string) *Wrapper {
	metav1.SetMetaDataAnnotation(&w.obj.ObjectMeta, key, value)
	return w
}

// Deleted sets metadata.deletionTimestamp.
func (w *Wrapper) Deleted(at metav1.Time) *Wrapper {
	w.obj.DeletionTimestamp = &at
	return w
}

// Status sets the status.
func (w *Wrapper) Status(status v1alpha1.LlamaStackDistributionStatus) *Wrapper {
	w.obj.Status = status
	return w
}

// Replicas sets spec.replicas.
func (w *Wrapper) Replicas(n int32) *Wrapper {
	w.obj.Spec.Replicas = &n
	return w
}

// Distribution runs a distribution by name.
func (w *Wrapper) Distribution(name string) *Wrapper {
	w.obj.Spec.Server.Distribution = v1alpha1.DistributionType{Name: name}
	return w
}

// Image runs an image.
func (w *Wrapper) Image(reference string) *Wrapper {
	w.obj.Spec.Server.Distribution = v1alpha1.DistributionType{Image: reference}
	return w
}

// Workers sets the number of processes in each Pod.
func (w *Wrapper) Workers(n int32) *Wrapper {
	w.obj.Spec.Server.Workers = &n
	return w
}

// Launch sets how the container starts.
func (w *Wrapper) Launch(mode v1alpha1.LaunchMode) *Wrapper {
	w.obj.Spec.Server.Launch = mode
	return w
}

// UserConfig names the ConfigMap with the server's configuration.
func (w *Wrapper) UserConfig(configMap string) *Wrapper {
	w.obj.Spec.Server.UserConfig = &v1alpha1.UserConfigSpec{ConfigMapName: configMap}
	return w
}

// UserConfigIn names the ConfigMap with the server's configuration, and its namespace.
func (w *Wrapper) UserConfigIn(namespace, configMap string) *Wrapper {
	w.UserConfig(configMap)
	w.obj.Spec.Server.UserConfig.ConfigMapNamespace = namespace
	return w
}

// CABundle names the ConfigMap with certificate authorities, and the keys, if others than the default.
func (w *Wrapper) CABundle(configMap string, keys ...string) *Wrapper {
	return w.CABundleIn("", configMap, keys...)
}

// CABundleIn is CABundle with the ConfigMap's namespace.
func (w *Wrapper) CABundleIn(namespace, configMap string, keys ...string) *Wrapper {
	w.tlsConfig().CABundle = &v1alpha1.CABundleConfig{ConfigMapName: configMap, ConfigMapNamespace: namespace, ConfigMapKeys: keys}
	return w
}

// ServingTLS names the Secret with the certificate that the server shows.
func (w *Wrapper) ServingTLS(secret string) *Wrapper {
	w.tlsConfig().Serving = &v1alpha1.ServingTLS{SecretName: secret}
	return w
}

// RollOnRenewal replaces the Pods when the Secret of ServingTLS changes.
func (w *Wrapper) RollOnRenewal() *Wrapper {
	w.obj.Spec.Server.TLSConfig.Serving.OnRenewal = v1alpha1.RenewalRoll
	return w
}

// ExposeRoute asks for an Ingress.
func (w *Wrapper) ExposeRoute() *Wrapper {
	w.network().ExposeRoute = true
	return w
}

// AllowNamespaces adds namespaces by name to those that may reach the server.
func (w *Wrapper) AllowNamespaces(names ...string) *Wrapper {
	w.allowed().Namespaces = append(w.allowed().Namespaces, names...)
	return w
}

// AllowLabels adds namespaces by label key to those that may reach the server.
func (w *Wrapper) AllowLabels(keys ...string) *Wrapper {
	w.allowed().Labels = append(w.allowed().Labels, keys...)
	return w
}

// Autoscaling sets the bounds; min 0 is not set.
func (w *Wrapper) Autoscaling(minReplicas, maxReplicas int32) *Wrapper {
	w.autoscaling().MaxReplicas = maxReplicas
	if minReplicas != 0 {
		w.autoscaling().MinReplicas = &minReplicas
	}
	return w
}

// TargetCPU sets the CPU target in percent of the request.
func (w *Wrapper) TargetCPU(percent int32) *Wrapper {
	w.autoscaling().TargetCPUUtilizationPercentage = &percent
	return w
}

// TargetMemory sets the memory target in percent of the request.
func (w *Wrapper) TargetMemory(percent int32) *Wrapper {
	w.autoscaling().TargetMemoryUtilizationPercentage = &percent
	return w
}

// MinAvailable sets the disruption budget's field: a number such as "1" or a percentage such as "50%".
func (w *Wrapper) MinAvailable(value string) *Wrapper {
	v := intstr.Parse(value)
	w.budget().MinAvailable = &v
	return w
}

// MaxUnavailable sets the disruption budget's field: a number such as "1" or a percentage such as "50%".
func (w *Wrapper) MaxUnavailable(value string) *Wrapper {
	v := intstr.Parse(value)
	w.budget().MaxUnavailable = &v
	return w
}

// TopologySpread adds one constraint.
func (w *Wrapper) TopologySpread(constraint corev1.TopologySpreadConstraint) *Wrapper {
	s := &w.obj.Spec.Server
	s.TopologySpreadConstraints = append(s.TopologySpreadConstraints, constraint)
	return w
}

// Storage asks for a PVC of this size; "" is a PVC of the default size. It panics on what is no quantity.
func (w *Wrapper) Storage(size string) *Wrapper {
	w.storage().Size = nil
	if size != "" {
		q := resource.MustParse(size)
		w.storage().Size = &q
	}
	return w
}

// MountPath sets where the PVC is mounted.
func (w *Wrapper) MountPath(path string) *Wrapper {
	w.storage().MountPath = path
	return w
}

// Retention sets what happens to the PVC when the object is deleted.
func (w *Wrapper) Retention(policy v1alpha1.RetentionPolicy) *Wrapper {
	w.storage().RetentionPolicy = policy
	return w
}
