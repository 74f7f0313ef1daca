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

package gather

import (
	"context"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func (g *Gatherer) userConfig(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, f *Found) error {
	spec := instance.Spec.Server.UserConfig
	if spec == nil {
		return nil
	}
	if ns := spec.ConfigMapNamespace; ns != "" && ns != instance.Namespace {
		f.Problemf(v1alpha1.ReasonUserConfigOtherNS, "spec.server.userConfig names ConfigMap %s/%s, and no Pod can mount a ConfigMap of another namespace: "+
			"copy it to namespace %s and remove configMapNamespace", ns, spec.ConfigMapName, instance.Namespace)
		return nil
	}
	f.User = inputs.UserConfig{
		Key: client.ObjectKey{Namespace: instance.Namespace, Name: spec.ConfigMapName}, Workers: instance.Spec.Server.Workers, Serving: f.Input.Serving != nil,
		Commanded: len(instance.Spec.Server.ContainerSpec.Command) > 0,
	}
	reference, err := g.reference(ctx, f.User.Key)
	if err != nil {
		return err
	}
	finding, err := g.Contents.UserConfig(ctx, reference, &f.User)
	if err != nil {
		return err
	}
	if finding.Problem != nil {
		f.Problems = append(f.Problems, *finding.Problem)
		return nil
	}
	f.User.Digest, f.User.Source = finding.Digest, finding.Source
	f.places = places{local: finding.Local, forgotten: finding.Forgotten, vectors: finding.Vectors, separate: finding.Separate}
	f.State = f.places.of(status.State{Known: !finding.Unread, Unread: finding.Unread, Workers: finding.Facts.Workers})
	f.Authenticated = finding.Facts.Authenticated
	f.Input.UserConfig = &render.UserConfig{
		CopyName: render.ConfigCopyName(instance.Name, finding.Hash), Hash: finding.Hash,
		TLS: finding.Facts.TLS, TCPProbe: !finding.Facts.HTTPProbe(), NamesToken: finding.Token,
	}
	if finding.Notice != "" {
		f.Noticef("%s", finding.Notice)
	}
	noticePort(instance, finding.Facts.Port, f)
	if finding.OwnCertificate {
		f.Input.Serving.Unused = true
		f.Noticef("ConfigMap %s names server.tls_certfile and server.tls_keyfile of its own, which the server shows instead of Secret %s",
			f.User.Key, f.Input.Serving.SecretName)
	}
	return nil
}

// noticePort says that a port of the configuration is not used. Servers up to 1.1 never read it, and later ones read OGX_PORT
// before it, which the operator sets; what a command or an argument of the CR's own does is not known.
func noticePort(instance *v1alpha1.LlamaStackDistribution, port *int32, f *Found) {
	container := &instance.Spec.Server.ContainerSpec
	if port == nil || *port == instance.ServerPort() || len(container.Command) > 0 ||
		slices.ContainsFunc(container.Args, func(word string) bool { return strings.HasPrefix(word, "--port") }) {
		return
	}
	f.Noticef("server.port %d of ConfigMap %s is not used, and the server listens on port %d: to change the port, set spec.server.containerSpec.port",
		*port, f.User.Key, instance.ServerPort())
}
