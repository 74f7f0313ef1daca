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

package cabundle_test

import (
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"
)

// FuzzMerge holds for any content: no panic; an error is one of the two kinds; a bundle is nothing but certificates,
// is the same whatever the order of its sources, and is its own bundle.
func FuzzMerge(f *testing.F) {
	f.Add("", certificate(1))
	f.Add(certificate(1)+certificate(2), certificate(2))
	f.Add(" \n", "hello")
	f.Add("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", block("PRIVATE KEY", []byte("secret")))
	f.Add("-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----", "\r\n-----BEGIN -----\n-----END -----")
	f.Fuzz(func(t *testing.T, first, second string) {
		bundle, err := cabundle.Merge([]cabundle.Source{source(first), source(second)})
		reversed, reversedErr := cabundle.Merge([]cabundle.Source{source(second), source(first)})
		if (err == nil) != (reversedErr == nil) || bundle != reversed {
			t.Fatal("the order of the sources matters")
		}
		if err != nil {
			if !errors.As(err, new(*cabundle.InvalidError)) && !errors.As(err, new(*cabundle.LimitError)) {
				t.Fatalf("error of an unknown kind: %v", err)
			}
			return
		}
		again, err := cabundle.Merge([]cabundle.Source{source(bundle.PEM)})
		if err != nil || again != bundle {
			t.Fatalf("the bundle is not its own bundle: %v", err)
		}
		rest := []byte(bundle.PEM)
		for range bundle.Certificates {
			_, rest = pem.Decode(rest)
		}
		if strings.TrimSpace(string(rest)) != "" {
			t.Fatalf("the bundle holds more than %d certificates", bundle.Certificates)
		}
	})
}
