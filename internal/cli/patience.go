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
	"net"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// longestOutage is how long a command that has no limit of its own bears errors of the API server.
const longestOutage = 10 * time.Minute

// patience bears errors that pass, such as those of an API server that starts again, for a limited time.
type patience struct {
	to    io.Writer
	limit time.Duration
	// since is the time of the first error after the last answer; zero: there was none.
	since time.Time
}

// bear returns an error that a command ends with. It says once that one which passes is borne, and when it is over.
func (p *patience) bear(err error) error {
	switch {
	case err == nil:
		if !p.since.IsZero() {
			p.since = time.Time{}
			sayf(p.to, "The API server answers again.\n")
		}
	case !passes(err):
		return err
	case p.since.IsZero():
		p.since = time.Now()
		sayf(p.to, "A request failed, and is sent again until it is answered: %s\n", reasonOf(err))
	case time.Since(p.since) > p.limit:
		return fmt.Errorf("failed to get an answer for %s: %w", p.limit, err)
	}
	return nil
}

// passes says whether an error can be gone at the next attempt: no answer, or one of a server that has too much to do or is ill.
func passes(err error) bool {
	if answer := apierrors.APIStatus(nil); errors.As(err, &answer) {
		code := answer.Status().Code
		return code == http.StatusTooManyRequests || code >= http.StatusInternalServerError
	}
	network := (*net.OpError)(nil)
	return errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) || utilnet.IsTimeout(err) || utilnet.IsProbableEOF(err) ||
		utilnet.IsHTTP2ConnectionLost(err)
}
