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

package cli

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The words by which checks recognize a cause in a message.
var (
	aboutQuota       = regexp.MustCompile(`(?i)exceeded quota|forbidden: (?:maximum|minimum) |violates PodSecurity|admission webhook`)
	aboutImage       = regexp.MustCompile(`(?i)ImagePull|ErrImage|InvalidImageName|manifest unknown`)
	aboutReference   = regexp.MustCompile(`(?i)(?:secret|configmap|persistentvolumeclaim)s? \S* ?not found|couldn't find key|CreateContainerConfigError|references non-existent`)
	aboutCertificate = regexp.MustCompile(`(?i)x509|certificate|CERTIFICATE_VERIFY_FAILED|SSLError`)
	aboutDNS         = regexp.MustCompile(`(?i)no such host|name or service not known|name resolution|getaddrinfo|nodename nor servname|NXDOMAIN`)
	aboutRuntime     = regexp.MustCompile(`(?i)containerd\.sock|crio\.sock|cri-dockerd\.sock|container runtime (?:is|not)|runtime service`)
	aboutVolume      = regexp.MustCompile(`^Failed(?:Mount|AttachVolume|MapVolume)$`)
	aboutDatabase    = regexp.MustCompile(`\betcd\b`)
	aboutNetwork     = regexp.MustCompile(`(?i)timed? ?out|i/o timeout|no route to host|unreachable|connection error`)
)

// conditions reports the conditions that are bad and have one of the reasons, or a message that matches.
func (f *patient) conditions(match *regexp.Regexp, reasons ...v1alpha1.Reason) []finding {
	var found []finding
	for i := range f.server.Status.Conditions {
		condition := &f.server.Status.Conditions[i]
		if f.reported[condition.Type] || condition.Status == metav1.ConditionTrue ||
			!slices.Contains(reasons, v1alpha1.Reason(condition.Reason)) && (match == nil || !match.MatchString(condition.Message)) {
			continue
		}
		f.reported[condition.Type] = true
		if f.said[condition.Message] {
			continue
		}
		f.said[condition.Message] = true
		found = append(found, failure(step(f.server, condition), "%s is %s, %s: %s", condition.Type, condition.Status, condition.Reason, condition.Message))
	}
	return found
}

// troubles reports Pods with a trouble that matches.
func (f *patient) troubles(match *regexp.Regexp, fix string) []finding {
	var found []finding
	for i := range f.pods {
		if trouble := status.PodTrouble(&f.pods[i], status.Trouble{}); trouble.Reason != "" && match.MatchString(trouble.String()) {
			found = append(found, failure(fix, "Pod %s: %s", f.pods[i].Name, trouble))
		}
	}
	return found
}

// checkReconciled reports a server that the operator does not follow.
func checkReconciled(f *patient) []finding {
	switch {
	case f.server.Paused():
		f.reported[string(v1alpha1.ConditionPaused)] = true
		return []finding{warning(command("unpause", f.server), "the server is paused, so that the operator changes and repairs nothing")}
	case f.server.Status.ObservedGeneration < f.server.Generation:
		return []finding{failure("see the checks operator and leader",
			"the operator has seen revision %d of the spec, and the last one is %d", f.server.Status.ObservedGeneration, f.server.Generation)}
	}
	return nil
}

func checkImage(f *patient) []finding {
	found := f.conditions(aboutImage, v1alpha1.ReasonUnknownDistribution, v1alpha1.ReasonInvalidDistribution, v1alpha1.ReasonInvalidImageOverride, v1alpha1.ReasonImageUnavailable)
	return append(found, f.troubles(aboutImage, "correct the image in the spec, or add imagePullSecrets")...)
}

func checkConfiguration(f *patient) []finding {
	return f.conditions(nil, v1alpha1.ReasonInvalid, v1alpha1.ReasonInvalidSpec, v1alpha1.ReasonUserConfigInvalid, v1alpha1.ReasonUserConfigKeyNotFound,
		v1alpha1.ReasonOperatorConfigMalformed, v1alpha1.ReasonNameTooLong, v1alpha1.ReasonImmutableField)
}

func checkReferences(f *patient) []finding {
	found := f.conditions(aboutReference, v1alpha1.ReasonUserConfigNotFound, v1alpha1.ReasonUserConfigOtherNS, v1alpha1.ReasonCABundleNotFound,
		v1alpha1.ReasonCABundleKeyNotFound, v1alpha1.ReasonCABundleOtherNS, v1alpha1.ReasonClaimNotFound)
	for _, name := range f.lost {
		found = append(found, failure("create it, or correct spec.server.userConfig", "ConfigMap %s does not exist", name))
	}
	return append(found, f.troubles(aboutReference, "create what is missing, or correct the reference in the spec")...)
}

// checkStorage reports a PVC that is not bound, with the StorageClass if that is why.
func checkStorage(f *patient) []finding {
	var found []finding
	if f.pvc != nil && f.pvc.Status.Phase == corev1.ClaimPending && f.cluster.classes != nil {
		found = classFaults(f)
	}
	if f.pvc != nil && f.pvc.Status.Phase == corev1.ClaimLost {
		found = append(found, failure("restore the PersistentVolume, or create the PVC again, without its data", "PVC %s has lost its volume", f.pvc.Name))
	}
	found = append(found, f.warned(func(event *corev1.Event) bool { return aboutVolume.MatchString(event.Reason) },
		"see the message; a volume that another node still has is free when its Pods have ended")...)
	return append(found, f.conditions(nil, v1alpha1.ReasonStorageFailed)...)
}

