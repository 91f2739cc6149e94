// SPDX-License-Identifier: Apache-2.0
#include "notifiers/relay/relabel.h"

#include <fmt/format.h>

#include <array>

#include "storage/base/crypto.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct ActionRow {
  std::string_view name;
  RelabelAction action;
  bool needs_target;
};
constexpr std::array<ActionRow, 11> kActions = {{
    {"replace", RelabelAction::kReplace, true},
    {"keep", RelabelAction::kKeep, false},
    {"drop", RelabelAction::kDrop, false},
    {"keepequal", RelabelAction::kKeepEqual, true},
    {"dropequal", RelabelAction::kDropEqual, true},
    {"hashmod", RelabelAction::kHashMod, true},
    {"labelmap", RelabelAction::kLabelMap, false},
    {"labeldrop", RelabelAction::kLabelDrop, false},
    {"labelkeep", RelabelAction::kLabelKeep, false},
    {"lowercase", RelabelAction::kLowercase, true},
    {"uppercase", RelabelAction::kUppercase, true},
}};

const ActionRow* FindAction(std::string_view name) {
  for (const ActionRow& row : kActions) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

StatusOr<Regex> CompileAnchored(std::string_view pattern) {
  return Regex::Compile(pattern, Regex::Anchor::kBoth, Regex::Dot::kAll);
}

void CheckRule(const ActionRow& action, const RelabelRule& rule, YamlReader* reader) {
  if (action.needs_target && rule.target_label.empty()) {
    reader->Fail("action",
                 fmt::format("relabel configuration for {} action requires 'target_label' value",
                             action.name));
  }
  if (rule.action == RelabelAction::kHashMod && rule.modulus == 0) {
    reader->Fail("modulus", "relabel configuration for hashmod requires non-zero modulus");
  }
  const bool by_name =
      rule.action == RelabelAction::kLabelDrop || rule.action == RelabelAction::kLabelKeep;
  if (by_name && (!rule.source_labels.empty() || !rule.target_label.empty())) {
    reader->Fail("action",
                 fmt::format("{} action requires only 'regex', and no other fields", action.name));
  }
}

StatusOr<RelabelRule> ReadRule(const YamlNode& node, const std::string& file) {
  YamlReader reader(node, file, "relabel_config");
  RelabelRule rule{.regex = TRY(CompileAnchored("(.*)"))};
  std::string action = "replace";
  std::string pattern = "(.*)";
  int64_t modulus = 0;
  reader.StringList("source_labels", &rule.source_labels);
  reader.String("separator", &rule.separator);
  reader.String("target_label", &rule.target_label);
  reader.String("replacement", &rule.replacement);
  reader.Int("modulus", &modulus);
  reader.String("action", &action);
  rule.modulus = static_cast<uint64_t>(std::max<int64_t>(modulus, 0));
  if (reader.String("regex", &pattern)) {
    StatusOr<Regex> regex = CompileAnchored(pattern);
    if (regex.ok()) {
      rule.regex = *std::move(regex);
    } else {
      reader.Fail("regex", Message(regex.status()));
    }
  }
  const ActionRow* known = FindAction(ToLower(action));
  if (known == nullptr) {
    reader.Fail("action", fmt::format("unknown relabel action {}", Quote(action)));
  } else {
    rule.action = known->action;
    CheckRule(*known, rule, &reader);
  }
  TRY(reader.Finish());
  return rule;
}

std::string SourceValue(const RelabelRule& rule, const LabelsBuilder& labels) {
  std::vector<std::string> values;
  values.reserve(rule.source_labels.size());
  for (const std::string& name : rule.source_labels) values.emplace_back(labels.Get(name));
  return Join(values, rule.separator);
}

// Prometheus takes the second half of the MD5, big endian.
uint64_t HashOf(const std::string& value) {
  uint64_t hash = 0;
  for (const char c : Md5(value).substr(8)) hash = hash << 8 | static_cast<unsigned char>(c);
  return hash;
}

void Replace(const RelabelRule& rule, const std::string& value, LabelsBuilder* labels) {
  std::string target;
  std::string replaced;
  if (!rule.regex.MatchAndExpand(value, rule.target_label, &target)) return;
  if (target.empty() || !IsValidUtf8(target)) return;
  rule.regex.MatchAndExpand(value, rule.replacement, &replaced);
  labels->Set(target, replaced);  // an empty value removes
}

void ByName(const RelabelRule& rule, LabelsBuilder* labels) {
  const Labels before = labels->Build();
  for (const LabelView& label : before) {
    const bool matches = rule.regex.Matches(label.name);
    if (rule.action == RelabelAction::kLabelMap) {
      if (matches) labels->Set(rule.regex.ReplaceAll(label.name, rule.replacement), label.value);
    } else if (matches == (rule.action == RelabelAction::kLabelDrop)) {
      labels->Remove(label.name);
    }
  }
}

// False: dropped.
bool Apply(const RelabelRule& rule, LabelsBuilder* labels) {
  const std::string value = SourceValue(rule, *labels);
  switch (rule.action) {
    using enum RelabelAction;
    case kReplace:
      Replace(rule, value, labels);
      return true;
    case kKeep:
      return rule.regex.Matches(value);
    case kDrop:
      return !rule.regex.Matches(value);
    case kKeepEqual:
      return labels->Get(rule.target_label) == value;
    case kDropEqual:
      return labels->Get(rule.target_label) != value;
    case kHashMod:
      labels->Set(rule.target_label, std::to_string(HashOf(value) % rule.modulus));
      return true;
    case kLabelMap:
    case kLabelDrop:
    case kLabelKeep:
      ByName(rule, labels);
      return true;
    case kLowercase:
      labels->Set(rule.target_label, ToLower(value));
      return true;
    case kUppercase:
      labels->Set(rule.target_label, ToUpper(value));
      return true;
  }
  return true;
}

}  // namespace

StatusOr<std::vector<RelabelRule>> ReadRelabelRules(const YamlNode* node, const std::string& file) {
  std::vector<RelabelRule> rules;
  if (node == nullptr || node->IsNull()) return rules;
  if (!node->IsSequence()) return YamlError(file, *node, "expected a list of relabel rules");
  for (const YamlNode& item : node->items) rules.push_back(TRY(ReadRule(item, file)));
  return rules;
}

std::optional<Labels> Relabel(const std::vector<RelabelRule>& rules, const Labels& labels) {
  if (rules.empty()) return labels;
  LabelsBuilder builder(labels);
  for (const RelabelRule& rule : rules) {
    if (!Apply(rule, &builder)) return std::nullopt;
  }
  Labels result = builder.Build();
  if (result.empty()) return std::nullopt;
  return result;
}

}  // namespace outrider
