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

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// server is a Deployment's container of the world, with fields in YAML that are set in it.
func (w *world) server(text string) *unstructured.Unstructured {
	GinkgoHelper()
	obj := w.deployment()
	maps.Copy(container(obj), fieldsIn(text))
	return obj
}

// pod is a Deployment of the world, with fields in YAML that are set in the spec of its Pods.
func (w *world) pod(text string) *unstructured.Unstructured {
	GinkgoHelper()
	obj := w.deployment()
	spec, _, err := unstructured.NestedFieldNoCopy(obj.Object, "spec", "template", "spec")
	Expect(err).NotTo(HaveOccurred())
	maps.Copy(spec.(map[string]any), fieldsIn(text))
	return obj
}

func fieldsIn(text string) map[string]any {
	GinkgoHelper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	Expect(err).NotTo(HaveOccurred())
	fields := &unstructured.Unstructured{}
	Expect(json.Unmarshal(raw, &fields.Object)).To(Succeed())
	return numbered(fields.Object).(map[string]any)
}

// numbered has the whole numbers that unstructured objects have.
func numbered(in any) any {
	switch v := in.(type) {
	case map[string]any:
		for key := range v {
			v[key] = numbered(v[key])
		}
	case []any:
		for i := range v {
			v[i] = numbered(v[i])
		}
	case float64:
		return int64(v)
	}
	return in
}

// exclusive is a change of an intent from one of several fields that exclude each other to another.
type exclusive struct {
	first, next func(*world) *unstructured.Unstructured
	// theirs is a strategic merge patch by which somebody sets the first field, or one that is to go.
	theirs string
	// gone is in no text of the object in the end, kept is.
	gone, kept string
}

