//go:build olm

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

package olm_test

import (
	"context"

	operatorsv1 "github.com/operator-framework/api/pkg/operators/v1"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	catalogName      = "releases"
	subscriptionName = packageName
)

func objectMeta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

// publish replaces the catalog of the cluster.
func publish(ctx context.Context, published catalog) {
	GinkgoHelper()
	published.push(ctx)
	source := &operatorsv1alpha1.CatalogSource{
		ObjectMeta: objectMeta(catalogNamespace, catalogName),
		Spec: operatorsv1alpha1.CatalogSourceSpec{
			SourceType: operatorsv1alpha1.SourceTypeGrpc, Image: published.image(), DisplayName: "Releases", Publisher: "test",
			GrpcPodConfig: &operatorsv1alpha1.GrpcPodConfig{SecurityContextConfig: operatorsv1alpha1.Restricted},
		},
	}
	ensure(ctx, source)
	Eventually(func() error {
		if err := kube.Get(ctx, client.ObjectKeyFromObject(source), source); err != nil {
			return err
		}
		source.Spec.Image = published.image()
		return kube.Update(ctx, source)
	}).Should(Succeed())
}

// install makes the namespace, the OperatorGroup for all namespaces, and the Subscription. It starts with the given
// release, or with the newest if there is none.
func install(ctx context.Context, approval operatorsv1alpha1.Approval, first *release) {
	GinkgoHelper()
	ensure(ctx, &corev1.Namespace{ObjectMeta: objectMeta("", operatorNamespace)})
	ensure(ctx, &operatorsv1.OperatorGroup{ObjectMeta: objectMeta(operatorNamespace, packageName)})
	subscription := &operatorsv1alpha1.Subscription{
		ObjectMeta: objectMeta(operatorNamespace, subscriptionName),
		Spec: &operatorsv1alpha1.SubscriptionSpec{
			CatalogSource: catalogName, CatalogSourceNamespace: catalogNamespace, Package: packageName, Channel: channel,
			InstallPlanApproval: approval,
		},
	}
	if first != nil {
		subscription.Spec.StartingCSV = first.csv()
	}
	create(ctx, subscription)
}

// edit changes the Subscription as a user does.
func edit(ctx context.Context, change func(*operatorsv1alpha1.SubscriptionSpec)) {
	GinkgoHelper()
	Eventually(func() error {
		subscription := &operatorsv1alpha1.Subscription{}
		if err := kube.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: subscriptionName}, subscription); err != nil {
			return err
		}
		change(subscription.Spec)
		return kube.Update(ctx, subscription)
	}).Should(Succeed())
}

// installed polls the name of the ClusterServiceVersion that has succeeded.
func installed(ctx context.Context) func() (string, error) {
	return func() (string, error) {
		subscription := &operatorsv1alpha1.Subscription{}
		if err := kube.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: subscriptionName}, subscription); err != nil {
			return "", err
		}
		csv := &operatorsv1alpha1.ClusterServiceVersion{}
		err := kube.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: subscription.Status.InstalledCSV}, csv)
		if err != nil || csv.Status.Phase != operatorsv1alpha1.CSVPhaseSucceeded {
			return string(csv.Status.Phase), client.IgnoreNotFound(err)
		}
		return csv.Name, nil
	}
}

// reported polls the message of a condition of the Subscription that is True; it is empty otherwise.
func reported(ctx context.Context, kind operatorsv1alpha1.SubscriptionConditionType) func() (string, error) {
	return func() (string, error) {
		subscription := &operatorsv1alpha1.Subscription{}
		err := kube.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: subscriptionName}, subscription)
		condition := subscription.Status.GetCondition(kind)
		if err != nil || condition.Status != corev1.ConditionTrue {
			return "", err
		}
		return condition.Message, nil
	}
}

// presented polls how consoles show the releases that the channels end with: their names and descriptions.
func presented(ctx context.Context) func() (map[string]string, error) {
	return func() (map[string]string, error) {
		manifest := &unstructured.Unstructured{}
		manifest.SetAPIVersion("packages.operators.coreos.com/v1")
		manifest.SetKind("PackageManifest")
		if err := kube.Get(ctx, client.ObjectKey{Namespace: catalogNamespace, Name: packageName}, manifest); err != nil {
			return nil, err
		}
		channels, _, err := unstructured.NestedSlice(manifest.Object, "status", "channels")
		if err != nil {
			return nil, err
		}
		shown := map[string]string{}
		for _, channel := range channels {
			fields := channel.(map[string]any)
			release, _, _ := unstructured.NestedString(fields, "currentCSV")
			name, _, _ := unstructured.NestedString(fields, "currentCSVDesc", "displayName")
			description, _, _ := unstructured.NestedString(fields, "currentCSVDesc", "description")
			shown[release] = name + ", " + description
		}
		return shown, nil
	}
}

