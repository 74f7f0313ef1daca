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

// Package outside is a proxy behind which there is no Internet: it answers itself for the hosts of model providers, as
// OpenAI, Anthropic and Amazon do, to clients that trust its certificate.
package outside

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/openai"
)

const (
	// accessKey is what a role has instead of a key of its own.
	accessKey = "ASIASTANDINSTANDIN00"
	// idle limits how long a client may keep a connection without a request.
	idle = time.Minute
	// maxForm bounds the body of a request for credentials, in bytes.
	maxForm = 64 << 10
)

// Proxy answers CONNECT to any host. The zero value knows no model.
type Proxy struct {
	// Models are the ids of the models that every provider has.
	Models []string
	// Certificate is for the hosts that clients connect to.
	Certificate tls.Certificate
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		openai.WriteJSON(w, struct{}{}) // It is asked whether it is ready.

		return
	}

	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		openai.WriteError(w, http.StatusInternalServerError, err.Error())

		return
	}

	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		_ = client.Close()

		return
	}

	if buffered.Reader.Buffered() > 0 {
		_ = client.Close() // A client waits for the answer to CONNECT.

		return
	}
	// What is buffered ends with this handler, so that the connection itself is read.
	p.serve(client)
}

// serve answers the requests of one connection until its client closes it.
func (p *Proxy) serve(client net.Conn) {
	server := &http.Server{Handler: p.providers(), ReadHeaderTimeout: idle, IdleTimeout: idle}
	connections := &once{connection: tls.Server(client, &tls.Config{Certificates: []tls.Certificate{p.Certificate}, MinVersion: tls.VersionTLS12})}
	// It ends with the listener, after its one connection was accepted.
	_ = server.Serve(connections)
}

// once is a listener with one connection.
type once struct{ connection net.Conn }

// Accept implements net.Listener.
func (o *once) Accept() (net.Conn, error) {
	if o.connection == nil {
		return nil, net.ErrClosed
	}

	connection := o.connection
	o.connection = nil

	return connection, nil
}

// Close implements net.Listener.
func (*once) Close() error { return nil }

// Addr implements net.Listener.
func (*once) Addr() net.Addr { return &net.TCPAddr{} }

// providers answers for all hosts.
func (p *Proxy) providers() http.Handler {
	mux := http.NewServeMux()
	openai.Backend{Models: p.Models}.Register(mux)
	// Amazon's own: credentials of a role, and the models of a region.
	mux.HandleFunc("POST /{$}", assume)
	mux.HandleFunc("GET /foundation-models", func(w http.ResponseWriter, _ *http.Request) {
		openai.WriteJSON(w, map[string][]string{"modelSummaries": {}})
	})

	return authorized(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = strings.TrimPrefix(r.URL.Path, "/openai") // Amazon's prefix.
		mux.ServeHTTP(w, r)
	}))
}

// authorized refuses requests without what a provider wants: the signature of a role where that is Amazon's runtime, and a key
// elsewhere. Requests for credentials have neither.
func authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wanted := "Bearer "
		if strings.HasSuffix(hostOf(r), ".amazonaws.com") {
			wanted = "AWS4-HMAC-SHA256 Credential=" + accessKey + "/"
		}

		given := r.Header.Get("Authorization")
		if key := r.Header.Get("X-Api-Key"); key != "" {
			given = "Bearer " + key // Anthropic's own client.
		}

		if !strings.HasPrefix(hostOf(r), "sts.") && !strings.HasPrefix(given, wanted) {
			openai.WriteError(w, http.StatusUnauthorized, fmt.Sprintf("the authorization for %s must begin with %q", r.Host, wanted))

			return
		}

		next.ServeHTTP(w, r)
	})
}

func hostOf(r *http.Request) string { return strings.TrimSuffix(r.Host, ":443") }

// assume gives the credentials of a role to who has a token of a ServiceAccount.
func assume(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if r.FormValue("Action") != "AssumeRoleWithWebIdentity" || strings.Count(r.FormValue("WebIdentityToken"), ".") != 2 {
		http.Error(w, "the action must be AssumeRoleWithWebIdentity, with the token of a ServiceAccount", http.StatusForbidden)

		return
	}

	const answer = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>` +
		`<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>` +
		`<Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`

	w.Header().Set("Content-Type", "text/xml")
	_, _ = fmt.Fprintf(w, answer, accessKey, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}
