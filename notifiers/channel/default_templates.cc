// SPDX-License-Identifier: Apache-2.0
// Built-in templates. Names and output of the texts are Alertmanager's, so that files written for
// it can use and replace them; the HTML page is our own.
#include "notifiers/channel/templates.h"

namespace outrider {

const std::string_view kDefaultTemplates = R"TEMPLATE(
{{- define "__alertmanager" }}Alertmanager{{ end }}

{{- define "__alertmanagerURL" }}{{ .ExternalURL }}/#/alerts?receiver={{ urlquery .Receiver }}{{ end }}

{{- define "__subject" -}}
  {{- if .Title }}{{ .Title }}{{ else }}{{ template "__alerts_subject" . }}{{ end -}}
{{- end }}

{{- define "__alerts_subject" -}}
  {{- if eq .Status "firing" }}[FIRING:{{ len .Alerts.Firing }}]{{ else }}[{{ toUpper .Status }}]{{ end -}}
  {{- printf " %s " (join " " .GroupLabels.SortedPairs.Values) -}}
  {{- if lt (len .GroupLabels) (len .CommonLabels) -}}
    ({{ (.CommonLabels.Remove .GroupLabels.Names).SortedPairs.Values | join " " }})
  {{- end -}}
{{- end }}

{{- define "__description" }}{{ end }}

{{- define "__text_alert_list" -}}
  {{- range . }}Labels:{{ "\n" }}
    {{- range .Labels.SortedPairs }}{{ printf " - %s = %s\n" .Name .Value }}{{ end -}}
    Annotations:{{ "\n" }}
    {{- range .Annotations.SortedPairs }}{{ printf " - %s = %s\n" .Name .Value }}{{ end -}}
    {{- printf "Source: %s\n" .GeneratorURL -}}
  {{- end -}}
{{- end }}

{{- define "__text_alert_list_markdown" -}}
  {{- range . }}{{ "\n" }}Labels:{{ "\n" }}
    {{- range .Labels.SortedPairs }}{{ printf "  - %s = %s\n" .Name .Value }}{{ end -}}
    {{- "\n" }}Annotations:{{ "\n" }}
    {{- range .Annotations.SortedPairs }}{{ printf "  - %s = %s\n" .Name .Value }}{{ end -}}
    {{- printf "\nSource: %s\n" .GeneratorURL -}}
  {{- end -}}
  {{- "\n" -}}
{{- end }}

{{- define "slack.default.title" }}{{ template "__subject" . }}{{ end }}
{{- define "slack.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{- define "slack.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{- define "slack.default.fallback" -}}
  {{ template "slack.default.title" . }} | {{ template "slack.default.titlelink" . }}
{{- end }}
{{- define "slack.default.color" }}{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}{{ end }}
{{- define "slack.default.callbackid" }}{{ end }}
{{- define "slack.default.pretext" }}{{ end }}
{{- define "slack.default.text" }}{{ end }}
{{- define "slack.default.footer" }}{{ end }}
{{- define "slack.default.iconemoji" }}{{ end }}
{{- define "slack.default.iconurl" }}{{ end }}

{{- define "email.default.subject" }}{{ template "__subject" . }}{{ end }}
{{- define "__email_alert" }}
<table style="width:100%;border-collapse:collapse;margin:0 0 16px 0">
  <tr><td colspan="2" style="padding:4px 0;font-weight:bold">{{ .Labels.alertname }}</td></tr>
  {{- range .Labels.SortedPairs }}
  <tr><td style="padding:2px 12px 2px 0;color:#555">{{ .Name }}</td><td>{{ .Value }}</td></tr>
  {{- end }}
  {{- range .Annotations.SortedPairs }}
  <tr><td style="padding:2px 12px 2px 0;color:#555">{{ .Name }}</td><td>{{ .Value }}</td></tr>
  {{- end }}
  <tr><td style="padding:2px 12px 2px 0;color:#555">since</td><td>{{ date "2006-01-02 15:04:05 MST" .StartsAt }}</td></tr>
  {{- if .GeneratorURL }}
  <tr><td></td><td><a href="{{ .GeneratorURL }}">Source</a></td></tr>
  {{- end }}
</table>
{{- end }}
{{- define "email.default.html" }}<!DOCTYPE html>
<html>
<head>
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<meta name="viewport" content="width=device-width">
<title>{{ template "__subject" . }}</title>
</head>
<body style="font-family:Helvetica,Arial,sans-serif;font-size:14px;color:#222">
{{- if .Title }}
<h2>{{ .Title }}</h2>
<p style="white-space:pre-line">{{ .Note }}</p>
{{- else }}
{{- template "__email_alerts" . }}
{{- end }}
<p style="color:#777"><a href="{{ .ExternalURL }}">Sent by Outrider</a></p>
</body>
</html>
{{ end -}}

{{- define "__email_alerts" }}
{{- if .Alerts.Firing }}
<h2 style="color:#b00020">{{ len .Alerts }} alert{{ if gt (len .Alerts) 1 }}s{{ end }} for
{{- range .GroupLabels.SortedPairs }} {{ .Name }}={{ .Value }}{{ end }}</h2>
{{- else }}
<h2 style="color:#1b7f3b">{{ len .Alerts }} alert{{ if gt (len .Alerts) 1 }}s{{ end }} resolved for
{{- range .GroupLabels.SortedPairs }} {{ .Name }}={{ .Value }}{{ end }}</h2>
{{- end }}
{{- if .Note }}
<p>{{ .Note }}</p>
{{- end }}
<p><a href="{{ template "__alertmanagerURL" . }}">View the alerts</a></p>
{{- if .Alerts.Firing }}
<h3>[{{ len .Alerts.Firing }}] Firing</h3>
{{- range .Alerts.Firing }}{{ template "__email_alert" . }}{{ end }}
{{- end }}
{{- if .Alerts.Resolved }}
<h3>[{{ len .Alerts.Resolved }}] Resolved</h3>
{{- range .Alerts.Resolved }}{{ template "__email_alert" . }}{{ end }}
{{- end }}
{{- end -}}
)TEMPLATE";

}  // namespace outrider
