# Copyright 2026 The llama-stack-k8s-operator Authors.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
# shellcheck shell=bash

# Building images from Dockerfiles without a daemon and without a container engine, with buildah. To be sourced, after build.sh.
#
# BASES          pinned: the images that the Dockerfiles name, from their registries; local: substitutes that are made here, and
#                the Go of this machine with its caches in place of the builder
# STORAGE        where images are while they are built (default: bin/buildah)
# INSECURE       true: the registry speaks HTTP

BASES="${BASES:-pinned}"
STORAGE="${STORAGE:-$ROOT/bin/buildah}"
readonly GO_IMAGE=localhost/release-go STATIC_IMAGE=localhost/release-static SHELL_IMAGE=localhost/release-shell OPM_IMAGE=localhost/release-opm

# provide_buildah installs buildah where it is missing and can be installed.
provide_buildah() {
	! command -v buildah >/dev/null || return 0
	if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
		say "error: buildah is needed; install the package buildah (1.28 or later)"
		return 1
	fi
	install_package buildah || { say "error: the package buildah cannot be installed; install buildah (1.28 or later)"; return 1; }
}

# images COMMAND... runs buildah on the images of the release. Root builds in a changed root, because a container in a container often
# cannot make namespaces.
images() {
	if [ "$(id -u)" = 0 ]; then
		BUILDAH_ISOLATION=chroot buildah --root "$STORAGE/storage" --runroot "$STORAGE/run" --storage-driver "${STORAGE_DRIVER:-vfs}" "$@"
	else
		buildah "$@"
	fi
}

# from_folder NAME FOLDER [LINE...] makes an image of the files in a folder, with more lines of a Dockerfile, for each of PLATFORMS.
from_folder() {
	local name="$1" folder="$2" platform
	shift 2
	for platform in ${PLATFORMS//,/ }; do
		printf '%s\n' "FROM scratch" "COPY . /" "$@" | images build -q --platform "$platform" --timestamp 0 --identity-label=false \
			-f - -t "$name-${platform##*/}" "$folder" >/dev/null
	done
}

# make_bases makes the substitutes: a shell and a few commands beside the Go of this machine, which is mounted; a base with nothing but
# the folder for temporary files; and a base with a shell.
make_bases() {
	local work busybox
	[ "$BASES" = local ] || return 0
	busybox="$(hack/busybox.sh)"
	work="$(mktemp -d)"
	mkdir -p "$work/static/etc" "$work/shell/bin" "$work/shell/tmp"
	echo "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin" >"$work/static/etc/passwd"
	install -m 0755 "$busybox" "$work/shell/bin/busybox"
	for name in sh env cat cp ls mkdir rm sleep tar test; do ln -s busybox "$work/shell/bin/$name"; done
	from_folder "$STATIC_IMAGE" "$work/static"
	from_folder "$SHELL_IMAGE" "$work/shell" 'ENV PATH="/usr/bin:/bin"'
	from_folder "$GO_IMAGE" "$work/shell" 'ENV PATH="/usr/local/go/bin:/bin" GOPATH=/go GOTOOLCHAIN=local' \
		"ENV GOPROXY=\"$(go env GOPROXY)\" GONOSUMDB=\"$(go env GONOSUMDB)\" GOSUMDB=\"$(go env GOSUMDB)\" HOME=/root" \
		"ENV GOGC=off GOMEMLIMIT=$(memory_limit)MiB"
	rm -rf "$work"
}

# make_opm_base makes the substitute for the image of opm.
make_opm_base() {
	local work
	[ "$BASES" = local ] || return 0
	work="$(mktemp -d)"
	mkdir -p "$work/bin" "$work/tmp"
	install -m 0755 "$(hack/tool.sh opm)" "$work/bin/opm"
	from_folder "$OPM_IMAGE" "$work"
	rm -rf "$work"
}

# bases DOCKERFILE prints the images that the Dockerfile starts from.
bases() { awk '$1 == "FROM" { image = $2 ~ /^--/ ? $3 : $2; if (image != "scratch" && !seen[image]++) print image }' "$1"; }

# substitute IMAGE PLATFORM prints what takes the place of an image.
substitute() {
	local architecture="${2##*/}"
	case "$1" in
	*/golang:*) echo "$GO_IMAGE-$architecture" ;;
	*/distroless/static:*) echo "$STATIC_IMAGE-$architecture" ;;
	*/ubi9/ubi:*) echo "$SHELL_IMAGE-$architecture" ;;
	*/opm:*) echo "$OPM_IMAGE-$architecture" ;;
	*) say "error: there is no substitute for $1"; return 1 ;;
	esac
}

# substitutes DOCKERFILE PLATFORM prints the arguments that mount the caches of Go, which all builds share, and those that replace the
# bases and mount Go, one in each line.
substitutes() {
	local image other
	mkdir -p "$(go env GOMODCACHE)" "$(go env GOCACHE)"
	printf -- '--volume\n%s\n' "$(go env GOMODCACHE):/go/pkg/mod" "$(go env GOCACHE):/root/.cache/go-build"
	[ "$BASES" = local ] || return 0
	while read -r image; do
		other="$(substitute "$image" "$2")" || return
		printf -- '--build-context\n%s=docker-image://%s\n' "$image" "$other"
	done < <(bases "$1")
	printf -- '--volume\n%s\n' "$(go env GOROOT):/usr/local/go:ro"
	[ ! -d /etc/ssl/certs ] || printf -- '--volume\n%s\n' /etc/ssl/certs:/etc/ssl/certs:ro
}

# build_image NAME DOCKERFILE CONTEXT [buildah argument...] builds an image for each of PLATFORMS, in this order, into the list of images
# NAME. The times of its files are that of the commit, SOURCE_DATE_EPOCH, and nothing names the program that built it.
build_image() {
	local name="$1" dockerfile="$2" context="$3" platform arguments
	shift 3
	images manifest rm "$name" >/dev/null 2>&1 || true
	for platform in ${PLATFORMS//,/ }; do
		mapfile -t arguments < <(substitutes "$context/$dockerfile" "$platform")
		images build -q --manifest "$name" --platform "$platform" --timestamp "$SOURCE_DATE_EPOCH" --identity-label=false \
			--format oci "${arguments[@]}" "$@" -f "$context/$dockerfile" "$context" >/dev/null
	done
}

# push_image NAME REFERENCE pushes a list of images with its images, and prints its digest.
push_image() {
	local digest
	digest="$(mktemp)"
	images manifest push -q --all --tls-verify="$([ "${INSECURE:-}" = true ] && echo false || echo true)" --digestfile "$digest" \
		"$1" "docker://$2" >&2
	cat "$digest"
	rm -f "$digest"
}
