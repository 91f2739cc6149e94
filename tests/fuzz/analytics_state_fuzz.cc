// SPDX-License-Identifier: Apache-2.0
// Any bytes as the saved state of trends and forecasts: an error or a state that can be used, never
// a crash.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "rules/analytics/forecast.h"
#include "rules/analytics/trend.h"

namespace outrider {
namespace {

Entry MakeEntry(EntryKind kind, ForecastModel model) {
  Entry entry;
  entry.kind = kind;
  entry.windows.assign(kTrendWindows.begin(), kTrendWindows.end());
  entry.trend = {.errors = true, .theil_sen = true, .mann_kendall = true, .changepoints = true};
  entry.forecast.model = model;
  entry.forecast.horizons = {kHour, kDay};
  entry.threshold = 0;
  return entry;
}

void Use(const Entry& entry, std::string_view bytes) {
  const DetectorRow* row = FindDetector(entry.kind, "");
  const auto detector = row->create(entry);
  RowReader reader(bytes, 255, "state");
  detector->Load(reader);
  std::vector<double> out(row->outputs(entry).size());
  Timestamp now = 1'763'700'000'000;
  for (int i = 0; i < 60; ++i) {
    detector->Observe(now += 15'000 + i * i * 997, i % 7);
    if (i % 20 == 0) detector->Report(now, out);
  }
  // A state that is written must be read again.
  RowWriter writer(1);
  detector->Save(writer);
  const std::string saved = writer.Take();
  RowReader again(saved, 1, "state");
  row->create(entry)->Load(again);
  if (!again.Finish().ok()) __builtin_trap();
}

}  // namespace
}  // namespace outrider

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using outrider::EntryKind;
  using outrider::ForecastModel;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  outrider::Use(outrider::MakeEntry(EntryKind::kTrend, ForecastModel::kLinear), bytes);
  for (ForecastModel model : {ForecastModel::kLinear, ForecastModel::kHoltWinters,
                              ForecastModel::kSeasonal, ForecastModel::kAuto}) {
    outrider::Use(outrider::MakeEntry(EntryKind::kForecast, model), bytes);
  }
  return 0;
}
