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

// Package cabundle merges certificates of several ConfigMaps into one bundle.
//
// As in 0.9.0, a certificate is a PEM block of the type CERTIFICATE that Go's x509 can parse. Blocks of other types
// (keys, requests, "TRUSTED CERTIFICATE") and text around blocks are omitted, so that a private key in a ConfigMap is
// not copied. The bundle is a function of the set of certificates: their order, duplicates and the text around them
// make no difference, and cause no rollout.
package cabundle
