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
{{- end -}}
