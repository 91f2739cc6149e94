// SPDX-License-Identifier: Apache-2.0
// Labels out of OTLP attributes: those of a data point, of its resource and of its scope. Source:
// Prometheus' storage/remote/otlptranslator.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/ingest/otlp_translate.h"
#include "exporter/ingest/proto/otlp_metrics.pb.h"
#include "storage/base/hash.h"
#include "storage/model/labels.h"

namespace outrider {

using OtlpAttributes = google::protobuf::RepeatedPtrField<wire::otlp::KeyValue>;

// An attribute's value as a label value: text as it is, numbers and truth values in words, bytes in
// base64, lists and maps in JSON (keys sorted), nothing as "".
std::string OtlpValueText(const wire::otlp::AnyValue& value);

// Labels of points, one resource and scope after the other. Its views hold as long as the request
// and, where a text was made, until the next call of the same function.
class OtlpLabeller {
 public:
  // Both outlive it.
  OtlpLabeller(const OtlpOptions& options, OtlpBatch* batch);

  void StartResource(const wire::otlp::Resource& resource);
  void StartScope(const wire::otlp::ScopeMetrics& scope);

  // All labels of a data point but its name; of equal names the last counts. Returns nullptr, or
  // the reason why there are none.
  const char* PointLabels(const OtlpAttributes& attributes, std::vector<LabelView>* labels);

  // Those of the resource's target_info series. Empty: it has none.
  Labels TargetInfo(const wire::otlp::Resource& resource);

 private:
  struct Entry {
    std::string_view name;  // translated
    std::string_view key;   // as sent
    std::string_view value;
  };
  const std::string* Name(std::string_view attribute);  // nullptr: it cannot be a label
  std::string_view Value(const wire::otlp::AnyValue& value, std::deque<std::string>* texts);
  bool IsPromoted(std::string_view attribute) const;
  // Entries in order of name and key, those of one name joined; then appended to labels.
  void Join(std::vector<Entry>* entries, std::vector<LabelView>* labels);

  const OtlpOptions& options_;
  OtlpBatch& batch_;
  const OtlpLabelRules rules_;
  StringMap<std::string> names_;  // attribute -> label; "": cannot be one
  std::deque<std::string> resource_texts_;
  std::deque<std::string> scope_texts_;
  std::deque<std::string> point_texts_;
  std::vector<LabelView> promoted_;
  std::vector<LabelView> target_;  // job and instance
  std::vector<LabelView> scope_;
  std::vector<Entry> entries_;  // scratch
};

}  // namespace outrider
