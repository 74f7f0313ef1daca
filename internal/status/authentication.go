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

package status

import (
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// authenticationRequired reports whether a server with a declared configuration can be used from outside of the cluster
// without authentication. It is nil for every other server.
func (f *facts) authenticationRequired() *finding {
	by := f.exposedBy()
	switch {
	case f.Instance.Spec.Server.Config == nil || by == "":
		return nil
	case f.Authenticated:
		return &finding{metav1.ConditionTrue, v1alpha1.ReasonAuthenticated, "The configuration requires authentication of clients"}
	default:
		return &finding{metav1.ConditionFalse, v1alpha1.ReasonNoAuthentication, fmt.Sprintf(
			"The %s exposes the server, and its configuration declares no authentication: everyone who reaches it can use its models and data. "+
				"Set spec.server.config.auth, or make sure that what is in front of the server authenticates clients", by)}
	}
}

// exposedBy returns the kind of the object that exposes the server outside of the cluster, or an empty string.
func (f *facts) exposedBy() string {
	switch network := f.Instance.Spec.Network; {
	case network == nil:
		return ""
	case network.Exposed():
		return children.Ingress
	case network.HTTPRoute != nil:
		return children.HTTPRoute
	case network.Route != nil:
		return children.Route
	default:
		return ""
	}
}
