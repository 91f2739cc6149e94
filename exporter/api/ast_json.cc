// SPDX-License-Identifier: Apache-2.0
// One function a kind of node; the keys are Prometheus'.
#include "exporter/api/ast_json.h"

#include "rules/promql/functions/table.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using promql::DurationExpr;
using promql::DurationSpec;
using promql::TimeModifier;
using promql::Token;

void WriteStrings(std::string_view key, const std::vector<std::string>& texts, JsonWriter* json) {
  json->Key(key).StartArray();
  for (const std::string& text : texts) json->String(text);
  json->EndArray();
}

void WriteDurationExpr(const DurationExpr* expr, JsonWriter* json) {
  if (expr == nullptr) {
    json->Null();
    return;
  }
  json->StartObject();
  if (expr->op == Token::kNumber) {
    json->Key("duration").Bool(expr->written_as_duration);
    json->Key("type").String("numberLiteral").Key("val").String(FormatFloatF(expr->value));
  } else {
    json->Key("lhs");
    WriteDurationExpr(expr->lhs.get(), json);
    json->Key("op").String(TokenText(expr->op)).Key("rhs");
    WriteDurationExpr(expr->rhs.get(), json);
    json->Key("type").String("durationExpr").Key("wrapped").Bool(expr->wrapped);
  }
  json->EndObject();
}

// `range` and `rangeExpr`, and so on.
void WriteSpec(std::string_view name, const DurationSpec& spec, JsonWriter* json) {
  json->Key(name).Int(spec.ms).Key(std::string(name) + "Expr");
  WriteDurationExpr(spec.expr.get(), json);
}

void WriteTime(const TimeModifier& time, JsonWriter* json) {
  WriteSpec("offset", time.offset, json);
  json->Key("startOrEnd");
  if (time.at == TimeModifier::At::kStart || time.at == TimeModifier::At::kEnd) {
    json->String(time.at == TimeModifier::At::kStart ? "start" : "end");
  } else {
    json->Null();
  }
  json->Key("timestamp");
  if (time.at == TimeModifier::At::kTimestamp) {
    json->Int(time.timestamp);
  } else {
    json->Null();
  }
}

// What instant and range selectors have in common.
void WriteSelector(const promql::VectorSelector& n, JsonWriter* json) {
  // A name in braces is a matcher like others; only one before them comes last.
  const bool before_braces =
      !n.matchers.empty() && n.matchers.back().name() == kMetricName && IsLegacyMetricName(n.name);
  json->Key("name").String(before_braces ? n.name : "").Key("matchers").StartArray();
  for (const Matcher& matcher : n.matchers) {
    json->StartObject().Key("name").String(matcher.name());
    json->Key("type").String(MatchTypeText(matcher.type()));
    json->Key("value").String(matcher.value()).EndObject();
  }
  json->EndArray();
  WriteTime(n.time, json);
  json->Key("anchored").Bool(n.extension == promql::Extension::kAnchored);
  json->Key("smoothed").Bool(n.extension == promql::Extension::kSmoothed);
}

std::string_view CardinalityText(promql::Cardinality card) {
  switch (card) {
    case promql::Cardinality::kOneToOne:
      return "one-to-one";
    case promql::Cardinality::kManyToOne:
      return "many-to-one";
    case promql::Cardinality::kOneToMany:
      return "one-to-many";
    case promql::Cardinality::kManyToMany:
      return "many-to-many";
  }
  return "";
}

std::string_view TypeName(promql::ValueType type) {
  switch (type) {
    case promql::ValueType::kNone:
      return "none";
    case promql::ValueType::kScalar:
      return "scalar";
    case promql::ValueType::kVector:
      return "vector";
    case promql::ValueType::kMatrix:
      return "matrix";
    case promql::ValueType::kString:
      return "string";
  }
  return "";
}

struct NodeWriter {
  JsonWriter* json;

  void Child(std::string_view key, const promql::ExprPtr& child) const {
    json->Key(key);
    if (child == nullptr) {
      json->Null();
    } else {
      WriteAst(*child, json);
    }
  }
  void Type(std::string_view type) const { json->Key("type").String(type); }

  void operator()(const promql::NumberLiteral& n) const {
    Type("numberLiteral");
    json->Key("val").String(FormatFloatF(n.value));
  }
  void operator()(const promql::StringLiteral& n) const {
    Type("stringLiteral");
    json->Key("val").String(n.value);
  }
  void operator()(const promql::VectorSelector& n) const {
    Type("vectorSelector");
    WriteSelector(n, json);
  }
  void operator()(const promql::MatrixSelector& n) const {
    Type("matrixSelector");
    WriteSpec("range", n.range, json);
    WriteSelector(n.selector, json);
  }
  void operator()(const promql::Subquery& n) const {
    Type("subquery");
    Child("expr", n.expr);
    WriteSpec("range", n.range, json);
    WriteSpec("step", n.step, json);
    WriteTime(n.time, json);
  }
  void operator()(const promql::ParenExpr& n) const {
    Type("parenExpr");
    Child("expr", n.expr);
  }
  void operator()(const promql::UnaryExpr& n) const {
    Type("unaryExpr");
    json->Key("op").String(n.negate ? "-" : "+");
    Child("expr", n.expr);
  }
  void operator()(const promql::BinaryExpr& n) const {
    Type("binaryExpr");
    json->Key("op").String(TokenText(n.op));
    Child("lhs", n.lhs);
    Child("rhs", n.rhs);
    json->Key("bool").Bool(n.return_bool).Key("matching");
    const bool vectors = TypeOf(*n.lhs) == promql::ValueType::kVector &&
                         TypeOf(*n.rhs) == promql::ValueType::kVector;
    if (vectors) {
      Matching(n.matching);
    } else {
      json->Null();
    }
  }
  void Matching(const promql::VectorMatching& matching) const {
    json->StartObject().Key("card").String(CardinalityText(matching.card));
    json->Key("fillValues").StartObject();
    Number("lhs", matching.fill_left);
    Number("rhs", matching.fill_right);
    json->EndObject();
    WriteStrings("include", matching.include, json);
    WriteStrings("labels", matching.labels, json);
    json->Key("on").Bool(matching.on).EndObject();
  }
  void Number(std::string_view key, const std::optional<double>& number) const {
    json->Key(key);
    number ? json->Double(*number) : json->Null();
  }
  void operator()(const promql::AggregateExpr& n) const {
    Type("aggregation");
    json->Key("op").String(TokenText(n.op));
    Child("expr", n.expr);
    Child("param", n.param);
    WriteStrings("grouping", n.grouping, json);
    json->Key("without").Bool(n.without);
  }
  void operator()(const promql::Call& n) const {
    Type("call");
    json->Key("func").StartObject().Key("name").String(n.function->name);
    json->Key("argTypes").StartArray();
    for (const promql::ValueType type : n.function->args) json->String(TypeName(type));
    json->EndArray().Key("variadic").Int(n.function->variadic);
    json->Key("returnType").String(TypeName(n.function->result)).EndObject();
    json->Key("args").StartArray();
    for (const promql::ExprPtr& arg : n.args) WriteAst(*arg, json);
    json->EndArray();
  }
};

}  // namespace

void WriteAst(const promql::Expr& expr, JsonWriter* json) {
  json->StartObject();
  std::visit(NodeWriter{json}, expr.node);
  json->EndObject();
}

}  // namespace outrider
