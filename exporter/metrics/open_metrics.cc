// SPDX-License-Identifier: Apache-2.0
// OpenMetrics 1.0: `_total` on counter samples but not on their family, UNIT lines, canonical `le`
// and `quantile`, numbers in their shortest exact form.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "exporter/metrics/exposition.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kUnits[] = {"seconds", "bytes", "ratio", "cores"};
constexpr std::string_view kTotal = "_total";

std::string_view TypeText(FamilyKind type) {
  switch (type) {
    case FamilyKind::kCounter:
      return "counter";
    case FamilyKind::kGauge:
      return "gauge";
    case FamilyKind::kHistogram:
      return "histogram";
    case FamilyKind::kSummary:
      return "summary";
  }
  return "unknown";
}

void AppendEscaped(std::string_view text, std::string* out) {
  for (const char c : text) {
    if (c == '\n') {
      *out += "\\n";
    } else {
      if (c == '\\' || c == '"') *out += '\\';
      *out += c;
    }
  }
}

void AppendNumber(double value, std::string* out) { *out += FormatFloatG(value); }

// Bounds and quantiles always have a point or an exponent: `1.0`.
std::string Canonical(double value) {
  std::string text = FormatFloatG(value);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

void AppendLabels(const Labels& labels, std::string_view extra_name, std::string_view extra_value,
                  std::string* out) {
  bool first = true;
  const auto append = [&](std::string_view name, std::string_view value) {
    *out += first ? '{' : ',';
    first = false;
    *out += name;
    *out += "=\"";
    AppendEscaped(value, out);
    *out += '"';
  };
  for (const LabelView label : labels) {
    if (label.name == kMetricName) continue;
    append(IsLegacyLabelName(label.name) ? std::string(label.name) : ClassicLabelName(label.name),
           label.value);
  }
  if (!extra_name.empty()) append(extra_name, extra_value);
  if (!first) *out += '}';
}

struct Line {
  std::string_view family;
  std::string_view suffix;
  std::string_view extra_name;
  std::string_view extra_value;
};

void AppendLine(const Line& line, const Labels& labels, double value, std::string* out) {
  *out += line.family;
  *out += line.suffix;
  AppendLabels(labels, line.extra_name, line.extra_value, out);
  *out += ' ';
  AppendNumber(value, out);
  *out += '\n';
}

void AppendDistribution(std::string_view family, FamilyKind type, const MetricPoint& point,
                        std::string* out) {
  const Distribution& values = *point.distribution;
  const Labels& labels = *point.labels;
  if (type == FamilyKind::kSummary) {
    for (const auto& [quantile, value] : values.quantiles) {
      AppendLine({family, "", "quantile", Canonical(quantile)}, labels, value, out);
    }
  } else {
    for (const auto& [bound, count] : values.buckets) {
      AppendLine({family, "_bucket", "le", Canonical(bound)}, labels, static_cast<double>(count),
                 out);
    }
    AppendLine({family, "_bucket", "le", "+Inf"}, labels, static_cast<double>(values.count), out);
  }
  AppendLine({family, "_sum", "", ""}, labels, values.sum, out);
  AppendLine({family, "_count", "", ""}, labels, static_cast<double>(values.count), out);
}

void AppendHead(std::string_view name, const MetricFamilyData& family, std::string* out) {
  *out += fmt::format("# TYPE {} {}\n", name, TypeText(family.type));
  for (std::string_view unit : kUnits) {
    if (name.size() > unit.size() && name.ends_with(unit) &&
        name[name.size() - unit.size() - 1] == '_') {
      *out += fmt::format("# UNIT {} {}\n", name, unit);
    }
  }
  *out += fmt::format("# HELP {} ", name);
  AppendEscaped(family.help, out);
  *out += '\n';
}

}  // namespace

void AppendOpenMetrics(const MetricFamilyData& family, size_t begin, size_t end, std::string* out) {
  std::string_view name = family.name;
  const bool counter = family.type == FamilyKind::kCounter;
  if (counter && name.ends_with(kTotal)) name.remove_suffix(kTotal.size());
  if (begin == 0) AppendHead(name, family, out);
  for (size_t i = begin; i < end; ++i) {
    const MetricPoint& point = family.points[i];
    if (point.distribution != nullptr) {
      AppendDistribution(name, family.type, point, out);
    } else {
      AppendLine({name, counter ? kTotal : "", "", ""}, *point.labels, point.value, out);
    }
  }
}

}  // namespace outrider
