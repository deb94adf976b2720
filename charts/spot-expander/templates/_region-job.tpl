{{- /* A CronJob of which each index takes one region. .values are those of `collect` or `train`, .args its arguments. */ -}}
{{- define "spot-expander.regionJob" -}}
{{- $root := .root -}}
{{- $of := dict "root" $root "component" .component -}}
{{- $full := include "spot-expander.fullname" $root -}}
{{- $regions := splitList "," (include "spot-expander.regions" $root) -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $full }}-{{ .component }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "spot-expander.labels" $of | nindent 4 }}
  {{- with .values.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
---
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
        spec:
          serviceAccountName: {{ $full }}-{{ .component }}
          # It does not talk to the cluster; what it may do at AWS comes with the account.
          automountServiceAccountToken: false
          enableServiceLinks: false
          restartPolicy: Never
          {{- include "spot-expander.pullSecrets" $root | nindent 10 }}
          securityContext:
            {{- include "spot-expander.podSecurityContext" $root | nindent 12 }}
          {{- with .values.nodeSelector }}
          nodeSelector:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with .values.tolerations }}
          tolerations:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          containers:
            - name: {{ .component }}
              {{- include "spot-expander.container" $root | nindent 14 }}
              args:
                {{- toYaml (concat .args .values.extraArgs) | nindent 16 }}
              env:
                - name: AWS_REGION
                  value: {{ include "spot-expander.region" $root }}
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
