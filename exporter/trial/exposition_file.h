// SPDX-License-Identifier: Apache-2.0
// Text files of samples with timestamps: OpenMetrics (seconds, ends with `# EOF`) or Prometheus'
// text format (milliseconds).
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/base/status.h"
#include "storage/model/labels.h"
#include "storage/model/sample.h"

namespace outrider {

// Series by their labels; samples as they stood in the files until Sort().
class SampleTable {
 public:
  struct Series {
    Labels labels;
    std::vector<Sample> samples;
  };
  // The series' number.
  size_t Find(const Labels& labels);
  void Add(size_t series, Sample sample) { series_[series].samples.push_back(sample); }
  // By time; of two samples of one time the first stays.
  void Sort();
  const std::vector<Series>& series() const { return series_; }

 private:
  std::vector<Series> series_;
  std::unordered_map<Labels, size_t, LabelsHash> index_;
};

// Errors name path:line:column. Exemplars and start times are passed over; a sample without a
// timestamp is an error. Without `# EOF`, a time with a fraction is one too, and a file that ends
// before 1980 a warning: those are seconds.
Status ReadExposition(std::string_view text, const std::string& path, SampleTable* table,
                      std::vector<std::string>* warnings = nullptr);

}  // namespace outrider
