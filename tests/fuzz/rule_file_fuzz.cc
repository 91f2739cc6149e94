// SPDX-License-Identifier: Apache-2.0
// Rule files and rows of alert state: no input may crash; what loads says the same twice, the
// labels and annotations of its alerts render for a sample, and a row that can be read can be
// written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "rules/alerting/alert_rows.h"
#include "rules/alerting/rule_texts.h"
#include "rules/rulefile/check.h"

namespace {

using outrider::Labels;
using outrider::Timestamp;

outrider::promql::VectorSample Sample(const char* instance, double value) {
  return {Labels::FromMap({{"__name__", "up"}, {"instance", instance}, {"job", "a b"}}), 0, value};
}

// Every query of a template has these two samples.
outrider::StatusOr<outrider::promql::QueryResult> Answer(const outrider::promql::Expression&,
                                                         Timestamp) {
  return outrider::promql::QueryResult{
      outrider::promql::Vector{Sample("b:1", 2), Sample("a:1", 0.5)}, {}, {}};
}

void RenderAlerts(const outrider::RuleFile& file) {
  outrider::RuleContext context;
  context.external_labels = Labels::FromMap({{"cluster", "eu"}});
  context.external_url = "http://host:9090/prefix";
  for (const outrider::RuleGroup& group : file.groups) {
    for (const outrider::Rule& rule : group.rules) {
      if (rule.kind != outrider::RuleKind::kAlerting || !rule.error.ok()) continue;
      outrider::RuleTexts texts(rule, context, Answer);
      const auto sample = Sample("host:9100", 1234567.891);
      if (texts.RenderLabels(sample, 1000) != texts.RenderLabels(sample, 1000)) std::abort();
      if (texts.RenderAnnotations(sample, 1000).size() != rule.annotations.size()) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = outrider::ParseRuleFile(text, "fuzz.yml");
  const auto second = outrider::ParseRuleFile(text, "fuzz.yml");
  if (first.ok() != second.ok()) std::abort();
  if (first.ok() && first->groups != second->groups) std::abort();
  if (first.ok()) RenderAlerts(*first);
  outrider::RuleFileOptions options;
  options.ignore_unknown_fields = true;
  (void)outrider::CheckRuleFile(text, "fuzz.yml", options, true).Text();
  const auto row = outrider::DecodeAlertRow({std::string(33, 'k'), std::string(text), 1});
  if (!row.ok()) return 0;
  const auto again =
      outrider::DecodeAlertRow({std::string(33, 'k'), outrider::EncodeAlertRow(*row), 1});
  if (!again.ok() || again->alert->labels != row->alert->labels) std::abort();
  return 0;
}
