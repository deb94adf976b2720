{{- /* What an installation lacks, as sentences; nothing that is there, or that only AWS could tell of once it was said to be there. */ -}}
{{- define "spot-expander.missing" -}}
{{- $missing := list -}}
{{- $firstPart := include "spot-expander.imageRepository" . | splitList "/" | first -}}
{{- if not (and (contains "/" (include "spot-expander.imageRepository" .)) (or (contains "." $firstPart) (contains ":" $firstPart) (eq $firstPart "localhost"))) -}}
{{- $missing = append $missing (printf "The image %s names no registry, so that nodes ask Docker Hub for it. Push it to one of yours and set image.registry, unless every node has it already." (include "spot-expander.image" .)) -}}
{{- end -}}
{{- if eq .Values.server.mode "PROD" -}}
{{- $asksEc2 := or (ne (get .Values.server.config "market" | default "ec2") "static") (ne (toString (get .Values.server.config "auto_scaling_groups")) "false") -}}
{{- if and (or $asksEc2 (eq .Values.storage.kind "s3")) (eq (include "spot-expander.hasRole" (dict "root" . "component" "server")) "false") -}}
{{- $missing = append $missing "The server has no AWS role: prices and Auto Scaling groups stay unknown to it. Set server.serviceAccount.annotations.eks\\.amazonaws\\.com/role-arn, or aws.podIdentity=true where EKS Pod Identity gives it one (docs/iam.md)." -}}
{{- end -}}
{{- if and (not .Values.networkPolicy.enabled) (not (get .Values.server.config "autoscaler_callers")) -}}
{{- $missing = append $missing "Whoever reaches port 9443 is believed about failed capacity: networkPolicy.enabled is off and server.config.autoscaler_callers names nobody. Set one of them (docs/security.md)." -}}
{{- end -}}
{{- $hasFile := or (hasKey .Values.server.config "static_data") (ne .Values.storage.kind "none") -}}
{{- if and (ne .Values.region "ap-south-1") (not $hasFile) -}}
{{- $missing = append $missing (printf "Of %s the image brings the Spot Advisor's bands and on-demand prices of the day that /readyz names, and nothing newer is collected. With storage.kind=volume or s3 they are collected; or give a file in server.config.static_data (docs/data.md)." .Values.region) -}}
{{- end -}}
{{- end -}}
{{- if ne .Values.storage.kind "none" -}}
{{- range $component := list "collect" "train" -}}
{{- $needsRole := or (eq $component "collect") (eq $.Values.storage.kind "s3") -}}
{{- if and (index $.Values $component).enabled $needsRole (eq (include "spot-expander.hasRole" (dict "root" $ "component" $component)) "false") -}}
{{- $missing = append $missing (printf "%s has no AWS role, so that its runs fail. Set %s.serviceAccount.annotations.eks\\.amazonaws\\.com/role-arn, or aws.podIdentity=true (docs/iam.md)." $component $component) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $isAlone := and (eq .Values.storage.kind "volume") (not .Values.storage.volume.existingClaim) (not (has "ReadWriteMany" .Values.storage.volume.accessModes)) -}}
{{- if and $isAlone (or .Values.server.autoscaling.enabled (gt (int .Values.server.replicas) 1)) -}}
{{- $missing = append $missing (printf "The volume can be mounted on one node only (storage.volume.accessModes is %s), and the server has several replicas: those on other nodes will not start. Use a storage class with ReadWriteMany, such as EFS, or S3." (join ", " .Values.storage.volume.accessModes)) -}}
{{- end -}}
{{- if and .Values.agent.enabled (not .Values.rbac.create) -}}
{{- $missing = append $missing "Roles and bindings are yours to make (rbac.create is off): docs/agent-permissions.yaml has the agent's, docs/security.md what the others need." -}}
{{- end -}}
{{- toJson $missing -}}
{{- end -}}

{{- /* Whether anything gives the component's account a role: its annotation, Pod Identity, the node's own role, keys in the environment. */ -}}
{{- define "spot-expander.hasRole" -}}
{{- $values := index .root.Values .component -}}
{{- $annotations := $values.serviceAccount.annotations -}}
{{- if not $values.serviceAccount.create -}}
{{- $found := lookup "v1" "ServiceAccount" .root.Release.Namespace $values.serviceAccount.name -}}
{{- $annotations = dig "metadata" "annotations" (dict) ($found | default dict) | default dict -}}
{{- end -}}
{{- $isByEnvironment := false -}}
{{- range $values.extraEnv -}}
{{- if has .name (list "AWS_ROLE_ARN" "AWS_CONTAINER_CREDENTIALS_FULL_URI" "AWS_PROFILE" "AWS_SHARED_CREDENTIALS_FILE") -}}
{{- $isByEnvironment = true -}}
{{- end -}}
{{- end -}}
{{- or (hasKey $annotations "eks.amazonaws.com/role-arn") .root.Values.aws.podIdentity .root.Values.networkPolicy.instanceMetadata (not .root.Values.networkPolicy.enabled) $isByEnvironment -}}
{{- end -}}
