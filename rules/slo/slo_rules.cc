// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_rules.h"

#include <algorithm>

#include "fmt/format.h"
#include "rules/slo/slo_outputs.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Only what names the objective: an error ratio above factor × budget.
std::string SlothSide(const SloSpec& spec, const SloAlert& alert, const BurnWindows& windows,
                      DurationMs window) {
  return fmt::format(
      "max without (sloth_window) ({}{{sloth_id={}, sloth_service={}, sloth_slo={}}} {} ({} * {}))",
      SlothRatioName(window), Quote(spec.name), Quote(spec.service), Quote(spec.slo), alert.op,
      FormatFloatF(windows.factor), FormatFloatF(spec.Budget()));
}

std::string OwnSide(const SloSpec& spec, const SloAlert& alert, const BurnWindows& windows,
                    DurationMs window) {
  return fmt::format("max without (window) (outrider_slo_burn_rate{{entry={}, window={}}} {} {})",
                     Quote(spec.name), Quote(FormatDuration(window)), alert.op,
                     FormatFloatF(windows.factor));
}

std::string Guard(const SloSpec& spec, DurationMs window) {
  return fmt::format("max without (window) (outrider_slo_events{{entry={}, window={}}} >= {})",
                     Quote(spec.name), Quote(FormatDuration(window)),
                     FormatFloatF(spec.min_events));
}

std::string PairExpression(const SloSpec& spec, const SloAlert& alert, const BurnWindows& windows) {
  const auto side = spec.origin == SloOrigin::kSloth ? SlothSide : OwnSide;
  std::vector<std::string> all = {side(spec, alert, windows, windows.short_window)};
  if (windows.long_window != windows.short_window) {
    all.push_back(side(spec, alert, windows, windows.long_window));
  }
  if (spec.min_events > 0) all.push_back(Guard(spec, windows.long_window));
  return Join(all, "\nand\n");
}

Rule MakeRule(const SloSpec& spec, const SloAlert& alert, const promql::ParseOptions& options) {
  Rule rule;
  rule.kind = RuleKind::kAlerting;
  rule.name = alert.name;
  rule.expr = SloAlertExpression(spec, alert);
  rule.hold = alert.hold;
  rule.labels = {alert.labels.begin(), alert.labels.end()};
  rule.annotations = {alert.annotations.begin(), alert.annotations.end()};
  rule.line = spec.line;
  rule.column = spec.column;
  StatusOr<promql::Expression> parsed = promql::Expression::Parse(rule.expr, options);
  if (parsed.ok()) {
    rule.expression = *std::move(parsed);
  } else {
    rule.error = parsed.status();
  }
  return rule;
}

}  // namespace

std::string SloAlertExpression(const SloSpec& spec, const SloAlert& alert) {
  std::vector<std::string> pairs;
  pairs.reserve(alert.any_of.size());
  for (const BurnWindows& windows : alert.any_of) {
    pairs.push_back(fmt::format("(\n{}\n)", PairExpression(spec, alert, windows)));
  }
  return Join(pairs, "\nor\n");
}

std::vector<RuleFile> SloRuleFiles(std::span<const SloSpec> specs,
                                   const promql::ParseOptions& options) {
  std::vector<RuleFile> files;
  for (const SloSpec& spec : specs) {
    if (spec.alerts.empty() || !spec.error.empty()) continue;
    auto file = std::ranges::find(files, spec.file, &RuleFile::path);
    if (file == files.end()) {
      files.push_back({spec.file, {}, {}});
      file = files.end() - 1;
    }
    RuleGroup& group = file->groups.emplace_back();
    group.file = spec.file;
    group.name = fmt::format("{}-slo-alerts-{}",
                             spec.origin == SloOrigin::kSloth ? "sloth" : "outrider", spec.name);
    for (const SloAlert& alert : spec.alerts) {
      group.rules.push_back(MakeRule(spec, alert, options));
    }
  }
  return files;
}

}  // namespace outrider
