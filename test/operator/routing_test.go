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
	"path/filepath"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func untyped(gvk schema.GroupVersionKind) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(gvk)
	return object
}

// exposed is a server with what exposes it, as YAML.
func exposed(namespace, how string) *v1alpha1.LlamaStackDistribution {
	GinkgoHelper()
	instance := llsdtest.Make("a").Namespace(namespace).Obj()
	withSpec(instance, "network: {"+how+"}")
	return instance
}

// answer patches the status of an object as its controller would.
func answer(ctx context.Context, object client.Object, status string) {
	GinkgoHelper()
	patch := client.RawPatch(types.MergePatchType, []byte(`{"status":`+status+`}`))
	if admin.Status().Patch(ctx, object, patch) != nil {
		Expect(admin.Patch(ctx, object, patch)).To(Succeed()) // the definition of Routes may have no such subresource
	}
}

const (
	byGateway = "httpRoute: {parentRefs: [{name: public, namespace: gateways, sectionName: https}], hostnames: [a.example.com]}"
	byRoute   = "route: {host: a.example.com, annotations: {mine: a}}"

	gatewayAnswers = `{"parents":[{"controllerName":"example.com/gateway","parentRef":{"name":"public","namespace":"gateways","sectionName":"https"},
		"conditions":[{"type":"Accepted","status":"STATUS","reason":"WHY","message":"because","lastTransitionTime":"2026-01-01T00:00:00Z"}]}]}`
	routerAdmits = `{"ingress":[{"host":"a.example.com","routerName":"default","conditions":[{"type":"Admitted","status":"True"}]}]}`
)

var _ = Describe("An HTTPRoute", func() {
	It("follows the server, heals, and reports the status of its Gateways", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := exposed(namespace, byGateway)
		create(ctx, instance)
		becomeReady(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionRouteReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRoutePending, "gateways/public (https)"))
		Expect(statusOf(ctx, instance)()).To(HaveField("RouteURL", HaveValue(Equal("https://a.example.com"))))

		route := get(ctx, namespace, "a-httproute", untyped(children.Of(children.HTTPRoute).GroupVersionKind))
		answer(ctx, route, gatewayAnswer("False", "NotAllowedByListeners"))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionRouteReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRouteRefused, "NotAllowedByListeners", "because"))
		answer(ctx, route, gatewayAnswer("True", "Accepted"))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionRouteReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonRouteReady))

		edit(ctx, route, func(u *unstructured.Unstructured) {
			Expect(unstructured.SetNestedStringSlice(u.Object, []string{"b.example.com"}, "spec", "hostnames")).To(Succeed())
			u.SetAnnotations(map[string]string{"theirs": "b"})
		})
		Eventually(func() []string {
			u := get(ctx, namespace, "a-httproute", untyped(children.Of(children.HTTPRoute).GroupVersionKind))
			hosts, _, err := unstructured.NestedStringSlice(u.Object, "spec", "hostnames")
			Expect(err).NotTo(HaveOccurred())
			return hosts
		}).Should(Equal([]string{"a.example.com"}))
		uid := route.GetUID()
		Expect(admin.Delete(ctx, route)).To(Succeed())
		Eventually(func() types.UID {
			return get(ctx, namespace, "a-httproute", untyped(children.Of(children.HTTPRoute).GroupVersionKind)).GetUID()
		}).ShouldNot(Equal(uid))

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Network = nil })
		Eventually(exists(ctx, namespace, "a-httproute", untyped(children.Of(children.HTTPRoute).GroupVersionKind))).Should(BeFalse())
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionRouteReady)).Should(BeEmpty())
		Eventually(statusOf(ctx, instance)).Should(HaveField("RouteURL", BeNil()))
	})

	It("of somebody else does not change", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		theirs := untyped(children.Of(children.HTTPRoute).GroupVersionKind)
		theirs.SetNamespace(namespace)
		theirs.SetName("a-httproute")
		theirs.Object["spec"] = map[string]any{}
		instance := exposed(namespace, byGateway)
		create(ctx, theirs, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonResourceConflict, "HTTPRoute"))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionRouteReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRouteFailed))
		Expect(deploymentOf(ctx, instance)).NotTo(BeNil())
	})
})

var _ = Describe("A Route", func() {
	It("follows the server, keeps what others write on it, and reports the status of its router", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := exposed(namespace, byRoute)
		create(ctx, instance)
		becomeReady(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionRouteReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRoutePending))
		Expect(statusOf(ctx, instance)()).To(HaveField("RouteURL", HaveValue(BeEmpty())))

		route := get(ctx, namespace, "a-route", untyped(children.Of(children.Route).GroupVersionKind))
		answer(ctx, route, routerAdmits)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionRouteReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonRouteReady))
		Eventually(statusOf(ctx, instance)).Should(HaveField("RouteURL", HaveValue(Equal("http://a.example.com"))))

		edit(ctx, route, func(u *unstructured.Unstructured) {
			annotations := u.GetAnnotations()
			annotations["theirs"] = "b"
			u.SetAnnotations(annotations)
		})
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Network.Route = &v1alpha1.RouteSpec{Host: "a.example.com", TLS: &v1alpha1.RouteTLS{}}
		})
		Eventually(statusOf(ctx, instance)).Should(HaveField("RouteURL", HaveValue(Equal("https://a.example.com"))))
		after := get(ctx, namespace, "a-route", untyped(children.Of(children.Route).GroupVersionKind))
		Expect(after.GetAnnotations()).To(And(HaveKeyWithValue("theirs", "b"), Not(HaveKey("mine"))))

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Network.Route.TLS.Termination = v1alpha1.RoutePassthrough
		})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionRouteReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRouteTLSMismatch, "Edge"))
	})
})

