// SPDX-License-Identifier: Apache-2.0
// Families as text: Prometheus' format 0.0.4 through prometheus-cpp, OpenMetrics 1.0 by our own
// writer.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/metrics/metric_sink.h"

namespace outrider {

enum class Exposition { kText, kOpenMetrics };
// The format a client asks for: OpenMetrics when it is accepted at least as much as plain text.
Exposition NegotiateExposition(std::string_view accept);
std::string_view ExpositionContentType(Exposition format);

// A label name as the classic formats can carry it: what they cannot becomes `_`.
std::string ClassicLabelName(std::string_view name);

// Appends points [begin, end) of a family, preceded by its HELP and TYPE lines if `begin` is 0.
void AppendText(const MetricFamilyData& family, size_t begin, size_t end, std::string* out);
void AppendOpenMetrics(const MetricFamilyData& family, size_t begin, size_t end, std::string* out);

// The families piece by piece, `# EOF` behind OpenMetrics; families without points are left out.
// Returns false with the last piece.
class ExpositionWriter {
 public:
  ExpositionWriter(std::vector<MetricFamilyData> families, Exposition format)
      : families_(std::move(families)), format_(format) {}
  bool Next(std::string* out);

 private:
  std::vector<MetricFamilyData> families_;
  Exposition format_;
  size_t family_ = 0;
  size_t point_ = 0;
};

}  // namespace outrider
