// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/rule_test_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "storage/base/duration.h"
#include "storage/base/merge_keys.h"
#include "storage/base/strict_yaml.h"
#include "storage/base/text.h"
#include "storage/base/yaml_number.h"

namespace outrider {
namespace {

TestPlace PlaceOf(const YamlNode& node) { return {node.line, node.column}; }

TextMap ReadMap(YamlReader* reader, std::string_view key) {
  std::vector<std::pair<std::string, std::string>> pairs;
  reader->StringMap(key, &pairs);
  return TextMap(pairs.begin(), pairs.end());
}

// Whether Go's filepath.Glob takes the pattern: every [ is closed.
bool IsPattern(std::string_view pattern) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;  // what follows stands for itself
      if (i == pattern.size()) return false;
      continue;
    }
    if (pattern[i] != '[') continue;
    // The first character of a class may not close it.
    i = pattern.find(']', i + 2);
    if (i == std::string_view::npos) return false;
  }
  return true;
}

class FileReader {
 public:
  explicit FileReader(std::string path) { file_.path = std::move(path); }

  StatusOr<RuleTestFile> Read(const YamlNode& root) {
    YamlReader reader(root, file_.path, "rule test file");
    ReadPatterns(&reader);
    reader.Duration("evaluation_interval", &file_.evaluation_interval);
    if (file_.evaluation_interval == 0) file_.evaluation_interval = kMinute;
    const YamlNode* fuzzy = root.Find("fuzzy_compare");
    if (fuzzy != nullptr && fuzzy->quoted) {
      reader.Fail("fuzzy_compare", "fuzzy_compare must be true or false, not a text");
    }
    reader.Bool("fuzzy_compare", &file_.fuzzy_compare);
    reader.StringList("group_eval_order", &file_.group_eval_order);
    std::set<std::string> names;
    for (const std::string& name : file_.group_eval_order) {
      if (names.insert(name).second) continue;
      reader.Fail("group_eval_order", "group name repeated in evaluation order: " + name);
    }
    const auto read = [this](const YamlNode& node) { return Case(node); };
    TRY(Each(&reader, "tests", read));
    TRY(reader.Finish());
    return std::move(file_);
  }

 private:
  void ReadPatterns(YamlReader* reader) {
    const Status read = Each(reader, "rule_files", [this](const YamlNode& item) -> Status {
      if (!item.IsScalar() && !item.IsNull()) {
        return YamlError(file_.path, item, "rule_files must be a list of texts");
      }
      if (!IsPattern(item.scalar)) return YamlError(file_.path, item, "syntax error in pattern");
      file_.rule_files.push_back(item.scalar);
      return {};
    });
    reader->Fail(read);
  }

  // Reads each item of a list.
  template <typename Read>
  Status Each(YamlReader* reader, std::string_view key, Read read) {
    const YamlNode* list = reader->Child(key);
    if (list == nullptr || list->IsNull()) return {};
    if (!list->IsSequence()) {
      return YamlError(file_.path, *list, fmt::format("{} must be a list", key));
    }
    for (const YamlNode& item : list->items) TRY(read(item));
    return {};
  }

  Status Case(const YamlNode& node) {
    RuleTestCase test;
    test.place = PlaceOf(node);
    YamlReader reader(node, file_.path, "test");
    reader.String("name", &test.name);
    reader.Duration("interval", &test.interval);
    if (test.interval == 0) test.interval = file_.evaluation_interval;
    std::string start;
    if (reader.String("start_timestamp", &start)) {
      const StatusOr<Timestamp> time = ParseApiTime(start);
      if (time.ok()) {
        test.start = *time;
      } else {
        reader.Fail("start_timestamp", "start_timestamp: " + Message(time.status()));
      }
    }
    test.external_labels = ReadMap(&reader, "external_labels");
    reader.String("external_url", &test.external_url);
    TRY(Each(&reader, "input_series",
             [&](const YamlNode& item) { return Input(item, &test.input); }));
    TRY(Each(&reader, "alert_rule_test",
             [&](const YamlNode& item) { return Alert(item, &test.alerts); }));
    TRY(Each(&reader, "promql_expr_test",
             [&](const YamlNode& item) { return Expression(item, &test.exprs); }));
    file_.cases.push_back(std::move(test));
    return reader.Finish();
  }

  Status Input(const YamlNode& node, std::vector<InputSeries>* out) const {
    InputSeries input{PlaceOf(node), "", ""};
    YamlReader reader(node, file_.path, "input_series");
    reader.String("series", &input.series);
    reader.String("values", &input.values);
    out->push_back(std::move(input));
    return reader.Finish();
  }

