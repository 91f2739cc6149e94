// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/rule_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "rules/rulefile/rule_file.h"
#include "rules/trial/rule_case.h"
#include "storage/base/file.h"

namespace outrider {
namespace {

// The rule files of a test file, read once for all its tests.
struct LoadedRules {
  std::vector<RuleGroup> groups;
  std::vector<std::string> problems;
};

LoadedRules Load(const std::vector<std::string>& paths, const RuleTestOptions& options) {
  LoadedRules loaded;
  RuleFileOptions file_options;
  file_options.ignore_unknown_fields = options.ignore_unknown_fields;
  file_options.promql = options.features.parser;
  for (const std::string& path : paths) {
    const StatusOr<std::string> text = ReadFile(path);
    if (!text.ok()) {
      loaded.problems.push_back(Message(text.status()));
      continue;
    }
    RuleFile file = InspectRuleFile(*text, path, file_options);
    for (RuleProblem& problem : file.problems) loaded.problems.push_back(std::move(problem.text));
    std::ranges::move(file.groups, std::back_inserter(loaded.groups));
  }
  return loaded;
}

// promtool's order is partial: groups that are not named come with the first of those that are.
void SortGroups(const std::vector<std::string>& order, std::vector<RuleGroup>* groups) {
  std::map<std::string, size_t> rank;
  for (size_t i = 0; i < order.size(); ++i) rank.emplace(order[i], i);
  std::ranges::stable_sort(*groups, {}, [&](const RuleGroup& group) {
    const auto at = rank.find(group.name);
    return at == rank.end() ? 0 : at->second;
  });
}

struct FoundFiles {
  std::vector<std::string> paths;
  std::vector<std::string> warnings;
};

FoundFiles FindRuleFiles(const RuleTestFile& file) {
  FoundFiles found;
  std::set<std::string> seen;
  for (const std::string& pattern : file.rule_files) {
    const std::string resolved =
        std::filesystem::path(ResolveBeside(file.path, pattern)).lexically_normal().string();
    const std::vector<std::string> paths = Glob("", resolved);
    if (paths.empty()) found.warnings.push_back("no file match pattern " + resolved);
    for (const std::string& path : paths) {
      if (seen.insert(path).second) found.paths.push_back(path);
    }
  }
  return found;
}

StatusOr<RuleTestFile> ReadTestFile(const std::string& path) {
  return ParseRuleTestFile(TRY(ReadFile(path)), path);
}

}  // namespace

bool RuleTestResult::passed() const {
  return aborted.ok() && std::ranges::all_of(cases, &RuleCaseResult::passed);
}

std::vector<std::string> RuleFilesOf(const std::string& path) {
  const StatusOr<RuleTestFile> file = ReadTestFile(path);
  return file.ok() ? FindRuleFiles(*file).paths : std::vector<std::string>();
}

RuleTestResult RunRuleTestFile(const std::string& path, const RuleTestOptions& options,
                               const Clock& clock) {
  RuleTestResult result;
  result.path = path;
  const StatusOr<RuleTestFile> file = ReadTestFile(path);
  if (!file.ok()) {
    result.aborted = file.status();
    return result;
  }
  FoundFiles found = FindRuleFiles(*file);
  result.warnings = std::move(found.warnings);
  LoadedRules rules = Load(found.paths, options);
  SortGroups(file->group_eval_order, &rules.groups);
  for (size_t i = 0; i < file->cases.size(); ++i) {
    const RuleTestCase& test = file->cases[i];
    if (options.run && !options.run->Matches(test.name)) continue;
    const int64_t began = clock.MonotonicNanos();
    RuleCaseResult one;
    one.name = test.name.empty() ? fmt::format("unnamed#{}", i) : test.name;
    one.place = test.place;
    RuleCaseOutcome outcome;
    outcome.failures = rules.problems;
    if (rules.problems.empty()) outcome = RunRuleCase({*file, test, rules.groups}, options, clock);
    result.coverage.Add(rules.groups, test, options.features.parser, outcome.active);
    one.failures = std::move(outcome.failures);
    one.dump = std::move(outcome.dump);
    one.nanos = clock.MonotonicNanos() - began;
    result.cases.push_back(std::move(one));
  }
  return result;
}

}  // namespace outrider
