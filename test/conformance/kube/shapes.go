package kube

import (
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Shape is a pod that is built in a way that a reader could get wrong.
type Shape struct {
	Name string
	Pod  *v1.Pod
}

func plainPod(name string, containers ...v1.Container) *v1.Pod {
	return &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", UID: "11111111-2222-4333-8444-555555555555", Labels: map[string]string{"app": name}},
		Spec:       v1.PodSpec{Containers: containers, SchedulerName: "default-scheduler", RestartPolicy: v1.RestartPolicyAlways},
		Status:     v1.PodStatus{Phase: v1.PodPending},
	}
}

const safeToEvict = "cluster-autoscaler.kubernetes.io/safe-to-evict"

// owners are as many references; the last of them controls.
func owners(kinds ...string) []metav1.OwnerReference {
	var found []metav1.OwnerReference
	for i, kind := range kinds {
		controls := i == len(kinds)-1
		found = append(found, metav1.OwnerReference{
			APIVersion: "v1", Kind: kind, Name: "owner", UID: "11111111-2222-4333-8444-666666666666", Controller: &controls,
		})
	}
	return found
}

func container(name string, requests v1.ResourceList) v1.Container {
	return v1.Container{Name: name, Image: "registry.example/" + name, Resources: v1.ResourceRequirements{Requests: requests}}
}

func sidecar(name string, requests v1.ResourceList) v1.Container {
	one := container(name, requests)
	always := v1.ContainerRestartPolicyAlways
	one.RestartPolicy = &always
	return one
}

// Shapes is one pod of each kind.
func Shapes() []Shape {
	shape := func(name string, change func(*v1.Pod)) Shape {
		pod := plainPod(name, container("app", Resources("500m", "600Mi")))
		change(pod)
		return Shape{Name: name, Pod: pod}
	}
	return []Shape{
		shape("plain", func(*v1.Pod) {}),
		shape("three containers", func(pod *v1.Pod) {
			pod.Spec.Containers = append(pod.Spec.Containers, container("b", Resources("250m", "1Gi")), container("c", Resources("1", "100M")))
		}),
		shape("no requests", func(pod *v1.Pod) { pod.Spec.Containers[0].Resources = v1.ResourceRequirements{} }),
		shape("limits only", func(pod *v1.Pod) {
			pod.Spec.Containers[0].Resources = v1.ResourceRequirements{Limits: Resources("2", "2Gi")}
		}),
		shape("init container larger", func(pod *v1.Pod) {
			pod.Spec.InitContainers = []v1.Container{container("init", Resources("2", "100Mi"))}
		}),
		shape("init containers in a row", func(pod *v1.Pod) {
			pod.Spec.InitContainers = []v1.Container{container("one", Resources("100m", "2Gi")), container("two", Resources("3", "1Mi"))}
		}),
		shape("sidecar", func(pod *v1.Pod) {
			pod.Spec.InitContainers = []v1.Container{sidecar("mesh", Resources("100m", "128Mi"))}
		}),
		shape("init before and after a sidecar", func(pod *v1.Pod) {
			pod.Spec.InitContainers = []v1.Container{
				container("before", Resources("550m", "1")), sidecar("mesh", Resources("300m", "128Mi")), container("after", Resources("400m", "700Mi")),
			}
		}),
		shape("overhead", func(pod *v1.Pod) { pod.Spec.Overhead = Resources("250m", "120Mi") }),
		shape("pod-level resources", func(pod *v1.Pod) {
			pod.Spec.Resources = &v1.ResourceRequirements{Requests: Resources("3", "4Gi")}
		}),
		shape("pod-level CPU only, with overhead", func(pod *v1.Pod) {
			pod.Spec.Resources = &v1.ResourceRequirements{Requests: v1.ResourceList{v1.ResourceCPU: resource.MustParse("1250m")}}
			pod.Spec.Overhead = Resources("10m", "1Mi")
		}),
		shape("gpu", func(pod *v1.Pod) {
			pod.Spec.Containers[0].Resources.Requests["nvidia.com/gpu"] = resource.MustParse("2")
			pod.Spec.Containers[0].Resources.Limits = v1.ResourceList{"nvidia.com/gpu": resource.MustParse("2")}
			pod.Spec.Tolerations = []v1.Toleration{{Key: "nvidia.com/gpu", Operator: v1.TolerationOpExists}}
		}),
		shape("gpu in a sidecar", func(pod *v1.Pod) {
			pod.Spec.InitContainers = []v1.Container{sidecar("encoder", v1.ResourceList{"nvidia.com/gpu": resource.MustParse("1")})}
		}),
		shape("arm64", func(pod *v1.Pod) { pod.Spec.NodeSelector = map[string]string{"kubernetes.io/arch": "arm64"} }),
		shape("windows", func(pod *v1.Pod) {
			pod.Spec.OS = &v1.PodOS{Name: v1.Windows}
			pod.Spec.NodeSelector = map[string]string{"kubernetes.io/os": "windows"}
		}),
		shape("preferred node affinity", func(pod *v1.Pod) { pod.Spec.Affinity = preferred(80, "topology.kubernetes.io/zone", "ap-south-1b") }),
		shape("spread over zones", func(pod *v1.Pod) {
			pod.Spec.TopologySpreadConstraints = []v1.TopologySpreadConstraint{
				{MaxSkew: 1, TopologyKey: "topology.kubernetes.io/zone", WhenUnsatisfiable: v1.ScheduleAnyway, LabelSelector: &metav1.LabelSelector{MatchLabels: pod.Labels}},
				{MaxSkew: 2, TopologyKey: "kubernetes.io/hostname", WhenUnsatisfiable: v1.DoNotSchedule, LabelSelector: &metav1.LabelSelector{MatchLabels: pod.Labels}},
			}
		}),
		shape("of a replica set", func(pod *v1.Pod) { pod.OwnerReferences = owners("Node", "ReplicaSet") }),
		shape("of a job that may not be evicted", func(pod *v1.Pod) {
			pod.OwnerReferences = owners("Job")
			pod.Annotations = map[string]string{safeToEvict: "false"}
		}),
		shape("of a controller that the autoscaler does not know", func(pod *v1.Pod) { pod.OwnerReferences = owners("SparkApplication") }),
		shape("of nobody, but safe to evict", func(pod *v1.Pod) { pod.Annotations = map[string]string{safeToEvict: "true"} }),
		shape("resize in place", func(pod *v1.Pod) {
			pod.Status.ContainerStatuses = []v1.ContainerStatus{{Name: "app", Resources: &v1.ResourceRequirements{Requests: Resources("4", "4Gi")}, AllocatedResources: Resources("4", "4Gi")}}
		}),
		shape("ephemeral storage and hugepages", func(pod *v1.Pod) {
			pod.Spec.Containers[0].Resources.Requests["ephemeral-storage"] = resource.MustParse("10Gi")
			pod.Spec.Containers[0].Resources.Requests["hugepages-2Mi"] = resource.MustParse("64Mi")
		}),
		shape("unicode and long values", func(pod *v1.Pod) {
			pod.Annotations = map[string]string{"описание": "日本語 — ✓", "long": string(make([]byte, 70_000))}
		}),
	}
}

func preferred(weight int32, key string, values ...string) *v1.Affinity {
	return &v1.Affinity{NodeAffinity: &v1.NodeAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []v1.PreferredSchedulingTerm{{
			Weight: weight,
			Preference: v1.NodeSelectorTerm{MatchExpressions: []v1.NodeSelectorRequirement{
				{Key: key, Operator: v1.NodeSelectorOpIn, Values: values},
			}},
		}},
	}}
}
