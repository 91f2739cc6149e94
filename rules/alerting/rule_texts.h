// SPDX-License-Identifier: Apache-2.0
// Labels and annotations of one alerting rule, rendered for a sample. Source: specs/prometheus.md
// §3.2 and §4.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rules/alerting/rule_context.h"
#include "rules/promql/value.h"
#include "rules/rulefile/rule_group.h"
#include "rules/template/template.h"

namespace outrider {

using RuleQuery =
    std::function<StatusOr<promql::QueryResult>(const promql::Expression&, Timestamp)>;

struct TextCounts {
  uint64_t expansions = 0;
  uint64_t failures = 0;
};

// A label of a rule whose text has actions, as it stands in the file.
struct RawLabel {
  std::string name;
  std::string text;
};

// Texts without {{ cost nothing; the others are compiled when a sample first needs them. A text
// that fails becomes `<error expanding template: …>`, as in Prometheus, and is logged the first
// time. One caller at a time.
class RuleTexts {
 public:
  // `place`: file:line:column of the rule, for the log.
  RuleTexts(const Rule& rule, const RuleContext& context, RuleQuery query, std::string place = "");
  ~RuleTexts();
  RuleTexts(const RuleTexts&) = delete;
  RuleTexts& operator=(const RuleTexts&) = delete;

  // The sample's labels without __name__, then the rule's labels, then alertname.
  Labels RenderLabels(const promql::VectorSample& sample, Timestamp ts);
  Annotations RenderAnnotations(const promql::VectorSample& sample, Timestamp ts);
  // False: the same labels and value render the same annotations at any time.
  bool annotations_depend_on_time() const { return annotations_depend_on_time_; }
  const std::vector<RawLabel>& raw_labels() const { return raw_labels_; }
  const TextCounts& counts() const { return counts_; }

 private:
  struct Text {
    const char* kind = "";  // label or annotation
    std::string name;
    std::string text;
    bool dynamic = false;
    bool failed = false;  // and it was said
    std::unique_ptr<tmpl::TemplateSet> compiled;
  };
  static std::vector<Text> Prepare(const char* kind,
                                   const std::map<std::string, std::string>& texts);
  std::string Expand(Text* text, const tmpl::Value& data);
  StatusOr<std::string> TryExpand(Text* text, const tmpl::Value& data);
  tmpl::Value Data(const promql::VectorSample& sample) const;
  tmpl::TemplateOptions Options();

  const std::string alert_;
  const std::string place_;
  const tmpl::Value external_labels_;
  const std::string external_url_;
  const promql::ParseOptions promql_;
  const RuleQuery query_;
  std::vector<Text> labels_;
  std::vector<Text> annotations_;
  std::vector<RawLabel> raw_labels_;
  bool annotations_depend_on_time_ = false;
  Timestamp now_ = 0;  // of the evaluation under way, for `query` and `now`
  TextCounts counts_;
};

}  // namespace outrider
