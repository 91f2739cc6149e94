// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/otlp_exemplars.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/ingest/otlp_attributes.h"
#include "exporter/ingest/otlp_point_flags.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxRunes = 128;  // OpenMetrics' limit

// "" for an ID that is not there: no bytes, or none but zeros.
std::string IdText(std::string_view bytes) {
  const bool absent = bytes.find_first_not_of('\0') == std::string_view::npos;
  return absent ? "" : HexEncode(bytes);
}

}  // namespace

std::optional<OtlpExemplar> TranslateExemplar(const wire::otlp::Exemplar& exemplar) {
  OtlpExemplar translated;
  if (exemplar.has_as_double()) {
    translated.value = exemplar.as_double();
  } else if (exemplar.has_as_int()) {
    translated.value = static_cast<double>(exemplar.as_int());
  } else {
    return std::nullopt;
  }
  translated.time = FromUnixNano(exemplar.time_unix_nano());
  const std::string trace = IdText(exemplar.trace_id());
  const std::string span = IdText(exemplar.span_id());
  std::vector<LabelView> labels;
  if (!trace.empty()) labels.push_back({"trace_id", trace});
  if (!span.empty()) labels.push_back({"span_id", span});
  size_t runes = 0;
  for (const LabelView& label : labels) runes += label.name.size() + label.value.size();
  std::vector<std::pair<std::string_view, std::string>> attributes;
  for (const auto& attribute : exemplar.filtered_attributes()) {
    attributes.emplace_back(attribute.key(), OtlpValueText(attribute.value()));
    runes += RuneCount(attributes.back().first) + RuneCount(attributes.back().second);
    if (runes > kMaxRunes) break;
  }
  if (runes <= kMaxRunes) {
    for (const auto& [key, value] : attributes) labels.push_back({key, value});
  }
  translated.labels = Labels::FromViews(std::move(labels));
  return translated;
}

}  // namespace outrider