var _ = Describe("A field that excludes another", func() {
	server := func(text string) func(*world) *unstructured.Unstructured {
		return func(w *world) *unstructured.Unstructured { return w.server(text) }
	}
	pod := func(text string) func(*world) *unstructured.Unstructured {
		return func(w *world) *unstructured.Unstructured { return w.pod(text) }
	}
	inServer := func(fields string) string {
		return `{"spec":{"template":{"spec":{"containers":[{"name":"server",` + fields + `}]}}}}`
	}
	inPod := func(fields string) string { return `{"spec":{"template":{"spec":{` + fields + `}}}}` }
	plain := server("{}")
	fromSecret := server(`env: [{name: X, valueFrom: {secretKeyRef: {name: s, key: k}}}]`)

	DescribeTable("replaces the other one that somebody else has set, and keeps the rest of theirs",
		func(ctx context.Context, change exclusive) {
			w := newWorld(ctx)
			w.settle(ctx, change.first(w))
			live := w.get(ctx, change.first(w))
			typed := types.StrategicMergePatchType
			Expect(admin.Patch(ctx, live, client.RawPatch(typed, []byte(change.theirs)), client.FieldOwner("somebody"))).To(Succeed())
			Expect(admin.Patch(ctx, live, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"theirs":"stays"}}}`)),
				client.FieldOwner("somebody"))).To(Succeed())
			w.catchUp(ctx, live)

			w.applyOne(ctx, change.next(w), apply.ActionUpdated)

			after := w.get(ctx, live)
			Expect(after.GetAnnotations()).To(HaveKeyWithValue("theirs", "stays"))
			after.SetManagedFields(nil)
			text, err := json.Marshal(after.Object)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(text)).NotTo(ContainSubstring(change.gone))
			Expect(string(text)).To(ContainSubstring(change.kept))
			w.catchUp(ctx, live)
			w.applyOne(ctx, change.next(w), apply.ActionUnchanged)
		},
		Entry("a variable's value", exclusive{plain, fromSecret, inServer(`"env":[{"name":"X","value":"gone"},{"name":"OTHER","value":"1"}]`), `"gone"`, `"OTHER"`}),
		Entry("a variable's value that both have set", exclusive{
			server(`env: [{name: X, value: same}]`), fromSecret, inServer(`"env":[{"name":"X","value":"same"},{"name":"OTHER","value":"1"}]`), `"same"`, `"OTHER"`,
		}),
		Entry("a variable's source", exclusive{
			plain, server(`env: [{name: X, value: ours}]`),
			inServer(`"env":[{"name":"X","valueFrom":{"secretKeyRef":{"name":"gone","key":"k"}}}]`), `"gone"`, `"ours"`,
		}),
		Entry("another source of a variable", exclusive{
			plain, fromSecret, inServer(`"env":[{"name":"X","valueFrom":{"configMapKeyRef":{"name":"gone","key":"k"}}}]`), `"gone"`, `secretKeyRef`,
		}),
		Entry("a probe of another kind", exclusive{
			plain, server(`startupProbe: {httpGet: {path: /v1/health, port: 8321}}`),
			inServer(`"startupProbe":{"exec":{"command":["gone"]},"periodSeconds":7}`), `"gone"`, `"periodSeconds":7`,
		}),
		Entry("a hook of another kind", exclusive{
			plain, server(`lifecycle: {preStop: {sleep: {seconds: 3}}}`),
			inServer(`"lifecycle":{"preStop":{"exec":{"command":["gone"]}},"postStart":{"exec":{"command":["theirs"]}}}`), `"gone"`, `postStart`,
		}),
		Entry("a volume of another kind", exclusive{
			plain, pod(`volumes: [{name: data, persistentVolumeClaim: {claimName: c}}, {name: token, emptyDir: {}}]`),
			inPod(`"volumes":[{"name":"data","emptyDir":{"medium":"Memory"}},{"name":"more","emptyDir":{"sizeLimit":"3Mi"}}]`), `"Memory"`, `"3Mi"`,
		}),
		Entry("a part of a volume by a variable", exclusive{
			plain, server(`volumeMounts: [{name: data, mountPath: /data, subPath: ours}, {name: token, mountPath: /token}]`),
			inServer(`"volumeMounts":[{"name":"data","mountPath":"/data","subPathExpr":"gone"}]`), `"gone"`, `"ours"`,
		}),
		Entry("a profile on the node", exclusive{
			plain, pod(`securityContext: {seccompProfile: {type: RuntimeDefault}}`),
			inPod(`"securityContext":{"fsGroup":7,"seccompProfile":{"type":"Localhost","localhostProfile":"gone"}}`), `"gone"`, `"fsGroup":7`,
		}),
		Entry("a container's profile on the node", exclusive{
			plain, server(`securityContext: {seccompProfile: {type: RuntimeDefault}}`),
			inServer(`"securityContext":{"runAsUser":7,"seccompProfile":{"type":"Localhost","localhostProfile":"gone"}}`), `"gone"`, `"runAsUser":7`,
		}),
		Entry("privileges", exclusive{
			plain, server(`securityContext: {allowPrivilegeEscalation: false}`), inServer(`"securityContext":{"runAsUser":7,"privileged":true}`), `"privileged"`, `"runAsUser":7`,
		}),
		Entry("a port of the same name", exclusive{
			plain, server(`ports: [{name: http, containerPort: 9000}]`),
			inServer(`"ports":[{"name":"http","containerPort":7777},{"name":"more","containerPort":7778}]`), `7777`, `7778`,
		}),
		Entry("in an init container", exclusive{
			pod(`initContainers: [{name: init, image: i}]`),
			pod(`initContainers: [{name: init, image: i, env: [{name: X, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}]`),
			inPod(`"initContainers":[{"name":"init","env":[{"name":"X","value":"gone"}]}]`), `"gone"`, `metadata.name`,
		}),
		Entry("the kind of a ResourceClaim", exclusive{
			plain, pod(`resourceClaims: [{name: gpu, resourceClaimName: ours}]`), inPod(`"resourceClaims":[{"name":"gpu","resourceClaimTemplateName":"gone"}]`), `"gone"`, `"ours"`,
		}),
		Entry("the other bound of a budget", exclusive{
			func(w *world) *unstructured.Unstructured { return with(w.others()[1], nil, "spec", "maxUnavailable") },
			func(w *world) *unstructured.Unstructured { return w.others()[1] },
			`{"spec":{"minAvailable":1}}`, `minAvailable`, `maxUnavailable`,
		}),
		Entry("the type of a Service, with what only that has", exclusive{
			func(w *world) *unstructured.Unstructured { return with(w.service(), "ClusterIP", "spec", "type") },
			func(w *world) *unstructured.Unstructured { return with(w.service(), "ClusterIP", "spec", "type") },
			`{"spec":{"type":"LoadBalancer","loadBalancerSourceRanges":["10.0.0.0/8"],"loadBalancerClass":"x/y","externalTrafficPolicy":"Local","sessionAffinity":"ClientIP"}}`,
			`10.0.0.0/8`, `"sessionAffinity":"ClientIP"`,
		}),
		Entry("a port of a Service without a name", exclusive{
			func(w *world) *unstructured.Unstructured {
				return with(w.service(), []any{map[string]any{"port": int64(1234)}}, "spec", "ports")
			},
			(*world).service, `{"spec":{"ports":[{"port":1234,"targetPort":4321}]}}`, `1234`, `8321`,
		}),
	)

	It("of a passthrough Route is the certificate that somebody else keeps in it", func(ctx context.Context) {
		w := newWorld(ctx)
		route := func(tls string) *unstructured.Unstructured {
			return w.object(`
apiVersion: route.openshift.io/v1
kind: Route
metadata: {name: web-route, labels: {app.kubernetes.io/managed-by: llama-stack-operator}}
spec: {to: {kind: Service, name: web-service, weight: 100}, wildcardPolicy: None, tls: ` + tls + `}
`)
		}
		w.applyOne(ctx, route(`{termination: edge}`), apply.ActionCreated)
		live := w.get(ctx, route("{}"))
		Expect(admin.Patch(ctx, live, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"tls":{"certificate":"c","key":"k"}}}`)), client.FieldOwner("somebody"))).To(Succeed())
		Eventually(func() map[string]any {
			found := route("{}")
			Expect(cached.Get(ctx, client.ObjectKeyFromObject(found), found)).To(Succeed())
			return field(found, "spec", "tls").(map[string]any)
		}, wait, poll).Should(HaveKey("certificate"))

		w.applyOne(ctx, route(`{termination: passthrough}`), apply.ActionUpdated)
		Expect(field(w.get(ctx, live), "spec", "tls")).To(Equal(map[string]any{"termination": "passthrough"}))
	})

	It("costs nothing where it does not", func(ctx context.Context) {
		w := newWorld(ctx)
		w.settle(ctx, w.deployment())
		w.edit(ctx, w.deployment(), `[{"op":"add","path":"`+toContainer+`/env/-","value":{"name":"OTHER","value":"1"}}]`)
		w.applyOne(ctx, w.server(`terminationMessagePath: /x`), apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{ssa}))
	})
})
