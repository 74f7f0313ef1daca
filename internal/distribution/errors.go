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

package distribution

import (
	"errors"
	"fmt"
	"strings"
)

// ErrUnset is returned for a CR that sets neither a name nor an image.
var ErrUnset = errors.New("spec.server.distribution has neither name nor image: set one of them")

// UnknownError is returned for an unknown name of a distribution.
type UnknownError struct {
	// Name in the CR.
	Name string
	// Known are the known names, sorted.
	Known []string
}

// Error describes the problem, its place and the fix.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("spec.server.distribution.name %q is unknown: use one of %s, or set spec.server.distribution.image",
		e.Name, strings.Join(e.Known, ", "))
}

// InvalidImageError is returned for an environment variable that is not an image reference.
type InvalidImageError struct {
	// Variable is the environment variable's name.
	Variable string
	// Value of the variable.
	Value string
	// Err is why the value is not an image reference.
	Err error
}

// Error describes the problem, its place and the fix.
func (e *InvalidImageError) Error() string {
	return fmt.Sprintf("environment variable %s of the operator is not an image reference: %v: set it to one such as "+
		"registry.example.com/team/server:1.0, or remove it", e.Variable, e.Err)
}

// Unwrap returns the cause.
func (e *InvalidImageError) Unwrap() error { return e.Err }
