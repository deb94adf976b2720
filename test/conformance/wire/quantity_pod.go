package wire

// QuantityPod is the bytes of a pod with one container whose requests are spelled as given. Kubernetes' own Marshal
// writes canonical quantities only; a reader must take every notation that the API defines.
func QuantityPod(name, cpu, memory string) []byte {
	const (
		podMetadata, podSpec             = 1, 2
		metadataName, specContainers     = 1, 2
		containerName, containerResource = 1, 8
		resourceRequests                 = 2
		quantityString                   = 1
	)
	entry := func(key, quantity string) []byte {
		one := appendBytes(nil, mapKey, []byte(key))
		return appendBytes(one, mapValue, appendBytes(nil, quantityString, []byte(quantity)))
	}
	requests := appendBytes(nil, resourceRequests, entry("cpu", cpu))
	requests = appendBytes(requests, resourceRequests, entry("memory", memory))
	container := appendBytes(nil, containerName, []byte("app"))
	container = appendBytes(container, containerResource, requests)
	pod := appendBytes(nil, podMetadata, appendBytes(nil, metadataName, []byte(name)))
	return appendBytes(pod, podSpec, appendBytes(nil, specContainers, container))
}
