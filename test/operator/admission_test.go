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
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// llsdRights are those on LlamaStackDistributions alone.
func llsdRights() rbacv1.PolicyRule {
	return rbacv1.PolicyRule{
		APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"llamastackdistributions"},
		Verbs: []string{"create", "delete", "get", "patch", "update"},
	}
}

// allow is a further right.
func allow(group, resource, verb string, names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{verb}, ResourceNames: names}
}

// as is a client of a user of the namespace who has some rights in it.
func as(ctx context.Context, namespace, user string, rights ...rbacv1.PolicyRule) client.Client {
	GinkgoHelper()
	create(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: user}, Rules: append(rights, llsdRights())})
	create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	})
	controlPlane.WaitForRights()
	config := rest.CopyConfig(controlPlane.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	author, err := client.New(config, client.Options{Scheme: admin.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	return author
}

func withNetwork(network v1alpha1.NetworkSpec) func(*v1alpha1.LlamaStackDistribution) {
	return func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Network = &network }
}

func withPod(overrides v1alpha1.PodOverrides) func(*v1alpha1.LlamaStackDistribution) {
	return func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.PodOverrides = &overrides }
}

func fromSecret(name string) corev1.EnvVar {
	reference := &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: "token"}
	return corev1.EnvVar{Name: "TOKEN", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: reference}}
}

func withVolume(source corev1.VolumeSource) func(*v1alpha1.LlamaStackDistribution) {
	return withPod(v1alpha1.PodOverrides{Volumes: []corev1.Volume{{Name: "s", VolumeSource: source}}})
}

// borrowed are fields of a spec by which the operator or the kubelet would act for the author, and a right by which the
// author may have it.
func borrowed() []TableEntry {
	pods := allow("", "pods", "create")
	account := withPod(v1alpha1.PodOverrides{ServiceAccountName: "deployer"})
	inits := withPod(v1alpha1.PodOverrides{InitContainers: []v1alpha1.InitContainer{{Name: "a"}, {Name: "b", Env: []corev1.EnvVar{fromSecret("credentials")}}}})
	parent := v1alpha1.HTTPRouteSpec{ParentRefs: []v1alpha1.ParentRef{{Name: "gateway"}}}
	return []TableEntry{
		Entry("a ServiceAccount", account, "serviceAccountName", pods),
		Entry("a ServiceAccount that may be used", account, "serviceAccountName", allow("", "serviceaccounts", "use", "deployer")),
		Entry("a ServiceAccount that may be impersonated", account, "serviceAccountName", allow("", "serviceaccounts", "impersonate", "deployer")),
		Entry("a variable from a Secret", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.ContainerSpec.Env = []corev1.EnvVar{{Name: "A", Value: "b"}, fromSecret("credentials")}
		}, "env", allow("", "secrets", "get")),
		Entry("a variable of an init container from a Secret", inits, "env", allow("apps", "deployments", "create")),
		Entry("all variables from a Secret", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.ContainerSpec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "credentials"}}}}
		}, "envFrom", allow("", "secrets", "get")),
		Entry("a registry's credentials", withPod(v1alpha1.PodOverrides{ImagePullSecrets: []v1alpha1.LocalReference{{Name: "registry"}}}), "imagePullSecrets", pods),
		Entry("a certificate", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.UserConfig = &v1alpha1.UserConfigSpec{ConfigMapName: "mine"} // without it nothing reads a certificate
			i.Spec.Server.TLSConfig = &v1alpha1.TLSConfig{Serving: &v1alpha1.ServingTLS{SecretName: "certificate"}}
		}, "tlsConfig.serving", allow("", "secrets", "get")),
		Entry("a volume of a Secret", withVolume(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "credentials"}}), "volumes", pods),
		Entry("a folder of the node", withVolume(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}), "volumes", pods),
		Entry("a container with more privileges", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.ContainerSpec.SecurityContext = &corev1.SecurityContext{Privileged: new(true)}
		}, "securityContext", pods),
		Entry("a Pod that may be root", withPod(v1alpha1.PodOverrides{SecurityContext: &corev1.PodSecurityContext{RunAsUser: new(int64(0))}}), "securityContext", pods),
		Entry("another's PVC", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: "data"}
		}, "existingClaim", pods),
		Entry("an Ingress as 0.9.0 has it", withNetwork(v1alpha1.NetworkSpec{ExposeRoute: true}), "Ingress", allow("networking.k8s.io", "ingresses", "create")),
		Entry("an Ingress", withNetwork(v1alpha1.NetworkSpec{Ingress: &v1alpha1.IngressSpec{Host: "a.example.com"}}), "Ingress", allow("networking.k8s.io", "ingresses", "create")),
		Entry("an HTTPRoute", withNetwork(v1alpha1.NetworkSpec{HTTPRoute: &parent}), "httpRoute", allow("gateway.networking.k8s.io", "httproutes", "create")),
		Entry("a Route", withNetwork(v1alpha1.NetworkSpec{Route: &v1alpha1.RouteSpec{}}), "network.route", allow("route.openshift.io", "routes", "create")),
	}
}

