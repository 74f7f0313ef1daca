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
	"encoding/json"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// longestStats is how much of a kubelet's answer is read, in bytes. One with 250 Pods has about one megabyte.
const longestStats = 16 << 20

// nodeStats are the fields of a kubelet's statistics that show how full volumes are.
type nodeStats struct {
	Pods []struct {
		Volume []struct {
			Used     *uint64 `json:"usedBytes"`
			Capacity *uint64 `json:"capacityBytes"`
			PVC      *struct {
				Name      string `json:"name"`
				Namespace string `json:"namespace"`
			} `json:"pvcRef"`
		} `json:"volume"`
	} `json:"pods"`
}

// fullness is how full a PVC is, as the kubelet of a node that mounts it says. It is empty where nobody says so: for most
// people, who have no right to nodes/proxy.
func (s *session) fullness(ctx context.Context, pvc *corev1.PersistentVolumeClaim, pods []corev1.Pod) string {
	if pvc == nil {
		return ""
	}
	for i := range pods {
		if pods[i].Spec.NodeName == "" || pods[i].Status.Phase != corev1.PodRunning {
			continue
		}
		answer, err := s.core.RESTClient().Get().Resource("nodes").Name(pods[i].Spec.NodeName).SubResource("proxy").
			Suffix("stats/summary").Stream(ctx)
		if err != nil {
			return ""
		}
		text := usageOf(answer, pvc)
		_ = answer.Close()
		return text
	}
	return ""
}

// usageOf finds a PVC in the statistics of a kubelet.
func usageOf(answer io.Reader, pvc *corev1.PersistentVolumeClaim) string {
	stats := nodeStats{}
	if json.NewDecoder(io.LimitReader(answer, longestStats)).Decode(&stats) != nil {
		return ""
	}
	for _, pod := range stats.Pods {
		for _, volume := range pod.Volume {
			if volume.PVC == nil || volume.PVC.Name != pvc.Name || volume.PVC.Namespace != pvc.Namespace || volume.Used == nil || volume.Capacity == nil || *volume.Capacity == 0 {
				continue
			}
			used := resource.NewQuantity(int64(*volume.Used), resource.BinarySI) //nolint:gosec // no volume has eight exabytes
			return fmt.Sprintf("%.0f %% used (%s)", 100*float64(*volume.Used)/float64(*volume.Capacity), used)
		}
	}
	return ""
}
