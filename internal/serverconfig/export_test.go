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

package serverconfig

// What the tests of this package ask of a text, each for itself.

// Inspect is what a text says.
func Inspect(config string) (Facts, error) {
	document, err := Parse(config)
	if err != nil {
		return Facts{}, err
	}
	return document.Facts(), nil
}

// ForgottenState is what a text has forgotten at a restart.
func ForgottenState(config string) ([]Place, error) {
	document, err := Parse(config)
	if err != nil {
		return nil, err
	}
	return document.ForgottenState(), nil
}

// VectorStores are the providers of a text that processes can share, and those of which each process has a list of its own.
func VectorStores(config string) ([2][]Place, error) {
	document, err := Parse(config)
	if err != nil {
		return [2][]Place{}, err
	}
	all, separate := document.VectorStores()
	return [2][]Place{all, separate}, nil
}

// LocalState is where a text keeps state in one process.
func LocalState(config string) ([]Place, error) {
	document, err := Parse(config)
	if err != nil {
		return nil, err
	}
	return document.LocalState(), nil
}

// WithWorkers is a text with the number of workers in it.
func WithWorkers(config string, n int32) (string, error) {
	document, err := Parse(config)
	if err != nil {
		return "", err
	}
	document.SetWorkers(n)
	return document.Text()
}

// WithCertificate is a text with the certificate in it.
func WithCertificate(config string, files Certificate) (string, bool, error) {
	document, err := Parse(config)
	if err != nil {
		return "", false, err
	}
	own, err := document.SetCertificate(files)
	if err != nil {
		return "", false, err
	}
	text, err := document.Text()
	return text, own, err
}
