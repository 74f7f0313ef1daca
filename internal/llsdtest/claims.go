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

	messageNoClaim       = "ephemeral storage has no claim: remove size, storageClassName, accessModes, existingClaim and retentionPolicy"
	messageExistingClaim = "the operator does not change an existing claim: remove size, storageClassName and retentionPolicy"
)

// claim is a spec with these lines in its storage section.
func claim(lines string) string { return server("storage: {" + lines + "}") }

// refusedClaims are about what 0.9.0 did not let one say about a claim.
func refusedClaims() []Case {
	return []Case{
		{"a class in capitals", claim("storageClassName: Fast"), fieldStorage + ".storageClassName", messagePattern},
		{"a class that is too long", claim("storageClassName: " + strings.Repeat("a", maxSubdomain+1)), fieldStorage + ".storageClassName", messageTooLong},
		{"an unknown access mode", claim("accessModes: [RWX]"), fieldStorage + ".accessModes[0]", "Unsupported value"},
		{"an access mode twice", claim("accessModes: [ReadWriteMany, ReadWriteMany]"), fieldStorage + ".accessModes[1]", messageTwice},
		{"no access mode", claim("accessModes: []"), fieldStorage + ".accessModes", "should have at least 1 items"},
		{"an existing claim without a name", claim(`existingClaim: ""`), fieldStorage + ".existingClaim", "should be at least 1 chars long"},
		{"an existing claim of another namespace", claim("existingClaim: other/data"), fieldStorage + ".existingClaim", messagePattern},
		{"an existing claim of a size", claim("existingClaim: data, size: 1Gi"), fieldStorage, messageExistingClaim},
		{"an existing claim of a class", claim("existingClaim: data, storageClassName: fast"), fieldStorage, messageExistingClaim},
		{"an existing claim that is deleted", claim("existingClaim: data, retentionPolicy: Delete"), fieldStorage, messageExistingClaim},
		{"a directory in an existing claim", claim("ephemeral: {}, existingClaim: data"), fieldStorage, messageNoClaim},
		{"a directory that is retained", claim("ephemeral: {}, retentionPolicy: Retain"), fieldStorage, messageNoClaim},
		{"a directory of the claim's size", claim("ephemeral: {}, size: 1Gi"), fieldStorage, messageNoClaim},
		{"a directory of a class", claim("ephemeral: {size: 1Gi}, storageClassName: fast"), fieldStorage, messageNoClaim},
		{"a directory of many nodes", claim("ephemeral: {}, accessModes: [ReadWriteMany]"), fieldStorage, messageNoClaim},
		{"a directory of nothing", claim("ephemeral: {size: 0}"), fieldStorage + ".ephemeral.size", messageSize},
	}
}

// acceptedClaims are at the edges of the same fields.
func acceptedClaims() []Case {
	return []Case{
		{Name: "a claim of a class", Spec: claim("size: 1Gi, storageClassName: " + strings.Repeat("a", maxSubdomain) + ", retentionPolicy: Retain")},
		{Name: "a claim of no class", Spec: claim(`storageClassName: ""`)},
		{Name: "a claim with every access mode", Spec: claim("accessModes: [ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod]")},
		{Name: "an existing claim", Spec: claim("existingClaim: data.2, accessModes: [ReadWriteMany], mountPath: /data")},
		{Name: "a directory", Spec: claim("ephemeral: {}, mountPath: /data")},
		{Name: "a directory of a size", Spec: claim("ephemeral: {size: 500Mi}")},
	}
}
