// SPDX-License-Identifier: Apache-2.0
// Agreement with the real engines on files of cases; adding one is adding a line. Where the
// expected texts come from: tests/data/templates/README.md.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/template_cases.h"

namespace outrider {
namespace {

using tmpl::TemplateOptions;
using tmpl::TemplateSet;

using Runner = StatusOr<std::string> (*)(const std::string& text);

StatusOr<std::string> Run(TemplateOptions options, const std::string& text) {
  TemplateSet set(std::move(options));
  TRY(set.Parse("t", text));
  return set.Execute("t", TemplateCaseData());
}

StatusOr<std::string> RunText(const std::string& text) {
  return Run({.functions = TemplateCaseFunctions()}, text);
}

StatusOr<std::string> RunHtml(const std::string& text) {
  return Run({.functions = TemplateCaseFunctions(), .escape_html = true}, text);
}

// As the rules room runs the texts of a rule (rule_texts.cc).
StatusOr<std::string> RunPrometheus(const std::string& text) {
  const std::string prefix =
      "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
      "{{$externalURL := .ExternalURL}}{{$value := .Value}}";
  TemplateSet set({.functions = PrometheusCaseFunctions()});
  const Status parsed = set.Parse("__alert_A", prefix + text);
  if (!parsed.ok()) return Annotate(parsed, "error parsing template __alert_A");
  StatusOr<std::string> out = set.Execute("__alert_A", PrometheusCaseData());
  if (!out.ok()) return Annotate(out.status(), "error executing template __alert_A");
  return out;
}

struct Table {
  const char* file;
  Runner run;
  size_t least;  // so many cases, or the file was cut
};

void PrintTo(const Table& table, std::ostream* out) { *out << table.file; }

class GoCases : public ::testing::TestWithParam<Table> {};
TEST_P(GoCases, Agree) {
  const auto cases = ReadTemplateCases(
      fmt::format("{}/tests/data/templates/{}", OUTRIDER_SOURCE_DIR, GetParam().file));
  ASSERT_TRUE(cases.ok()) << Message(cases.status());
  EXPECT_GE(cases->size(), GetParam().least);
  for (const TemplateCase& one : *cases) {
    EXPECT_EQ(CaseResult(GetParam().run(one.text)), one.want) << one.where << ": " << one.text;
  }
}
INSTANTIATE_TEST_SUITE_P(Tables, GoCases,
                         ::testing::Values(Table{"text_template.cases", RunText, 140},
                                           Table{"syntax.cases", RunText, 160},
                                           Table{"random_text.cases", RunText, 650},
                                           Table{"builtins.cases", RunText, 1200},
                                           Table{"printf.cases", RunText, 1600},
                                           Table{"html.cases", RunHtml, 1620},
                                           Table{"prometheus.cases", RunPrometheus, 1200}));

}  // namespace
}  // namespace outrider
