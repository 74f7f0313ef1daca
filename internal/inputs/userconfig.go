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

package inputs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/serverconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"github.com/llamastack/llama-stack-k8s-operator/internal/yamlbudget"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// UserConfig is a referenced ConfigMap as it is to be mounted. data is nil while only the finding is remembered.
type UserConfig struct {
	Key     client.ObjectKey
	Workers *int32
	// Serving says that the certificate of a Secret is put in.
	Serving bool
	// Commanded says that a command of the CR's starts the server: which keys it reads is not known.
	Commanded bool
	Digest    string
	// Source identifies the content as its author wrote it.
	Source string
	data   *corev1.ConfigMap
}

// UserFinding is what is remembered of one content of a user's ConfigMap.
type UserFinding struct {
	// Source is of what was found, and Hash of what is mounted.
	Source  string
	Hash    string
	Digest  string
	Facts   serverconfig.Facts
	Problem *status.Problem
	// Local, Forgotten, Vectors and Separate are the places of status.State.
	Local, Forgotten, Vectors, Separate []serverconfig.Place
	// Token says that it refers to the token of the Kubernetes API.
	Token bool
	// OwnCertificate says that the configuration names one, so that none was put in.
	OwnCertificate bool
	// Unread says that the configuration is mounted as it is, and that nothing is known of it; Notice says why, where that
	// is worth a report.
	Unread bool
	Notice string
}

// Weight implements Finding.
func (f UserFinding) Weight() int {
	const fixed = 300
	weight := fixed + len(f.Hash) + len(f.Digest) + len(f.Notice)
	if f.Problem != nil {
		weight += len(f.Problem.Message)
	}
	return weight + sizeOf(f.Local, f.Forgotten, f.Vectors, f.Separate)
}

func sizeOf(lists ...[]serverconfig.Place) int {
	size := 0
	for _, place := range slices.Concat(lists...) {
		size += place.Size()
	}
	return size
}

func (u *UserConfig) subject(uid, resourceVersion string) Subject {
	workers := int32(0)
	if u.Workers != nil {
		workers = *u.Workers
	}
	return Subject{Key: fmt.Sprintf("user/%s/%d/%t/%t", uid, workers, u.Serving, u.Commanded), Version: resourceVersion}
}

// inspect checks the content, puts the certificate and the number of workers in, and keeps the result for this reconcile.
// What a command of the CR's cannot be known to read is mounted as it is, and so is what is too large to be inspected.
func (u *UserConfig) inspect(configMap *corev1.ConfigMap) UserFinding {
	source := ContentHash(configMap)
	finding, problem := u.read(configMap)
	if problem != nil && !u.Commanded {
		return UserFinding{Problem: problem}
	}
	if problem != nil {
		finding = UserFinding{Unread: true}
	}
	u.data = configMap
	for _, content := range configMap.Data {
		finding.Token = finding.Token || render.NamesToken(content)
	}
	finding.Source = source
	finding.Hash, finding.Digest = ContentHash(configMap), apply.DigestOf(configMap)
	return finding
}

// read completes the configuration in the ConfigMap, or says why it cannot.
func (u *UserConfig) read(configMap *corev1.ConfigMap) (UserFinding, *status.Problem) {
	text, ok := configMap.Data[v1alpha1.UserConfigKey]
	if binary, isBinary := configMap.BinaryData[v1alpha1.UserConfigKey]; !ok && isBinary {
		return UserFinding{}, userProblemf(v1alpha1.ReasonUserConfigInvalid,
			"key %s of ConfigMap %s cannot be read as the server's configuration: it is %s: save the file as UTF-8 and create the ConfigMap again",
			v1alpha1.UserConfigKey, u.Key, encodingOf(binary))
	}
	if !ok {
		return UserFinding{}, userProblemf(v1alpha1.ReasonUserConfigKeyNotFound,
			"ConfigMap %s, which spec.server.userConfig names, has no key %s (it has %s): put the server's configuration under that key",
			u.Key, v1alpha1.UserConfigKey, keysOf(configMap))
	}
	if yamlbudget.TooLarge(text) {
		return u.tooLarge(len(text))
	}
	finding := UserFinding{}
	text, err := u.complete(text, &finding)
	if err != nil {
		return UserFinding{}, userProblemf(v1alpha1.ReasonUserConfigInvalid,
			"key %s of ConfigMap %s cannot be read as the server's configuration: %v: fix it", v1alpha1.UserConfigKey, u.Key, err)
	}
	configMap.Data[v1alpha1.UserConfigKey] = text
	return finding, nil
}

