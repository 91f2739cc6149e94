// SPDX-License-Identifier: Apache-2.0
#include "rules/workloads/workload_alerts.h"

#include <array>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using enum FindingSeverity;

constexpr std::string_view kSummary =
    "{{ $labels.type }} ({{ $labels.resource }}) of {{ with $labels.namespace }}{{ . }}/{{ end }}"
    "{{ $labels.workload }}{{ with $labels.container }}, container {{ . }}{{ end }}";

// The score is looked up when the text is made: it changes, a label must not.
constexpr std::string_view kDescription =
    "{{ with printf `outrider_workload_finding_score{namespace=%q,workload=%q,workload_kind=%q,"
    "container=%q,type=%q,resource=%q}` $labels.namespace $labels.workload $labels.workload_kind "
    "$labels.container $labels.type $labels.resource | query }}"
    "{{ . | first | value | printf \"%.1f\" }} times the edge of what counts, {{ end }}"
    "{{ $value | humanizePercentage }} sure. Figures: "
    "/outrider/v1/workloads/{{ with $labels.namespace }}{{ . }}{{ else }}-{{ end }}/"
    "{{ $labels.workload }}";

// The advice of each type, chosen by the label.
std::string AdviceTemplate(const std::vector<FindingType>& types) {
  std::string text;
  for (const FindingType type : types) {
    text += fmt::format("{{{{ {} eq $labels.type \"{}\" }}}}{}", text.empty() ? "if" : "else if",
                        FindingTypeText(type), FindingAdvice(type));
  }
  return text.empty() ? text : text + "{{ end }}";
}

std::string Expression(const WorkloadAlertOptions& options, FindingSeverity severity) {
  std::vector<std::string> types;
  types.reserve(options.types.size());
  for (const FindingType type : options.types) types.emplace_back(FindingTypeText(type));
  return fmt::format(
      "outrider_workload_finding_confidence{{type=~\"{}\"}} >= {} and "
      "outrider_workload_finding_severity == {}",
      Join(types, "|"), FormatFloatF(options.minimum_confidence), static_cast<int>(severity) + 1);
}

}  // namespace

RuleFile MakeWorkloadAlerts(const WorkloadAlertOptions& options,
                            const promql::ParseOptions& promql) {
  RuleGroup group;
  group.file = kWorkloadAlertFile;
  group.name = kWorkloadAlertGroup;
  for (const FindingSeverity severity : {kCritical, kHigh, kMedium, kLow}) {
    Rule rule;
    rule.kind = RuleKind::kAlerting;
    rule.name = kWorkloadAlertName;
    rule.expr = Expression(options, severity);
    StatusOr<promql::Expression> parsed = promql::Expression::Parse(rule.expr, promql);
    rule.error = parsed.status();
    if (parsed.ok()) rule.expression = *std::move(parsed);
    // Incidents are by service unless told otherwise.
    rule.labels = {{"severity", std::string(FindingSeverityText(severity))},
                   {"service", "{{ $labels.workload }}"}};
    rule.annotations = {{"summary", std::string(kSummary)},
                        {"description", std::string(kDescription)},
                        {"recommendation", AdviceTemplate(options.types)},
                        {"outrider_source", "anomaly"}};  // of the incident
    rule.line = static_cast<int>(group.rules.size()) + 1;
    rule.column = 1;
    group.rules.push_back(std::move(rule));
  }
  RuleFile file{std::string(kWorkloadAlertFile), {}, {}};
  file.groups.push_back(std::move(group));
  return file;
}

}  // namespace outrider
