// SPDX-License-Identifier: Apache-2.0
// outrider check rules: promtool's output and exit codes, and lints of our own.
#include <fmt/format.h>

#include <cstdio>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/daemon/rule_warnings.h"
#include "rules/promql/features.h"
#include "rules/rulefile/check.h"
#include "storage/base/file.h"
#include "storage/base/hash.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Asks a server once for each selector.
class SeenSeries {
 public:
  explicit SeenSeries(std::string url) : url_(std::move(url)) {}

  StatusOr<bool> operator()(const std::vector<Matcher>& matchers) {
    std::vector<std::string> texts;
    texts.reserve(matchers.size());
    for (const Matcher& matcher : matchers) texts.push_back(matcher.ToString());
    const std::string selector = "{" + Join(texts, ",") + "}";
    if (const auto known = known_.find(selector); known != known_.end()) return known->second;
    const JsonValue answer = TRY(CallApi(
        url_ + "/api/v1/series?" + EncodeForm({{"match[]", selector}, {"limit", "1"}}), "GET", ""));
    const JsonValue* data = answer.Find("data");
    const bool seen = data != nullptr && !data->items.empty();
    known_.emplace(selector, seen);
    return seen;
  }

 private:
  const std::string url_;
  StringMap<bool> known_;
};

StatusOr<RuleFileOptions> OptionsOf(const CheckRulesOptions& given) {
  promql::Features features;
  for (const std::string& name : given.features) TRY(promql::EnableFeature(name, &features));
  RuleFileOptions options;
  options.ignore_unknown_fields = given.ignore_unknown_fields;
  options.promql = features.parser;
  return options;
}

RuleCheck CheckOne(const std::string& path, const RuleFileOptions& options, const LintSet& lints) {
  const bool from_stdin = path == "-";
  const StatusOr<std::string> text = ReadFile(from_stdin ? "/dev/stdin" : path);
  if (text.ok()) {
    return CheckRuleFile(*text, from_stdin ? "standard input" : path, options,
                         lints.duplicate_rules);
  }
  RuleCheck check;
  check.path = path;
  check.problems.push_back({RuleProblem::Kind::kSchema, Message(text.status())});
  return check;
}

void Print(const RuleCheck& check) {
  fmt::print("Checking {}\n", check.path);
  std::fflush(stdout);  // in a pipe too, errors stand behind it
  fmt::print(check.clean() ? stdout : stderr, "{}\n", check.Text());
  std::fflush(stdout);
  std::vector<std::string> warnings;
  WarnOfNoDataPolicies(check.groups, &warnings);
  for (const std::string& warning : warnings) fmt::print(stderr, "  WARNING: {}\n", warning);
  fmt::print("\n");
}

}  // namespace

int RunCheckRules(const CheckRulesOptions& given) {
  const StatusOr<RuleFileOptions> options = OptionsOf(given);
  if (!options.ok()) return Fail(options.status());
  std::vector<std::string> unknown;
  LintSet lints = LintSet::Parse(given.lint, &unknown);
  for (const std::string& name : unknown) {
    fmt::print("WARNING: unknown lint option: {}\n", Quote(name));
  }
  if (lints.never_fires && given.url.empty()) {
    fmt::print(stderr, "never-fires is left out: --url names the server that it asks\n");
    lints.never_fires = false;
  }
  std::vector<RuleCheck> checks;
  const std::vector<std::string> files =
      given.files.empty() ? std::vector<std::string>{"-"} : given.files;
  checks.reserve(files.size());
  for (const std::string& path : files) checks.push_back(CheckOne(path, *options, lints));
  const Status linted = AddFindings(lints, SeenSeries(given.url), &checks);
  for (const RuleCheck& check : checks) Print(check);
  if (!linted.ok()) return Fail(linted);
  return ExitCodeOf(checks, given.lint_fatal);
}

}  // namespace outrider
