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
	"strings"
)

// advice is the fix for a message of the cluster.
type advice struct {
	// has are the parts that the message must contain.
	has []string
	// do is the fix.
	do string
}

const (
	resources = "spec.server.containerSpec.resources"
	overQuota = "exceeded quota"
)

// advices are in order of precedence.
func advices() []advice {
	return []advice{
		{[]string{`EmptyDir volume "lls-storage" exceeds the limit`}, "raise spec.server.storage.ephemeral.size, or keep the data on a PVC"},
		{[]string{"ephemeral", "storage", "exceeds"}, "raise ephemeral-storage in " + resources},
		{[]string{"low on resource: ephemeral-storage"}, "request ephemeral-storage in " + resources},
		{[]string{"low on resource: memory"}, "request the memory that the server needs in " + resources},
		{[]string{"(OOMKilled)"}, "raise the memory limit in " + resources},
		{[]string{"storageclass", "not found"}, "create that StorageClass; or delete the PVC, which holds no data yet, and set another one in spec.server.storage.storageClassName"},
		{[]string{"no storage class is set"}, "mark a StorageClass as the default one; or delete the PVC, which holds no data yet, and set one in spec.server.storage.storageClassName"},
		{[]string{"usage per PersistentVolumeClaim is"}, "set spec.server.storage.size within the LimitRange"},
		{[]string{" usage per Container is "}, "set " + resources + " within the LimitRange"},
		{[]string{" usage per Pod is "}, "set " + resources + " within the LimitRange"},
		{[]string{" limit to request ratio per "}, "set requests and limits in " + resources + " within the ratio of the LimitRange"},
		{[]string{"failed quota", "must specify"}, "set what the ResourceQuota requires in " + resources},
		{[]string{overQuota, "requests.storage"}, "lower spec.server.storage.size, or raise the ResourceQuota"},
		{[]string{overQuota, "cpu"}, "lower " + resources + ", or raise the ResourceQuota"},
		{[]string{overQuota, "memory"}, "lower " + resources + ", or raise the ResourceQuota"},
		{[]string{overQuota}, "delete what is no longer needed, or raise the ResourceQuota"},
		{[]string{"violates PodSecurity"}, "set spec.server.containerSpec.securityContext and spec.server.podOverrides.securityContext as it requires"},
		{[]string{"Insufficient "}, "lower " + resources + ", or add a node with enough capacity"},
	}
}

// Advised adds the fix to a message of the cluster, if one is known.
func Advised(text string) string {
	if text == "" {
		return ""
	}
	for _, known := range advices() {
		if known.fits(text) {
			return text + ": " + known.do
		}
	}
	return text
}

func (a advice) fits(text string) bool {
	for _, part := range a.has {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
