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

package llsdtest

import "strings"

// What is said about fields of storage, and where.
const (
	fieldStorage = "spec.server.storage"

	messageNoPVC       = "ephemeral storage has no PVC; remove size, storageClassName, accessModes, existingClaim and retentionPolicy"
	messageExistingPVC = "the operator does not change an existing PVC; remove size, storageClassName and retentionPolicy"
)

// A spec with these lines in its storage section.
func withStorage(lines string) string { return server("storage: {" + lines + "}") }

// refusedPVCs are about what 0.9.0 did not accept for a PVC.
func refusedPVCs() []Case {
	return []Case{
		{"a class in capitals", withStorage("storageClassName: Fast"), fieldStorage + ".storageClassName", messagePattern},
		{"a class that is too long", withStorage("storageClassName: " + strings.Repeat("a", maxSubdomain+1)), fieldStorage + ".storageClassName", messageTooLong},
		{"an unknown access mode", withStorage("accessModes: [RWX]"), fieldStorage + ".accessModes[0]", "Unsupported value"},
		{"an access mode twice", withStorage("accessModes: [ReadWriteMany, ReadWriteMany]"), fieldStorage + ".accessModes[1]", messageTwice},
		{"no access mode", withStorage("accessModes: []"), fieldStorage + ".accessModes", "should have at least 1 items"},
		{"an existing PVC without a name", withStorage(`existingClaim: ""`), fieldStorage + ".existingClaim", "should be at least 1 chars long"},
		{"an existing PVC of another namespace", withStorage("existingClaim: other/data"), fieldStorage + ".existingClaim", messagePattern},
		{"an existing PVC with a size", withStorage("existingClaim: data, size: 1Gi"), fieldStorage, messageExistingPVC},
		{"an existing PVC with a class", withStorage("existingClaim: data, storageClassName: fast"), fieldStorage, messageExistingPVC},
		{"an existing PVC that is deleted", withStorage("existingClaim: data, retentionPolicy: Delete"), fieldStorage, messageExistingPVC},
		{"a directory in an existing PVC", withStorage("ephemeral: {}, existingClaim: data"), fieldStorage, messageNoPVC},
		{"a directory that is retained", withStorage("ephemeral: {}, retentionPolicy: Retain"), fieldStorage, messageNoPVC},
		{"a directory with the size of a PVC", withStorage("ephemeral: {}, size: 1Gi"), fieldStorage, messageNoPVC},
		{"a directory of a class", withStorage("ephemeral: {size: 1Gi}, storageClassName: fast"), fieldStorage, messageNoPVC},
		{"a directory of many nodes", withStorage("ephemeral: {}, accessModes: [ReadWriteMany]"), fieldStorage, messageNoPVC},
		{"a directory of size 0", withStorage("ephemeral: {size: 0}"), fieldStorage + ".ephemeral.size", messageSize},
	}
}

// acceptedPVCs are at the edges of the same fields.
func acceptedPVCs() []Case {
	return []Case{
		{Name: "a PVC with a class", Spec: withStorage("size: 1Gi, storageClassName: " + strings.Repeat("a", maxSubdomain) + ", retentionPolicy: Retain")},
		{Name: "a PVC without a class", Spec: withStorage(`storageClassName: ""`)},
		{Name: "a PVC with every access mode", Spec: withStorage("accessModes: [ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod]")},
		{Name: "an existing PVC", Spec: withStorage("existingClaim: data.2, accessModes: [ReadWriteMany], mountPath: /data")},
		{Name: "a directory", Spec: withStorage("ephemeral: {}, mountPath: /data")},
		{Name: "a directory of a size", Spec: withStorage("ephemeral: {size: 500Mi}")},
	}
}
