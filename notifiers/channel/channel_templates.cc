// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/channel_templates.h"

namespace outrider {

const std::string_view kSharedTemplates = R"TEMPLATE(
{{- define "__common_annotations" }}{{ join " " .CommonAnnotations.SortedPairs.Values }}{{ end }}

{{- define "__alerts_spaced" -}}
  {{- "\n" -}}
  {{- with .Alerts.Firing }}{{ "\nAlerts Firing:\n" }}{{ template "__text_alert_list" . }}{{ "\n" }}{{ end -}}
  {{- "\n" -}}
  {{- with .Alerts.Resolved }}{{ "\nAlerts Resolved:\n" }}{{ template "__text_alert_list" . }}{{ "\n" }}{{ end -}}
  {{- "\n" -}}
{{- end }}

{{- define "__alerts_compact" -}}
  {{- "\n" -}}
  {{- with .Alerts.Firing }}{{ "Alerts Firing:\n" }}{{ template "__text_alert_list" . }}{{ end -}}
  {{- "\n" -}}
  {{- with .Alerts.Resolved }}{{ "Alerts Resolved:\n" }}{{ template "__text_alert_list" . }}{{ end -}}
{{- end }}

{{- define "__alerts_markdown" -}}
  {{- "\n" -}}
  {{- with .Alerts.Firing }}{{ "\n# Alerts Firing:\n" }}{{ template "__text_alert_list_markdown" . }}{{ "\n" }}{{ end -}}
  {{- "\n" -}}
  {{- with .Alerts.Resolved }}{{ "\n# Alerts Resolved:\n" }}{{ template "__text_alert_list_markdown" . }}{{ "\n" }}{{ end -}}
  {{- "\n" -}}
{{- end }}

{{- define "__one_line" -}}
  {{ template "__subject" . }}
  {{- with .CommonAnnotations.summary }}{{ ": " }}{{ . }}{{ end -}}
{{- end }}
)TEMPLATE";

}  // namespace outrider
