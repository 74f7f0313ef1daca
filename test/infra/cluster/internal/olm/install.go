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

package olm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	folderMode = 0o755
	fileMode   = 0o644
	// startLimit is how long OLM's Pods, and then its first operator, may take on a busy machine.
	startLimit = 5 * time.Minute
	// listedWithin is how long the API server may take to list the kinds of definitions that are established.
	listedWithin = time.Minute
)

// Cluster is the cluster to install OLM on.
type Cluster struct {
	// Kubectl runs the cluster's kubectl as administrator.
	Kubectl func(ctx context.Context, args ...string) error
	// Folder keeps what was applied.
	Folder string
	// Sayf gets a line about every step.
	Sayf func(format string, args ...any)
}

// Install installs OLM, or updates an existing one to these images, and waits until it has installed its own package
// server.
func (c Cluster) Install(ctx context.Context, images Images) error {
	definitions, err := CRDs()
	if err != nil {
		return err
	}

	rest, err := Manifests(images)
	if err != nil {
		return err
	}

	for _, step := range []struct {
		title string
		do    func(context.Context) error
	}{
		{"its definitions are there", func(ctx context.Context) error { return c.applyDefinitions(ctx, definitions) }},
		{"its operators are ready", func(ctx context.Context) error { return c.applyOperators(ctx, rest) }},
		{"its package server is ready", c.packageServer},
	} {
		if err := step.do(ctx); err != nil {
			return err
		}

		c.Sayf("  OLM: %s", step.title)
	}

	return nil
}

func (c Cluster) applyDefinitions(ctx context.Context, definitions []byte) error {
	path, err := c.apply(ctx, "definitions.yaml", definitions)
	if err != nil {
		return err
	}

	return c.Kubectl(ctx, "wait", "--for=condition=Established", "--timeout="+startLimit.String(), "--filename="+path)
}

func (c Cluster) applyOperators(ctx context.Context, manifests []byte) error {
	if err := c.applyOfDefinitions(ctx, manifests); err != nil {
		return err
	}

	return c.Kubectl(ctx, "--namespace="+Namespace, "wait", "--for=condition=Available", "--timeout="+startLimit.String(),
		"deployment/olm-operator", "deployment/catalog-operator")
}

// applyOfDefinitions applies objects of definitions that are established. The API server may list these kinds a moment later.
func (c Cluster) applyOfDefinitions(ctx context.Context, manifests []byte) error {
	deadline := time.Now().Add(listedWithin)

	for {
		_, err := c.apply(ctx, "manifests.yaml", manifests)
		if err == nil || !strings.Contains(err.Error(), "no matches for kind") || time.Now().After(deadline) {
			return err
		}

		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}

func (c Cluster) packageServer(ctx context.Context) error {
	return c.Kubectl(ctx, "--namespace="+Namespace, "wait", "--for=jsonpath={.status.phase}=Succeeded", "--timeout="+startLimit.String(),
		"clusterserviceversion/packageserver")
}

// apply applies a file. Server-side, because the definitions are larger than the annotation of the other way may be.
func (c Cluster) apply(ctx context.Context, name string, content []byte) (string, error) {
	if err := os.MkdirAll(c.Folder, folderMode); err != nil {
		return "", fmt.Errorf("failed to create the folder for OLM's manifests: %w", err)
	}

	path := filepath.Join(c.Folder, name)
	if err := os.WriteFile(path, content, fileMode); err != nil {
		return "", fmt.Errorf("failed to write OLM's manifests: %w", err)
	}

	return path, c.Kubectl(ctx, "apply", "--server-side", "--force-conflicts", "--filename="+path)
}