// tooLarge mounts a configuration as it is. Only the certificate of a Secret has to be put in: without it the probes
// would speak TLS to a server that does not.
func (u *UserConfig) tooLarge(size int) (UserFinding, *status.Problem) {
	what := fmt.Sprintf("key %s of ConfigMap %s has %d bytes, and the operator inspects at most %d", v1alpha1.UserConfigKey, u.Key, size, yamlbudget.MaxBytes)
	if u.Serving {
		return UserFinding{}, userProblemf(v1alpha1.ReasonUserConfigInvalid,
			"%s, so that the certificate of spec.server.tlsConfig.serving cannot be put in: make it shorter, or remove serving and name the files in it", what)
	}
	unknown := "whether the server speaks TLS and where it keeps state is not known"
	if u.Workers != nil {
		unknown += ", and server.workers is not put in"
	}
	// A server whose TLS is not known is probed for its open port.
	return UserFinding{Unread: true, Facts: serverconfig.Facts{TLSUncertain: true}, Notice: what + ": it is mounted as it is; " + unknown}, nil
}

// encodingOf names what a file that is no UTF-8 text seems to be.
func encodingOf(content []byte) string {
	switch {
	case cabundle.IsUTF16(string(content)):
		return "UTF-16"
	case bytes.IndexByte(content, 0) >= 0:
		return "no text"
	default:
		return "not UTF-8, but perhaps Latin-1 (Windows-1252)"
	}
}

// complete is the configuration with what is put in, and what was found in it.
func (u *UserConfig) complete(text string, finding *UserFinding) (string, error) {
	document, err := serverconfig.Parse(text)
	if err != nil {
		return "", err
	}
	if u.Serving {
		files := serverconfig.Certificate{CertFile: render.CertFile, KeyFile: render.KeyFile}
		if finding.OwnCertificate, err = document.SetCertificate(files); err != nil {
			return "", err
		}
	}
	finding.Facts, finding.Local, finding.Forgotten = document.Facts(), document.LocalState(), document.ForgottenState()
	finding.Vectors, finding.Separate = document.VectorStores()
	if u.Workers != nil {
		document.SetWorkers(*u.Workers)
	}
	return document.Text()
}

func userConfigMissing(key client.ObjectKey) UserFinding {
	return UserFinding{Problem: userProblemf(v1alpha1.ReasonUserConfigNotFound,
		"ConfigMap %s, which spec.server.userConfig names, does not exist: create it with the key %s", key, v1alpha1.UserConfigKey)}
}

func userProblemf(reason v1alpha1.Reason, format string, args ...any) *status.Problem {
	return &status.Problem{Reason: reason, Kind: status.User, Message: fmt.Sprintf(format, args...)}
}

// ContentHash is the same for the same keys and values, in hexadecimal.
func ContentHash(configMap *corev1.ConfigMap) string {
	hash := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(configMap.Data)) {
		_, _ = fmt.Fprintf(hash, "%q=%q\n", key, configMap.Data[key]) // a hash takes everything
	}
	for _, key := range slices.Sorted(maps.Keys(configMap.BinaryData)) {
		_, _ = fmt.Fprintf(hash, "%q=%x\n", key, configMap.BinaryData[key])
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// UserConfig returns what is found in the ConfigMap that the reference identifies, nil for one that does not exist. It reads
// the ConfigMap only if its resourceVersion, or what to put in, is a new one.
func (c *Contents) UserConfig(ctx context.Context, reference *metav1.PartialObjectMetadata, user *UserConfig) (UserFinding, error) {
	if reference == nil {
		return userConfigMissing(user.Key), nil
	}
	return once(ctx, c, user.subject(string(reference.UID), reference.ResourceVersion), func(ctx context.Context) (UserFinding, string, error) {
		configMap, err := c.load(ctx, user.Key)
		if err != nil {
			return UserFinding{}, "", err
		}
		if configMap == nil {
			return userConfigMissing(user.Key), "", nil
		}
		return user.inspect(configMap), configMap.ResourceVersion, nil
	})
}

// Payload is the content to mount; it reads the ConfigMap again where only the finding was remembered.
func (c *Contents) Payload(ctx context.Context, user *UserConfig) (*corev1.ConfigMap, error) {
	if user.data != nil {
		return user.data, nil
	}
	done, err := c.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	configMap, err := c.load(ctx, user.Key)
	if err != nil {
		return nil, err
	}
	if configMap == nil {
		return nil, fmt.Errorf("failed to read ConfigMap %s: it has just been deleted", user.Key)
	}
	if finding := user.inspect(configMap); finding.Problem != nil {
		return nil, fmt.Errorf("failed to use ConfigMap %s: it has just changed: %s", user.Key, finding.Problem.Message)
	}
	return user.data, nil
}
