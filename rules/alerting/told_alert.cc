// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/told_alert.h"

#include "storage/base/text.h"

namespace outrider {

std::string GeneratorUrl(const std::string& external_url, const std::string& expr) {
  return external_url + "/graph?g0.expr=" + UrlEncodeQuery(expr) + "&g0.tab=1";
}

Labels ToldLabels(const Labels& labels, const Labels& external_labels) {
  LabelsBuilder told(external_labels);
  for (const LabelView& label : labels) told.Set(label.name, label.value);
  return told.Build();
}

Alert ToldAlert(const AlertRow& row, Timestamp ts) {
  const ActiveAlert& alert = *row.alert;
  Alert told;
  told.labels = ToldLabels(alert.labels, row.external_labels);
  told.annotations = alert.annotations;
  told.generator_url = row.generator_url;
  told.starts_at.nanos = alert.fired_at * kNanosPerMilli;
  if (alert.state == AlertState::kInactive) {
    told.ends_at.nanos = alert.resolved_at * kNanosPerMilli;
  }
  told.updated_at = ts * kNanosPerMilli;
  told.source = AlertSource::kRule;
  told.value = alert.value;
  return told;
}

}  // namespace outrider
