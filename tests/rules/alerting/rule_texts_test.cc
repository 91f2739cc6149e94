// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/rule_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "rules/alerting/alert_rule.h"
#include "rules/alerting/recording_rule.h"
#include "storage/model/native_histogram.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

RuleContext Context() {
  RuleContext context;
  context.external_labels = Labels{{"cluster", "c1"}};
  context.external_url = "http://host:9909/pre";
  return context;
}

StatusOr<promql::QueryResult> UpQuery(const promql::Expression& expression, Timestamp ts) {
  if (expression.ToString() != "up") return InvalidArgument("no such series");
  return promql::QueryResult{promql::Vector{{Labels{{"job", "q"}}, ts, 42}}, {}, {}};
}

// With one bucket, (1,2].
std::shared_ptr<const NativeHistogram> HistogramOf(double count, double sum) {
  auto histogram = std::make_shared<NativeHistogram>();
  histogram->count = count;
  histogram->sum = sum;
  histogram->positive_spans = {{1, 1}};
  histogram->positive_buckets = {count};
  return histogram;
}

struct TextCase {
  const char* text;
  const char* expected;
};

constexpr TextCase kTexts[] = {
    {"plain {text}", "plain {text}"},
    {"{{ $labels.i }}={{ $value }}", "a=1.5"},
    {"{{ .Labels.i }}={{ .Value }}", "a=1.5"},
    {"{{ $labels }}", "map[__name__:m i:a job:x]"},
    {"{{ $labels.gone }}|", "|"},
    {"{{ $externalLabels.cluster }} {{ $externalURL }}", "c1 http://host:9909/pre"},
    {"{{ externalURL }} {{ pathPrefix }}", "http://host:9909/pre /pre"},
    {"{{ with query \"up\" }}{{ . | first | value }} {{ . | first | label \"job\" }}{{ end }}",
     "42 q"},
    {"{{ range query \"up\" }}{{ .Labels.job }}:{{ .Value }}{{ end }}", "q:42"},
    {"{{ printf \"%.2f\" $value }} {{ $value | humanizePercentage }}", "1.50 150%"},
};

