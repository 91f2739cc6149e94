// SPDX-License-Identifier: Apache-2.0
// Precedence, lowest first, and by it the order of the labels: promoted resource attributes, the
// point's attributes, job and instance, scope.
#include "exporter/ingest/otlp_attributes.h"

#include <algorithm>
#include <tuple>

#include "fmt/format.h"

namespace outrider {
namespace {

constexpr std::string_view kServiceNamespace = "service.namespace";
constexpr std::string_view kServiceName = "service.name";
constexpr std::string_view kServiceInstance = "service.instance.id";

bool IsIdentifying(std::string_view attribute) {
  return attribute == kServiceNamespace || attribute == kServiceName ||
         attribute == kServiceInstance;
}

const wire::otlp::AnyValue* Find(const OtlpAttributes& attributes, std::string_view key) {
  for (const auto& attribute : attributes) {
    if (attribute.key() == key) return &attribute.value();
  }
  return nullptr;
}

bool Has(const std::vector<std::string>& list, std::string_view key) {
  return std::find(list.begin(), list.end(), key) != list.end();
}

}  // namespace

OtlpLabeller::OtlpLabeller(const OtlpOptions& options, OtlpBatch* batch)
    : options_(options),
      batch_(*batch),
      rules_{.escape = EscapesNames(options.translation_strategy),
             .key_before_underscore = options.label_name_underscore_sanitization,
             .keep_multiple_underscores = options.label_name_preserve_multiple_underscores} {}

const std::string* OtlpLabeller::Name(std::string_view attribute) {
  auto found = names_.find(attribute);
  if (found == names_.end()) {
    found = names_.emplace(attribute, OtlpLabelName(attribute, rules_).value_or("")).first;
  }
  return found->second.empty() ? nullptr : &found->second;
}

std::string_view OtlpLabeller::Value(const wire::otlp::AnyValue& value,
                                     std::deque<std::string>* texts) {
  if (value.has_string_value()) return value.string_value();
  return texts->emplace_back(OtlpValueText(value));
}

bool OtlpLabeller::IsPromoted(std::string_view attribute) const {
  if (options_.promote_all_resource_attributes) {
    return !Has(options_.ignore_resource_attributes, attribute);
  }
  return Has(options_.promote_resource_attributes, attribute);
}

void OtlpLabeller::StartResource(const wire::otlp::Resource& resource) {
  const OtlpAttributes& attributes = resource.attributes();
  resource_texts_.clear();
  promoted_.clear();
  target_.clear();
  scope_.clear();
  for (const auto& attribute : attributes) {
    if (!IsPromoted(attribute.key())) continue;
    const std::string* name = Name(attribute.key());
    if (name == nullptr) {
      ++batch_.left_out["resource_attribute"];
      continue;
    }
    promoted_.push_back({*name, Value(attribute.value(), &resource_texts_)});
  }
  if (const auto* service = Find(attributes, kServiceName); service != nullptr) {
    std::string_view job = Value(*service, &resource_texts_);
    if (const auto* space = Find(attributes, kServiceNamespace); space != nullptr) {
      job = resource_texts_.emplace_back(fmt::format("{}/{}", OtlpValueText(*space), job));
    }
    target_.push_back({"job", job});
  }
  if (const auto* instance = Find(attributes, kServiceInstance); instance != nullptr) {
    target_.push_back({"instance", Value(*instance, &resource_texts_)});
  }
  std::erase_if(target_, [](const LabelView& label) { return label.value.empty(); });
}

void OtlpLabeller::StartScope(const wire::otlp::ScopeMetrics& scope) {
  scope_texts_.clear();
  scope_.clear();
  if (!options_.promote_scope_metadata || scope.scope().name().empty()) return;
  for (const auto& attribute : scope.scope().attributes()) {
    const std::string* name = Name("otel_scope_" + attribute.key());
    if (name == nullptr) {
      ++batch_.left_out["scope_attribute"];
      continue;
    }
    scope_.push_back({*name, Value(attribute.value(), &scope_texts_)});
  }
  scope_.push_back({"otel_scope_name", scope.scope().name()});
  scope_.push_back({"otel_scope_version", scope.scope().version()});
  scope_.push_back({"otel_scope_schema_url", scope.schema_url()});
}

void OtlpLabeller::Join(std::vector<Entry>* entries, std::vector<LabelView>* labels) {
  std::stable_sort(entries->begin(), entries->end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.name, a.key) < std::tie(b.name, b.key);
  });
  std::string* joined = nullptr;  // the text of the last label, once it has more than one value
  const size_t first = labels->size();
  for (const Entry& entry : *entries) {
    const bool same = labels->size() > first && labels->back().name == entry.name;
    if (!same) {
      joined = nullptr;
      if (!entry.value.empty()) labels->push_back({entry.name, entry.value});
      continue;
    }
    if (joined == nullptr) joined = &point_texts_.emplace_back(labels->back().value);
    *joined += ';';
    *joined += entry.value;
    labels->back().value = *joined;
  }
}

const char* OtlpLabeller::PointLabels(const OtlpAttributes& attributes,
                                      std::vector<LabelView>* labels) {
  labels->assign(promoted_.begin(), promoted_.end());
  if (static_cast<size_t>(attributes.size()) + promoted_.size() + scope_.size() > kMaxLabels) {
    return "too_many_labels";
  }
  entries_.clear();
  point_texts_.clear();
  for (const auto& attribute : attributes) {
    if (attribute.key() == kMetricName) continue;  // the metric says its name
    const std::string* name = Name(attribute.key());
    if (name == nullptr) return "bad_label_name";
    entries_.push_back({*name, attribute.key(), Value(attribute.value(), &point_texts_)});
  }
  Join(&entries_, labels);
  labels->insert(labels->end(), target_.begin(), target_.end());
  labels->insert(labels->end(), scope_.begin(), scope_.end());
  return nullptr;
}

Labels OtlpLabeller::TargetInfo(const wire::otlp::Resource& resource) {
  const OtlpAttributes& attributes = resource.attributes();
  const bool more = std::any_of(attributes.begin(), attributes.end(), [](const auto& attribute) {
    return !IsIdentifying(attribute.key());
  });
  if (!more) return {};  // job and instance alone tell nothing
  if (static_cast<size_t>(attributes.size()) > kMaxLabels) {
    ++batch_.left_out["target_info"];
    return {};
  }
  entries_.clear();
  point_texts_.clear();
  for (const auto& attribute : attributes) {
    if (attribute.key() == kMetricName) continue;
    if (!options_.keep_identifying_resource_attributes && IsIdentifying(attribute.key())) continue;
    const std::string* name = Name(attribute.key());
    if (name == nullptr) {
      ++batch_.left_out["resource_attribute"];
      continue;
    }
    entries_.push_back({*name, attribute.key(), Value(attribute.value(), &point_texts_)});
  }
  std::vector<LabelView> labels;
  Join(&entries_, &labels);
  labels.insert(labels.end(), target_.begin(), target_.end());
  labels.push_back({kMetricName, "target_info"});
  const bool known = std::any_of(labels.begin(), labels.end(), [](const LabelView& label) {
    return label.name == "job" || label.name == "instance";
  });
  return known ? Labels::FromViews(std::move(labels)) : Labels();
}

}  // namespace outrider