// classFaults are why no StorageClass serves a PVC.
func classFaults(f *patient) []finding {
	wanted := ""
	if f.pvc.Spec.StorageClassName != nil {
		wanted = *f.pvc.Spec.StorageClassName
	}
	for i := range f.cluster.classes {
		class := &f.cluster.classes[i]
		if class.Name == wanted || wanted == "" && class.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
			return nil
		}
	}
	if wanted == "" {
		return []finding{failure("set storage.storageClassName, or mark a StorageClass as the default", "PVC %s names no StorageClass, and the cluster has no default one", f.pvc.Name)}
	}
	return []finding{failure("create the StorageClass, or delete the PVC and name another one", "StorageClass %s of PVC %s does not exist", wanted, f.pvc.Name)}
}

// checkQuota reports what refuses objects or Pods, and the quotas that are used up.
func checkQuota(f *patient) []finding {
	found := f.conditions(aboutQuota)
	if len(found) == 0 {
		return nil
	}
	for i := range f.quotas {
		for name, hard := range f.quotas[i].Status.Hard {
			if used := f.quotas[i].Status.Used[name]; used.Cmp(hard) >= 0 {
				found = append(found, warning("raise it, or delete what uses it", "ResourceQuota %s is used up: %s of %s %s", f.quotas[i].Name, used.String(), hard.String(), name))
			}
		}
	}
	return found
}

// checkObjects reports children that are missing, or that others own, deleted or changed.
func checkObjects(f *patient) []finding {
	heals := "the operator restores it within seconds; if it does not, see the checks operator and reconciled"
	found := f.conditions(nil, v1alpha1.ReasonResourceConflict, v1alpha1.ReasonResourceContested)
	for _, missing := range f.absent {
		found = append(found, failure(heals, "%s %s: %s", missing.Kind, missing.Name, missing.Detail))
	}
	for _, object := range f.owned {
		kind := object.GetObjectKind().GroupVersionKind().Kind
		what := kind + " " + object.GetName()
		owners := object.GetOwnerReferences()
		mine := slices.ContainsFunc(owners, func(o metav1.OwnerReference) bool { return children.IsServer(&o) && o.Name == f.server.Name })
		switch {
		case kind == children.PersistentVolumeClaim: // one that is kept has no owner
		case len(owners) > 0 && !mine:
			found = append(found, failure("remove the owner reference, or delete the object", "%s belongs to %s %s", what, owners[0].Kind, owners[0].Name))
		case !mine:
			found = append(found, failure(heals, "%s has lost its owner reference", what))
		}
		if object.GetLabels()[v1alpha1.LabelManagedBy] == "" {
			found = append(found, failure(heals, "%s has lost its labels", what))
		}
		found = append(found, f.remade(object)...)
		if kind != children.PersistentVolumeClaim { // controllers of Kubernetes set the volume of one
			found = append(found, f.edited(object)...)
		}
	}
	return found
}

// silence is how long a kubelet, which reports every 10 seconds, may be silent.
const silence = 25 * time.Second

// warned reports the last warning about each Pod that is about a cause.
func (f *patient) warned(about func(*corev1.Event) bool, fix string) []finding {
	last := map[string]*corev1.Event{}
	for i := range f.warnings {
		event := &f.warnings[i]
		if before := last[event.InvolvedObject.Name]; about(event) && (before == nil || timeOf(before).Time.Before(timeOf(event).Time)) {
			last[event.InvolvedObject.Name] = event
		}
	}
	found := make([]finding, 0, len(last))
	for _, name := range slices.Sorted(maps.Keys(last)) {
		found = append(found, failure(fix, "Pod %s: %s: %s", name, last[name].Reason, last[name].Message))
	}
	return found
}

// checkNodes reports nodes that are lost, or accept no Pods while one waits.
func checkNodes(f *patient) []finding {
	var found []finding
	for i := range f.nodes {
		node := &f.nodes[i]
		for _, condition := range node.Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status != corev1.ConditionTrue {
				found = append(found, failure("repair the kubelet or the container runtime of the node", "node %s is not ready: %s: %s", node.Name, condition.Reason, condition.Message))
			}
		}
		if last, ok := f.heard[node.Name]; ok && f.cluster.now.Sub(last) > silence {
			found = append(found, warning("repair the kubelet of the node; Kubernetes gives it up later, and then replaces its Pods",
				"the kubelet of node %s has not reported for %d seconds", node.Name, int(f.cluster.now.Sub(last).Seconds())))
		}
		if node.Spec.Unschedulable && slices.ContainsFunc(f.pods, func(p corev1.Pod) bool { return p.Spec.NodeName == "" }) {
			found = append(found, failure("kubectl uncordon "+node.Name, "node %s is drained and accepts no Pods, and a Pod waits for a node", node.Name))
		}
	}
	found = append(found, f.warned(func(event *corev1.Event) bool { return aboutRuntime.MatchString(event.Message) }, "repair the container runtime of the node")...)
	return append(found, f.troubles(regexp.MustCompile(`NodeNotReady|Unschedulable`), "see the message; without a fitting node, the Pod waits")...)
}

// checkPods reports Pods that do not run, and those that ended lately and run again.
func checkPods(f *patient) []finding {
	found := f.conditions(nil, v1alpha1.ReasonRolloutFailed, v1alpha1.ReasonDeploymentFailed, v1alpha1.ReasonRolledBack)
	for i := range f.pods {
		view := podView(&f.pods[i], f.now)
		if len(view.Trouble) == 0 {
			continue
		}
		fix := command("logs", f.server) + " --previous"
		if strings.Contains(strings.Join(view.Trouble, " "), "OOMKilled") {
			fix = "raise spec.server.containerSpec.resources.limits.memory"
		}
		one := failure(fix, "Pod %s: %s", view.Name, strings.Join(view.Trouble, "; "))
		if view.State == stateGood {
			one.Verdict = verdictWarning
		}
		found = append(found, one)
	}
	return found
}
