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
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
)

// ContainerName sets the container's name.
func (w *Wrapper) ContainerName(name string) *Wrapper {
	w.container().Name = name
	return w
}

// Port sets the port that the server listens on.
func (w *Wrapper) Port(port int32) *Wrapper {
	w.container().Port = port
	return w
}

// Env adds one environment variable.
func (w *Wrapper) Env(name, value string) *Wrapper {
	return w.EnvVar(corev1.EnvVar{Name: name, Value: value})
}

// EnvVar adds one environment variable of any kind.
func (w *Wrapper) EnvVar(variable corev1.EnvVar) *Wrapper {
	w.container().Env = append(w.container().Env, variable)
	return w
}

// Command sets the container's command.
func (w *Wrapper) Command(command ...string) *Wrapper {
	w.container().Command = command
	return w
}

// Args sets the container's arguments.
func (w *Wrapper) Args(args ...string) *Wrapper {
	w.container().Args = args
	return w
}

// Resources sets the container's resources.
func (w *Wrapper) Resources(resources corev1.ResourceRequirements) *Wrapper {
	w.container().Resources = resources
	return w
}

// SecurityContext sets the container's security context.
func (w *Wrapper) SecurityContext(context *corev1.SecurityContext) *Wrapper {
	w.container().SecurityContext = context
	return w
}

// StartupProbe sets the numbers of the startup probe.
func (w *Wrapper) StartupProbe(probe v1alpha1.StartupProbe) *Wrapper {
	w.container().StartupProbe = &probe
	return w
}

// ServiceAccount sets the Pod's ServiceAccount.
func (w *Wrapper) ServiceAccount(name string) *Wrapper {
	w.pod().ServiceAccountName = name
	return w
}

// GracePeriod sets how many seconds a Pod may take to stop.
func (w *Wrapper) GracePeriod(seconds int64) *Wrapper {
	w.pod().TerminationGracePeriodSeconds = &seconds
	return w
}

// Volume adds one volume to the Pod and, with a path, its mount to the container.
func (w *Wrapper) Volume(volume corev1.Volume, mountPath string) *Wrapper {
	w.pod().Volumes = append(w.pod().Volumes, volume)
	if mountPath != "" {
		mount := corev1.VolumeMount{Name: volume.Name, MountPath: mountPath}
		w.pod().VolumeMounts = append(w.pod().VolumeMounts, mount)
	}
	return w
}

// PodSecurityContext sets the Pod's security context.
func (w *Wrapper) PodSecurityContext(context *corev1.PodSecurityContext) *Wrapper {
	w.pod().SecurityContext = context
	return w
}

func (w *Wrapper) container() *v1alpha1.ContainerSpec {
	return &w.obj.Spec.Server.ContainerSpec
}

func (w *Wrapper) pod() *v1alpha1.PodOverrides {
	return ensure(&w.obj.Spec.Server.PodOverrides)
}

func (w *Wrapper) budget() *v1alpha1.PodDisruptionBudgetSpec {
	return ensure(&w.obj.Spec.Server.PodDisruptionBudget)
}

func (w *Wrapper) autoscaling() *v1alpha1.AutoscalingSpec {
	return ensure(&w.obj.Spec.Server.Autoscaling)
}

func (w *Wrapper) storage() *v1alpha1.StorageSpec {
	return ensure(&w.obj.Spec.Server.Storage)
}

func (w *Wrapper) network() *v1alpha1.NetworkSpec {
	return ensure(&w.obj.Spec.Network)
}

func (w *Wrapper) tlsConfig() *v1alpha1.TLSConfig {
	return ensure(&w.obj.Spec.Server.TLSConfig)
}

func (w *Wrapper) allowed() *v1alpha1.AllowedFromSpec {
	return ensure(&w.network().AllowedFrom)
}

// ensure makes what a field points to, once.
func ensure[T any](field **T) *T {
	if *field == nil {
		*field = new(T)
	}
	return *field
}
