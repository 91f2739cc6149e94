// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/rule_texts.h"

#include <algorithm>

#include "rules/promql/ast.h"
#include "rules/promql/functions/table.h"
#include "rules/promql/histogram/histogram_math.h"
#include "rules/rulefile/template_text.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

tmpl::Value LabelMap(const Labels& labels) {
  tmpl::Object map;
  map.kind = tmpl::Object::Kind::kMap;
  for (const LabelView& label : labels) {
    map.fields.emplace_back(std::string(label.name), tmpl::Value(label.value));
  }
  return tmpl::Value(std::move(map));
}

// A number, or a native histogram, which prints as Prometheus prints it.
tmpl::Value NumberOf(const promql::VectorSample& sample) {
  if (sample.histogram == nullptr) return tmpl::Value(sample.value);
  tmpl::Object object;
  object.type = "*histogram.FloatHistogram";
  object.methods.emplace_back(
      "String",
      [histogram = sample.histogram](std::span<const tmpl::Value>) -> StatusOr<tmpl::Value> {
        return tmpl::Value(promql::HistogramText(*histogram));
      });
  return tmpl::Value(std::move(object));
}

tmpl::Value SampleValue(const promql::VectorSample& sample) {
  tmpl::Object object;
  object.type = "*template.sample";
  object.fields.emplace_back("Labels", LabelMap(sample.labels));
  object.fields.emplace_back("Value", NumberOf(sample).Boxed());
  return tmpl::Value(std::move(object));
}

bool MayDependOnTime(std::string_view text) {
  return HasActions(text) && (Contains(text, "query") || Contains(text, "now"));
}

// `query "expr"` in a template: the list of samples at the evaluation's time.
// Whether the expression itself says which sample comes first.
bool HasOrder(const promql::Expr& root) {
  const promql::Expr& expr = promql::Unwrapped(root);
  if (const auto* call = std::get_if<promql::Call>(&expr.node)) {
    return call->function->name.starts_with("sort");
  }
  const auto* aggregate = std::get_if<promql::AggregateExpr>(&expr.node);
  return aggregate != nullptr &&
         (aggregate->op == promql::Token::kTopk || aggregate->op == promql::Token::kBottomk);
}

StatusOr<tmpl::Value> QuerySamples(const RuleQuery& query, std::span<const tmpl::Value> args,
                                   const promql::ParseOptions& promql, Timestamp now) {
  const auto& text = std::get<std::string>(args[0].data());
  const promql::Expression expression = TRY(promql::Expression::Parse(text, promql));
  promql::QueryResult result = TRY(query(expression, now));
  tmpl::MethodList samples;
  samples.type = "template.queryResult";
  if (auto* vector = std::get_if<promql::Vector>(&result.value)) {
    // As they come they stand in another order after a restart.
    if (!HasOrder(expression.root())) std::ranges::sort(*vector, {}, &promql::VectorSample::labels);
    for (const promql::VectorSample& sample : *vector) samples.items.push_back(SampleValue(sample));
  } else if (const auto* scalar = std::get_if<promql::Scalar>(&result.value)) {
    samples.items.push_back(SampleValue({Labels(), scalar->time, scalar->value}));
  } else {
    return InvalidArgument("rule result is not a vector or scalar");
  }
  return tmpl::Value(std::move(samples));
}

}  // namespace

RuleTexts::RuleTexts(const Rule& rule, const RuleContext& context, RuleQuery query,
                     std::string place)
    : alert_(rule.name),
      place_(std::move(place)),
      external_labels_(LabelMap(context.external_labels)),
      external_url_(context.external_url),
      promql_(context.promql),
      query_(std::move(query)),
      labels_(Prepare("label", rule.labels)),
      annotations_(Prepare("annotation", rule.annotations)),
      annotations_depend_on_time_(std::ranges::any_of(
          annotations_, [](const Text& text) { return MayDependOnTime(text.text); })) {
  for (const Text& label : labels_) {
    if (label.dynamic) raw_labels_.push_back({label.name, label.text});
  }
}