var _ = Describe("An author of LlamaStackDistributions", Ordered, func() {
	BeforeAll(func(ctx context.Context) { // the API server takes a moment to know a policy
		namespace := newNamespace(ctx, false)
		author := as(ctx, namespace, "first")
		Eventually(func() error {
			return author.Create(ctx, llsdtest.Make("a").Namespace(namespace).ServiceAccount("deployer").Obj(), client.DryRunAll)
		}).Should(MatchError(ContainSubstring("serviceAccountName")))
	})

	DescribeTable("has by it", func(ctx context.Context, ask func(*v1alpha1.LlamaStackDistribution), field string, right rbacv1.PolicyRule) {
		namespace := newNamespace(ctx, false)
		without, with := as(ctx, namespace, namespace+"-without"), as(ctx, namespace, namespace+"-with", right)
		asking := func(name string) *v1alpha1.LlamaStackDistribution {
			return llsdtest.Make(name).Namespace(namespace).Edit(ask).Obj()
		}
		refused := And(MatchError(ContainSubstring(field)), WithTransform(apierrors.IsForbidden, BeTrue()))

		Expect(without.Create(ctx, asking("a"))).To(refused)
		plain := llsdtest.Make("plain").Namespace(namespace).Obj()
		Expect(without.Create(ctx, plain)).To(Succeed())
		change := func(by client.Client, name string, change func(*v1alpha1.LlamaStackDistribution)) error {
			GinkgoHelper()
			read := get(ctx, namespace, name, &v1alpha1.LlamaStackDistribution{})
			changed := read.DeepCopy()
			change(changed)
			return by.Patch(ctx, changed, client.MergeFrom(read))
		}
		Expect(change(without, "plain", ask)).To(refused)

		Expect(with.Create(ctx, asking("a"))).To(Succeed())
		By("continuing with what exists, whoever edits it")
		Expect(change(without, "a", func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Replicas = new(int32(2)) })).To(Succeed())
		Expect(change(without, "a", func(i *v1alpha1.LlamaStackDistribution) { i.Labels = map[string]string{"a": "b"} })).To(Succeed())
	}, borrowed())

	It("only sets the host of a Route with the right to", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		routes := allow("route.openshift.io", "routes", "create")
		without, with := as(ctx, namespace, namespace+"-without", routes), as(ctx, namespace, namespace+"-with", routes, allow("route.openshift.io", "routes/custom-host", "create"))
		hosted := llsdtest.Make("a").Namespace(namespace).Edit(withNetwork(v1alpha1.NetworkSpec{Route: &v1alpha1.RouteSpec{Host: "bank.example.com"}})).Obj()
		Expect(without.Create(ctx, hosted.DeepCopy())).To(MatchError(ContainSubstring("network.route.host")))
		Expect(with.Create(ctx, hosted.DeepCopy())).To(Succeed())
	})

	It("restores deleted children of a server that has privileged fields", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("a").Namespace(namespace).ServiceAccount("deployer").Obj()
		instance.Finalizers = []string{"example.com/wait"}
		create(ctx, instance)
		author := as(ctx, namespace, namespace+"-author")
		Expect(author.Delete(ctx, instance)).To(Succeed())
		read := get(ctx, namespace, "a", &v1alpha1.LlamaStackDistribution{})
		before := read.DeepCopy()
		read.Finalizers = nil
		// Not an update, which conflicts with the operator's status.
		Expect(author.Patch(ctx, read, client.MergeFrom(before))).To(Succeed())
	})
})

var _ = Describe("The operator's rights", Ordered, func() {
	var itself client.Client

	BeforeAll(func(ctx context.Context) {
		var err error
		itself, err = client.New(controlPlane.OperatorConfig(), client.Options{Scheme: admin.Scheme()})
		Expect(err).NotTo(HaveOccurred())
		namespace := newNamespace(ctx, false)
		Eventually(func() error { return itself.Create(ctx, configMap(namespace, "any", nil), client.DryRunAll) }).Should(MatchError(ContainSubstring("its own objects")))
	})

	labelled := func(object client.Object) client.Object {
		object.SetLabels(map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy})
		return object
	}
	notItsOwn := And(MatchError(ContainSubstring("its own objects")), WithTransform(apierrors.IsForbidden, BeTrue()))

	It("are for objects with its label", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		Expect(itself.Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "a"}})).To(notItsOwn)
		Expect(itself.Create(ctx, labelled(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "a"}}))).To(Succeed())
	})

	It("do not take over or delete objects of others", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		theirs := configMap(namespace, "theirs", map[string]string{"a": "b"})
		create(ctx, theirs)
		Expect(itself.Delete(ctx, theirs.DeepCopy())).To(notItsOwn)
		Expect(itself.Patch(ctx, labelled(theirs.DeepCopy()), client.MergeFrom(theirs))).To(notItsOwn)
	})

	It("include what a LlamaStackDistribution owns, whatever its labels", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		owned := configMap(namespace, "owned", nil)
		owned.OwnerReferences = []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind, Name: "a", UID: "u"}}
		create(ctx, owned)
		Expect(itself.Delete(ctx, owned)).To(Succeed())
	})

	DescribeTable("exclude the system namespaces of the cluster", func(ctx context.Context, namespace string) {
		if err := admin.Create(ctx, namespaceObject(namespace)); err != nil {
			Expect(apierrors.IsAlreadyExists(err)).To(BeTrue())
		}
		Expect(itself.Create(ctx, labelled(configMap(namespace, "a", nil)), client.DryRunAll)).To(MatchError(ContainSubstring("a system namespace")))
	},
		Entry("kube-system", "kube-system"),
		Entry("kube-public", "kube-public"),
		Entry("OpenShift's", "openshift-ingress"),
		Entry("OpenShift's templates", "openshift"),
	)

	It("do not affect anybody else", func(ctx context.Context) {
		Expect(admin.Create(ctx, configMap("kube-system", "anybodys", nil), client.DryRunAll)).To(Succeed())
	})
})
