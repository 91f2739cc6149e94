// SPDX-License-Identifier: Apache-2.0
#include "rules/rulefile/rule_reader.h"

#include <fmt/format.h>

#include <array>

#include "rules/rulefile/template_text.h"
#include "storage/base/text.h"
#include "storage/base/yaml_number.h"
#include "storage/model/labels.h"

namespace outrider {
namespace {

using Kind = RuleProblem::Kind;
using TextMap = std::map<std::string, std::string>;

// Since Prometheus 3 any UTF-8 text is a name.
bool IsName(std::string_view name) { return !name.empty() && IsValidUtf8(name); }
bool IsLabelName(std::string_view name) { return IsName(name) && name != kMetricName; }

TextMap ReadMap(YamlReader* reader, std::string_view key) {
  std::vector<std::pair<std::string, std::string>> pairs;
  reader->StringMap(key, &pairs);
  return TextMap(pairs.begin(), pairs.end());
}

void ReadLimit(YamlReader* reader, int64_t* limit) {
  const YamlNode* value = reader->Child("limit");
  if (value == nullptr || value->IsNull()) return;
  const StatusOr<int64_t> parsed =
      value->IsScalar() ? ParseYamlInt(*value) : InvalidArgument("not a number");
  if (parsed.ok()) {
    *limit = *parsed;
  } else {
    reader->Fail("limit", "limit: " + Message(parsed.status()));
  }
}

void IgnoreUnknown(const YamlNode& node, const RuleFileOptions& options, YamlReader* reader) {
  if (!options.ignore_unknown_fields) return;
  for (const auto& [key, value] : node.entries) reader->Child(key.scalar);
}

const YamlNode& Place(const YamlNode& node, std::string_view key) {
  const YamlNode* value = node.Find(key);
  return value != nullptr ? *value : node;
}

// One rule under reading: what it is called in problems, and where they go.
class RuleReader {
 public:
  RuleReader(const YamlNode& node, const std::string& file, const std::string& group, size_t number,
             std::vector<RuleProblem>* problems)
      : node_(node), file_(file), group_(group), number_(number), problems_(problems) {}

  // False when the rule has a schema problem.
  bool Read(const RuleFileOptions& options, const TextMap& group_labels, Rule* rule) {
    YamlReader reader(node_, file_, "rule");
    std::string record;
    std::string alert;
    reader.String("record", &record);
    reader.String("alert", &alert);
    reader.String("expr", &rule->expr);
    reader.Duration("for", &rule->hold);
    reader.Duration("keep_firing_for", &rule->keep_firing_for);
    rule->labels = ReadMap(&reader, "labels");
    rule->annotations = ReadMap(&reader, "annotations");
    IgnoreUnknown(node_, options, &reader);
    rule->kind = alert.empty() ? RuleKind::kRecording : RuleKind::kAlerting;
    rule->name = alert.empty() ? record : alert;
    rule->expr = std::string(Trim(rule->expr));
    rule->line = node_.line;
    rule->column = node_.column;
    name_ = rule->name;
    if (const Status status = reader.Finish(); !status.ok()) {
      problems_->push_back({Kind::kSchema, Message(status)});
      sound_ = false;
      return false;
    }
    CheckKind(record, alert, *rule);
    CheckNames(*rule);
    if (rule->expr.empty()) {
      Add(Kind::kSchema, Place(node_, "expr"), "field 'expr' must be set in rule");
    } else {
      ParseExpression(options, rule);
    }
    if (rule->kind == RuleKind::kAlerting) CheckTemplates(*rule);
    rule->labels.insert(group_labels.begin(), group_labels.end());  // the rule's own stay
    rule->error = disabled_;
    return sound_;
  }

 private:
  void Add(Kind kind, const YamlNode& place, const std::string& message) {
    const Status error = YamlError(
        file_, place,
        fmt::format("group {}, rule {}, {}: {}", Quote(group_), number_, Quote(name_), message));
    problems_->push_back({kind, Message(error)});
    sound_ &= kind != Kind::kSchema;
    if (kind != Kind::kSchema && disabled_.ok()) disabled_ = error;
  }

