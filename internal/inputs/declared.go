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
	"errors"
	"fmt"
	"strconv"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/overlay"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/serverconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
)

// Declared is what is remembered of the configuration that a LlamaStackDistribution declares.
type Declared struct {
	// Hash and Digest are of the ConfigMap that is mounted.
	Hash, Digest string
	Env          []corev1.EnvVar
	// Facts, Local, Forgotten and Vectors are as in UserFinding, of what is known without the base.
	Facts                     serverconfig.Facts
	Local, Forgotten, Vectors []serverconfig.Place
	Token                     bool
	// OwnCertificate says that it names one, so that the one of a Secret is not used.
	OwnCertificate bool
	// Unread says that it is too large to be inspected.
	Unread  bool
	Problem *status.Problem
}

// Weight implements Finding.
func (d Declared) Weight() int {
	const fixed, variable = 400, 300
	weight := fixed + len(d.Hash) + len(d.Digest) + len(d.Env)*variable
	if d.Problem != nil {
		weight += len(d.Problem.Message)
	}
	return weight + sizeOf(d.Local, d.Forgotten, d.Vectors)
}

// Declared returns what is found in the declared configuration. It is read once for each generation.
func (c *Contents) Declared(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) (Declared, error) {
	version := strconv.FormatInt(instance.Generation, 10)
	return once(ctx, c, Subject{Key: "declared/" + string(instance.UID), Version: version}, func(context.Context) (Declared, string, error) {
		found, err := inspectDeclared(instance)
		return found, version, err
	})
}

func inspectDeclared(instance *v1alpha1.LlamaStackDistribution) (Declared, error) {
	built, configMap, err := declaredContent(instance)
	if invalid, ok := errors.AsType[*overlay.Error](err); ok {
		return Declared{Problem: userProblemf(v1alpha1.ReasonInvalidSpec, "%v", invalid)}, nil
	}
	if err != nil {
		return Declared{}, err
	}
	found := Declared{
		Hash: ContentHash(configMap), Digest: apply.DigestOf(configMap), Env: built.Env,
		Token: render.NamesToken(built.JSON), OwnCertificate: built.OwnCertificate,
	}
	document, err := serverconfig.Parse(built.Sketch)
	if err != nil {
		found.Unread, found.Facts.TLSUncertain = true, true
		return found, nil //nolint:nilerr // it has more than can be inspected, and the server can read it
	}
	found.Facts, found.Local, found.Forgotten = document.Facts(), document.LocalState(), document.ForgottenState()
	found.Vectors, _ = document.VectorStores() // what they lack is added in the Pod
	return found, nil
}

// DeclaredData is the content of the ConfigMap with the declared configuration.
func DeclaredData(instance *v1alpha1.LlamaStackDistribution) (*corev1.ConfigMap, error) {
	_, configMap, err := declaredContent(instance)
	return configMap, err
}

// declaredContent builds the overlay and the ConfigMap that has it.
func declaredContent(instance *v1alpha1.LlamaStackDistribution) (overlay.Overlay, *corev1.ConfigMap, error) {
	built, err := overlayOf(instance)
	if err != nil {
		return overlay.Overlay{}, nil, err
	}
	configMap, err := render.ConfigContent(built.JSON)
	if err != nil {
		return overlay.Overlay{}, nil, fmt.Errorf("failed to prepare the declared configuration: %w", err)
	}
	return built, configMap, nil
}

func overlayOf(instance *v1alpha1.LlamaStackDistribution) (overlay.Overlay, error) {
	server := &instance.Spec.Server
	in := overlay.Input{Server: server, Port: instance.ServerPort(), DataDir: server.MountPath(), CAFile: render.TokenCAFile}
	if server.ServingSecret() != "" {
		in.CertFile, in.KeyFile = render.CertFile, render.KeyFile
	}
	built, err := overlay.Build(in)
	if err != nil {
		return overlay.Overlay{}, fmt.Errorf("failed to use the declared configuration: %w", err)
	}
	return built, nil
}