RuleTexts::~RuleTexts() = default;

std::vector<RuleTexts::Text> RuleTexts::Prepare(const char* kind,
                                                const std::map<std::string, std::string>& texts) {
  std::vector<Text> prepared;
  for (const auto& [name, text] : texts) {
    Text entry;
    entry.kind = kind;
    entry.name = name;
    entry.text = text;
    entry.dynamic = HasActions(text);
    prepared.push_back(std::move(entry));
  }
  return prepared;
}

Labels RuleTexts::RenderLabels(const promql::VectorSample& sample, Timestamp ts) {
  now_ = ts;
  LabelsBuilder builder(sample.labels);
  builder.Remove(kMetricName);
  const bool dynamic = std::ranges::any_of(labels_, &Text::dynamic);
  const tmpl::Value data = dynamic ? Data(sample) : tmpl::Value();
  for (Text& text : labels_) builder.Set(text.name, Expand(&text, data));
  builder.Set(kAlertName, alert_);
  return builder.Build();
}

Annotations RuleTexts::RenderAnnotations(const promql::VectorSample& sample, Timestamp ts) {
  now_ = ts;
  Annotations rendered;
  const bool dynamic = std::ranges::any_of(annotations_, &Text::dynamic);
  const tmpl::Value data = dynamic ? Data(sample) : tmpl::Value();
  for (Text& text : annotations_) rendered.emplace(text.name, Expand(&text, data));
  return rendered;
}

std::string RuleTexts::Expand(Text* text, const tmpl::Value& data) {
  if (!text->dynamic) return text->text;
  ++counts_.expansions;
  StatusOr<std::string> expanded = TryExpand(text, data);
  if (expanded.ok()) return *std::move(expanded);
  ++counts_.failures;
  if (!text->failed) {  // once, not at every evaluation
    text->failed = true;
    LogWarn("expanding a template of an alert failed", {{"place", place_},
                                                        {"rule", alert_},
                                                        {text->kind, text->name},
                                                        {"err", Message(expanded.status())}});
  }
  return "<error expanding template: " + Message(expanded.status()) + ">";
}

StatusOr<std::string> RuleTexts::TryExpand(Text* text, const tmpl::Value& data) {
  const std::string name = RuleTemplateName(alert_);
  if (text->compiled == nullptr) {
    auto compiled = std::make_unique<tmpl::TemplateSet>(Options());
    const Status status = compiled->Parse(name, std::string(kRuleTemplatePrefix) + text->text);
    if (!status.ok()) return Annotate(status, "error parsing template " + name);
    text->compiled = std::move(compiled);
  }
  StatusOr<std::string> expanded = text->compiled->Execute(name, data);
  if (!expanded.ok()) return Annotate(expanded.status(), "error executing template " + name);
  return expanded;
}

tmpl::Value RuleTexts::Data(const promql::VectorSample& sample) const {
  tmpl::Object data;
  data.type =
      "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; "
      "Value interface {} }";
  data.fields.emplace_back("Labels", LabelMap(sample.labels));
  data.fields.emplace_back("ExternalLabels", external_labels_);
  data.fields.emplace_back("ExternalURL", tmpl::Value(external_url_));
  data.fields.emplace_back("Value", NumberOf(sample).Boxed());
  return tmpl::Value(std::move(data));
}

tmpl::TemplateOptions RuleTexts::Options() {
  RuleTemplateHost host;
  host.external_url = external_url_;
  host.query = [this](std::span<const tmpl::Value> args) {
    return QuerySamples(query_, args, promql_, now_);
  };
  host.now = [this](std::span<const tmpl::Value>) -> StatusOr<tmpl::Value> {
    return tmpl::Value(static_cast<double>(now_) / 1000.0);
  };
  return RuleTemplateOptions(host);
}

}  // namespace outrider
