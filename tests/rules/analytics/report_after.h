// SPDX-License-Identifier: Apache-2.0
// A detector fed with values every 15 seconds, and what it reports then, by output.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rules/analytics/detector.h"

namespace outrider {

inline constexpr Timestamp kReportStart = 1'763'700'000'000;

// The outputs without `outrider_` and the kind, then window and horizon: slope 15m, value 1h.
// Absent ones are left out.
inline std::map<std::string, double> Reported(const Entry& entry, const Detector& detector,
                                              Timestamp now) {
  const auto outputs = FindDetector(entry.kind, entry.detector)->outputs(entry);
  std::vector<double> values(outputs.size());
  detector.Report(now, values);
  std::map<std::string, double> named;
  const std::string prefix = "outrider_" + std::string(EntryKindText(entry.kind)) + "_";
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (values[i] != values[i]) continue;
    std::string name(outputs[i].metric->name.substr(prefix.size()));
    for (const std::string& label : {outputs[i].window, outputs[i].horizon}) {
      if (!label.empty()) name += " " + label;
    }
    named[name] = values[i];
  }
  return named;
}

inline std::map<std::string, double> ReportAfter(const Entry& entry,
                                                 const std::vector<double>& values,
                                                 DurationMs step = 15 * kSecond) {
  const auto detector = FindDetector(entry.kind, entry.detector)->create(entry);
  Timestamp time = kReportStart;
  for (double value : values) detector->Observe(time += step, value);
  return Reported(entry, *detector, time);
}

inline std::vector<double> Line(double first, double per_second, int n) {
  std::vector<double> values;
  values.reserve(static_cast<size_t>(n));
  for (int i = 0; i < n; ++i) values.push_back(first + per_second * 15 * i);
  return values;
}

}  // namespace outrider
