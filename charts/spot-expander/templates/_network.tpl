{{- /* Names, then AWS and the API server over TLS. 169.254.170.23 is EKS Pod Identity's agent on the node. */ -}}
{{- define "spot-expander.egress" -}}
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
- ports:
    - { port: 443, protocol: TCP }
    - { port: 6443, protocol: TCP }
  to:
    {{- range .Values.networkPolicy.egressCidrs }}
    - ipBlock: { cidr: {{ . | quote }} }
    {{- end }}
- ports:
    - { port: 80, protocol: TCP }
  to:
    - ipBlock: { cidr: 169.254.170.23/32 }
    - ipBlock: { cidr: 'fd00:ec2::23/128' }
    {{- if .Values.networkPolicy.instanceMetadata }}
    {{- include "spot-expander.instanceMetadata" . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "spot-expander.instanceMetadata" -}}
- ipBlock: { cidr: 169.254.169.254/32 }
- ipBlock: { cidr: 'fd00:ec2::254/128' }
{{- end -}}

{{- /* What a Job of ours may reach, and that nothing may call it. .annotations where it comes and goes with a hook. */ -}}
{{- define "spot-expander.jobNetwork" -}}
{{- $of := dict "root" .root "component" .component -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "spot-expander.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "spot-expander.labels" $of | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  podSelector:
    matchLabels:
      {{- include "spot-expander.selectorLabels" $of | nindent 6 }}
  policyTypes: [Ingress, Egress]
  egress:
    {{- include "spot-expander.egress" .root | nindent 4 }}
{{- end -}}
