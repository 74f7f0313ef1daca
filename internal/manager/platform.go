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

package manager

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/client-go/discovery"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	openShiftGroup   = "security.openshift.io"
	openShiftCRDName = "securitycontextconstraints." + openShiftGroup
)

// errPlatformChanged ends a manager so that the next one is built for the platform as it now is.
var errPlatformChanged = errors.New("what the cluster serves has changed")

func openShiftCRD() client.Object {
	return metadataOf(crdGVK())
}

// isOpenShift asks the API server once, when a manager is built.
func isOpenShift(discoverer discovery.ServerGroupsInterface) (bool, error) {
	groups, err := discoverer.ServerGroups()
	if err != nil {
		return false, fmt.Errorf("failed to list the API groups: %w", err)
	}
	for i := range groups.Groups {
		if groups.Groups[i].Name == openShiftGroup {
			return true, nil
		}
	}
	return false, nil
}

// platformWatch ends the manager when the platform turns out to be another than the one it was built for: an API group
// can appear after the operator started. A watch of one CustomResourceDefinition costs no request while nothing happens.
type platformWatch struct {
	cache     cache.Cache
	openShift bool
}

// Start implements manager.Runnable.
func (p *platformWatch) Start(ctx context.Context) error {
	informer, err := p.cache.GetInformer(ctx, openShiftCRD())
	if err != nil {
		return fmt.Errorf("failed to watch the CustomResourceDefinition %s: %w", openShiftCRDName, err)
	}
	changed := make(chan struct{}, 1)
	report := func(present bool) {
		if present != p.openShift {
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { report(true) },
		DeleteFunc: func(any) { report(false) },
	})
	if err != nil {
		return fmt.Errorf("failed to watch the CustomResourceDefinition %s: %w", openShiftCRDName, err)
	}
	select {
	case <-ctx.Done():
		return nil
	case <-changed:
		return fmt.Errorf("failed to go on: %w: the API group %s appeared or went away", errPlatformChanged, openShiftGroup)
	}
}

// NeedLeaderElection is false: a standby must be right about its platform before it leads.
func (*platformWatch) NeedLeaderElection() bool { return false }
