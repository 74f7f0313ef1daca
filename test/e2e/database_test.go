//go:build e2e

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

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The cluster of PostgreSQL, with the names of CloudNativePG.
const (
	databaseName = "llamastack-db"
	databaseHost = databaseName + "-rw"
	databasePort = 5432
	// databaseUser is the user id of PostgreSQL in its image.
	databaseUser = int64(999)
	// sentence is what a server is to remember.
	sentence = "The sky over the harbour is blue."
)

// startDatabase runs PostgreSQL, which keeps its data until its Pod is deleted. Servers log in as an ordinary user.
func startDatabase(ctx context.Context, namespace string) {
	GinkgoHelper()
	const password = "s3cr3t%2F"
	pod := standInPod(namespace, databaseName, databasePort, "", "postgres", "-c", "fsync=off", "-c", "jit=off", "-c", "max_connections=200")
	pod.Spec.SecurityContext.RunAsUser, pod.Spec.SecurityContext.FSGroup = new(databaseUser), new(databaseUser)
	container := &pod.Spec.Containers[0]
	container.Image = image.database
	container.ReadinessProbe = &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(databasePort)}}}
	container.Env = []corev1.EnvVar{{Name: "PGDATA", Value: "/data/databases"}, {Name: "POSTGRES_PASSWORD", Value: "of the superuser"}}
	container.VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/data"}, {Name: "statements", MountPath: "/docker-entrypoint-initdb.d"}}
	pod.Spec.Volumes = []corev1.Volume{
		{Name: "data", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		{Name: "statements", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: databaseName},
		}}},
	}
	service := serviceOf(namespace, databaseHost, databasePort)
	service.Spec.Selector = map[string]string{"app": databaseName}
	create(ctx,
		&corev1.ConfigMap{ObjectMeta: objectMeta(namespace, databaseName), Data: map[string]string{
			// An ordinary user cannot create the extension. The new database is a copy of the one with it.
			"app.sql": "CREATE ROLE app LOGIN PASSWORD 's3cr3t/';\nCREATE EXTENSION vector;\nCREATE DATABASE app OWNER app TEMPLATE postgres;\n",
		}},
		&corev1.Secret{ObjectMeta: objectMeta(namespace, databaseName+"-app"), StringData: map[string]string{
			"password": "s3cr3t/", "uri": fmt.Sprintf("postgresql://app:%s@%s.%s:%d/app", password, databaseHost, namespace, databasePort),
		}},
		pod, service)
}

// replicasOf are the Pods of a server.
func replicasOf(ctx context.Context, server *v1alpha1.LlamaStackDistribution) []corev1.Pod {
	GinkgoHelper()
	list := &corev1.PodList{}
	Expect(kube.List(ctx, list, client.InNamespace(server.Namespace), client.MatchingLabels{v1alpha1.LabelInstance: server.Name})).To(Succeed())
	return list.Items
}

// askPod prepares a request to one Pod of a server.
func askPod(pod *corev1.Pod, verb, path string) *rest.Request {
	return clientset.CoreV1().RESTClient().Verb(verb).Namespace(pod.Namespace).Resource("pods").
		Name("http:" + pod.Name + ":8321").SubResource("proxy").Suffix(path)
}

// state is what a client has left on a server.
type state struct{ conversation, vectors string }

// leaveState starts a conversation on one Pod of a server, and stores a sentence with its embedding there.
func leaveState(ctx context.Context, pod *corev1.Pod) state {
	GinkgoHelper()
	const model = "vllm/" + sampleEmbeddings
	var conversation, store struct {
		ID string `json:"id"`
	}
	send := func(path string, body, into any) {
		GinkgoHelper()
		text, err := json.Marshal(body)
		Expect(err).NotTo(HaveOccurred())
		Eventually(func() error {
			return ask(ctx, askPod(pod, http.MethodPost, path).SetHeader(contentType, jsonType).Body(text), into)
		}).Should(Succeed())
	}

	send("/v1/conversations", map[string]any{"items": []map[string]any{{
		"type": "message", "role": "user", "content": []map[string]string{{"type": "input_text", "text": sentence}},
	}}}, &conversation)
	var vectors embeddings
	send("/v1/embeddings", map[string]any{"model": model, "input": sentence}, &vectors)
	Expect(vectors.Data).To(HaveLen(1))
	send("/v1/vector_stores", map[string]any{
		"name": "notes", "provider_id": "pgvector", "embedding_model": model, "embedding_dimension": sampleDimensions,
	}, &store)
	about := map[string]string{"document_id": "note"}
	send("/v1/vector-io/insert", map[string]any{"vector_store_id": store.ID, "chunks": []map[string]any{{
		"content": sentence, "chunk_id": "first", "metadata": about, "chunk_metadata": about,
		"embedding": vectors.Data[0].Embedding, "embedding_model": model, "embedding_dimension": sampleDimensions,
	}}}, nil)
	return state{conversation: conversation.ID, vectors: store.ID}
}

// remember checks that each of these Pods has the conversation that a client has left.
func remember(ctx context.Context, pods []corev1.Pod, left state) {
	GinkgoHelper()
	for i := range pods {
		Eventually(func() (string, error) {
			items, err := askPod(&pods[i], http.MethodGet, "/v1/conversations/"+left.conversation+"/items").Do(ctx).Raw()
			return string(items), err
		}).Should(ContainSubstring(sentence))
	}
}

// search checks that each of these Pods finds the sentence that a client has left.
func search(ctx context.Context, pods []corev1.Pod, left state) {
	GinkgoHelper()
	query, err := json.Marshal(map[string]string{"query": sentence})
	Expect(err).NotTo(HaveOccurred())
	for i := range pods {
		Eventually(func() (string, error) {
			found, err := askPod(&pods[i], http.MethodPost, "/v1/vector_stores/"+left.vectors+"/search").SetHeader(contentType, jsonType).Body(query).Do(ctx).Raw()
			return string(found), err
		}).Should(ContainSubstring(sentence))
	}
}
