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

package llamastack

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// DefaultTimeout of one request. Listing the providers takes a server up to about 3 s: it asks each of them.
	DefaultTimeout = 5 * time.Second
	// connectTimeout is for the address and the connection. It is the shorter one: a server that cannot be reached is then
	// distinguished from a slow one, with the same message every time, and delays the others less.
	connectTimeout = 3 * time.Second
	// maxBody is how many bytes of an answer are read; maxHeader likewise. A list of 30 providers takes 15 KiB.
	maxBody, maxHeader = 128 << 10, 64 << 10
	// decodings is how many answers are decoded at once, each of which takes several times its size for a moment. It
	// takes a millisecond; what waits for its turn is an answer that is there as a whole, so that no server holds one up.
	decodings = 4
)

// userAgent names the operator, without a version, in the logs of servers. The headers that clients of the server
// name their version in are not sent: a server refuses (426) a client whose version is not its own.
const userAgent = "llama-stack-k8s-operator"

// The paths are the same in every version of the server.
const (
	pathHealth    = "/v1/health"
	pathVersion   = "/v1/version"
	pathProviders = "/v1/providers"
	pathModels    = "/v1/models"
)

// Endpoint is where a server answers.
type Endpoint struct {
	// Scheme is http or https.
	Scheme string
	// Host is the DNS name that the server is asked for: in the Host header, and in its certificate. It is not resolved.
	Host string
	// Address is where to connect: the cluster IP of the server's Service.
	Address netip.Addr
	// Port from 1 to 65535.
	Port int32
	// Roots are the trusted certificate authorities for https; nil means those of the system.
	Roots Roots
}

// Roots returns the trusted certificate authorities for a probe, so that the certificates are not kept between probes.
// Its values can be compared.
type Roots interface {
	Pool(ctx context.Context) (*x509.CertPool, error)
}

func (e Endpoint) url(path string) string {
	u := url.URL{Scheme: e.Scheme, Host: net.JoinHostPort(e.Host, strconv.Itoa(int(e.Port))), Path: path}
	return u.String()
}

// ClientOptions of a Client; the zero value is good for use.
type ClientOptions struct {
	// Dial opens connections to the address of an endpoint; nil is the usual dialer, which gives up after 3 seconds. It is
	// called for addresses that Allow has let pass only.
	Dial Dial
	// Allow says which addresses may be connected to; nil is Allowed. Tests set it, whose servers are on this machine.
	Allow func(address netip.Addr) bool
	// Timeout of one request, its body included; 0 is DefaultTimeout.
	Timeout time.Duration
}

// Dial opens a connection to the address of an endpoint.
type Dial func(ctx context.Context, endpoint Endpoint) (net.Conn, error)

// Client asks servers. It is safe for concurrent use and keeps no connection open.
type Client struct {
	options ClientOptions
	// decoding has a place for each answer that is being decoded.
	decoding chan struct{}
}

// NewClient returns a Client.
func NewClient(options ClientOptions) *Client {
	if options.Timeout == 0 {
		options.Timeout = DefaultTimeout
	}
	if options.Allow == nil {
		options.Allow = Allowed
	}
	if options.Dial == nil {
		options.Dial = dialer(options.Allow)
	}
	return &Client{options: options, decoding: make(chan struct{}, decodings)}
}

// Observe asks a server for its health, and where it answers that, for its version, its providers and its models. It takes at
// most four timeouts, less when ctx ends, and returns no error: what went wrong is part of the observation.
func (c *Client) Observe(ctx context.Context, endpoint Endpoint) Observation {
	observation, _ := c.observe(ctx, endpoint, "")
	return observation
}

// observe also reports whether a response was 429, Too Many Requests. It sends no more requests to such a server.
func (c *Client) observe(ctx context.Context, endpoint Endpoint, wanted Wanted) (Observation, bool) {
	var observation Observation
	var problems []string
	roots, err := c.roots(ctx, endpoint)
	if err != nil {
		return Observation{Problem: "the certificates of its CA bundle cannot be read"}, false
	}
	requests := c.requests(endpoint, roots)
	steps := []struct {
		path string
		read func(*Observation, answer) string
	}{{pathHealth, readHealth}, {pathVersion, readVersion}, {pathProviders, readProviders}, {pathModels, modelsReader(wanted)}}
	throttled := false
	for _, step := range steps {
		got := c.get(ctx, requests, endpoint, step.path)
		if problem := c.decode(func() string { return step.read(&observation, got) }); problem != "" {
			problems = append(problems, "GET "+step.path+": "+problem)
		}
		observation.CertificateEnds = cmp.Or(observation.CertificateEnds, got.certificateEnds)
		observation.Interrupted = observation.Interrupted || observation.Reached && got.code == 0
		if throttled = got.code == http.StatusTooManyRequests; throttled || !observation.Reached {
			break
		}
	}
	observation.Problem = strings.Join(problems, "; ")
	return observation, throttled
}

// roots returns the trusted certificate authorities; nil means those of the system.
func (c *Client) roots(ctx context.Context, endpoint Endpoint) (*x509.CertPool, error) {
	if endpoint.Roots == nil {
		return nil, nil //nolint:nilnil // which is what crypto/tls takes for the system's
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	pool, err := endpoint.Roots.Pool(ctx)
	if err != nil {
		return nil, fmt.Errorf("failed to read the trusted certificates: %w", err)
	}
	return pool, nil
}

// decode waits for its turn.
func (c *Client) decode(read func() string) string {
	c.decoding <- struct{}{}
	defer func() { <-c.decoding }()
	return read()
}

// requests is a client for the requests of one observation.
//
// A server is asked once in minutes, so a connection kept open would only hold on to a Pod that is to go. The proxy of
// the environment is not used: servers are inside the cluster, and a proxy cannot resolve their names.
func (c *Client) requests(endpoint Endpoint, roots *x509.CertPool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            c.dialing(endpoint),
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeader,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer to one request: code 0 is none. Where problem is empty, the code is 200 and the body is whole.
type answer struct {
	code    int
	body    []byte
	problem string
	// certificateEnds is that of the Observation.
	certificateEnds int64
}

func (c *Client) get(ctx context.Context, requests *http.Client, endpoint Endpoint, path string) answer {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint.url(path), http.NoBody)
	if err != nil {
		return answer{problem: "its address is not valid"}
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", userAgent)
	response, err := requests.Do(request)
	if err != nil {
		return answer{problem: c.describe(err), certificateEnds: ended(err)}
	}
	defer func() { _ = response.Body.Close() }()
	return c.read(response)
}

func (c *Client) read(response *http.Response) answer {
	got := answer{code: response.StatusCode, certificateEnds: firstEnd(response.TLS)}
	if got.code != http.StatusOK {
		got.problem = fmt.Sprintf("answered %d", got.code)
		return got
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		got.problem = c.describe(err)
	case len(body) > maxBody:
		got.problem = "answered more than 128 KiB"
	default:
		got.body = body
	}
	return got
}
