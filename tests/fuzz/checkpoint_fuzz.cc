// SPDX-License-Identifier: Apache-2.0
// Any bytes as the saved state of any detector: an error, or a detector that can be used and saved.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "rules/analytics/checkpoint.h"
#include "rules/analytics/detector.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  constexpr outrider::EntryKind kKinds[] = {
      outrider::EntryKind::kAnomaly, outrider::EntryKind::kTrend, outrider::EntryKind::kForecast};
  outrider::Entry entry;
  entry.kind = kKinds[data[0] % 3];
  const auto names = outrider::DetectorNames(entry.kind);
  entry.detector = names[data[0] / 3 % names.size()];
  entry.windows = {outrider::kHour};
  const outrider::DetectorRow* row = outrider::FindDetector(entry.kind, entry.detector);
  const auto detector = row->create(entry);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto time = outrider::LoadDetector(bytes, detector.get());
  if (!time.ok()) return 0;
  constexpr outrider::Timestamp kFar = int64_t{1} << 60;
  const outrider::Timestamp from = *time > kFar || *time < -kFar ? 0 : *time;
  std::vector<double> out(row->outputs(entry).size());
  for (int i = 1; i < 20; ++i) {
    detector->Observe(from + i * outrider::kMinute, i * 1.5);
    detector->Report(from + i * outrider::kMinute, out);
  }
  (void)outrider::SaveDetector({}, {}, from, *detector);
  return 0;
}
