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
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render/configure"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

const (
	// CheckContainer is the name of the container of a check.
	CheckContainer = "check"
	// ComponentCheck is the value of LabelComponent on the Job of a check and its Pod.
	ComponentCheck = "config-check"

	checkInfix = "-check-"
	// checkHash is how many characters of the hash are part of names and labels.
	checkHash = 10
	// maxCheckName is the longest name of a Job. Its Pod has five characters and a dash more.
	maxCheckName = 57
	// checkStays is how long the cluster keeps a Job that has ended, if the operator does not delete it.
	checkStays int32 = 300
	// checkGrace is how long the Pod of a check has to end, in seconds: it writes nothing.
	checkGrace int64 = 2
	// checkScratch is the size of the folder in the place of the server's data.
	checkScratch = "256Mi"
)

// What a check requests. The limit is enough for the modules of a server with all its providers.
const (
	checkCPU         = "100m"
	checkMemory      = "256Mi"
	checkMemoryLimit = "2Gi"
)

// Check is a Job that checks what a server would start with.
type Check struct {
	// Hash identifies what decides about a start.
	Hash string
	// Job that checks it, without an owner reference.
	Job *batchv1.Job
}

// NewCheck makes the check of the server that deployment, which was rendered from in, would start.
func NewCheck(in Input, deployment *unstructured.Unstructured) (Check, error) {
	rendered := &appsv1.Deployment{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(deployment.Object, rendered); err != nil {
		return Check{}, fmt.Errorf("failed to read the rendered Deployment: %w", err)
	}
	c := checker{Input: in, template: &rendered.Spec.Template, selector: rendered.Spec.Selector}
	program, err := configure.Inline()
	if err != nil {
		return Check{}, err
	}
	c.program = program
	if len(c.template.Spec.Containers) == 0 {
		return Check{}, errors.New("failed to make a check: the rendered Deployment has no container")
	}
	spec := c.pod()
	hash, err := c.hash(&spec)
	if err != nil {
		return Check{}, err
	}
	return Check{Hash: hash, Job: c.job(hash, spec)}, nil
}

// checker makes a check.
type checker struct {
	Input

	template *corev1.PodTemplateSpec
	selector *metav1.LabelSelector
	// program is an argument, for a server without a ConfigMap that has it.
	program string
}

// hash is that of what decides about a start: the Pod of the check, and the contents that its names do not show.
func (c checker) hash(spec *corev1.PodSpec) (string, error) {
	contents := map[string]string{}
	for key, value := range c.template.Annotations {
		if strings.HasPrefix(key, "configmap.hash/") || strings.HasPrefix(key, "secret.version/") {
			contents[key] = value
		}
	}
	text, err := json.Marshal([]any{spec, contents})
	if err != nil {
		return "", fmt.Errorf("failed to hash a check: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:copyHashLength], nil
}

func (c checker) job(hash string, spec corev1.PodSpec) *batchv1.Job {
	labels := c.labels(hash)
	own := maps.Clone(labels)
	own[v1alpha1.LabelInstance] = c.Name
	return &batchv1.Job{
		TypeMeta:   metav1.TypeMeta{APIVersion: batchv1.SchemeGroupVersion.String(), Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{Name: CheckJobName(c.Name, hash), Namespace: c.Namespace, Labels: own},
		Spec: batchv1.JobSpec{
			BackoffLimit:            new(int32(0)),
			ActiveDeadlineSeconds:   new(int64(c.Spec.Server.CheckDeadline() / time.Second)),
			TTLSecondsAfterFinished: new(checkStays),
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: c.podLabels(labels), Annotations: c.annotations()},
				Spec:       spec,
			},
		},
	}
}

// labels find the Jobs and the Pods of checks.
func (c checker) labels(hash string) map[string]string {
	return map[string]string{
		v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelPartOf: v1alpha1.PartOf,
		LabelComponent: ComponentCheck, v1alpha1.LabelCheck: hash,
	}
}

// podLabels are the author's labels, which policies of the namespace may select, and none by which anything selects the
// Pods of the server: a check gets no requests, and is no replica.
func (c checker) podLabels(own map[string]string) map[string]string {
	labels := maps.Clone(c.template.Labels)
	delete(labels, v1alpha1.LabelApp)
	delete(labels, v1alpha1.LabelInstance)
	if c.selector != nil {
		for key := range c.selector.MatchLabels {
			delete(labels, key)
		}
	}
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, own)
	return labels
}

// annotations are those of the server's Pods, except for what restarts them.
func (c checker) annotations() map[string]string {
	annotations := maps.Clone(c.template.Annotations)
	delete(annotations, v1alpha1.AnnotationRestartedAt)
	return annotations
}

// pod runs where and as the server would, and requests neither its data nor its devices. It may be scheduled next to the
// server.
func (c checker) pod() corev1.PodSpec {
	container := c.container()
	spec := *c.template.Spec.DeepCopy()
	spec.Containers, spec.InitContainers = []corev1.Container{container}, nil
	spec.RestartPolicy = corev1.RestartPolicyNever
	spec.TerminationGracePeriodSeconds = new(checkGrace)
	spec.TopologySpreadConstraints, spec.ResourceClaims, spec.SchedulingGates, spec.ReadinessGates = nil, nil, nil, nil
	spec.PriorityClassName = "" // a check must not preempt anything
	if spec.Affinity != nil {
		spec.Affinity = &corev1.Affinity{NodeAffinity: spec.Affinity.NodeAffinity}
		if spec.Affinity.NodeAffinity == nil {
			spec.Affinity = nil
		}
	}
	spec.Volumes = c.volumes(&container)
	return spec
}

// volumes are those that the container mounts, with an empty folder in the place of the server's data.
func (c checker) volumes(container *corev1.Container) []corev1.Volume {
	var volumes []corev1.Volume
	for i := range c.template.Spec.Volumes {
		volume := *c.template.Spec.Volumes[i].DeepCopy()
		if volume.Name == storageVolume {
			limit := resource.MustParse(checkScratch)
			volume.VolumeSource = corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &limit}}
		}
		if mounts(container, volume.Name) {
			volumes = append(volumes, volume)
		}
	}
	return volumes
}

