// SPDX-License-Identifier: Apache-2.0
// Fills an OtlpBatch: finds or makes series and families, keeps the budget, counts what is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "exporter/ingest/otlp_translate.h"
#include "storage/base/hash.h"

namespace outrider {

// A metric while its points are written.
struct OtlpMetricContext {
  std::string_view sent_name;
  std::string name;  // translated
  uint32_t family = 0;
  bool delta = false;
};

class OtlpWriter {
 public:
  // The batch outlives it.
  OtlpWriter(uint64_t max_label_bytes, OtlpBatch* batch) : left_(max_label_bytes), batch_(*batch) {}

  // The family of that name; the first description of one request counts.
  uint32_t Family(OtlpFamily family);

  // The series of these labels (see Labels::FromViews), good until the next call. nullptr: over
  // the budget, now and for the rest of the request.
  OtlpSeries* Series(uint32_t family, const std::vector<LabelView>& labels);
  OtlpSeries* Series(uint32_t family, Labels labels);  // free of charge
  // Takes bytes off the budget; false: it is over.
  bool Spend(uint64_t bytes);
  bool full() const { return full_; }

  void Refuse(const char* reason, uint64_t points, std::string_view metric);
  void LeaveOut(const char* what) { ++batch_.left_out[what]; }
  void Accepted() { ++batch_.points; }

 private:
  uint64_t left_;
  bool full_ = false;
  OtlpBatch& batch_;
  std::unordered_multimap<uint64_t, uint32_t> by_hash_;  // of the labels -> index into series
  StringMap<uint32_t> families_;
};

}  // namespace outrider
