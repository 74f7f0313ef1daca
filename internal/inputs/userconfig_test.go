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

package inputs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var errDown = errors.New("the API server is down")

// apiServer has ConfigMaps and ReplicaSets. Where an error is set, it answers with it.
type apiServer struct {
	client.Client

	getErr, listErr, deleteErr error
	// reads are those that were counted, by kind.
	reads map[string]int
	// foreign are the ConfigMaps that somebody else than the operator applied.
	foreign map[string]bool
	// endless says that each list of ReplicaSets has another page.
	endless bool
	// preconditions of the deletions.
	preconditions []metav1.Preconditions
}

func serving(objects ...client.Object) *apiServer {
	GinkgoHelper()
	scheme := runtime.NewScheme()
	Expect(corev1.AddToScheme(scheme)).To(Succeed())
	Expect(appsv1.AddToScheme(scheme)).To(Succeed())
	s := &apiServer{reads: map[string]int{}, foreign: map[string]bool{}}
	s.Client = interceptor.NewClient(fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build(), interceptor.Funcs{
		Get: func(ctx context.Context, w client.WithWatch, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
			if s.getErr != nil {
				return s.getErr
			}
			if !s.foreign[key.Name] {
				defer into.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: apply.FieldOwner, Operation: metav1.ManagedFieldsOperationApply}})
			}
			return w.Get(ctx, key, into, options...)
		},
		List: func(ctx context.Context, w client.WithWatch, into client.ObjectList, options ...client.ListOption) error {
			err := errors.Join(s.listErr, w.List(ctx, into, options...))
			if s.endless {
				into.SetContinue("more")
			}
			return err
		},
		Delete: func(ctx context.Context, w client.WithWatch, object client.Object, options ...client.DeleteOption) error {
			if s.deleteErr != nil {
				return s.deleteErr
			}
			if applied := (&client.DeleteOptions{}).ApplyOptions(options); applied.Preconditions != nil {
				s.preconditions = append(s.preconditions, *applied.Preconditions)
			}
			return w.Delete(ctx, object, options...)
		},
	})
	return s
}

func (s *apiServer) liveRead(kind string) { s.reads[kind]++ }

// put creates a ConfigMap or replaces its content, and returns it as it is then.
func (s *apiServer) put(ctx context.Context, name string, data map[string]string) *corev1.ConfigMap {
	GinkgoHelper()
	configMap := &corev1.ConfigMap{}
	err := s.Get(ctx, client.ObjectKey{Namespace: "apps", Name: name}, configMap)
	if apierrors.IsNotFound(err) {
		configMap = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: name, UID: types.UID("uid-" + name)}, Data: data}
		Expect(s.Create(ctx, configMap)).To(Succeed())
		return configMap
	}
	Expect(err).NotTo(HaveOccurred())
	configMap.Data, configMap.ManagedFields = data, nil
	Expect(s.Update(ctx, configMap)).To(Succeed())
	return configMap
}

// remove deletes a ConfigMap.
func (s *apiServer) remove(ctx context.Context, name string) {
	GinkgoHelper()
	Expect(s.Delete(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: name}})).To(Succeed())
}

// referenceTo is what a cache has of a ConfigMap.
func referenceTo(configMap *corev1.ConfigMap) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Namespace: configMap.Namespace, Name: configMap.Name, UID: configMap.UID, ResourceVersion: configMap.ResourceVersion,
	}}
}