  void CheckKind(const std::string& record, const std::string& alert, const Rule& rule) {
    if (!record.empty() && !alert.empty()) {
      Add(Kind::kSchema, Place(node_, "record"), "only one of 'record' and 'alert' must be set");
    }
    if (record.empty() && alert.empty()) {
      Add(Kind::kSchema, node_, "one of 'record' or 'alert' must be set");
    }
    if (record.empty()) return;
    const std::array<std::pair<const char*, bool>, 3> alert_only = {
        {{"annotations", !rule.annotations.empty()},
         {"for", rule.hold != 0},
         {"keep_firing_for", rule.keep_firing_for != 0}}};
    for (const auto& [key, used] : alert_only) {
      if (!used) continue;
      Add(Kind::kSchema, Place(node_, key),
          fmt::format("invalid field '{}' in recording rule", key));
    }
    if (!IsName(record)) {
      Add(Kind::kSchema, Place(node_, "record"), "invalid recording rule name: " + record);
    } else if (record.find_first_of("{}") != std::string::npos) {
      Add(Kind::kSchema, Place(node_, "record"),
          "braces present in the recording rule name; should it be in expr?: " + record);
    }
  }

  void CheckNames(const Rule& rule) {
    for (const auto& [name, value] : rule.labels) {
      if (!IsLabelName(name)) {
        Add(Kind::kSchema, Place(Place(node_, "labels"), name), "invalid label name: " + name);
      }
    }
    for (const auto& [name, value] : rule.annotations) {
      if (!IsName(name)) {
        Add(Kind::kSchema, Place(Place(node_, "annotations"), name),
            "invalid annotation name: " + name);
      }
    }
  }

  void ParseExpression(const RuleFileOptions& options, Rule* rule) {
    StatusOr<promql::Expression> parsed = promql::Expression::Parse(rule->expr, options.promql);
    if (parsed.ok()) {
      rule->expression = *std::move(parsed);
      return;
    }
    Add(Kind::kExpression, Place(node_, "expr"),
        "could not parse expression: " + Message(parsed.status()));
  }

  void CheckTemplates(const Rule& rule) {
    CheckTexts(rule.labels, "labels", "label", rule);
    CheckTexts(rule.annotations, "annotations", "annotation", rule);
  }

  void CheckTexts(const TextMap& texts, const char* key, const char* what, const Rule& rule) {
    for (const auto& [name, text] : texts) {
      if (!HasActions(text)) continue;
      const Status status = CheckRuleTemplate(rule.name, text);
      if (status.ok()) continue;
      Add(Kind::kTemplate, Place(Place(node_, key), name),
          fmt::format("{} {}: {}", what, Quote(name), Message(status)));
    }
  }

  const YamlNode& node_;
  const std::string& file_;
  const std::string& group_;
  const size_t number_;
  std::vector<RuleProblem>* const problems_;
  std::string name_;
  Status disabled_;  // the first problem that only disables the rule
  bool sound_ = true;
};

}  // namespace

RuleGroup ReadRuleGroup(const YamlNode& node, const RuleFileOptions& options,
                        const std::string& file, std::vector<RuleProblem>* problems) {
  RuleGroup group;
  group.file = file;
  YamlReader reader(node, file, "rule group");
  reader.String("name", &group.name);
  reader.Duration("interval", &group.interval);
  DurationMs offset = 0;
  if (reader.Duration("query_offset", &offset)) group.query_offset = offset;
  ReadLimit(&reader, &group.limit);
  const TextMap labels = ReadMap(&reader, "labels");
  for (const auto& [name, value] : labels) {
    if (!IsLabelName(name)) reader.Fail("labels", "invalid label name: " + name);
  }
  const YamlNode* rules = reader.Child("rules");
  IgnoreUnknown(node, options, &reader);
  if (rules != nullptr && !rules->IsNull() && !rules->IsSequence()) {
    reader.Fail("rules", "rules must be a list");
  }
  if (node.IsMap() && group.name.empty()) reader.Fail("name", "Groupname must not be empty");
  if (const Status status = reader.Finish(); !status.ok()) {
    problems->push_back({Kind::kSchema, Message(status)});
  }
  if (rules == nullptr) return group;
  size_t number = 0;
  for (const YamlNode& item : rules->items) {
    if (item.IsNull()) continue;  // what a template left behind; Go leaves it out too
    Rule rule;
    if (RuleReader(item, file, group.name, ++number, problems).Read(options, labels, &rule)) {
      group.rules.push_back(std::move(rule));
    }
  }
  return group;
}

}  // namespace outrider
