// SPDX-License-Identifier: Apache-2.0
// Real rule files (../shared/conformance/rules): all load, their expressions print to what parses
// to the same, and all their labels and annotations render.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "rules/alerting/rule_texts.h"
#include "rules/rulefile/rule_file.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "tests/support/promql_checks.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;

const std::string kConformance = OUTRIDER_SOURCE_DIR "/../shared/conformance/";

struct Counts {
  size_t files = 0;
  size_t rules = 0;
  size_t texts = 0;
};

// A series that has every label the selectors name, and some that many texts read.
promql::VectorSample SampleFor(const Rule& rule) {
  LabelsBuilder labels;
  for (const char* name : {"instance", "job", "namespace", "pod", "name", "device", "mountpoint"}) {
    labels.Set(name, std::string("some ") + name);
  }
  for (const auto& selector : rule.expression->Selectors(0)) {
    for (const Matcher& matcher : selector.matchers) {
      if (matcher.type() == MatchType::kEqual) labels.Set(matcher.name(), matcher.value());
    }
  }
  return {labels.Build(), 1'700'000'000'000, 0.95, nullptr};
}

// `query` in a text gives one sample.
StatusOr<promql::QueryResult> OneSample(const promql::Expression&, Timestamp time) {
  promql::QueryResult result;
  result.value = promql::Vector{{Labels{{"instance", "i"}}, time, 7, nullptr}};
  return result;
}

void CheckTexts(const Rule& rule, Counts* counts) {
  RuleTexts texts(rule, RuleContext(), OneSample);
  const promql::VectorSample sample = SampleFor(rule);
  const Labels labels = texts.RenderLabels(sample, sample.time);
  for (const LabelView label : labels) {
    EXPECT_FALSE(Contains(label.value, "<error expanding")) << rule.name << " " << label.value;
    EXPECT_FALSE(Contains(label.value, "{{")) << rule.name << " " << label.value;
  }
  for (const auto& [name, text] : texts.RenderAnnotations(sample, sample.time)) {
    EXPECT_FALSE(Contains(text, "<error expanding")) << rule.name << " " << text;
    EXPECT_FALSE(Contains(text, "{{")) << rule.name << " " << text;
    ++counts->texts;
  }
  EXPECT_EQ(texts.counts().failures, 0U) << rule.name;
}

TEST(RealRulesTest, LoadRoundTripAndRender) {
  if (!FileExists(kConformance + "rules")) GTEST_SKIP() << "no ../shared/conformance";
  Counts counts;
  for (const auto& entry : fs::recursive_directory_iterator(kConformance + "rules")) {
    if (!entry.is_regular_file() || entry.path().extension() != ".yml") continue;
    SCOPED_TRACE(entry.path().string());
    const auto text = ReadFile(entry.path().string());
    ASSERT_TRUE(text.ok());
    RuleFileOptions options;
    options.strict = true;
    const auto file = ParseRuleFile(*text, entry.path().filename().string(), options);
    ASSERT_TRUE(file.ok()) << file.status();
    ++counts.files;
    for (const RuleGroup& group : file->groups) {
      for (const Rule& rule : group.rules) {
        ++counts.rules;
        EXPECT_EQ(CheckRoundTrip(rule.expr), "");
        if (rule.kind == RuleKind::kAlerting) CheckTexts(rule, &counts);
      }
    }
  }
  EXPECT_GE(counts.files, 100U);
  EXPECT_GE(counts.rules, 500U);
  EXPECT_GE(counts.texts, 1000U);
  RecordProperty("files", static_cast<int>(counts.files));
  std::printf("%zu files, %zu rules, %zu annotations\n", counts.files, counts.rules, counts.texts);
}

}  // namespace
}  // namespace outrider