var _ = Describe("The content of a user's configuration", func() {
	const plain = "version: 2\n"
	key := client.ObjectKey{Namespace: "apps", Name: "config"}
	var (
		server   *apiServer
		contents *inputs.Contents
	)
	BeforeEach(func() {
		server = serving()
		contents = inputs.New(server, server.liveRead, nil)
	})
	config := func(text string) map[string]string { return map[string]string{v1alpha1.UserConfigKey: text} }

	It("is a problem where it does not exist, and not read", func(ctx context.Context) {
		found, err := contents.UserConfig(ctx, nil, &inputs.UserConfig{Key: key})
		Expect(err).NotTo(HaveOccurred())
		Expect(found.Problem).To(And(HaveField("Reason", v1alpha1.ReasonUserConfigNotFound),
			HaveField("Message", "ConfigMap apps/config, which spec.server.userConfig names, does not exist: create it with the key config.yaml")))
		Expect(server.reads).To(BeEmpty())
	})

	It("is read once for each version, and for what is put in", func(ctx context.Context) {
		reference := referenceTo(server.put(ctx, "config", config(plain)))
		first, err := contents.UserConfig(ctx, reference, &inputs.UserConfig{Key: key})
		Expect(err).NotTo(HaveOccurred())
		Expect(contents.UserConfig(ctx, reference, &inputs.UserConfig{Key: key})).To(Equal(first))
		Expect(server.reads["ConfigMap"]).To(Equal(1))

		workers, err := contents.UserConfig(ctx, reference, &inputs.UserConfig{Key: key, Workers: new(int32(2))})
		Expect(err).NotTo(HaveOccurred())
		Expect(workers.Source).To(Equal(first.Source), "the author wrote the same")
		Expect(workers.Hash).NotTo(Equal(first.Hash))
		Expect(server.reads["ConfigMap"]).To(Equal(2))

		next := referenceTo(server.put(ctx, "config", config("version: 3\n")))
		changed, err := contents.UserConfig(ctx, next, &inputs.UserConfig{Key: key})
		Expect(err).NotTo(HaveOccurred())
		Expect(changed.Source).NotTo(Equal(first.Source))
		Expect(server.reads["ConfigMap"]).To(Equal(3))
	})

	It("is that of the API server, where the cache is late", func(ctx context.Context) {
		late := referenceTo(server.put(ctx, "config", config(plain)))
		now := referenceTo(server.put(ctx, "config", config("version: 3\n")))
		found, err := contents.UserConfig(ctx, late, &inputs.UserConfig{Key: key})
		Expect(err).NotTo(HaveOccurred())
		Expect(contents.UserConfig(ctx, now, &inputs.UserConfig{Key: key})).To(Equal(found))
		Expect(server.reads["ConfigMap"]).To(Equal(1), "it was remembered for the version that was read")
	})

	It("is a problem where it has just been deleted, until it exists again", func(ctx context.Context) {
		reference := referenceTo(server.put(ctx, "config", config(plain)))
		server.remove(ctx, "config")
		found, err := contents.UserConfig(ctx, reference, &inputs.UserConfig{Key: key})
		Expect(err).NotTo(HaveOccurred())
		Expect(found.Problem).To(HaveField("Reason", v1alpha1.ReasonUserConfigNotFound))

		found, err = contents.UserConfig(ctx, referenceTo(server.put(ctx, "config", config(plain))), &inputs.UserConfig{Key: key})
		Expect(err).NotTo(HaveOccurred())
		Expect(found.Problem).To(BeNil())
	})

	It("is read again after an error", func(ctx context.Context) {
		reference := referenceTo(server.put(ctx, "config", config(plain)))
		server.getErr = errDown
		_, err := contents.UserConfig(ctx, reference, &inputs.UserConfig{Key: key})
		Expect(err).To(MatchError("failed to read ConfigMap apps/config: the API server is down"))
		server.getErr = nil
		Expect(contents.UserConfig(ctx, reference, &inputs.UserConfig{Key: key})).To(HaveField("Hash", Not(BeEmpty())))
	})

	DescribeTable("says what the server does", func(ctx context.Context, text string, serves bool, matches OmegaMatcher) {
		reference := referenceTo(server.put(ctx, "config", config(text)))
		Expect(contents.UserConfig(ctx, reference, &inputs.UserConfig{Key: key, Serving: serves})).To(And(HaveField("Problem", BeNil()), matches))
	},
		Entry("with the token of Kubernetes", "a: /var/run/secrets/kubernetes.io/serviceaccount/token\n", false, HaveField("Token", true)),
		Entry("without the token", plain, false, HaveField("Token", false)),
		Entry("with a certificate of its own", "server: {tls_certfile: /c, tls_keyfile: /k}\n", true, HaveField("OwnCertificate", true)),
		Entry("with the certificate of the Secret", plain, true, HaveField("OwnCertificate", false)),
	)

	Context("that is mounted", func() {
		It("is at hand in the reconcile that read it, with what is put in", func(ctx context.Context) {
			reference := referenceTo(server.put(ctx, "config", map[string]string{v1alpha1.UserConfigKey: plain, "extra": "as it is"}))
			user := &inputs.UserConfig{Key: key, Workers: new(int32(7)), Serving: true}
			found, err := contents.UserConfig(ctx, reference, user)
			Expect(err).NotTo(HaveOccurred())
			payload, err := contents.Payload(ctx, user)
			Expect(err).NotTo(HaveOccurred())
			Expect(server.reads["ConfigMap"]).To(Equal(1))
			Expect(payload.Data).To(HaveKeyWithValue("extra", "as it is"))
			Expect(payload.Data[v1alpha1.UserConfigKey]).To(And(ContainSubstring("workers: 7"), ContainSubstring("tls_certfile:"), ContainSubstring("tls_keyfile:")))
			Expect(inputs.ContentHash(payload)).To(Equal(found.Hash))
			Expect(found.Digest).To(Equal(apply.DigestOf(payload)))
		})

		It("is read again in a later one, and is the same", func(ctx context.Context) {
			reference := referenceTo(server.put(ctx, "config", config(plain)))
			found, err := contents.UserConfig(ctx, reference, &inputs.UserConfig{Key: key, Workers: new(int32(7))})
			Expect(err).NotTo(HaveOccurred())
			payload, err := contents.Payload(ctx, &inputs.UserConfig{Key: key, Workers: new(int32(7))})
			Expect(err).NotTo(HaveOccurred())
			Expect(inputs.ContentHash(payload)).To(Equal(found.Hash))
			Expect(server.reads["ConfigMap"]).To(Equal(2))
		})

		DescribeTable("is an error where it changed meanwhile", func(ctx context.Context, change func(context.Context), says string) {
			server.put(ctx, "config", config(plain))
			change(ctx)
			payload, err := contents.Payload(ctx, &inputs.UserConfig{Key: key})
			Expect(err).To(MatchError(HavePrefix(says)))
			Expect(payload).To(BeNil())
		},
			Entry("to nothing", func(ctx context.Context) { server.remove(ctx, "config") }, "failed to read ConfigMap apps/config: it has just been deleted"),
			Entry("to what cannot be used", func(ctx context.Context) { server.put(ctx, "config", config("a: [")) },
				"failed to use ConfigMap apps/config: it has just changed: key config.yaml of ConfigMap apps/config cannot be read"),
			Entry("or cannot be read", func(context.Context) { server.getErr = errDown }, "failed to read ConfigMap apps/config: the API server is down"),
		)

		It("is not read when the reconcile is over", func(ctx context.Context) {
			server.put(ctx, "config", config(plain))
			ended, cancel := context.WithCancel(ctx)
			cancel()
			occupied := occupy(ctx, contents)
			_, err := contents.Payload(ended, &inputs.UserConfig{Key: key})
			occupied()
			Expect(err).To(MatchError(context.Canceled))
			Expect(server.reads).To(BeEmpty())
		})
	})
})

// occupy takes every turn to read a content, and returns what gives them back.
func occupy(ctx context.Context, contents *inputs.Contents) func() {
	GinkgoHelper()
	release, ended := make(chan struct{}), make(chan struct{})
	const turns = 2
	for i := range turns {
		started := make(chan struct{})
		go func() {
			defer GinkgoRecover()
			_, err := inputs.Once(ctx, contents, fmt.Sprintf("turn-%d", i), "1", func(context.Context) (inputs.Found, string, error) {
				close(started)
				<-release
				return "", "1", nil
			})
			Expect(err).NotTo(HaveOccurred())
			ended <- struct{}{}
		}()
		<-started
	}
	return func() {
		close(release)
		for range turns {
			<-ended
		}
	}
}
