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

// Package storage provides volumes: a folder of the node for each PVC, as a PersistentVolume of type "local". The
// kubelet changes the group of such a folder to the Pod's fsGroup, but not with hostPath.
package storage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const (
	// Provisioner is the name by which StorageClasses request these volumes.
	Provisioner = "llama-stack.io/local-folder"
	// ClassName is the name of the default StorageClass, whose volumes stay on the node where their first Pod runs.
	ClassName = "standard"
	// SharedClassName is the name of the StorageClass whose volumes every node has, as a file server's: a Pod on another node
	// finds the same data. It does not stand for disks that must be detached from one node before another one has them.
	SharedClassName = "shared"

	// sharedParameter marks the class of shared volumes.
	sharedParameter = "shared"

	// fresh is the mode of a new volume: root's, as that of a newly formatted disk. To write into it as another user,
	// set an fsGroup, as in a real cluster.
	fresh = 0o755
	// resync is how often the controllers reconcile everything again.
	resync = 15 * time.Minute
)

// EnsureClasses creates the StorageClasses, the default one among them, unless they are there.
func EnsureClasses(ctx context.Context, client kubernetes.Interface) error {
	late, atOnce, expandable := storagev1.VolumeBindingWaitForFirstConsumer, storagev1.VolumeBindingImmediate, true

	for _, class := range []*storagev1.StorageClass{
		{
			ObjectMeta: metav1.ObjectMeta{
				Name:        ClassName,
				Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
			},
			Provisioner: Provisioner, VolumeBindingMode: &late, AllowVolumeExpansion: &expandable,
		},
		{
			ObjectMeta:  metav1.ObjectMeta{Name: SharedClassName},
			Provisioner: Provisioner, VolumeBindingMode: &atOnce, AllowVolumeExpansion: &expandable,
			Parameters: map[string]string{sharedParameter: "true"},
		},
	} {
		if _, err := client.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("failed to create the StorageClass %s: %w", class.Name, err)
		}
	}

	return nil
}

// Run provisions, expands and deletes volumes under root until ctx ends.
func Run(ctx context.Context, client kubernetes.Interface, root string) error {
	factory := informers.NewSharedInformerFactory(client, resync)
	pvcs := factory.Core().V1().PersistentVolumeClaims().Informer()

	if err := watchExpansion(ctx, client, pvcs); err != nil {
		return err
	}

	provisioning := controller.NewProvisionController(ctx, client, Provisioner, Folders{Root: root},
		controller.LeaderElection(false), controller.ClaimsInformer(pvcs))

	factory.Start(ctx.Done())
	provisioning.Run(ctx)

	return nil
}

// Folders provisions a folder under Root for each volume.
type Folders struct {
	Root string
}

var _ controller.Provisioner = Folders{}

// Provision makes the folder and describes it as a volume of the node that the scheduler selected, or of all nodes:
// they share the host's file system. Only file system volumes are offered, and only to PVCs without a selector.
func (f Folders) Provision(_ context.Context, options controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	folder := f.path(options.PVName)

	if err := os.MkdirAll(folder, fresh); err != nil {
		return nil, controller.ProvisioningFinished, fmt.Errorf("failed to create the folder of a volume: %w", err)
	}

	if err := os.Chmod(folder, fresh); err != nil { // whatever the umask is
		return nil, controller.ProvisioningFinished, fmt.Errorf("failed to set the mode of a volume's folder: %w", err)
	}

	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName},
		Spec: corev1.PersistentVolumeSpec{
			AccessModes:                   options.PVC.Spec.AccessModes,
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: options.PVC.Spec.Resources.Requests[corev1.ResourceStorage]},
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			PersistentVolumeSource:        corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: folder}},
			NodeAffinity:                  onlyOn(corev1.LabelHostname, options.SelectedNodeName),
		},
	}

	if options.StorageClass.Parameters[sharedParameter] == "true" {
		volume.Spec.NodeAffinity = onlyOn(corev1.LabelOSStable, "linux") // a volume of type "local" must have one
	}

	return volume, controller.ProvisioningFinished, nil
}

// Delete removes the folder with its content.
func (f Folders) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	if err := os.RemoveAll(f.path(volume.Name)); err != nil {
		return fmt.Errorf("failed to remove the folder of a volume: %w", err)
	}

	return nil
}

func (f Folders) path(name string) string { return filepath.Join(f.Root, filepath.Base(name)) }

func onlyOn(label, value string) *corev1.VolumeNodeAffinity {
	return &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
		MatchExpressions: []corev1.NodeSelectorRequirement{{
			Key: label, Operator: corev1.NodeSelectorOpIn, Values: []string{value},
		}},
	}}}}
}
