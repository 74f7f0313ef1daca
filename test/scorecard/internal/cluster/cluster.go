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

// Package cluster has the tests that need a cluster with the operator on it. They work in one namespace, with the
// rights of access.yaml, and leave nothing behind.
package cluster

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/go-logr/logr"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/bundle"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/report"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Names of the tests, as scorecard's configuration has them.
const (
	ExamplesBecomeReady = "examples-become-ready"
	PodsAreRestricted   = "pods-are-restricted"
)

// namespaceVariable is the variable in which scorecard sets the namespace of a test's Pod.
const namespaceVariable = "SCORECARD_NAMESPACE"

// Patience has the limits of time on a busy machine.
type Patience struct {
	// Ready is how long one server may take to become Ready: real ones need minutes.
	Ready time.Duration
	// Objects is how long the operator may take to create a server's objects.
	Objects time.Duration
	// Cleanup is how long it may take until a server is gone.
	Cleanup time.Duration
	// Poll is the interval between two reads.
	Poll time.Duration
}

// Tester runs tests on a cluster.
type Tester struct {
	client    client.Client
	namespace string
	patience  Patience
}

// InCluster is a tester in the namespace of its own Pod, with the rights of the Pod's ServiceAccount.
func InCluster(patience Patience) (*Tester, error) {
	namespace := os.Getenv(namespaceVariable)
	if namespace == "" {
		return nil, fmt.Errorf("failed to find the namespace to test in: scorecard sets %s in the Pods of tests", namespaceVariable)
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, fmt.Errorf("failed to find the cluster: this test is run in a Pod, by operator-sdk scorecard: %w", err)
	}
	return New(config, namespace, patience)
}

// New is a tester in a namespace.
func New(config *rest.Config, namespace string, patience Patience) (*Tester, error) {
	beQuiet(config)
	direct, err := client.New(config, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("failed to connect to the API server: %w", err)
	}
	// A field that the API server does not know is an error, and no warning.
	return &Tester{client: client.WithFieldValidation(direct, metav1.FieldValidationStrict), namespace: namespace, patience: patience}, nil
}

// beQuiet stops libraries from logging: everything that a test's Pod writes is read as its result.
func beQuiet(config *rest.Config) {
	config.WarningHandlerWithContext = rest.NoWarnings{}
	log.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
}

// Examples requires that every example of the bundle is accepted unchanged, and that its server becomes Ready. Servers
// run one after the other, so that a small cluster can hold them.
func (t *Tester) Examples(ctx context.Context, b *bundle.Bundle, r *report.Report) {
	t.each(ctx, b, r, func(server *server) {
		server.checkDistribution(r)
		server.checkReady(ctx, r)
	})
}

// Restricted requires that the Pods of every example pass the Pod Security Standard restricted: the template that the
// operator renders, and its Pods on this cluster.
func (t *Tester) Restricted(ctx context.Context, b *bundle.Bundle, r *report.Report) {
	t.each(ctx, b, r, func(server *server) { server.checkRestricted(ctx, r) })
}

// each runs the servers of the examples, one after the other.
func (t *Tester) each(ctx context.Context, b *bundle.Bundle, r *report.Report, check func(*server)) {
	examples, err := b.Examples()
	if err != nil {
		r.Errorf("%v", err)
	}
	for _, example := range examples {
		server := &server{Tester: t, example: example.GetName()}
		if err := server.start(ctx, example); err != nil {
			r.Errorf("the example %s: %v", server.example, err)
		} else {
			check(server)
		}
		if err := server.stop(ctx); err != nil {
			r.Errorf("the example %s: %v", server.example, err)
		}
	}
}
