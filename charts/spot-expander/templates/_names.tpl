{{- define "spot-expander.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* Room is left for the longest suffix, "-own-node-evictions". */ -}}
{{- define "spot-expander.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 44 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "spot-expander.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 44 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 44 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The name is the chart's own whatever objects are called: `release-nodes` waits for agents by it. */ -}}
{{- define "spot-expander.selectorLabels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "spot-expander.labels" -}}
{{ include "spot-expander.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "spot-expander.imageRepository" -}}
{{- $registry := dig "imageRegistry" "" (.Values.global | default dict) | default "" -}}
{{- with .Values.image.registry | default $registry -}}
{{- . | trimSuffix "/" -}}/
{{- end -}}
{{- .Values.image.repository -}}
{{- end -}}

{{- define "spot-expander.image" -}}
{{- include "spot-expander.imageRepository" . -}}
{{- with .Values.image -}}
{{- if .digest -}}
@{{ .digest }}
{{- else -}}
:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Fails with a sentence where the schema could only show a pattern. */ -}}
{{- define "spot-expander.checkedRegion" -}}
{{- if not (regexMatch "^[a-z]{2,}(-[a-z]+)+-[0-9]+$" .region) -}}
{{- fail (printf "%s: %q is no AWS region. One is called as eu-central-1 is: lower case, with a number at the end, and no zone's letter" .value .region) -}}
{{- end -}}
{{- .region -}}
{{- end -}}

{{- define "spot-expander.region" -}}
{{- $region := required "region: which AWS region are the node groups in? Give it, for example --set region=eu-central-1" .Values.region -}}
{{- include "spot-expander.checkedRegion" (dict "value" "region" "region" $region) -}}
{{- end -}}

{{- define "spot-expander.regions" -}}
{{- $own := include "spot-expander.region" . -}}
{{- $checked := list -}}
{{- range .Values.regions -}}
{{- $checked = append $checked (include "spot-expander.checkedRegion" (dict "value" "regions" "region" .)) -}}
{{- end -}}
{{- join "," ($checked | default (list $own)) -}}
{{- end -}}

{{- define "spot-expander.serverHost" -}}
{{- printf "%s-server.%s.svc" (include "spot-expander.fullname" .) .Release.Namespace -}}
{{- end -}}

{{- define "spot-expander.tlsSecret" -}}
{{- if eq .Values.tls.mode "existingSecret" -}}
{{- required "tls.existingSecret.name: which Secret has the certificate? With tls.mode=existingSecret it must be given" .Values.tls.existingSecret.name -}}
{{- else -}}
{{- include "spot-expander.fullname" . }}-tls
{{- end -}}
{{- end -}}

{{- define "spot-expander.dnsNames" -}}
{{- $short := printf "%s-server" (include "spot-expander.fullname" .) -}}
{{- $own := list (include "spot-expander.serverHost" .) (printf "%s.cluster.local" (include "spot-expander.serverHost" .)) (printf "%s.%s" $short .Release.Namespace) $short "localhost" -}}
{{- toJson (concat $own .Values.tls.extraDnsNames | uniq) -}}
{{- end -}}

{{- /* "true" or "false" of a switch that may say "auto": then whether the cluster knows the kind. */ -}}
{{- define "spot-expander.wants" -}}
{{- if eq (toString .switch) "auto" -}}
{{- .root.Capabilities.APIVersions.Has .api -}}
{{- else -}}
{{- .switch -}}
{{- end -}}
{{- end -}}

{{- define "spot-expander.hasKarpenter" -}}
{{- include "spot-expander.wants" (dict "root" . "switch" .Values.agent.karpenter "api" "karpenter.sh/v1") -}}
{{- end -}}

{{- /* The container port that has /metrics, by name and by number. */ -}}
{{- define "spot-expander.metricsPort" -}}
{{- if eq .component "server" -}}
probes
{{- else -}}
{{- ternary "metrics" "http" (gt (int .root.Values.agent.metricsPort) 0) -}}
{{- end -}}
{{- end -}}

{{- define "spot-expander.metricsPortNumber" -}}
{{- ternary 9090 (int (.root.Values.agent.metricsPort | default .root.Values.agent.httpPort)) (eq .component "server") -}}
{{- end -}}

{{- /* The ConfigMap by which replicas share what did not deliver; `none` where the operator wants none. */ -}}
{{- define "spot-expander.capacityRecord" -}}
{{- get .Values.server.config "capacity_record" | default (printf "%s-capacity" (include "spot-expander.fullname" .)) -}}
{{- end -}}
