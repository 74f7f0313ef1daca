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

// Package sbom describes an image or an archive in SPDX 2.3: its platforms, their Go programs, and the modules that these were built from, as the
// programs themselves say.
package sbom

import (
	"cmp"
	"debug/buildinfo"
	"fmt"
	"io"
	"path"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/hack/release/internal/contents"
	"github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
)

const (
	unknown = "NOASSERTION"
	source  = "https://github.com/llamastack/llama-stack-k8s-operator"
	// Kinds of relationships, of checksums and of files.
	describes, has, dependsOn = "DESCRIBES", "CONTAINS", "DEPENDS_ON"
	binary                    = "BINARY"
)

// Options are what the image does not say.
type Options struct {
	// Version is that of the release, without the v.
	Version string
	// Created is the time of the commit, so that the same image has the same description.
	Created time.Time
	// License is the SPDX expression of the project itself.
	License string
}

// document collects the parts.
type document struct {
	*spdx.Document

	options Options
	modules map[string]common.ElementID
}

// Write writes the description of an image.
func Write(w io.Writer, image *contents.Image, options Options) error {
	d := newDocument(path.Base(image.Repository), strings.TrimPrefix(image.Digest, "sha256:"), options)
	root := d.image(image)
	d.relate("DOCUMENT", describes, root)
	for _, platform := range image.Platforms {
		d.platform(image, root, platform)
	}
	return d.write(w)
}

// WriteArchive writes the description of an archive.
func WriteArchive(w io.Writer, archive *contents.Archive, options Options) error {
	d := newDocument(archive.Name, archive.SHA256, options)
	download := source + "/releases/download/v" + options.Version + "/" + archive.Name
	root := d.newPackage("Archive", archive.Name, "v"+options.Version,
		"pkg:generic/"+archive.Name+"@v"+escape(options.Version)+"?checksum=sha256%3A"+archive.SHA256+"&download_url="+escape(download))
	root.PrimaryPackagePurpose = "ARCHIVE"
	root.PackageDownloadLocation = download
	root.PackageLicenseDeclared = options.License
	root.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: archive.SHA256}}
	d.relate("DOCUMENT", describes, root.PackageSPDXIdentifier)
	for _, file := range archive.Files {
		if file.Go != nil {
			d.relate(root.PackageSPDXIdentifier, has, d.program("archive", file))
		}
	}
	return d.write(w)
}

func (d *document) write(w io.Writer) error {
	if err := json.Write(d.Document, w, json.Indent("  ")); err != nil {
		return fmt.Errorf("failed to write the document: %w", err)
	}
	return nil
}

func newDocument(name, checksum string, options Options) *document {
	return &document{options: options, modules: map[string]common.ElementID{}, Document: &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName:      name + "-v" + options.Version,
		DocumentNamespace: source + "/releases/v" + options.Version + "/" + name + "-" + checksum,
		CreationInfo: &spdx.CreationInfo{
			Created: options.Created.UTC().Format(time.RFC3339),
			Creators: []common.Creator{
				{CreatorType: "Organization", Creator: "The llama-stack-k8s-operator Authors"},
				{CreatorType: "Tool", Creator: "llama-stack-k8s-operator/hack/release"},
			},
		},
	}}
}

// image adds the list of images.
func (d *document) image(image *contents.Image) common.ElementID {
	name := path.Base(image.Repository)
	added := d.newPackage("Image", name, "v"+d.options.Version, oci(image.Repository, image.Digest, ""))
	added.PrimaryPackagePurpose = "CONTAINER"
	added.PackageDownloadLocation = unknown
	added.PackageLicenseDeclared = d.options.License
	added.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: strings.TrimPrefix(image.Digest, "sha256:")}}
	return added.PackageSPDXIdentifier
}

// platform adds the image of a platform and the Go programs in it. Files of no Go program come from the base or are data.
func (d *document) platform(image *contents.Image, root common.ElementID, platform contents.Platform) {
	name := path.Base(image.Repository)
	_, architecture, _ := strings.Cut(platform.Name, "/")
	added := d.newPackage("Image-"+platform.Name, name, "v"+d.options.Version, oci(image.Repository, platform.Digest, architecture))
	added.PrimaryPackagePurpose = "CONTAINER"
	added.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: strings.TrimPrefix(platform.Digest, "sha256:")}}
	added.PackageSummary = "the image for " + platform.Name
	d.relate(root, has, added.PackageSPDXIdentifier)
	for _, file := range platform.Files {
		if file.Go != nil {
			d.relate(added.PackageSPDXIdentifier, has, d.program(platform.Name, file))
		}
	}
}

