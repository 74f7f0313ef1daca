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

// Package bundle reads an operator's bundle from a folder, as scorecard puts it into a test's Pod.
package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/operators/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// almExamples is the annotation of a CSV that holds a JSON list of custom resources to start from.
const almExamples = "alm-examples"

// Bundle is the content of the manifests of a bundle.
type Bundle struct {
	// CSV describes and installs the operator.
	CSV *v1alpha1.ClusterServiceVersion
	// CRDs by name.
	CRDs map[string]*apiextensionsv1.CustomResourceDefinition
	// Channels of the bundle's annotations.
	Channels []string
	// Package of the bundle's annotations.
	Package string

	objects []*unstructured.Unstructured
}

// Load reads the bundle in a folder.
func Load(folder string) (*Bundle, error) {
	raw, err := manifests.GetBundleFromDir(folder)
	if err != nil {
		return nil, fmt.Errorf("failed to read the bundle in %s: %w", folder, err)
	}
	b := &Bundle{
		CSV: raw.CSV, Channels: raw.Channels, Package: raw.Package, objects: raw.Objects,
		CRDs: make(map[string]*apiextensionsv1.CustomResourceDefinition, len(raw.V1CRDs)),
	}
	for _, crd := range raw.V1CRDs {
		b.CRDs[crd.Name] = crd
	}
	return b, nil
}

// Examples are the custom resources of the annotation alm-examples.
func (b *Bundle) Examples() ([]*unstructured.Unstructured, error) {
	var list []map[string]any
	if err := json.Unmarshal([]byte(b.CSV.Annotations[almExamples]), &list); err != nil {
		return nil, fmt.Errorf("failed to parse the annotation alm-examples of the CSV: %w", err)
	}
	if len(list) == 0 {
		return nil, errors.New("the annotation alm-examples of the CSV has no example: list samples in config/samples/kustomization.yaml, and run make bundle")
	}
	examples := make([]*unstructured.Unstructured, len(list))
	for i, fields := range list {
		examples[i] = &unstructured.Unstructured{Object: fields}
	}
	return examples, nil
}

// Deployments are those that OLM creates from the CSV.
func (b *Bundle) Deployments() []v1alpha1.StrategyDeploymentSpec {
	return b.CSV.Spec.InstallStrategy.StrategySpec.DeploymentSpecs
}

// Containers are all containers of the operator's Pods.
func (b *Bundle) Containers() []corev1.Container {
	all := make([]corev1.Container, 0, len(b.Deployments()))
	for _, deployment := range b.Deployments() {
		all = append(all, containersOf(deployment.Spec)...)
	}
	return all
}

func containersOf(deployment appsv1.DeploymentSpec) []corev1.Container {
	return slices.Concat(deployment.Template.Spec.InitContainers, deployment.Template.Spec.Containers)
}

// Grant is a set of rules, and its subject.
type Grant struct {
	// Where the rules are written, and how the sources call them.
	Where string
	Rules []rbacv1.PolicyRule
	// Offered is the name of a ClusterRole that the bundle binds to nobody; empty: it is granted.
	Offered string
}

// Grants are the rules of the operator's ServiceAccounts, and those of the Roles and ClusterRoles that are installed
// beside it.
func (b *Bundle) Grants() ([]Grant, error) {
	strategy := b.CSV.Spec.InstallStrategy.StrategySpec
	var all []Grant
	for _, p := range strategy.ClusterPermissions {
		all = append(all, Grant{Where: "clusterPermissions of the CSV for the ServiceAccount " + p.ServiceAccountName, Rules: p.Rules})
	}
	for _, p := range strategy.Permissions {
		all = append(all, Grant{Where: "permissions of the CSV for the ServiceAccount " + p.ServiceAccountName, Rules: p.Rules})
	}
	for _, object := range b.objects {
		if kind := object.GetKind(); kind != "Role" && kind != "ClusterRole" {
			continue
		}
		role := &rbacv1.ClusterRole{} // A Role has the same rules.
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, role); err != nil {
			return nil, fmt.Errorf("failed to read the %s %s: %w", object.GetKind(), object.GetName(), err)
		}
		grant := Grant{Where: object.GetKind() + " " + role.Name, Rules: role.Rules}
		if object.GetKind() == "ClusterRole" && !b.binds(role.Name) {
			grant.Offered = role.Name
		}
		all = append(all, grant)
	}
	return all, nil
}

// binds is whether somebody gets a ClusterRole.
func (b *Bundle) binds(role string) bool {
	return slices.ContainsFunc(b.objects, func(object *unstructured.Unstructured) bool {
		name, _, _ := unstructured.NestedString(object.Object, "roleRef", "name")
		return name == role
	})
}
