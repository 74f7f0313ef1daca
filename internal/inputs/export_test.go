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

package inputs

import (
	"context"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Found is a finding of tests.
type Found string

func (f Found) Weight() int { return len(f) }

// Once finds what is not remembered of a subject in a version.
func Once(ctx context.Context, c *Contents, key, version string, find func(context.Context) (Found, string, error)) (Found, error) {
	return once(ctx, c, Subject{Key: key, Version: version}, find)
}

// Remembered is what all findings weigh, in bytes, and how many there are.
func (c *Contents) Remembered() (int, int) { return c.found.Weight() + c.roots.Weight(), c.found.Len() }

// Find is what is found in a user's ConfigMap, and in a bundle of certificates from it, and their problems.
func (c *Contents) Find(ctx context.Context, configMap *corev1.ConfigMap) []*status.Problem {
	key := client.ObjectKeyFromObject(configMap)
	user := UserConfig{Key: key}
	found, err := once(ctx, c, user.subject(string(configMap.UID), configMap.ResourceVersion), func(context.Context) (UserFinding, string, error) {
		return user.inspect(configMap.DeepCopy()), configMap.ResourceVersion, nil
	})
	if err != nil {
		panic(err)
	}
	bundle := CABundle{Verifies: true, Sources: []CASource{{Key: key, UID: string(configMap.UID), Version: configMap.ResourceVersion, Found: true}}}
	trusted, err := once(ctx, c, bundle.subject(), func(context.Context) (CAFinding, string, error) {
		source, problem := bundle.Sources[0].read(configMap)
		if problem != nil {
			return CAFinding{Problem: problem}, bundle.version(), nil
		}
		return c.merge(&bundle, []cabundle.Source{source}, nil), bundle.version(), nil
	})
	if err != nil {
		panic(err)
	}
	return []*status.Problem{found.Problem, trusted.Problem}
}

// UserConfigOf is what is found in a user's ConfigMap by a server.
func UserConfigOf(instance *v1alpha1.LlamaStackDistribution, configMap *corev1.ConfigMap) Inspected {
	user := UserConfig{
		Key: client.ObjectKeyFromObject(configMap), Workers: instance.Spec.Server.Workers, Serving: instance.Spec.Server.ServingSecret() != "",
		Commanded: len(instance.Spec.Server.ContainerSpec.Command) > 0,
	}
	found := user.inspect(configMap.DeepCopy())
	shown := Inspected{Unread: found.Unread, Notice: found.Notice, TCPProbe: !found.Facts.HTTPProbe(), Mounted: user.data != nil}
	if found.Problem != nil {
		shown.Reason, shown.Message = found.Problem.Reason, found.Problem.Message
	}
	return shown
}

// Inspected is what is found in a user's ConfigMap.
type Inspected struct {
	Reason                    v1alpha1.Reason
	Message, Notice           string
	Unread, TCPProbe, Mounted bool
}
