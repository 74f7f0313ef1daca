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

package controller

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/serverconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// userConfig is a referenced ConfigMap as it is to be mounted. data is nil while only the finding is remembered.
type userConfig struct {
	key     client.ObjectKey
	workers *int32
	// serving says that the certificate of a Secret is put in.
	serving bool
	digest  string
	data    *corev1.ConfigMap
}

// userFinding is what is remembered of one content of a user's ConfigMap.
type userFinding struct {
	hash    string
	digest  string
	facts   serverconfig.Facts
	problem *status.Problem
	local   []string
	// ownCertificate says that the configuration names one, so that none was put in.
	ownCertificate bool
}

func (r *Reconciler) gatherUserConfig(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, p *pass) error {
	spec := instance.Spec.Server.UserConfig
	if spec == nil {
		return nil
	}
	if ns := spec.ConfigMapNamespace; ns != "" && ns != instance.Namespace {
		p.blamef(v1alpha1.ReasonUserConfigOtherNS, "spec.server.userConfig names ConfigMap %s/%s, and no Pod can mount a ConfigMap of another namespace: "+
			"copy it to namespace %s and remove configMapNamespace", ns, spec.ConfigMapName, instance.Namespace)
		return nil
	}
	p.user = userConfig{
		key: client.ObjectKey{Namespace: instance.Namespace, Name: spec.ConfigMapName}, workers: instance.Spec.Server.Workers, serving: p.input.Serving != nil,
	}
	finding, err := r.findUserConfig(ctx, &p.user)
	if err != nil {
		return err
	}
	if finding.problem != nil {
		p.problems = append(p.problems, *finding.problem)
		return nil
	}
	p.user.digest = finding.digest
	p.state = status.State{Known: true, Local: finding.local, Workers: finding.facts.Workers}
	p.input.UserConfig = &render.UserConfig{
		CopyName: render.ConfigCopyName(instance.Name, finding.hash), Hash: finding.hash,
		TLS: finding.facts.TLS, TCPProbe: !finding.facts.HTTPProbe(),
	}
	if finding.ownCertificate {
		p.input.Serving.Unused = true
		p.noticef("ConfigMap %s names server.tls_certfile and server.tls_keyfile of its own, which the server shows instead of Secret %s",
			p.user.key, p.input.Serving.SecretName)
	}
	return nil
}

// findUserConfig reads the ConfigMap only if its resourceVersion, or what to put in, is a new one.
func (r *Reconciler) findUserConfig(ctx context.Context, user *userConfig) (userFinding, error) {
	reference, err := r.reference(ctx, user.key)
	if err != nil {
		return userFinding{}, err
	}
	if reference == nil {
		return userConfigMissing(user.key), nil
	}
	return once(r.contents, user.memoryKey(string(reference.UID), reference.ResourceVersion), func() (userFinding, error) {
		configMap, err := r.contents.load(ctx, user.key)
		if err != nil {
			return userFinding{}, err
		}
		if configMap == nil {
			return userConfigMissing(user.key), nil
		}
		finding := user.inspect(configMap)
		r.contents.found.Add(user.memoryKey(string(configMap.UID), configMap.ResourceVersion), finding)
		return finding, nil
	})
}

func (u *userConfig) memoryKey(uid, resourceVersion string) string {
	workers := int32(0)
	if u.workers != nil {
		workers = *u.workers
	}
	return fmt.Sprintf("user/%s/%s/%d/%t", uid, resourceVersion, workers, u.serving)
}

// inspect checks the content, puts the certificate and the number of workers in, and keeps the result for this pass.
func (u *userConfig) inspect(configMap *corev1.ConfigMap) userFinding {
	text, ok := configMap.Data[v1alpha1.UserConfigKey]
	if !ok {
		return userFinding{problem: userProblemf(v1alpha1.ReasonUserConfigKeyNotFound,
			"ConfigMap %s, which spec.server.userConfig names, has no key %s (it has %v): put the server's configuration under that key",
			u.key, v1alpha1.UserConfigKey, slices.Sorted(maps.Keys(configMap.Data)))}
	}
	finding := userFinding{}
	text, err := u.complete(text, &finding)
	if err != nil {
		return userFinding{problem: userProblemf(v1alpha1.ReasonUserConfigInvalid,
			"key %s of ConfigMap %s cannot be read as the server's configuration: %v: mend it", v1alpha1.UserConfigKey, u.key, err)}
	}
	configMap.Data[v1alpha1.UserConfigKey] = text
	u.data = configMap
	finding.hash, finding.digest = contentHash(configMap), apply.DigestOf(configMap)
	return finding
}

// complete is the configuration with what is put in, and what was found in it.
func (u *userConfig) complete(text string, finding *userFinding) (string, error) {
	var err error
	if u.serving {
		files := serverconfig.Certificate{CertFile: render.CertFile, KeyFile: render.KeyFile}
		text, finding.ownCertificate, err = serverconfig.WithCertificate(text, files)
	}
	if err == nil {
		finding.facts, err = serverconfig.Inspect(text)
	}
	if err == nil {
		finding.local, err = serverconfig.LocalState(text)
	}
	if err == nil && u.workers != nil {
		text, err = serverconfig.WithWorkers(text, *u.workers)
	}
	return text, err
}

// payload is the content to mount; it reads the ConfigMap again where only the finding was remembered.
func (r *Reconciler) payload(ctx context.Context, user *userConfig) (*corev1.ConfigMap, error) {
	if user.data != nil {
		return user.data, nil
	}
	configMap, err := r.contents.load(ctx, user.key)
	if err != nil {
		return nil, err
	}
	if configMap == nil {
		return nil, fmt.Errorf("failed to read ConfigMap %s: it has just been deleted", user.key)
	}
	if finding := user.inspect(configMap); finding.problem != nil {
		return nil, fmt.Errorf("failed to use ConfigMap %s: it has just changed: %s", user.key, finding.problem.Message)
	}
	return user.data, nil
}

func userConfigMissing(key client.ObjectKey) userFinding {
	return userFinding{problem: userProblemf(v1alpha1.ReasonUserConfigNotFound,
		"ConfigMap %s, which spec.server.userConfig names, does not exist: create it with the key %s", key, v1alpha1.UserConfigKey)}
}

func userProblemf(reason v1alpha1.Reason, format string, args ...any) *status.Problem {
	return &status.Problem{Reason: reason, Kind: status.User, Message: fmt.Sprintf(format, args...)}
}

// contentHash is the same for the same keys and values, in hexadecimal.
func contentHash(configMap *corev1.ConfigMap) string {
	hash := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(configMap.Data)) {
		_, _ = fmt.Fprintf(hash, "%q=%q\n", key, configMap.Data[key]) // a hash takes everything
	}
	for _, key := range slices.Sorted(maps.Keys(configMap.BinaryData)) {
		_, _ = fmt.Fprintf(hash, "%q=%x\n", key, configMap.BinaryData[key])
	}
	return hex.EncodeToString(hash.Sum(nil))
}