func gatewayAnswer(status, reason string) string {
	return strings.NewReplacer("STATUS", status, "WHY", reason).Replace(gatewayAnswers)
}

var _ = Describe("A server that is exposed by an API that the cluster may not serve", func() {
	// The operator asks at growing intervals, for about a minute, whether the API is served as its definition says, and starts anew
	// when that has changed.
	const platformChange = 2 * time.Minute
	const httpRoutes, routes = "httproutes.gateway.networking.k8s.io", "routes.route.openshift.io"

	DescribeTable("serves without it, and is exposed when it appears", func(ctx context.Context, how, file, name, child string, gvk schema.GroupVersionKind, missing v1alpha1.Reason) {
		definition := filepath.Join(harness.RoutingCRDs(), file)
		DeferCleanup(func(ctx context.Context) { setDefinition(ctx, definition, name, true) })
		namespace := newNamespace(ctx, false)
		instance := exposed(namespace, how)
		create(ctx, instance)
		becomeReady(ctx, instance)
		Eventually(exists(ctx, namespace, child, untyped(gvk))).Should(BeTrue())
		for range 2 {
			setDefinition(ctx, definition, name, false)
			Eventually(conditionOf(ctx, instance, v1alpha1.ConditionRouteReady)).WithTimeout(platformChange).Should(say(metav1.ConditionFalse, missing))
			Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
			Expect(statusOf(ctx, instance)()).To(HaveField("RouteURL", HaveValue(BeEmpty())))
			waitForQuiet()

			setDefinition(ctx, definition, name, true)
			Eventually(exists(ctx, namespace, child, untyped(gvk))).WithTimeout(platformChange).Should(BeTrue())
			Eventually(conditionOf(ctx, instance, v1alpha1.ConditionRouteReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRoutePending))
		}
		waitForQuiet()
	},
		Entry("the Gateway API", byGateway, "httproutes.yaml", httpRoutes, "a-httproute", children.Of(children.HTTPRoute).GroupVersionKind, v1alpha1.ReasonGatewayAPIMissing),
		Entry("Routes", byRoute, "routes.yaml", routes, "a-route", children.Of(children.Route).GroupVersionKind, v1alpha1.ReasonRouteAPIMissing),
	)

	It("waits for an API server of Routes that is down, and no other server does", func(ctx context.Context) {
		definition := filepath.Join(harness.RoutingCRDs(), "routes.yaml")
		down := downService(ctx)
		namespace := newNamespace(ctx, false)
		instance := exposed(namespace, byRoute)
		DeferCleanup(func(ctx context.Context) {
			Expect(client.IgnoreNotFound(admin.Delete(ctx, down))).To(Succeed())
			setDefinition(ctx, definition, routes, true)
			Eventually(exists(ctx, namespace, "a-route", untyped(children.Of(children.Route).GroupVersionKind))).WithTimeout(platformChange).Should(BeTrue())
		})
		whileDown(func() {
			setDefinition(ctx, definition, routes, false)
			Eventually(func() error { return admin.List(ctx, listOf(children.Of(children.Route).GroupVersionKind)) }).ShouldNot(Succeed())
			// The API server removes the APIService of the definition in its own time.
			Eventually(func() error { return admin.Create(ctx, down.DeepCopy()) }).Should(Succeed())
		})
		create(ctx, instance)
		becomeReady(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionRouteReady)).Should(say(metav1.ConditionUnknown, v1alpha1.ReasonAPIUnavailable))
	})
})

func listOf(gvk schema.GroupVersionKind) *unstructured.UnstructuredList {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(gvk)
	return list
}

// downService is an APIService whose server is not reachable, as OpenShift's own when it is down. It waits until it is
// created.
func downService(ctx context.Context) *unstructured.Unstructured {
	GinkgoHelper()
	namespace := newNamespace(ctx, false)
	create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "api"},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 443}}},
	})
	service := untyped(schema.GroupVersionKind{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"})
	service.SetName("v1.route.openshift.io")
	service.Object["spec"] = map[string]any{
		"group": "route.openshift.io", "version": "v1", "groupPriorityMinimum": int64(2000), "versionPriority": int64(15),
		"insecureSkipTLSVerify": true, "service": map[string]any{"namespace": namespace, "name": "api"},
	}
	return service
}
