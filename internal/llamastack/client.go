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
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// DefaultTimeout of one request. Listing the providers takes a server up to about 3 s: it asks each of them.
	DefaultTimeout = 5 * time.Second
	// connectTimeout is for finding the address and connecting. It is the shorter one, so that a server which cannot be
	// reached is told from one that is slow, in the same words every time, and holds up the others for less long.
	connectTimeout = 3 * time.Second
	// maxBody is how many bytes of an answer are read; maxHeader likewise.
	maxBody, maxHeader = 1 << 20, 64 << 10
)

// userAgent names the operator, without a version, in the logs of servers. The headers that clients of the server
// name their version in are not sent: a server refuses (426) a client whose version is not its own.
const userAgent = "llama-stack-k8s-operator"

// The paths are the same in every version of the server.
const (
	pathHealth    = "/v1/health"
	pathVersion   = "/v1/version"
	pathProviders = "/v1/providers"
)

// Endpoint is where a server answers.
type Endpoint struct {
	// Scheme is http or https.
	Scheme string
	// Host is a DNS name or an IP address.
	Host string
	// Port from 1 to 65535.
	Port int32
	// RootCAs are whom to trust over https; nil is the system's.
	RootCAs *x509.CertPool
}

func (e Endpoint) url(path string) string {
	u := url.URL{Scheme: e.Scheme, Host: net.JoinHostPort(e.Host, strconv.Itoa(int(e.Port))), Path: path}
	return u.String()
}

// ClientOptions of a Client; the zero value is good for use.
type ClientOptions struct {
	// Dial opens connections; nil is the usual dialer, which gives up after 3 seconds.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Timeout of one request, its body included; 0 is DefaultTimeout.
	Timeout time.Duration
}

// Client asks servers. It is safe for concurrent use and keeps no connection open.
type Client struct {
	options ClientOptions
}

// NewClient returns a Client.
func NewClient(options ClientOptions) *Client {
	if options.Timeout == 0 {
		options.Timeout = DefaultTimeout
	}
	if options.Dial == nil {
		options.Dial = (&net.Dialer{Timeout: connectTimeout}).DialContext
	}
	return &Client{options: options}
}

// Observe asks a server for its health, and where it answers that, for its version and its providers. It takes at
// most three timeouts, less when ctx ends, and returns no error: what went wrong is part of the observation.
func (c *Client) Observe(ctx context.Context, endpoint Endpoint) Observation {
	observation, _ := c.observe(ctx, endpoint)
	return observation
}

// observe also tells whether any of the answers was 429, too many requests. Such a server is not asked further.
func (c *Client) observe(ctx context.Context, endpoint Endpoint) (Observation, bool) {
	var observation Observation
	var problems []string
	requests := c.requests(endpoint)
	steps := []struct {
		path string
		read func(*Observation, answer) string
	}{{pathHealth, readHealth}, {pathVersion, readVersion}, {pathProviders, readProviders}}
	throttled := false
	for _, step := range steps {
		got := c.get(ctx, requests, endpoint, step.path)
		if problem := step.read(&observation, got); problem != "" {
			problems = append(problems, "GET "+step.path+": "+problem)
		}
		observation.Interrupted = observation.Interrupted || observation.Reached && got.code == 0
		if throttled = got.code == http.StatusTooManyRequests; throttled || !observation.Reached {
			break
		}
	}
	observation.Problem = strings.Join(problems, "; ")
	return observation, throttled
}

// requests is a client for the requests of one observation.
//
// A server is asked once in minutes, so a connection kept open would only hold on to a Pod that is to go. The proxy
// of the environment is not used: servers are inside the cluster, and a proxy that nobody told so would be asked for
// names that it cannot know.
func (c *Client) requests(endpoint Endpoint) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            c.options.Dial,
			TLSClientConfig:        &tls.Config{RootCAs: endpoint.RootCAs, MinVersion: tls.VersionTLS12},
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
		return answer{problem: c.describe(err)}
	}
	defer func() { _ = response.Body.Close() }()
	return c.read(response)
}

func (c *Client) read(response *http.Response) answer {
	got := answer{code: response.StatusCode}
	if got.code != http.StatusOK {
		got.problem = fmt.Sprintf("answered %d", got.code)
		return got
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		got.problem = c.describe(err)
	case len(body) > maxBody:
		got.problem = "answered more than 1 MiB"
	default:
		got.body = body
	}
	return got
}