TEST(RuleTextsTest, Renders) {
  const promql::VectorSample sample{Labels{{"__name__", "m"}, {"i", "a"}, {"job", "x"}}, 0, 1.5};
  for (const TextCase& c : kTexts) {
    Rule rule;
    rule.name = "A";
    rule.annotations["t"] = c.text;
    RuleTexts texts(rule, Context(), UpQuery);
    EXPECT_EQ(texts.RenderAnnotations(sample, 60'000)["t"], c.expected) << c.text;
  }
}

TEST(RuleTextsTest, QueriesAreListedByLabelsUnlessTheySayHow) {
  const RuleQuery query = [](const promql::Expression&,
                             Timestamp) -> StatusOr<promql::QueryResult> {
    return promql::QueryResult{
        promql::Vector{
            {Labels{{"i", "b"}}, 0, 1}, {Labels{{"i", "c"}}, 0, 1}, {Labels{{"i", "a"}}, 0, 1}},
        {},
        {}};
  };
  const std::pair<const char*, const char*> kCases[] = {
      {"x", "abc"},           {"(sum by (i) (x))", "abc"},
      {"sort(x)", "bca"},     {"(sort_desc(x))", "bca"},
      {"topk(3, x)", "bca"},  {"bottomk(3, x)", "bca"},
      {"limitk(3, x)", "abc"}};
  for (const auto& [expression, order] : kCases) {
    Rule rule;
    rule.name = "A";
    rule.annotations["t"] =
        fmt::format("{{{{ range query \"{}\" }}}}{{{{ .Labels.i }}}}{{{{ end }}}}", expression);
    RuleContext context = Context();
    context.promql.experimental_functions = true;
    RuleTexts texts(rule, context, query);
    EXPECT_EQ(texts.RenderAnnotations({Labels(), 0, 1}, 0)["t"], order) << expression;
  }
}

TEST(RuleTextsTest, LabelsOverwrite) {
  Rule rule;
  rule.name = "A";
  rule.labels = {{"severity", "{{ if gt $value 1.0 }}page{{ else }}info{{ end }}"},
                 {"job", "mine"},
                 {"i", ""},
                 {"alertname", "ignored"}};
  RuleTexts texts(rule, Context(), UpQuery);
  const promql::VectorSample sample{Labels{{"__name__", "m"}, {"i", "a"}, {"job", "x"}}, 0, 1.5};
  EXPECT_EQ(texts.RenderLabels(sample, 0),
            (Labels{{"alertname", "A"}, {"job", "mine"}, {"severity", "page"}}));
}

TEST(RuleTextsTest, ErrorsBecomeText) {
  Rule rule;
  rule.name = "A";
  rule.annotations = {{"run", "{{ query \"nope\" }}"}, {"ok", "fine {{ $value }}"}};
  RuleTexts texts(rule, Context(), UpQuery);
  const Annotations rendered = texts.RenderAnnotations({Labels(), 0, 1}, 0);
  EXPECT_THAT(rendered.at("run"),
              StartsWith("<error expanding template: error executing template __alert_A: "));
  EXPECT_THAT(rendered.at("run"), HasSubstr("no such series"));
  EXPECT_EQ(rendered.at("ok"), "fine 1");
  EXPECT_EQ(texts.counts().expansions, 2U);
  EXPECT_EQ(texts.counts().failures, 1U);
}

TEST(RuleTextsTest, AFailureIsLoggedOnceForEachText) {
  Rule rule;
  rule.name = "A";
  rule.labels = {{"team", "{{ query \"nope\" }}"}, {"fixed", "x"}};
  rule.annotations = {{"run", "{{ query \"nope\" }}"}, {"string", "{{ query `\"a\"` }}"}};
  RuleTexts texts(rule, Context(), UpQuery, "f.yml:3:5");
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) {
    texts.RenderLabels({Labels(), 0, 1}, i);
    texts.RenderAnnotations({Labels(), 0, 1}, i);
  }
  const std::string log = testing::internal::GetCapturedStderr();
  const auto count = [&](std::string_view part) {
    int found = 0;
    for (size_t at = log.find(part); at != std::string::npos; at = log.find(part, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("expanding a template of an alert failed"), 3) << log;
  EXPECT_EQ(count("place=f.yml:3:5 rule=A label=team"), 1) << log;
  EXPECT_EQ(count("annotation=run"), 1) << log;
  EXPECT_EQ(texts.raw_labels().size(), 1U);
}

TEST(RuleTextsTest, RendersOnlyWhatChanged) {
  struct Case {
    const char* text;
    double second_value;
    uint64_t expansions;
  };
  for (const Case& c : {Case{"{{ $labels.i }}", 1, 1}, Case{"{{ $labels.i }}", 2, 2},
                        Case{"{{ query \"up\" }}", 1, 2}, Case{"static", 2, 0}}) {
    Rule rule;
    rule.name = "A";
    rule.annotations["t"] = c.text;
    RuleTexts texts(rule, Context(), UpQuery);
    promql::Vector vector = {{Labels{{"i", "a"}}, 0, 1}};
    auto step = Step({}, vector, kMinute, {}, texts);
    ASSERT_TRUE(step.ok());
    vector[0].value = c.second_value;
    ASSERT_TRUE(Step(step->next, vector, 2 * kMinute, {}, texts).ok());
    EXPECT_EQ(texts.counts().expansions, c.expansions) << c.text << c.second_value;
  }
}

// `{{ $value }}` and what query gives print a histogram as Prometheus does; it is rendered each
// time, as the alert's own value says nothing of it.
TEST(RuleTextsTest, Histograms) {
  const auto histogram = HistogramOf(2, 3);
  const promql::Vector vector = {{Labels{{"i", "a"}}, 0, 0, histogram}};
  Rule rule;
  rule.name = "A";
  rule.annotations["t"] = "{{ $value }} {{ range query \"up\" }}{{ . | value }}{{ end }}";
  RuleTexts texts(rule, Context(), [&](const promql::Expression&, Timestamp) {
    return promql::QueryResult{.value = vector, .warnings = {}, .infos = {}};
  });
  EXPECT_EQ(texts.RenderAnnotations(vector[0], 0).at("t"),
            "{count:2, sum:3, (1,2]:2} {count:2, sum:3, (1,2]:2}");
  rule.annotations["t"] = "{{ $value }}";
  RuleTexts plain(rule, Context(), UpQuery);
  const auto step = Step({}, vector, kMinute, {}, plain);
  ASSERT_TRUE(step.ok());
  ASSERT_TRUE(Step(step->next, vector, 2 * kMinute, {}, plain).ok());
  EXPECT_EQ(plain.counts().expansions, 2U);
}

TEST(RuleTextsTest, TwoSamplesWithOneLabelSetAreAnError) {
  Rule rule;
  rule.name = "A";
  rule.labels["i"] = "same";
  RuleTexts texts(rule, Context(), UpQuery);
  const promql::Vector vector = {{Labels{{"i", "a"}}, 0, 1}, {Labels{{"i", "b"}}, 0, 1}};
  const auto step = Step({}, vector, kMinute, {}, texts);
  EXPECT_EQ(Message(step.status()),
            "vector contains metrics with the same labelset after applying alert labels");
}

TEST(RecordingRuleTest, NamesAndLabels) {
  Rule rule;
  rule.name = "job:up:sum";
  rule.labels = {{"team", "a"}, {"gone", ""}};
  const promql::Vector vector = {
      {Labels{{"__name__", "up"}, {"gone", "x"}, {"job", "j"}, {"team", "b"}}, 0, 3}};
  const auto samples = RecordSamples(rule, 0, vector, 5);
  ASSERT_TRUE(samples.ok());
  ASSERT_EQ(samples->size(), 1U);
  EXPECT_EQ((*samples)[0].labels.ToString(), R"(job:up:sum{job="j", team="a"})");
  EXPECT_EQ((*samples)[0].sample.time, 5);
  EXPECT_EQ((*samples)[0].sample.value, 3);
}

// Recorded as floats; what storage would refuse is taken out.
TEST(RecordingRuleTest, Histograms) {
  const auto of_integers = HistogramOf(2, 0);
  const auto negative = HistogramOf(-2, 0);
  Rule rule;
  rule.name = "r";
  auto samples = RecordSamples(
      rule, 0, {{Labels{{"i", "a"}}, 0, 0, of_integers}, {Labels{{"i", "b"}}, 0, 0, negative}}, 5);
  ASSERT_TRUE(samples.ok());
  EXPECT_THAT(Message(TakeInvalid(&*samples)), HasSubstr("is negative"));
  ASSERT_EQ(samples->size(), 1U);
  EXPECT_TRUE(samples->front().histogram->is_float);
  EXPECT_EQ(samples->front().histogram->count, 2);
  EXPECT_TRUE(TakeInvalid(&*samples).ok());
}

TEST(RecordingRuleTest, Errors) {
  Rule rule;
  rule.name = "r";
  const promql::Vector two = {{Labels{{"i", "a"}}, 0, 1}, {Labels{{"i", "b"}}, 0, 1}};
  EXPECT_EQ(Message(RecordSamples(rule, 1, two, 0).status()), "exceeded limit of 1 with 2 series");
  EXPECT_TRUE(RecordSamples(rule, 2, two, 0).ok());
  rule.labels["i"] = "same";
  EXPECT_EQ(Message(RecordSamples(rule, 0, two, 0).status()),
            "vector contains metrics with the same labelset after applying rule labels");
  EXPECT_EQ(ToVector(promql::Scalar{1, 2})->at(0).value, 2);
  EXPECT_EQ(Message(ToVector(promql::String{}).status()), "rule result is not a vector or scalar");
}

}  // namespace
}  // namespace outrider
