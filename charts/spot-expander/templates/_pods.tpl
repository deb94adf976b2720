{{- /* .values are those of the component, whose own contexts lie over everybody's; what is null is left out. */ -}}
{{- define "spot-expander.podSecurityContext" -}}
{{- $own := (.values | default dict).podSecurityContext | default dict -}}
{{- include "spot-expander.withoutNulls" (mustMergeOverwrite (deepCopy .root.Values.podSecurityContext) (deepCopy $own)) -}}
{{- end -}}

{{- define "spot-expander.containerSecurityContext" -}}
{{- $own := (.values | default dict).securityContext | default dict -}}
{{- include "spot-expander.withoutNulls" (mustMergeOverwrite (deepCopy .root.Values.securityContext) (deepCopy $own)) -}}
{{- end -}}

{{- define "spot-expander.withoutNulls" -}}
{{- $kept := dict -}}
{{- range $key, $value := . -}}
{{- if not (kindIs "invalid" $value) -}}
{{- $_ := set $kept $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $kept -}}
{{- end -}}

{{- /* Image and security context of a container; .values as above. */ -}}
{{- define "spot-expander.container" -}}
image: {{ include "spot-expander.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- include "spot-expander.containerSecurityContext" . | nindent 2 }}
{{- end -}}

{{- define "spot-expander.pullSecrets" -}}
{{- with .Values.imagePullSecrets | default (dig "imagePullSecrets" list (.Values.global | default dict)) }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* Where pods of a component go and how they find names; .affinity stands in for that of .values. */ -}}
{{- define "spot-expander.placement" -}}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity | default .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .dnsPolicy | default .values.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- with .values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* What a rolling update may take away is no business of the other strategies. */ -}}
{{- define "spot-expander.updateStrategy" -}}
{{- toYaml (ternary . (omit . "rollingUpdate") (eq .type "RollingUpdate")) -}}
{{- end -}}

{{- /* A size such as 512Mi or 1Gi in MiB. */ -}}
{{- define "spot-expander.mebibytes" -}}
{{- if hasSuffix "Gi" . -}}
{{- trimSuffix "Gi" . | float64 | mulf 1024 -}}
{{- else if hasSuffix "Mi" . -}}
{{- trimSuffix "Mi" . | float64 -}}
{{- else -}}
{{- fail (printf "server.maxMessageSize: %s is not a size such as 512Mi or 1Gi" .) -}}
{{- end -}}
{{- end -}}

{{- /* What a server needs that may be sent its largest message: measured, see docs/decisions.md. At least what it requests: 200 MB are its own at rest. */ -}}
{{- define "spot-expander.serverMemory" -}}
{{- $message := include "spot-expander.mebibytes" .Values.server.maxMessageSize | float64 -}}
{{- printf "%dMi" (max 384 (addf (mulf $message 2.3) 150 | ceil | int)) -}}
{{- end -}}

{{- /* Where jobs and server find what was collected; empty without storage. */ -}}
{{- define "spot-expander.store" -}}
{{- if eq .Values.storage.kind "volume" -}}
/var/lib/spot-expander-data
{{- else if eq .Values.storage.kind "s3" -}}
{{- required "storage.s3.uri: which bucket? With storage.kind=s3 give s3://bucket/prefix" .Values.storage.s3.uri | trimSuffix "/" -}}
{{- end -}}
{{- end -}}

{{- /* Models of one region are at the top, those of several in a folder each: `train` and `train --shard`. */ -}}
{{- define "spot-expander.modelPath" -}}
{{- $name := printf "family-stress-%dh.onnx" (int .Values.train.labelHours) -}}
{{- $models := printf "%s/models/%s" (include "spot-expander.store" .) (include "spot-expander.region" .) -}}
{{- printf "%s/%s" $models $name -}}
{{- end -}}

{{- define "spot-expander.dataVolume" -}}
- name: data
  persistentVolumeClaim:
    claimName: {{ .Values.storage.volume.existingClaim | default (printf "%s-data" (include "spot-expander.fullname" .)) }}
{{- end -}}
