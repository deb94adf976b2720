{{- /* A CronJob of which each index takes one region. .values are those of `collect` or `train`, .args its arguments. */ -}}
{{- define "spot-expander.regionJob" -}}
{{- $root := .root -}}
{{- $of := dict "root" $root "component" .component -}}
{{- $full := include "spot-expander.fullname" $root -}}
{{- $regions := splitList "," (include "spot-expander.regions" $root) -}}
{{- with include "spot-expander.serviceAccount" $of }}
{{ . }}
---
{{- end }}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ $full }}-{{ .component }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "spot-expander.labels" $of | nindent 4 }}
spec:
  schedule: {{ .values.schedule | quote }}
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  successfulJobsHistoryLimit: 2
  failedJobsHistoryLimit: 3
  jobTemplate:
    metadata:
      labels:
        {{- include "spot-expander.labels" $of | nindent 8 }}
    spec:
      completionMode: Indexed
      completions: {{ len $regions }}
      parallelism: {{ .values.parallelism | default (len $regions) }}
      backoffLimitPerIndex: {{ .values.backoffLimitPerIndex }}
      maxFailedIndexes: {{ len $regions }}
      activeDeadlineSeconds: {{ .values.activeDeadlineSeconds }}
      ttlSecondsAfterFinished: 604800
      template:
        metadata:
          labels:
            {{- include "spot-expander.labels" $of | nindent 12 }}
            {{- with .values.podLabels }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- with .values.podAnnotations }}
          annotations:
            {{- toYaml . | nindent 12 }}
          {{- end }}
        spec:
          serviceAccountName: {{ include "spot-expander.account" $of }}
          # It does not talk to the cluster; what it may do at AWS comes with the account.
          automountServiceAccountToken: false
          enableServiceLinks: false
          restartPolicy: Never
          {{- include "spot-expander.pullSecrets" $root | nindent 10 }}
          securityContext:
            {{- include "spot-expander.podSecurityContext" (dict "root" $root "values" .values) | nindent 12 }}
          {{- with include "spot-expander.placement" (dict "values" .values) | trim }}
          {{- . | nindent 10 }}
          {{- end }}
          containers:
            - name: {{ .component }}
              {{- include "spot-expander.container" (dict "root" $root "values" .values) | nindent 14 }}
              args:
                {{- toYaml (concat .args .values.extraArgs) | nindent 16 }}
              env:
                - name: AWS_REGION
                  value: {{ include "spot-expander.region" $root }}
                {{- with .values.extraEnv }}
                {{- toYaml . | nindent 16 }}
                {{- end }}
              resources:
                {{- toYaml .values.resources | nindent 16 }}
              volumeMounts:
                - { name: tmp, mountPath: /tmp }
                {{- if eq $root.Values.storage.kind "volume" }}
                - { name: data, mountPath: /var/lib/spot-expander-data }
                {{- end }}
          volumes:
            - name: tmp
              emptyDir:
                sizeLimit: 2Gi
            {{- if eq $root.Values.storage.kind "volume" }}
            {{- include "spot-expander.dataVolume" $root | nindent 12 }}
            {{- end }}
{{- if $root.Values.networkPolicy.enabled }}
---
{{ include "spot-expander.jobNetwork" (dict "root" $root "component" .component) }}
{{- end }}
{{- end -}}
