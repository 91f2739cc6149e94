// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/exposition.h"

#include <algorithm>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kPointsAPiece = 256;

// The q of `type` in an Accept header; 0 when it is not accepted. `type/*` and `*/*` are not looked
// at: they get text.
double QualityOf(std::string_view accept, std::string_view type) {
  double best = 0;
  for (std::string_view part : Split(accept, ',')) {
    const std::vector<std::string_view> pieces = Split(part, ';');
    if (ToLower(Trim(pieces[0])) != type) continue;
    double quality = 1;
    for (size_t i = 1; i < pieces.size(); ++i) {
      const std::string_view parameter = Trim(pieces[i]);
      if (parameter.starts_with("q=")) quality = ParseDouble(parameter.substr(2)).value_or(0);
    }
    best = std::max(best, quality);
  }
  return best;
}

bool IsClassic(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

Exposition NegotiateExposition(std::string_view accept) {
  const double open = QualityOf(accept, "application/openmetrics-text");
  return open > 0 && open >= QualityOf(accept, "text/plain") ? Exposition::kOpenMetrics
                                                             : Exposition::kText;
}

std::string_view ExpositionContentType(Exposition format) {
  return format == Exposition::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

std::string ClassicLabelName(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (!IsClassic(c)) c = '_';
  }
  if (!out.empty() && out[0] >= '0' && out[0] <= '9') out.insert(out.begin(), '_');
  return out;
}

bool ExpositionWriter::Next(std::string* out) {
  while (family_ < families_.size()) {
    const MetricFamilyData& family = families_[family_];
    const size_t end = std::min(family.points.size(), point_ + kPointsAPiece);
    if (point_ < end) {
      if (format_ == Exposition::kText) {
        AppendText(family, point_, end, out);
      } else {
        AppendOpenMetrics(family, point_, end, out);
      }
    }
    point_ = end;
    if (point_ < family.points.size()) return true;
    ++family_;
    point_ = 0;
    if (out->size() > 32 * 1024) return true;
  }
  if (format_ == Exposition::kOpenMetrics) *out += "# EOF\n";
  return false;
}

}  // namespace outrider
