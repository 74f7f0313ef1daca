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

package controller

import (
	"context"
	"fmt"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The ClusterRole that lets the operator watch Secrets, and the operator's ServiceAccount, as config/default and the
// bundle name them. Nothing binds the role but an administrator.
const (
	secretWatcherRole = "llama-stack-k8s-operator-llsd-secret-watcher-role" //nolint:gosec // it is a name
	serviceAccount    = "llama-stack-k8s-operator-controller-manager"
)

// gatherServing finds the version of the Secret that the Pods carry, for a server that rolls when it changes.
//
// While the version is not known the Pods keep the one that they have: neither a restart of the operator nor the loss of
// the right to watch rolls anything. A Secret that is made after its server adds its version and rolls the Pods, which
// have been waiting for it: the kubelet mounts it at once into a new Pod, and only after up to two minutes into one whose
// mount it has tried in vain.
func (r *Reconciler) gatherServing(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, p *pass) {
	server, serving := client.ObjectKeyFromObject(instance), p.input.Serving
	if !instance.Spec.Server.RollsOnRenewal() || serving.Unused {
		r.secrets.leave(server)
		return
	}
	secret := types.NamespacedName{Namespace: instance.Namespace, Name: serving.SecretName}
	found := r.secrets.follow(ctx, server, secret)
	serving.Rolls, serving.Version = true, found.version
	if found.version == "" && p.children.deployment != nil {
		serving.Version = render.ServingVersion(p.children.deployment)
	}
	if found.denied != "" {
		p.noticef("the operator may not watch Secret %s, so that a renewed certificate does not roll the Pods, as onRenewal: Roll asks for: allow it by %s",
			secret, r.allowing(secret.Namespace, found.denied))
	}
}

// allowing is the command that lets the operator watch the Secrets of a namespace.
func (r *Reconciler) allowing(namespace, user string) string {
	who := "--user=" + user
	if account, ok := strings.CutPrefix(user, "system:serviceaccount:"); ok {
		who = "--serviceaccount=" + account
	} else if user == unknownUser {
		who = fmt.Sprintf("--serviceaccount=%s:%s", r.namespace, serviceAccount)
	}
	return fmt.Sprintf("kubectl -n %[1]s create rolebinding %[2]s --clusterrole=%[2]s %[3]s", namespace, secretWatcherRole, who)
}