// icon is what consoles show for the package. OLM leaves it out of the PackageManifest, and gives one of its own for a package
// without any.
func icon(ctx context.Context) string {
	GinkgoHelper()
	return command(ctx, nil, "bin/cluster", "kubectl", "get", "--raw",
		"/apis/packages.operators.coreos.com/v1/namespaces/"+catalogNamespace+"/packagemanifests/"+packageName+"/icon")
}

// becomeInstalled waits until a release is installed, its operator is ready, and there is no other.
func becomeInstalled(ctx context.Context, wanted release) {
	GinkgoHelper()
	Eventually(installed(ctx)).WithTimeout(installs).Should(Equal(wanted.csv()))
	becomeDeployed(ctx, wanted)
	csvs := &operatorsv1alpha1.ClusterServiceVersionList{}
	Eventually(func() ([]operatorsv1alpha1.ClusterServiceVersion, error) {
		err := kube.List(ctx, csvs, client.InNamespace(operatorNamespace), withoutCopies())
		return csvs.Items, err
	}).Should(HaveExactElements(HaveField("Name", wanted.csv())))
}

// becomeDeployed waits until all Pods of the operator are of a release, and ready.
func becomeDeployed(ctx context.Context, wanted release) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		operator := &appsv1.Deployment{}
		g.Expect(kube.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: operatorName}, operator)).To(Succeed())
		g.Expect(operator.Spec.Template.Spec.Containers[0].Image).To(Equal(wanted.operator))
		g.Expect(operator.Spec.Template.Spec.Containers[0].Env).To(ContainElement(corev1.EnvVar{Name: "OPERATOR_VERSION", Value: wanted.version}))
		g.Expect(operator.Status.ObservedGeneration).To(Equal(operator.Generation))
		g.Expect(operator.Status.UpdatedReplicas).To(Equal(*operator.Spec.Replicas))
		g.Expect(operator.Status.AvailableReplicas).To(Equal(*operator.Spec.Replicas))
		g.Expect(operator.Status.Replicas).To(Equal(*operator.Spec.Replicas))
	}).WithTimeout(podStarts).Should(Succeed())
}

// withoutCopies leaves out the copies that OLM makes of operators for all namespaces.
func withoutCopies() client.ListOption {
	selector, err := metav1.LabelSelectorAsSelector(&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
		{Key: operatorsv1alpha1.CopiedLabelKey, Operator: metav1.LabelSelectorOpDoesNotExist},
	}})
	Expect(err).NotTo(HaveOccurred())
	return client.MatchingLabelsSelector{Selector: selector}
}

// plan polls the InstallPlan of a release.
func plan(ctx context.Context, wanted release) func() (operatorsv1alpha1.InstallPlan, error) {
	return func() (operatorsv1alpha1.InstallPlan, error) {
		plans := &operatorsv1alpha1.InstallPlanList{}
		if err := kube.List(ctx, plans, client.InNamespace(operatorNamespace)); err != nil {
			return operatorsv1alpha1.InstallPlan{}, err
		}
		for i := range plans.Items {
			if names := plans.Items[i].Spec.ClusterServiceVersionNames; len(names) == 1 && names[0] == wanted.csv() {
				return plans.Items[i], nil
			}
		}
		return operatorsv1alpha1.InstallPlan{}, nil
	}
}

// approve approves the InstallPlan of a release as soon as that waits for it. OLM may still write to it.
func approve(ctx context.Context, wanted release) {
	GinkgoHelper()
	Eventually(plan(ctx, wanted)).WithTimeout(installs).Should(HaveField("Status.Phase", operatorsv1alpha1.InstallPlanPhaseRequiresApproval))
	Eventually(func() error {
		waiting, err := plan(ctx, wanted)()
		if err != nil {
			return err
		}
		waiting.Spec.Approved = true
		return kube.Update(ctx, &waiting)
	}).Should(Succeed())
}

// uninstall does what OLM's documentation says: the Subscription and the ClusterServiceVersion are deleted.
func uninstall(ctx context.Context) {
	GinkgoHelper()
	remove(ctx, &operatorsv1alpha1.Subscription{ObjectMeta: objectMeta(operatorNamespace, subscriptionName)})
	csvs := &operatorsv1alpha1.ClusterServiceVersionList{}
	Expect(kube.List(ctx, csvs, client.InNamespace(operatorNamespace), withoutCopies())).To(Succeed())
	for i := range csvs.Items {
		remove(ctx, &csvs.Items[i])
	}
	Eventually(func() bool {
		return apierrors.IsNotFound(kube.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: operatorName}, &appsv1.Deployment{}))
	}).WithTimeout(podStarts).Should(BeTrue(), "the operator is still there")
}

// forget removes what an uninstalled operator leaves, with the servers and the catalog.
func forget(ctx context.Context) {
	GinkgoHelper()
	remove(ctx,
		&operatorsv1alpha1.CatalogSource{ObjectMeta: objectMeta(catalogNamespace, catalogName)},
		&apiextensionsv1.CustomResourceDefinition{ObjectMeta: objectMeta("", crdName)},
		&corev1.Namespace{ObjectMeta: objectMeta("", operatorNamespace)},
	)
}
