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

package gather

import (
	"fmt"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/secretwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/shell"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The ClusterRole that lets the operator watch Secrets, and the operator's ServiceAccount, as config/default and the
// bundle name them. Nothing binds the role but an administrator.
const (
	secretWatcherRole = "llama-stack-k8s-operator-llsd-secret-watcher-role" //nolint:gosec // it is a name
	serviceAccount    = "llama-stack-k8s-operator-controller-manager"
)

func rollsOnRenewal(instance *v1alpha1.LlamaStackDistribution, f *Found) bool {
	return instance.Spec.Server.RollsOnRenewal() && !f.Input.Serving.Unused
}

// followed is what is known of the Secrets that the server rolls for.
func (g *Gatherer) followed(instance *v1alpha1.LlamaStackDistribution, used []string, f *Found) map[string]secretwatch.State {
	names := used
	if rollsOnRenewal(instance, f) && !slices.Contains(names, f.Input.Serving.SecretName) {
		names = append([]string{f.Input.Serving.SecretName}, names...)
	}
	var secrets map[string]secretwatch.State
	secrets, f.Awaits = g.Secrets.Follow(client.ObjectKeyFromObject(instance), names)
	return secrets
}

// serving finds the version of the Secret that the Pods carry, for a server that rolls when it changes.
//
// While the version is not known the Pods keep the one that they have: neither a restart of the operator nor the loss
// of the right to watch rolls anything. A Secret that is created after its server adds its version and rolls the Pods,
// which have been waiting for it: the kubelet mounts it at once into a new Pod, and only after up to two minutes into
// one whose mount has failed.
func (g *Gatherer) serving(instance *v1alpha1.LlamaStackDistribution, secrets map[string]secretwatch.State, f *Found) {
	serving := f.Input.Serving
	if !rollsOnRenewal(instance, f) || f.Awaits > 0 {
		return
	}
	secret := types.NamespacedName{Namespace: instance.Namespace, Name: serving.SecretName}
	found := secrets[secret.Name]
	serving.Rolls, serving.Version = true, found.Version
	if found.Version == "" && f.Children.Deployment() != nil {
		serving.Version = render.ServingVersion(f.Children.Deployment())
	}
	if found.Beyond {
		f.Noticef("a renewed certificate does not roll the Pods, as onRenewal: Roll asks for, because the operator watches at most %d Secrets in a namespace: "+
			"use one Secret for several servers, or set %s to another time when Secret %s is renewed", secretwatch.MaxPerNamespace, v1alpha1.AnnotationRestartedAt, secret.Name)
	}
	if found.Denied != "" {
		f.Noticef("the operator may not watch Secret %s, so that a renewed certificate does not roll the Pods, as onRenewal: Roll asks for: allow it by %s",
			secret, g.allowing(secret.Namespace, found.Denied))
	}
}

// allowing is the command that lets the operator watch the Secrets of a namespace.
func (g *Gatherer) allowing(namespace, user string) string {
	who := "--user=" + user
	if account, ok := strings.CutPrefix(user, "system:serviceaccount:"); ok {
		who = "--serviceaccount=" + account
	} else if user == secretwatch.UnknownUser {
		who = fmt.Sprintf("--serviceaccount=%s:%s", g.Namespace, serviceAccount)
	}
	return shell.Command("kubectl", "-n", namespace, "create", "rolebinding", secretWatcherRole, "--clusterrole="+secretWatcherRole, who)
}
