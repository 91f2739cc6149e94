// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/value_json.h"

#include "exporter/api/histogram_json.h"
#include "exporter/api/prom_envelope.h"
#include "storage/base/text.h"
#include "storage/model/native_histogram.h"

namespace outrider {
namespace {

constexpr size_t kPiece = 32 * 1024;

std::string_view ResultType(const promql::Value& value) {
  constexpr std::string_view kTypes[] = {"scalar", "vector", "matrix",
                                         "string"};  // by index of the variant
  return kTypes[value.index()];
}

void AppendPoint(Timestamp time, std::string_view value, std::string* out) {
  *out += '[';
  *out += FormatTimestampSeconds(time);
  *out += ",\"";
  *out += value;
  *out += "\"]";
}

void AppendPoint(Timestamp time, const NativeHistogram& histogram, std::string* out) {
  *out += '[';
  *out += FormatTimestampSeconds(time);
  *out += ',';
  AppendHistogram(histogram, out);
  *out += ']';
}

void AppendMetric(const Labels& labels, std::string* out) {
  *out += R"({"metric":)";
  JsonWriter json(out);
  WriteLabels(labels, &json);
}

void AppendRow(const promql::VectorSample& sample, std::string* out) {
  AppendMetric(sample.labels, out);
  if (sample.histogram != nullptr) {
    *out += R"(,"histogram":)";
    AppendPoint(sample.time, *sample.histogram, out);
  } else {
    *out += R"(,"value":)";
    AppendPoint(sample.time, FormatSampleValue(sample.value), out);
  }
  *out += '}';
}

void AppendRow(const promql::Series& series, std::string* out) {
  AppendMetric(series.labels, out);
  for (size_t i = 0; i < series.samples.size(); ++i) {
    *out += i == 0 ? R"(,"values":[)" : ",";
    AppendPoint(series.samples[i].time, FormatSampleValue(series.samples[i].value), out);
  }
  if (!series.samples.empty()) *out += ']';
  for (size_t i = 0; i < series.histograms.size(); ++i) {
    *out += i == 0 ? R"(,"histograms":[)" : ",";
    AppendPoint(series.histograms[i].time, *series.histograms[i].histogram, out);
  }
  if (!series.histograms.empty()) *out += ']';
  *out += '}';
}

// Appends rows from `*next` on until a piece is full; true when there are more.
template <typename Rows>
bool AppendRows(const Rows& rows, size_t* next, std::string* out) {
  const size_t enough = out->size() + kPiece;
  for (; *next < rows.size() && out->size() < enough; ++*next) {
    if (*next > 0) *out += ',';
    AppendRow(rows[*next], out);
  }
  return *next < rows.size();
}

template <typename Rows>
bool Cut(size_t limit, Rows* rows) {
  if (rows->size() <= limit) return false;
  rows->resize(limit);
  return true;
}

}  // namespace

bool TruncateValue(size_t limit, promql::Value* value) {
  if (limit == 0) return false;
  if (auto* vector = std::get_if<promql::Vector>(value)) return Cut(limit, vector);
  if (auto* matrix = std::get_if<promql::Matrix>(value)) return Cut(limit, matrix);
  return false;
}

void ValueJson::AppendHead(std::string* out) const {
  *out += R"({"resultType":")";
  *out += ResultType(result_->value);
  *out += R"(","result":)";
}

bool ValueJson::AppendSeries(std::string* out) {
  if (const auto* vector = std::get_if<promql::Vector>(&result_->value))
    return AppendRows(*vector, &next_, out);
  return AppendRows(std::get<promql::Matrix>(result_->value), &next_, out);
}

bool ValueJson::Next(std::string* out) {
  const promql::Value& value = result_->value;
  const bool listed = std::holds_alternative<promql::Vector>(value) ||
                      std::holds_alternative<promql::Matrix>(value);
  if (!started_) {
    AppendHead(out);
    if (listed) *out += '[';
    started_ = true;
  }
  if (listed) {
    if (AppendSeries(out)) return true;
    *out += ']';
  } else if (const auto* scalar = std::get_if<promql::Scalar>(&value)) {
    AppendPoint(scalar->time, FormatSampleValue(scalar->value), out);
  } else {
    const auto& text = std::get<promql::String>(value);
    *out += '[' + FormatTimestampSeconds(text.time) + ',';
    JsonWriter(out).String(text.value);
    *out += ']';
  }
  if (!stats_.empty()) *out += R"(,"stats":)" + stats_;
  *out += '}';
  return false;
}

}  // namespace outrider