// program adds a Go program and its modules.
func (d *document) program(platform string, file contents.File) common.ElementID {
	id := identifier("File-" + platform + file.Path)
	d.Files = append(d.Files, &spdx.File{
		FileName: "." + file.Path, FileSPDXIdentifier: id, FileTypes: []string{binary},
		Checksums:        []common.Checksum{{Algorithm: common.SHA1, Value: file.SHA1}, {Algorithm: common.SHA256, Value: file.SHA256}},
		LicenseConcluded: unknown, FileCopyrightText: unknown,
	})
	for _, module := range modules(file.Go, d.options.Version) {
		d.relate(id, dependsOn, d.module(module))
	}
	return id
}

// module adds a module, unless another program has it.
func (d *document) module(module debug.Module) common.ElementID {
	key := module.Path + "@" + module.Version
	if id, found := d.modules[key]; found {
		return id
	}
	added := d.newPackage("Module-"+key, module.Path, module.Version, "pkg:golang/"+module.Path+"@"+escape(module.Version))
	added.PrimaryPackagePurpose = "LIBRARY"
	if strings.HasPrefix("https://"+module.Path, source) {
		added.PackageLicenseDeclared = d.options.License
	}
	d.modules[key] = added.PackageSPDXIdentifier
	return added.PackageSPDXIdentifier
}

// modules are those of a program: its own, in the version of the release, the standard library, and the others, as they were replaced.
func modules(info *buildinfo.BuildInfo, version string) []debug.Module {
	const own = 2
	all := make([]debug.Module, 0, own+len(info.Deps))
	all = append(all, debug.Module{Path: info.Main.Path, Version: "v" + version},
		debug.Module{Path: "stdlib", Version: strings.TrimPrefix(info.GoVersion, "go")})
	for _, module := range info.Deps {
		replaced := *module
		// A module that is replaced by a folder is this repository's.
		if module.Replace != nil && module.Replace.Version != "" {
			replaced = *module.Replace
		} else if module.Replace != nil {
			replaced.Version = "v" + version
		}
		all = append(all, replaced)
	}
	slices.SortFunc(all, func(a, b debug.Module) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Version, b.Version))
	})
	return all
}

// newPackage adds a package with the package URL that scanners read.
func (d *document) newPackage(id, name, version, purl string) *spdx.Package {
	added := &spdx.Package{
		PackageName: name, PackageVersion: version, PackageSPDXIdentifier: identifier(id),
		PackageDownloadLocation: unknown, PackageLicenseConcluded: unknown, PackageLicenseDeclared: unknown, PackageCopyrightText: unknown,
		IsFilesAnalyzedTagPresent: true,
		PackageExternalReferences: []*spdx.PackageExternalReference{
			{Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: purl},
		},
	}
	d.Packages = append(d.Packages, added)
	return added
}

func (d *document) relate(from common.ElementID, kind string, to common.ElementID) {
	d.Relationships = append(d.Relationships, &spdx.Relationship{
		RefA: common.DocElementID{ElementRefID: from}, Relationship: kind, RefB: common.DocElementID{ElementRefID: to},
	})
}

// identifier keeps the characters that an identifier may have.
func identifier(text string) common.ElementID {
	return common.ElementID(regexp.MustCompile(`[^A-Za-z0-9.-]+`).ReplaceAllString(text, "-"))
}

// oci is the package URL of an image.
func oci(repository, digest, architecture string) string {
	url := "pkg:oci/" + path.Base(repository) + "@" + escape(digest) + "?"
	if architecture != "" {
		url += "arch=" + architecture + "&"
	}
	return url + "repository_url=" + escape(repository)
}

// escape writes the characters that mean something in a package URL.
func escape(text string) string {
	return strings.NewReplacer(":", "%3A", "+", "%2B", "/", "%2F").Replace(text)
}
