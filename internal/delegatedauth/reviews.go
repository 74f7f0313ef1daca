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

package delegatedauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

var (
	errNoToken      = errors.New("the request has no bearer token")
	errUnknownToken = errors.New("the API server does not know the bearer token")
	errTooMany      = errors.New("too many bearer tokens that are not known yet: try again in a second")
	errDenied       = errors.New("the API server does not allow it")
)

// reviews are the two questions to the API server.
type reviews struct {
	authentication, authorization *rest.RESTClient
}

func newReviews(config *rest.Config, httpClient *http.Client) (reviews, error) {
	authentication, err := newRESTClient(config, httpClient, authenticationv1.SchemeGroupVersion, authenticationv1.AddToScheme)
	if err != nil {
		return reviews{}, err
	}
	authorization, err := newRESTClient(config, httpClient, authorizationv1.SchemeGroupVersion, authorizationv1.AddToScheme)
	if err != nil {
		return reviews{}, err
	}
	return reviews{authentication: authentication, authorization: authorization}, nil
}

func newRESTClient(config *rest.Config, httpClient *http.Client, version schema.GroupVersion, addToScheme func(*runtime.Scheme) error) (*rest.RESTClient, error) {
	scheme := runtime.NewScheme()
	if err := addToScheme(scheme); err != nil {
		return nil, fmt.Errorf("failed to register the types of %s: %w", version, err)
	}
	config = rest.CopyConfig(config)
	config.APIPath, config.GroupVersion = "/apis", &version
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.QPS = -1 // the allowances are the limit
	restClient, err := rest.RESTClientForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("failed to make a client for %s: %w", version, err)
	}
	return restClient, nil
}

// reviewToken asks whose a token is.
func (r reviews) reviewToken(ctx context.Context, token string) (identity, error) {
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}
	if err := r.authentication.Post().Resource("tokenreviews").Body(review).Do(ctx).Into(review); err != nil {
		return identity{}, fmt.Errorf("failed to ask the API server whose a token is: %w", err)
	}
	return identity{user: review.Status.User, known: review.Status.Authenticated}, nil
}

// reviewAccess asks whether a user may do something with a path.
func (r reviews) reviewAccess(ctx context.Context, user authenticationv1.UserInfo, verb, path string) (bool, error) {
	extra := make(map[string]authorizationv1.ExtraValue, len(user.Extra))
	for key, value := range user.Extra {
		extra[key] = authorizationv1.ExtraValue(value)
	}
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user.Username, UID: user.UID, Groups: user.Groups, Extra: extra,
		NonResourceAttributes: &authorizationv1.NonResourceAttributes{Verb: verb, Path: path},
	}}
	if err := r.authorization.Post().Resource("subjectaccessreviews").Body(review).Do(ctx).Into(review); err != nil {
		return false, fmt.Errorf("failed to ask the API server what %s may do: %w", user.Username, err)
	}
	return review.Status.Allowed && !review.Status.Denied, nil
}
