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

package operator_test

import (
	"context"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// allFields is a spec with as many fields as can be set together.
const allFields = `
suspend: false
replicas: 2
metadata:
  labels: {cost-center: cc-1234}
  annotations: {example.com/owner: assistants}
server:
  workers: 2
  launch: Detect
  containerSpec:
    name: server
    port: 9000
    imagePullPolicy: Always
    env: [{name: A, value: b}, {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
    envFrom: [{prefix: A_, secretRef: {name: a}}, {configMapRef: {name: b, optional: true}}]
    resources: {limits: {memory: 4Gi}, claims: [{name: gpu}]}
    securityContext: {readOnlyRootFilesystem: true}
    startupProbe: {exec: {command: [/check]}, periodSeconds: 7}
    readinessProbe: {httpGet: {path: /v1/version}}
    livenessProbe: {tcpSocket: {}, initialDelaySeconds: 7}
    lifecycle: {postStart: {exec: {command: [/run]}}, preStop: {sleep: {seconds: 7}}}
  podOverrides:
    serviceAccountName: mine
    automountServiceAccountToken: true
    labels: {team: ai}
    annotations: {a: b}
    nodeSelector: {disk: fast}
    tolerations: [{key: gpu, operator: Exists}, {key: spot, value: "true", effect: NoExecute, tolerationSeconds: 60}]
    affinity:
      nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: gpu, operator: Exists}]}}]}
      podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: rack, labelSelector: {matchLabels: {a: b}}, matchLabelKeys: [c]}]}
    imagePullSecrets: [{name: registry}]
    priorityClassName: serving
    runtimeClassName: nvidia
    volumes:
    - {name: extra, emptyDir: {}}
    - name: scratch
      ephemeral: {volumeClaimTemplate: {metadata: {labels: {backup: "no"}}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}
    - {name: token, projected: {sources: [{serviceAccountToken: {path: token}}]}}
    volumeMounts: [{name: extra, mountPath: /extra}]
    securityContext: {supplementalGroups: [7]}
    initContainers:
    - {name: fetch, command: [/fetch], env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}], resources: {requests: {cpu: 1000m}}}
    - {name: proxy, image: "proxy:1", restartPolicy: Always, volumeMounts: [{name: lls-storage, mountPath: /data}]}
    resourceClaims: [{name: gpu, resourceClaimTemplateName: one}]
  podDisruptionBudget: {maxUnavailable: 1}
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]
  autoscaling:
    minReplicas: 2
    maxReplicas: 5
    targetCPUUtilizationPercentage: 70
    metrics: [{pods: {name: requests, averageValue: 20}}, {external: {name: queue, matchLabels: {a: b}, averageValue: 500m}}]
    scaleUp: {stabilizationWindowSeconds: 7, policies: [{type: Pods, value: 2, periodSeconds: 60}]}
    scaleDown: {selectPolicy: Disabled}
  rollout: {strategy: RollingUpdate, maxSurge: 1, maxUnavailable: 0, revisionHistoryLimit: 3, progressDeadlineSeconds: 3600, rollback: Automatic}
  storage: {size: 1Gi, mountPath: /data, storageClassName: standard, accessModes: [ReadWriteMany], retentionPolicy: Retain}
  telemetry:
    metrics: {enabled: false, port: 9090}
    otlp:
      {endpoint: "http://collector:4318", protocol: grpc, headersFrom: {name: a, key: b}, serviceName: mine, sampleRatio: "0.5", resourceAttributes: {a: b}}
  userConfig: {configMapName: config}
  tlsConfig: {caBundle: {configMapName: ca}, serving: {secretName: mine, onRenewal: Roll}}
network:
  ingress: {host: a.b, className: nginx, annotations: {a: b}, tls: {secretName: mine}}
  allowedFrom: {namespaces: [frontend], labels: [team]}
  policy:
    enabled: true
    from: [{cidr: 10.0.0.0/8}, {namespaceLabels: {}, podLabels: {a: b}}]
    egress: {to: [{namespaceLabels: {a: b}, ports: [443]}]}
`

var _ = Describe("A server with every field at once", func() {
	It("becomes ready, goes quiet, and costs nothing to reconcile again", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := withAllFields(ctx, namespace)
		becomeReady(ctx, instance)
		waitForQuiet()
		renders, reconciles, mark := counted("llama_stack_operator_renders_total", "rendered"), reconcilesTotal(), audit.Mark()

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Annotations = map[string]string{"llamastack.io/look-again": "now"}
		})

		Eventually(reconcilesTotal).Should(BeNumerically(">", reconciles))
		Expect(requestsSince(mark)).To(BeEmpty())
		Expect(counted("llama_stack_operator_renders_total", "rendered")).To(Equal(renders))
	})

	It("causes no write when the operator restarts", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		becomeReady(ctx, withAllFields(ctx, namespace))
		waitForQuiet()

		var reconciles float64
		var mark int64
		whileDown(func() { reconciles, mark = reconcilesTotal(), audit.Mark() })
		Eventually(reconcilesTotal).Should(BeNumerically(">", reconciles))
		waitForQuiet()
		Expect(harness.Writes(audit.In(namespace, mark))).To(BeEmpty())
	})
})

// withAllFields makes the server and what it refers to.
func withAllFields(ctx context.Context, namespace string) *v1alpha1.LlamaStackDistribution {
	GinkgoHelper()
	instance := llsdtest.Make("all").Namespace(namespace).Obj()
	withSpec(instance, allFields)
	create(ctx, certificateOf("a", namespace), watcherBinding(namespace))
	controlPlane.WaitForRights() // what is forbidden at first is asked for again seconds later, and changes the Pods then
	create(ctx,
		configMap(namespace, "config", map[string]string{"config.yaml": "storage: {backends: {kv: {type: kv_postgres}}}\n"}),
		configMap(namespace, "ca", map[string]string{"ca-bundle.crt": servers.ReplaceTLS(namespace, "all", healthy())}),
		instance)
	return instance
}
