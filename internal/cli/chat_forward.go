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
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	streaming "k8s.io/streaming/pkg/httpstream"
)

// forwardTimeout is how long it may take to reach a Pod.
const forwardTimeout = 30 * time.Second

// loopback is where a forwarded port listens.
const loopback = "127.0.0.1"

// wire leads from a port of this machine to a Pod that serves.
type wire struct {
	*session

	// name of the server.
	name string
	// pod that the wire leads to, and url at which it answers here.
	pod, url string
	finish   func()
}

// connect connects to a Pod, and prefers another one than before.
func (w *wire) connect(ctx context.Context) error {
	w.end()
	server, err := w.server(ctx, w.name)
	if err != nil {
		return err
	}
	pod, err := w.readyPod(ctx, server, w.pod)
	if err != nil {
		return err
	}
	address, finish, err := forward(ctx, w.core, w.config, server.Namespace, pod, server.ServerPort())
	if err != nil {
		return err
	}
	w.pod, w.url, w.finish = pod, schemeOf(server)+"://"+address, finish
	return nil
}

// end closes the port.
func (w *wire) end() {
	if w.finish != nil {
		w.finish()
		w.finish = nil
	}
}

// readyPod is the name of a Pod that serves, and that of the last one only if there is no other.
func (s *session) readyPod(ctx context.Context, server *v1alpha1.LlamaStackDistribution, last string) (string, error) {
	pods, err := s.pods(ctx, server)
	if err != nil {
		return "", err
	}
	found := ""
	for i := range pods {
		if pods[i].DeletionTimestamp == nil && status.PodReady(&pods[i]) && (found == "" || found == last) {
			found = pods[i].Name
		}
	}
	if found == "" {
		return "", fmt.Errorf("%s has no Pod that serves; %s", server.Name, next(server))
	}
	return found, nil
}

// forward makes a port of this machine lead to one of a Pod, until the function that it returns is called. It returns the
// address.
func forward(ctx context.Context, core corev1client.CoreV1Interface, config *rest.Config, namespace, pod string, port int32) (string, func(), error) {
	stop, ready, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	to := core.RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	forwarder, err := newForwarder(config, to, port, stop, ready)
	if err != nil {
		return "", nil, fmt.Errorf("failed to prepare the port-forward: %w", err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		ended <- forwarder.ForwardPorts()
	}()
	finish := func() {
		close(stop)
		<-over
	}
	timeout := time.NewTimer(forwardTimeout)
	defer timeout.Stop()
	select {
	case <-ready:
	case err := <-ended:
		return "", nil, fmt.Errorf("failed to forward a port to Pod %s: %w", pod, err)
	case <-timeout.C:
		close(stop)
		return "", nil, fmt.Errorf("failed to forward a port to Pod %s: no answer within %s", pod, forwardTimeout)
	case <-ctx.Done():
		close(stop)
		return "", nil, fmt.Errorf("failed to forward a port to Pod %s: %w", pod, ctx.Err())
	}
	ports, err := forwarder.GetPorts()
	if err != nil || len(ports) != 1 {
		finish()
		return "", nil, errors.Join(fmt.Errorf("failed to forward a port to Pod %s", pod), err)
	}
	return fmt.Sprintf("%s:%d", loopback, ports[0].Local), finish, nil
}

// newForwarder speaks WebSocket, and SPDY with older API servers, as kubectl does.
func newForwarder(config *rest.Config, to *url.URL, port int32, stop <-chan struct{}, ready chan struct{}) (*portforward.PortForwarder, error) {
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says what
	}
	older := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, to)
	tunnel, err := portforward.NewSPDYOverWebsocketDialer(to, config)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says what
	}
	dialer := portforward.NewFallbackDialer(tunnel, older, func(err error) bool {
		return streaming.IsUpgradeFailure(err) || streaming.IsHTTPSProxyError(err)
	})
	ports := []string{fmt.Sprintf("0:%d", port)}
	return portforward.NewOnAddresses(dialer, []string{loopback}, ports, stop, ready, io.Discard, io.Discard) //nolint:wrapcheck // the caller says what
}
