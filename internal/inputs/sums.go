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

package inputs

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// MaxSummedKeys is how many keys a ConfigMap can have of which each is followed. Of one with more, every key counts.
const MaxSummedKeys = 256

// Sums are what is remembered of a ConfigMap that Pods read: hashes of its values. A ConfigMap that does not exist has none.
type Sums struct {
	// all is of the whole content.
	all string
	// keys are sorted. There are none of a ConfigMap that has too many.
	keys    []keySum
	tooMany bool
}

// keySum has the first bytes of the hashes of a key and of its value.
type keySum struct{ key, value uint64 }

// Weight implements Finding.
func (s Sums) Weight() int {
	const fixed, key = 200, 16
	return fixed + len(s.all) + len(s.keys)*key
}

// Sums returns the sums of a ConfigMap, none for one that does not exist. It reads the ConfigMap only if its
// resourceVersion is a new one.
func (c *Contents) Sums(ctx context.Context, reference *metav1.PartialObjectMetadata) (Sums, error) {
	if reference == nil {
		return Sums{}, nil
	}
	about := Subject{Key: "sums/" + string(reference.UID), Version: reference.ResourceVersion}
	return once(ctx, c, about, func(ctx context.Context) (Sums, string, error) {
		configMap, err := c.load(ctx, client.ObjectKeyFromObject(reference))
		if err != nil || configMap == nil {
			return Sums{}, "", err
		}
		return sumsOf(configMap), configMap.ResourceVersion, nil
	})
}

func sumsOf(configMap *corev1.ConfigMap) Sums {
	sums := Sums{all: ContentHash(configMap), tooMany: len(configMap.Data)+len(configMap.BinaryData) > MaxSummedKeys}
	if sums.tooMany {
		return sums
	}
	for key, value := range configMap.Data {
		sums.keys = append(sums.keys, keySum{key: shortSum([]byte(key)), value: shortSum([]byte(value))})
	}
	for key, value := range configMap.BinaryData {
		sums.keys = append(sums.keys, keySum{key: shortSum([]byte(key)), value: shortSum(value)})
	}
	slices.SortFunc(sums.keys, func(a, b keySum) int { return cmp.Compare(a.key, b.key) })
	return sums
}

func shortSum(content []byte) uint64 {
	sum := sha256.Sum256(content)
	return binary.BigEndian.Uint64(sum[:])
}

// Of is a text that is the same for the same values of keys, or of all of them. It is empty for a ConfigMap that does not
// exist, and for one without a key that is required: true in keys. Pods would not start with it.
func (s Sums) Of(keys map[string]bool, whole bool) string {
	if s.all == "" || s.tooMany {
		return s.all
	}
	hash := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		at, found := slices.BinarySearchFunc(s.keys, shortSum([]byte(key)), func(have keySum, want uint64) int { return cmp.Compare(have.key, want) })
		if !found && keys[key] {
			return ""
		}
		if found {
			_, _ = fmt.Fprintf(hash, "%q=%x\n", key, s.keys[at].value) // a hash takes everything
		}
	}
	if whole {
		return s.all
	}
	return hex.EncodeToString(hash.Sum(nil))
}
