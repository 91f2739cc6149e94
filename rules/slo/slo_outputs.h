// SPDX-License-Identifier: Apache-2.0
// The series an objective gives, and their names. Source: docs/slo.md; Sloth's own names and labels
// where the objective came from a Sloth file (specs/incidents_oncall_slo.md §2.5), so that
// dashboards made for Sloth show it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "rules/analytics/derived_table.h"
#include "rules/slo/slo_view.h"

namespace outrider {

// Labels of the objective's own series and of Sloth's, without window.
Labels OwnSloLabels(const SloSpec& spec, const Labels& series);
Labels SlothSloLabels(const SloSpec& spec, const Labels& series);

// "slo:sli_error:ratio_rate5m"
std::string SlothRatioName(DurationMs window);

// Not thread-safe. Outlives whoever reads the table: it holds the names of the metrics.
class SloOutputs {
 public:
  explicit SloOutputs(DerivedTable& table) : publisher_(table) {}
  void Set(const SloView& view);
  // What was not set since the last Finish() ends.
  void Finish() { publisher_.Finish(); }

 private:
  struct Named {
    std::string name;
    DerivedMetric metric;
  };
  void SetOwn(const SloView& view, const SloSeriesView& series);
  void SetSloth(const SloView& view, const SloSeriesView& series);
  const DerivedMetric& RatioMetric(DurationMs window);

  std::map<DurationMs, std::unique_ptr<Named>> ratios_;
  DerivedPublisher publisher_;
};

}  // namespace outrider
