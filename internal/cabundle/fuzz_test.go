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
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"
)

// FuzzMerge holds for any content: an error is one of the two kinds and the same whatever the order of the sources;
// a bundle is nothing but certificates, is the same whatever the order of its sources and their line ends, and is its
// own bundle.
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
		checkBundle(t, bundle)
		if cabundle.IsUTF16(first) || cabundle.IsUTF16(second) {
			return // its line ends are not one byte
		}
		windows, err := cabundle.Merge([]cabundle.Source{source(toWindows(first)), source(toWindows(second))})
		if err != nil || windows != bundle {
			t.Fatalf("line ends matter: %v", err)
		}
	})
}

func toWindows(content string) string { return strings.ReplaceAll(content, "\n", "\r\n") }

// checkBundle expects a bundle within the limits that holds its number of certificates, sorted, each once, nothing
// else, and that is its own bundle.
func checkBundle(t *testing.T, bundle cabundle.Bundle) {
	t.Helper()
	if len(bundle.PEM) > cabundle.MaxBundleBytes || bundle.Certificates > cabundle.MaxCertificates {
		t.Fatalf("%d bytes and %d certificates exceed the limits", len(bundle.PEM), bundle.Certificates)
	}
	rest, last := []byte(bundle.PEM), ""
	for i := range bundle.Certificates {
		next, after := pem.Decode(rest)
		if next == nil || next.Type != "CERTIFICATE" || len(next.Headers) > 0 || string(next.Bytes) <= last {
			t.Fatalf("block %d: %+v", i, next)
		}
		if _, err := x509.ParseCertificate(next.Bytes); err != nil {
			t.Fatalf("block %d: %v", i, err)
		}
		rest, last = after, string(next.Bytes)
	}
	if len(rest) > 0 {
		t.Fatalf("the bundle holds more than its %d certificates: %q", bundle.Certificates, rest)
	}
	again, err := cabundle.Merge([]cabundle.Source{source(bundle.PEM)})
	bundle.LeftOut = ""
	if err != nil || again != bundle {
		t.Fatalf("the bundle is not its own bundle: %v", err)
	}
}

// FuzzMergeOfParts writes ConfigMaps from a recipe, of which each letter is a part, and compares the bundle with the
// certificates that the recipe names: the parts around them and between which keys and sources they are spread make
// no difference, and a private key never gets through.
func FuzzMergeOfParts(f *testing.F) {
	for _, recipe := range []string{"", "abc", "aba|c", "a#b", "kak;b", "a\nb w ", "xa", "a-b", "|;|"} {
		f.Add(recipe)
	}
	f.Fuzz(func(t *testing.T, recipe string) {
		sources, want, broken := cook(recipe)
		bundle, err := cabundle.Merge(sources)
		if broken {
			if !errors.As(err, new(*cabundle.InvalidError)) {
				t.Fatalf("a damaged block gave %v", err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", recipe, err)
		}
		checkBundle(t, bundle)
		plain, err := cabundle.Merge([]cabundle.Source{source(strings.Join(want, ""))})
		if err != nil || plain != bundle || bundle.Certificates != len(want) {
			t.Fatalf("%q has %d certificates, found %d: %v", recipe, len(want), bundle.Certificates, err)
		}
	})
}

// cook returns the sources of a recipe, the certificates in it, each once, and whether one of its parts is damaged or a
// key holds something but no certificate.
func cook(recipe string) ([]cabundle.Source, []string, bool) {
	var sources []cabundle.Source
	var want []string
	broken := false
	for part := range strings.SplitSeq(recipe, "|") {
		merged := cabundle.Source{ConfigMap: configMap}
		for key := range strings.SplitSeq(part, ";") {
			content, certificates, damaged := cookKey(key)
			merged.Keys = append(merged.Keys, cabundle.Key{Name: "key", PEM: content})
			want = append(want, certificates...)
			broken = broken || damaged || len(certificates) == 0 && strings.TrimSpace(content) != ""
		}
		sources = append(sources, merged)
	}
	slices.Sort(want)
	return sources, slices.Compact(want), broken
}

func cookKey(recipe string) (string, []string, bool) {
	var content strings.Builder
	var certificates []string
	damaged := false
	for _, letter := range recipe {
		switch {
		case letter >= 'a' && letter <= 'e':
			certificates = append(certificates, certificate(int64(letter)))
			content.WriteString(certificate(int64(letter)))
		case letter == 'k':
			content.WriteString(block("PRIVATE KEY", []byte("secret")))
		case letter == 'w':
			certificates = append(certificates, certificate(int64(letter)))
			content.WriteString(toWindows(certificate(int64(letter))))
		case letter == 'x':
			damaged = true
			content.WriteString("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
		case letter == '#':
			content.WriteString("# a comment\n")
		default:
			content.WriteString("\n")
		}
	}
	return content.String(), certificates, damaged
}