func mounts(container *corev1.Container, volume string) bool {
	return slices.ContainsFunc(container.VolumeMounts, func(mount corev1.VolumeMount) bool { return mount.Name == volume })
}

// container is the init container that compiles the configuration, or what it would be.
func (c checker) container() corev1.Container {
	server := c.template.Spec.Containers[0]
	container := corev1.Container{
		Name: CheckContainer, Image: server.Image, ImagePullPolicy: server.ImagePullPolicy, Command: c.command(), EnvFrom: server.EnvFrom,
		Env: c.environment(&server), VolumeMounts: c.mounts(&server), SecurityContext: server.SecurityContext,
		Resources: checkResources(&server), TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	own := container.DeepCopy()
	for i := range own.Env {
		if from := own.Env[i].ValueFrom; from != nil && from.ResourceFieldRef != nil {
			from.ResourceFieldRef.ContainerName = "" // there is no container of the server's name
		}
	}
	return *own
}

func (c checker) command() []string {
	command := []string{"/bin/sh", "-c", configureScript, CheckContainer}
	if c.Config != nil {
		command = append(command, path.Join(declaredPath, configure.ArchiveName), "check", "--overlay", path.Join(declaredPath, OverlayKey))
	} else {
		command = append(command, "-c", configure.Loader, c.program, "check")
	}
	if c.UserConfig != nil {
		command = append(command, "--user-config", userConfigFile)
	}
	return command
}

// environment is that of the init container, which has the CR's own names of a configuration.
func (c checker) environment(server *corev1.Container) []corev1.EnvVar {
	for i := range c.template.Spec.InitContainers {
		if one := &c.template.Spec.InitContainers[i]; c.Config != nil && one.Name == v1alpha1.ConfigureContainerName {
			return one.Env
		}
	}
	return server.Env
}

// mounts are the server's, except for what the init container writes.
func (c checker) mounts(server *corev1.Container) []corev1.VolumeMount {
	list := slices.DeleteFunc(slices.Clone(server.VolumeMounts), func(mount corev1.VolumeMount) bool {
		return mount.Name == compiledVolume || path.Clean(mount.MountPath) == declaredPath
	})
	if c.Config == nil {
		return list
	}
	return append(list, corev1.VolumeMount{Name: declaredVolume, MountPath: declaredPath, ReadOnly: true})
}

// checkResources are small, and never more than the server's own. Where the server has a limit, a check has one, because a
// quota may require it.
func checkResources(server *corev1.Container) corev1.ResourceRequirements {
	requests, limits := corev1.ResourceList{}, corev1.ResourceList{}
	limits[corev1.ResourceMemory] = least(resource.MustParse(checkMemoryLimit), server.Resources.Limits, corev1.ResourceMemory)
	if limit, found := server.Resources.Limits[corev1.ResourceCPU]; found {
		limits[corev1.ResourceCPU] = limit
	}
	requests[corev1.ResourceCPU] = least(least(resource.MustParse(checkCPU), server.Resources.Requests, corev1.ResourceCPU), limits, corev1.ResourceCPU)
	requests[corev1.ResourceMemory] = least(least(resource.MustParse(checkMemory), server.Resources.Requests, corev1.ResourceMemory), limits, corev1.ResourceMemory)
	return corev1.ResourceRequirements{Requests: requests, Limits: limits}
}

// least is the smaller one of an amount and the one in a list, if that has one.
func least(amount resource.Quantity, list corev1.ResourceList, name corev1.ResourceName) resource.Quantity {
	if other, found := list[name]; found && other.Cmp(amount) < 0 {
		return other
	}
	return amount
}

// CheckJobName is the name of the Job that checks a LlamaStackDistribution.
func CheckJobName(cr, hash string) string {
	suffix := checkInfix + hash[:min(checkHash, len(hash))]
	return strings.TrimRight(cr[:min(len(cr), maxCheckName-len(suffix))], "-") + suffix
}
