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

package podwatch

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// RevisionAnnotation numbers the templates of a Deployment, on it and on its ReplicaSets.
const RevisionAnnotation = "deployment.kubernetes.io/revision"

// mostReplicaSets is how many are read of a Deployment, which keeps ten by itself.
const mostReplicaSets = 100

// Templates finds the hash of the newest template of a Deployment, which its Pods carry. Only the ReplicaSets have it. They
// are read when there are Pods of several templates and one is in trouble: once for each revision.
type Templates struct {
	live     client.Reader
	liveRead func(kind string)

	mu    sync.Mutex
	found map[types.UID]newestTemplate
}

type newestTemplate struct{ revision, hash string }

// NewTemplates reports each read from the API server to liveRead.
func NewTemplates(live client.Reader, liveRead func(kind string)) *Templates {
	return &Templates{live: live, liveRead: liveRead, found: map[types.UID]newestTemplate{}}
}

// Newest is the hash of the newest template, empty while no ReplicaSet has it.
func (t *Templates) Newest(ctx context.Context, server types.UID, deployment *appsv1.Deployment) (string, error) {
	revision := string(deployment.UID) + "/" + deployment.Annotations[RevisionAnnotation]
	t.mu.Lock()
	known := t.found[server]
	t.mu.Unlock()
	if known.revision == revision {
		return known.hash, nil
	}
	hash, err := t.read(ctx, deployment)
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.found[server] = newestTemplate{revision: revision, hash: hash}
	return hash, nil
}

func (t *Templates) read(ctx context.Context, deployment *appsv1.Deployment) (string, error) {
	selector, err := metav1.LabelSelectorAsSelector(deployment.Spec.Selector)
	if err != nil {
		return "", fmt.Errorf("failed to read the selector of Deployment %s/%s: %w", deployment.Namespace, deployment.Name, err)
	}
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("ReplicaSetList"))
	t.liveRead("ReplicaSet")
	err = t.live.List(ctx, list, client.InNamespace(deployment.Namespace), client.MatchingLabelsSelector{Selector: selector}, client.Limit(mostReplicaSets))
	if err != nil {
		return "", fmt.Errorf("failed to list the ReplicaSets of Deployment %s/%s: %w", deployment.Namespace, deployment.Name, err)
	}
	hash, last := "", int64(-1)
	for i := range list.Items {
		revision, err := strconv.ParseInt(list.Items[i].Annotations[RevisionAnnotation], 10, 64)
		if err == nil && revision > last && metav1.IsControlledBy(&list.Items[i], deployment) {
			hash, last = list.Items[i].Labels[appsv1.DefaultDeploymentUniqueLabelKey], revision
		}
	}
	return hash, nil
}

// Forget a server that no longer exists.
func (t *Templates) Forget(server types.UID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.found, server)
}
