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

package harness

import (
	"io"
	"net"
	"net/http"

	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// ForwardPorts answers a request to forward ports by SPDY, as a kubelet does: every port leads to one address.
func ForwardPorts(address string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(httpstream.HeaderProtocolVersion, "portforward.k8s.io")
		opened := make(chan httpstream.Stream, 2)
		connection := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(stream httpstream.Stream, _ <-chan struct{}) error {
			opened <- stream
			return nil
		})
		if connection == nil {
			return
		}
		defer func() { _ = connection.Close() }()
		for {
			select {
			case stream := <-opened:
				go pipe(stream, address)
			case <-connection.CloseChan():
				return
			}
		}
	})
}

// pipe serves one stream.
func pipe(stream httpstream.Stream, address string) {
	defer func() { _ = stream.Close() }()
	if stream.Headers().Get("Streamtype") != "data" {
		return
	}
	to, err := net.Dial("tcp", address) //nolint:noctx // the stream ends it
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	go func() {
		_, _ = io.Copy(to, stream)
		_ = to.Close() // as the client has
	}()
	_, _ = io.Copy(stream, to)
}
