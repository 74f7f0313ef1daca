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

package apply_test

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

func (w *world) deployment() *unstructured.Unstructured {
	return w.object(`
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app.kubernetes.io/managed-by: llama-stack-operator}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: server
        image: example.test/server:1
        env:
        - {name: A, value: one}
        - {name: EMPTY, value: ""}
        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
        ports: [{containerPort: 8321}]
        resources: {requests: {cpu: 1000m, memory: 1024Mi}}
        volumeMounts: [{name: data, mountPath: /data}, {name: token, mountPath: /token}]
      volumes:
      - {name: data, emptyDir: {}}
      - name: token
        projected: {sources: [{serviceAccountToken: {path: token, audience: x}}]}
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: web}}}
      - {maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
`)
}

func (w *world) service() *unstructured.Unstructured {
	return w.object(`
apiVersion: v1
kind: Service
metadata:
  name: web-service
  labels: {app.kubernetes.io/managed-by: llama-stack-operator}
spec:
  selector: {app: web}
  ports: [{name: http, port: 8321, targetPort: 8321}]
`)
}

func (w *world) configMap() *unstructured.Unstructured {
	return w.object(`
apiVersion: v1
kind: ConfigMap
metadata:
  name: web-config
  labels: {app.kubernetes.io/managed-by: llama-stack-operator}
data: {config.yaml: "a: 1"}
`)
}

func (w *world) networkPolicy() *unstructured.Unstructured {
	return w.object(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web-network-policy
  labels: {app.kubernetes.io/managed-by: llama-stack-operator}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress:
  - from: [{podSelector: {}}]
    ports: [{port: 8321}]
`)
}

func (w *world) pvc() *unstructured.Unstructured {
	return w.object(`
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: web-pvc
  labels: {app.kubernetes.io/managed-by: llama-stack-operator}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
`)
}

// others are the remaining kinds that an owner has.
func (w *world) others() []*unstructured.Unstructured {
	return []*unstructured.Unstructured{
		w.object(`
apiVersion: v1
kind: ServiceAccount
metadata: {name: web-sa, labels: {app.kubernetes.io/managed-by: llama-stack-operator}}
`), w.object(`
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web-pdb, labels: {app.kubernetes.io/managed-by: llama-stack-operator}}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
`), w.object(`
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web-hpa, labels: {app.kubernetes.io/managed-by: llama-stack-operator}}
spec:
  minReplicas: 1
  maxReplicas: 3
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
`), w.object(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web-ingress, labels: {app.kubernetes.io/managed-by: llama-stack-operator}}
spec:
  rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web-service, port: {number: 8321}}}}]}}]
`),
	}
}

// all is one object of every kind.
func (w *world) all() []*unstructured.Unstructured {
	return append(w.others(), w.pvc(), w.configMap(), w.service(), w.networkPolicy(), w.deployment())
}
