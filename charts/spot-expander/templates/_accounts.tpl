{{- /* Name of the account of `server`, `agent`, `collect` or `train`. */ -}}
{{- define "spot-expander.account" -}}
{{- $account := (index .root.Values .component).serviceAccount -}}
{{- if $account.create -}}
{{- $account.name | default (printf "%s-%s" (include "spot-expander.fullname" .root) .component) -}}
{{- else -}}
{{- required (printf "%s.serviceAccount.name: which account does it run as? With %s.serviceAccount.create=false it must be given" .component .component) $account.name -}}
{{- end -}}
{{- end -}}

{{- define "spot-expander.serviceAccount" -}}
{{- $account := (index .root.Values .component).serviceAccount -}}
{{- if $account.create -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "spot-expander.account" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "spot-expander.labels" . | nindent 4 }}
  {{- with $account.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}
{{- end -}}