  static void Match(YamlReader* reader, MatchMode* mode) {
    std::string match;
    reader->Bool("allow_more", &mode->allow_more);
    if (!reader->String("match", &match)) return;
    mode->partial = match == "partial";
    if (match != "partial" && match != "exact") {
      reader->Fail("match", fmt::format("match must be exact or partial, not {}", Quote(match)));
    }
  }

  Status Alert(const YamlNode& node, std::vector<AlertExpectation>* out) {
    AlertExpectation expected;
    expected.place = PlaceOf(node);
    YamlReader reader(node, file_.path, "alert_rule_test");
    reader.Duration("eval_time", &expected.eval_time);
    reader.String("alertname", &expected.alertname);
    Match(&reader, &expected.match);
    std::vector<std::string> states;
    const bool chosen = reader.StringList("states", &states);
    if (chosen) {
      if (states.empty()) reader.Fail("states", "states is empty: pending, firing or both");
      expected.firing = false;
      for (const std::string& state : states) {
        expected.firing |= state == "firing";
        expected.pending |= state == "pending";
        if (state == "firing" || state == "pending") continue;
        reader.Fail("states", fmt::format("unknown state {}: pending or firing", Quote(state)));
      }
    }
    TRY(Each(&reader, "exp_alerts",
             [&](const YamlNode& item) { return OneAlert(item, chosen, &expected); }));
    out->push_back(std::move(expected));
    return reader.Finish();
  }

  // `chosen`: the expectation says which states it looks at.
  Status OneAlert(const YamlNode& node, bool chosen, AlertExpectation* expected) const {
    ExpectedAlert alert;
    YamlReader reader(node, file_.path, "exp_alerts");
    alert.labels = ReadMap(&reader, "exp_labels");
    alert.annotations = ReadMap(&reader, "exp_annotations");
    std::string state;
    if (reader.String("exp_state", &state)) {
      if (state == "pending") {
        alert.state = AlertState::kPending;
      } else if (state != "firing") {
        reader.Fail("exp_state", fmt::format("unknown state {}: pending or firing", Quote(state)));
      }
      const bool looked_at =
          alert.state == AlertState::kPending ? expected->pending : expected->firing;
      if (chosen && !looked_at) {
        reader.Fail("exp_state", fmt::format("{} is not among states", state));
      }
    }
    expected->pending |= alert.state == AlertState::kPending;
    expected->alerts.push_back(std::move(alert));
    return reader.Finish();
  }

  Status Expression(const YamlNode& node, std::vector<ExprExpectation>* out) {
    ExprExpectation expected;
    expected.place = PlaceOf(node);
    YamlReader reader(node, file_.path, "promql_expr_test");
    reader.String("expr", &expected.expr);
    reader.Duration("eval_time", &expected.eval_time);
    Match(&reader, &expected.match);
    TRY(Each(&reader, "exp_samples",
             [&](const YamlNode& item) { return Sample(item, &expected.samples); }));
    out->push_back(std::move(expected));
    return reader.Finish();
  }

  Status Sample(const YamlNode& node, std::vector<ExpectedSample>* out) const {
    ExpectedSample sample;
    YamlReader reader(node, file_.path, "exp_samples");
    reader.String("labels", &sample.labels);
    reader.String("histogram", &sample.histogram);
    const YamlNode* value = reader.Child("value");
    if (value != nullptr && !value->IsNull()) {
      const StatusOr<double> number =
          value->IsScalar() ? ParseYamlNumber(*value) : InvalidArgument("not a number");
      if (number.ok()) {
        sample.value = *number;
      } else {
        reader.Fail("value", "value must be a number: " + Message(number.status()));
      }
    }
    out->push_back(std::move(sample));
    return reader.Finish();
  }

  RuleTestFile file_;
};

}  // namespace

DurationMs RuleTestCase::Length() const {
  DurationMs length = 0;
  for (const AlertExpectation& alert : alerts) length = std::max(length, alert.eval_time);
  for (const ExprExpectation& expr : exprs) length = std::max(length, expr.eval_time);
  return length;
}

StatusOr<RuleTestFile> ParseRuleTestFile(std::string_view text, const std::string& path) {
  YamlNode root = TRY(ParseYaml(text, path));
  FoldMergeKeys(&root);
  return FileReader(path).Read(root);
}

}  // namespace outrider
