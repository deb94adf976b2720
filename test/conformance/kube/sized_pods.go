// Package kube builds v1.Pod and v1.Node objects for the scale-ups that are played.
package kube

import (
	"fmt"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SizedPod is a plausible pod whose Marshal output has exactly the wanted number of bytes
// (at least about 1,100): environment, probes and mounts as deployments have them, an annotation as the filler.
func SizedPod(name string, bytes int) *v1.Pod {
	container := v1.Container{
		Name:  "app",
		Image: "registry.example/team/app@sha256:0000000000000000000000000000000000000000000000000000000000000000",
		Resources: v1.ResourceRequirements{
			Requests: Resources("500m", "600Mi"),
			Limits:   Resources("1", "1Gi"),
		},
		Ports: []v1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: v1.ProtocolTCP}},
	}
	for i := range 8 {
		container.Env = append(container.Env, v1.EnvVar{Name: fmt.Sprintf("SETTING_%02d", i), Value: "value"})
		container.VolumeMounts = append(container.VolumeMounts, v1.VolumeMount{Name: fmt.Sprintf("volume-%d", i), MountPath: fmt.Sprintf("/mnt/%d", i)})
	}
	pod := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "bench", UID: "00000000-0000-0000-0000-000000000000",
			Labels:      map[string]string{"app": "bench", "tier": "web"},
			Annotations: map[string]string{"filler": ""},
		},
		Spec: v1.PodSpec{
			Containers:    []v1.Container{container},
			SchedulerName: "default-scheduler",
			Tolerations:   []v1.Toleration{{Key: "spot", Operator: v1.TolerationOpExists, Effect: v1.TaintEffectNoSchedule}},
		},
		Status: v1.PodStatus{Phase: v1.PodPending},
	}
	for pod.Size() < bytes {
		missing := bytes - pod.Size()
		pod.Annotations["filler"] += string(make([]byte, missing))
		for over := pod.Size() - bytes; over > 0; over = pod.Size() - bytes {
			pod.Annotations["filler"] = pod.Annotations["filler"][over:]
		}
	}
	filler := []byte(pod.Annotations["filler"])
	for i := range filler {
		filler[i] = byte('a' + (i*7+len(name))%26)
	}
	pod.Annotations["filler"] = string(filler)
	return pod
}

// Resources is a resource list of CPU and memory.
func Resources(cpu, memory string) v1.ResourceList {
	return v1.ResourceList{v1.ResourceCPU: resource.MustParse(cpu), v1.ResourceMemory: resource.MustParse(memory)}
}
